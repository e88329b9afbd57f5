"""What counts as a reference to a hub, and what is told about the others."""

import pytest

from glmdesk.errors import UsageError
from glmdesk.library.hubs.references import Reference, parse_reference

GOOD = [
    ("hf:ggml-org/GLM-4.6V-Flash-GGUF", "hf", "ggml-org/GLM-4.6V-Flash-GGUF", "main", ""),
    ("hf:o/r:Q4_K_M", "hf", "o/r", "main", "Q4_K_M"),
    ("HF:o/r:UD-Q4_K_XL", "hf", "o/r", "main", "UD-Q4_K_XL"),
    ("hf:o/r:sub/a-00001-of-00002.gguf", "hf", "o/r", "main", "sub/a-00001-of-00002.gguf"),
    ("hf:o/r@abc123:Q8_0", "hf", "o/r", "abc123", "Q8_0"),
    (" hf:o/r ", "hf", "o/r", "main", ""),
    ("huggingface:o/r", "hf", "o/r", "main", ""),
    ("ms:ZhipuAI/GLM-4.5-Air", "ms", "ZhipuAI/GLM-4.5-Air", "main", ""),
    ("modelscope:o/r:Q4_0", "ms", "o/r", "main", "Q4_0"),
    ("o/r", "hf", "o/r", "main", ""),
    ("unsloth/GLM-4.5-Air-GGUF:Q4_K_M", "hf", "unsloth/GLM-4.5-Air-GGUF", "main", "Q4_K_M"),
    ("o/r:a.gguf", "hf", "o/r", "main", "a.gguf"),
    ("https://huggingface.co/o/r", "hf", "o/r", "main", ""),
    ("https://www.huggingface.co/o/r/", "hf", "o/r", "main", ""),
    ("https://huggingface.co/o/r/tree/v2/sub", "hf", "o/r", "v2", ""),
    ("https://huggingface.co/o/r/blob/main/sub/a.gguf", "hf", "o/r", "main", "sub/a.gguf"),
    ("https://huggingface.co/o/r/resolve/main/a.gguf?download=true", "hf", "o/r", "main", "a.gguf"),
    ("https://hf.co/o/r?show_file_info=a.gguf", "hf", "o/r", "main", ""),
    ("https://modelscope.cn/models/o/r", "ms", "o/r", "main", ""),
    ("https://www.modelscope.cn/models/o/r/summary", "ms", "o/r", "main", ""),
]


@pytest.mark.parametrize(("text", "source", "repository", "revision", "select"), GOOD)
def test_good(text: str, source: str, repository: str, revision: str, select: str) -> None:
    found = parse_reference(text)
    assert found is not None
    assert (found.source, found.repository) == (source, repository)
    assert (found.revision, found.select) == (revision, select)


@pytest.mark.parametrize(("text", "_s", "_r", "_v", "_q"), GOOD)
def test_text_of_a_reference_is_one(text: str, _s: str, _r: str, _v: str, _q: str) -> None:
    found = parse_reference(text)
    assert found == parse_reference(str(found))


@pytest.mark.parametrize(
    "text",
    [
        "", "glm-4.6v-flash", "pico", "models/a.gguf", "a/b/c", "/etc/passwd", "./a/b", "../b", "~/models",
        "C:\\models\\a.gguf", "C:/models", "a.gguf", "o/r.gguf", "o/", "/r", "o//r", "o/..", "-o/r",
    ],
)  # fmt: skip
def test_something_else(text: str) -> None:
    assert parse_reference(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "hf:", "hf:o", "hf:o/", "hf:/r", "hf:o/r/x", "hf:../r", "hf:o/..", "hf:o/r--x", "hf:o r/x",
        "hf:o/r@", "hf:o/r@../x", "hf:o/r@a//b", "hf:o/r:a\nb", "hf:o/r:" + "a" * 401, "ms:", "ms:x",
        "hf:o/r\x00", "hf:http://evil/x", "https://huggingface.co/", "https://huggingface.co/o",
        "https://evil.example/o/r", "https://huggingface.co.evil.example/o/r", "http://[::1/o/r",
        "https://huggingface.co@evil.example/o/r", "https://huggingface.co/o/%2e%2e", "hf:" + "o" * 97 + "/r",
        "https://huggingface.co/o/r/blob/main/a%0ab.gguf", "https://huggingface.co/o/r/tree/..%2f..",
    ],
)  # fmt: skip
def test_malformed_is_told_in_a_sentence(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_reference(text)
    message = caught.value.message
    assert "hf:OWNER/REPO" in message
    assert message.endswith(".")
    assert message.isprintable()
    assert len(message) < 300


def test_a_reference_can_be_written_again() -> None:
    reference = Reference(source="ms", repository="o/r", revision="v1", select="Q8_0")
    assert str(reference) == "ms:o/r@v1:Q8_0"
