from pathlib import Path

from glmdesk.documents.protocol import picture_id, pixels_path


def test_names_of_pixels() -> None:
    assert picture_id("abc", 56, 84) == "abc-56x84"
    assert picture_id("abc", 56, 84, 12) == "abc-p12-56x84"
    assert pixels_path(Path("cache"), "abc-56x84") == Path("cache/abc-56x84.rgb")
