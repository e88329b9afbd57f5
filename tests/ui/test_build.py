"""How the page is dressed: every file of style and script that is shipped, in the order of their names."""

from glmdesk import paths
from glmdesk.ui import build


def test_every_style_and_script_is_in_the_page() -> None:
    dressed = build.dress()
    for kind in ("css", "js"):
        files = sorted((paths.shipped("assets") / kind).glob(f"*.{kind}"))
        assert len(files) > 1
        places = [dressed[kind].index(file.read_text(encoding="utf-8").strip()) for file in files]
        assert places == sorted(places)


def test_each_script_is_called_by_itself() -> None:
    """A file is one function; a comment at its end must not swallow the call."""
    script = build.dress()["js"]
    assert script.startswith("() => {\n(")
    assert script.endswith("\n)();\n}")
    assert script.count("\n)();\n") == len(list((paths.shipped("assets") / "js").glob("*.js")))
