"""Cards whose keys and kinds are right, and whose values cannot be true: each is named."""

from pathlib import Path

import pytest

from glmdesk.errors import SettingsError
from glmdesk.library.cards import catalogue

CARD = 'id = "x"\nname = "X"\n'
SEES = CARD + 'modalities = ["text", "pictures"]\n'
SHAPE = (
    '[shape]\narchitecture = "glm4"\nn_layer = 2\nn_embd = 8\nn_ff = 9\nn_head = 4\nn_head_kv = 2\n'
    "key_length = 2\nvalue_length = 2\nn_vocab = 50\nn_ctx_train = 64\n"
)
VARIANT = '[[variants]]\nid = "Q4"\nrepository = "a/b"\ndefault = true\n'
PATTERN = VARIANT + 'pattern = "Q4"\nsize = 9\n'
QUOTED = '[[published]]\nname = "N"\nvalue = "1"\nsource = "https://a.b/c"\n'


def shards(*names: str) -> str:
    files = ", ".join(f'{{ path = "{name}", size = 2 }}' for name in names)
    return f"{VARIANT}files = [{files}]\n"


def said_of(folder: Path, text: str) -> str:
    (folder / "odd.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        catalogue.read(folder)
    assert caught.value.message.startswith("In odd.toml, ")
    return caught.value.message


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('id = "X y"\nname = "X"', "id must be of lower-case letters"),
        ('id = "../x"\nname = "X"', "id must be of lower-case letters"),
        ('id = "x"\nname = " "', "name is empty"),
        (CARD + "n_ctx = -1", "n_ctx is -1"),
        (CARD + "n_cpu_moe = -2", "n_cpu_moe is -2"),
        (CARD + "parameters = 5\nactive_parameters = 6", "active_parameters is more"),
        (CARD + 'family = "glm3"', "family must be one of glm4.1v"),
        (CARD + 'size_class = "phone"', "size_class must be one of laptop"),
        (CARD + 'modalities = "text"', "modalities must be a list"),
        (CARD + 'modalities = ["text", "smell"]', "modalities[2] must be one of text, pictures"),
        (CARD + 'thinking = ["maybe"]', "thinking[1] must be one of on, off"),
        (CARD + 'homepage = "http://x.y/z"', "homepage must be an https address"),
        (CARD + "image_max_tokens = 9", "image_max_tokens belongs under [vision]"),
        (
            SEES + "[vision]\nimage_min_tokens = 9\nimage_max_tokens = 8",
            "vision.image_max_tokens is 8",
        ),
        (
            SEES + "[vision]\nimage_min_tokens = 9\nimage_ceiling_tokens = 8",
            "image_ceiling_tokens is 8",
        ),
        (CARD + 'modalities = ["text"]\n[vision]\nimage_max_tokens = 9', "vision is set"),
        (CARD + "[sampling]\ntemperature = -0.1", "sampling.temperature is -0.1"),
        (CARD + "[sampling]\ntop_p = 1.5", "sampling.top_p is 1.5"),
        (CARD + "[sampling]\nmin_p = nan", "sampling.min_p is nan"),
        (CARD + "[sampling]\nrepeat_penalty = 0", "sampling.repeat_penalty is 0"),
    ],
)
def test_facts(text: str, key: str, tmp_path: Path) -> None:
    assert key in said_of(tmp_path, text)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("n_layer = 2\n", "", "shape.n_layer is missing"),
        ("n_layer = 2", "n_layer = 0", "shape.n_layer is 0"),
        ("n_embd = 8", "n_embd = -8", "shape.n_embd is -8"),
        ("n_embd = 8", "n_embd = 8.0", "shape.n_embd must be int"),
        ("n_embd = 8", "n_embd = 8\nwidth = 8", "shape.width is no key"),
        ("n_ctx_train = 64", "n_ctx_train = 32", "shape.n_ctx_train is 32, and context is 64"),
        ("n_vocab = 50", "n_vocab = 50\nn_expert_used = 2", "shape.n_expert_used is more"),
        ("n_vocab = 50", "n_vocab = 50\nn_expert = 4", "shape.n_expert needs n_expert_used"),
        (
            "n_vocab = 50",
            "n_vocab = 50\nexpert_fraction = 0.9",
            "shape.expert_fraction is 0.9 for 0",
        ),
        (
            "n_vocab = 50",
            "n_vocab = 50\nn_expert = 4\nn_expert_used = 2\nn_ff_expert = 3",
            "shape.expert_fraction is 0.0 for 4",
        ),
    ],
)
def test_shapes(old: str, new: str, key: str, tmp_path: Path) -> None:
    text = CARD + "context = 64\n" + SHAPE
    (tmp_path / "odd.toml").write_text(text, encoding="utf-8")
    assert catalogue.read(tmp_path)[0].shape
    assert key in said_of(tmp_path, text.replace(old, new))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (PATTERN.replace('repository = "a/b"\n', ""), "variants[1].repository is missing"),
        (PATTERN.replace("a/b", ""), "variants.Q4.repository must be of the form OWNER/NAME"),
        (PATTERN.replace("a/b", "a/../b"), "variants.Q4.repository must be of the form"),
        (PATTERN.replace("a/b", "https://a/b"), "variants.Q4.repository must be of the form"),
        (PATTERN + 'modelscope = "b"', "variants.Q4.modelscope must be of the form"),
        (PATTERN + 'revision = "../x"', "variants.Q4.revision must be a branch or a commit"),
        (PATTERN + "colour = 1", "variants[1].colour is no key"),
        (PATTERN.replace('"Q4"\nrep', '"Q 4"\nrep'), "variants.Q 4.id is 'Q 4'"),
        (VARIANT + "size = 9", "variants.Q4.files or pattern must be given"),
        (
            shards("x.gguf") + 'pattern = "Q4"',
            "variants.Q4.files or pattern must be given, and not both",
        ),
        (PATTERN.replace('pattern = "Q4"', 'pattern = "*"'), "variants.Q4.pattern must be part"),
        (PATTERN.replace("size = 9", ""), "variants.Q4.size must be the bytes of all files"),
        (PATTERN.replace("size = 9", "size = -9"), "variants.Q4.size must be the bytes"),
        (PATTERN.replace("size = 9", "size = 1.5"), "variants[1].size must be int"),
        (PATTERN + "confirmed = true", "variants.Q4.confirmed needs the names"),
        (PATTERN.replace("default = true", ""), "variants must have one that is the default"),
        (PATTERN + PATTERN.replace('"Q4"\nrep', '"Q5"\nrep'), "variants must have one that is the"),
        (PATTERN + PATTERN.replace('"Q4"\nrep', '"q4"\nrep'), "variants has q4 2 times"),
        (
            PATTERN
            + PATTERN.replace("default = true\n", "")
            .replace('"Q4"\nrep', '"Q3"\nrep')
            .replace("9", "8"),
            "variants.Q3 is smaller than Q4",
        ),
        (PATTERN + "mmproj_size = 3", "variants.Q4.mmproj is there, and the model does not read"),
        (VARIANT + 'files = "x.gguf"', "variants[1].files must be a list"),
        (VARIANT + 'files = ["x.gguf"]', "variants[1].files[1] must be a table"),
        (VARIANT + "files = [{ size = 2 }]", "variants[1].files[1].path is missing"),
        (VARIANT + 'files = [{ path = "x.gguf", size = -2 }]', "variants.Q4.files[1].size is -2"),
        (shards("x.gguf") + "size = 3", "variants.Q4.size is 3, and its files have 2 bytes"),
        (shards("x.gguf", "y.gguf"), "variants.Q4.files must be shards 1 to 2"),
        (shards("x-00001-of-00002.gguf"), "variants.Q4.files must be shards 1 to 1"),
        (shards("x-00002-of-00002.gguf", "x-00001-of-00002.gguf"), "must be shards 1 to 2"),
        (shards("x-00001-of-00002.gguf", "y-00002-of-00002.gguf"), "must be shards 1 to 2"),
        (shards("x-00001-of-00003.gguf", "x-00002-of-00003.gguf"), "must be shards 1 to 2"),
        (shards("a/x-00001-of-00002.gguf", "b/x-00002-of-00002.gguf"), "must be shards 1 to 2"),
        (shards("a/x.gguf", "b/X.gguf"), "variants.Q4.files has x.gguf 2 times"),
        (shards("mmproj-x.gguf"), "variants.Q4.files has a projector"),
    ],
)
def test_variants(text: str, key: str, tmp_path: Path) -> None:
    assert key in said_of(tmp_path, CARD + text)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (shards("x.gguf"), "variants.Q4.mmproj is missing, and the model reads pictures"),
        (shards("x.gguf") + "mmproj_size = 1", "variants.Q4.mmproj is missing"),
        (PATTERN, "variants.Q4.mmproj is missing"),
        (PATTERN + "mmproj_size = 9", "variants.Q4.size must be the bytes"),
        (PATTERN + "mmproj_size = -1", "variants.Q4.size must be the bytes"),
        (shards("x.gguf") + 'mmproj = { path = "p.gguf", size = 1 }', "mmproj.path has no mmproj"),
        (
            shards("x.gguf") + 'mmproj = { path = "../mmproj.gguf", size = 1 }',
            "mmproj.path must be",
        ),
        (
            shards("x.gguf") + 'mmproj = { path = "mmproj.gguf", size = 1 }\nmmproj_size = 2',
            "variants.Q4.mmproj_size is 2, and mmproj.size is 1",
        ),
        (
            shards("x.gguf") + 'mmproj = { path = "mmproj.gguf" }\nsize = 3\nconfirmed = true',
            "variants.Q4.confirmed needs the bytes of its projector",
        ),
    ],
)
def test_projectors(text: str, key: str, tmp_path: Path) -> None:
    assert key in said_of(tmp_path, SEES + text)


@pytest.mark.parametrize(
    "name",
    [
        "../x.gguf", "a/../x.gguf", "/x.gguf", "a//x.gguf", "./x.gguf", ".x.gguf", "a/.hidden/x.gguf",
        "C:x.gguf", "C:\\\\x.gguf", "a\\\\x.gguf", "x.gguf:stream", "con.gguf", "a/NUL/x.gguf",
        "com1.x.gguf", "x.gguf ", "x .gguf", "a./x.gguf", "x.bin", "x.gguf.exe", "", "-x.gguf", "~/x.gguf",
        "x\\u0000.gguf", "x\\n.gguf", "x\\u202Efugg.gguf", "％2e%2e/x.gguf", "x" * 200 + ".gguf",
    ],
)  # fmt: skip
def test_hostile_names(name: str, tmp_path: Path) -> None:
    said = said_of(tmp_path, CARD + shards(name))
    assert "variants.Q4.files[1].path must be a plain .gguf file name" in said


@pytest.mark.parametrize("digest", ["a" * 63, "A" * 64, "g" * 64, "a" * 65, "vE8oKY+wX/mLdpJf="])
def test_hashes(digest: str, tmp_path: Path) -> None:
    text = f'{VARIANT}files = [{{ path = "x.gguf", size = 2, sha256 = "{digest}" }}]'
    assert "variants.Q4.files[1].sha256 must be 64 hex digits" in said_of(tmp_path, CARD + text)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('name = "N"', 'name = ""', "published[1].name is empty"),
        ('value = "1"', "value = 1", "published[1].value must be str"),
        ('value = "1"\n', "", "published[1].value is missing"),
        ("https://a.b/c", "a paper", "published[1].source must be an https address"),
        ("https://a.b/c", "", "published[1].source is empty"),
    ],
)
def test_figures_have_a_source(old: str, new: str, key: str, tmp_path: Path) -> None:
    assert key in said_of(tmp_path, CARD + QUOTED.replace(old, new))


def test_problems_have_a_cure(tmp_path: Path) -> None:
    text = '[[problems]]\ntext = "T"\ncure = " "\nsource = "https://a.b/c"\n'
    assert "problems[1].cure is empty" in said_of(tmp_path, CARD + text)


@pytest.mark.parametrize(
    ("first", "second", "key"),
    [
        (CARD, CARD, "id is 'x', and that of even.toml is 'x'"),
        (CARD.replace('"x"', '"glm-4.5"'), CARD.replace('"x"', '"glm-45"'), "that of even.toml is 'glm-4.5'"),
        (CARD + "default = true", 'id = "y"\nname = "Y"\ndefault = true', "default is true, and it is true in even.toml"),
    ],
)  # fmt: skip
def test_cards_agree(first: str, second: str, key: str, tmp_path: Path) -> None:
    (tmp_path / "even.toml").write_text(first, encoding="utf-8")
    assert key in said_of(tmp_path, second)
