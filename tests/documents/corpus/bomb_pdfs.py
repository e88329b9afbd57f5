"""PDF files that are endless, deep or huge to whoever draws them."""

import zlib
from functools import partial

from tests.documents.corpus import raw
from tests.documents.corpus.bomb import MANY, Bomb, zeros
from tests.documents.corpus.sheets import pdf, scan_page
from tests.documents.corpus.words import prose


def bombs() -> tuple[Bomb, ...]:
    one = ["One page"]
    return (
        Bomb(name="10000-pages.pdf", make=_ten_thousand, pages=2000, note="first 2,000 of 10,000"),
        Bomb(name="scans.pdf", make=_scans, pages=20),
        Bomb(name="unpacked.pdf", make=partial(_content, zeros(2**24), b"/Filter/FlateDecode")),
        Bomb(name="twice.pdf", make=_twice),
        Bomb(name="forms.pdf", make=_forms),
        Bomb(name="itself.pdf", make=_itself),
        Bomb(name="letters.pdf", make=_letters),
        Bomb(name="states.pdf", make=partial(_content, b"q " * 500_000)),
        Bomb(name="arrays.pdf", make=partial(_content, b"[" * 200_000)),
        Bomb(name="tree.pdf", make=_tree),
        Bomb(name="parents.pdf", make=_parents),
        Bomb(name="count.pdf", make=lambda: raw.written(raw.pages(one)).replace(b"/Count 1", b"/Count 2147483647")),
        Bomb(name="wall.pdf", make=partial(_box, b"[0 0 1e9 1e9]")),
        Bomb(name="no-width.pdf", make=partial(_box, b"[0 0 0 0]")),
        Bomb(name="thread.pdf", make=partial(_box, b"[0 0 2 14400]")),
        Bomb(name="tiles.pdf", make=_tiles),
        Bomb(name="shades.pdf", make=_shades),
        Bomb(name="picture.pdf", make=_picture),
        Bomb(name="chain.pdf", make=_chain),
        Bomb(name="strokes.pdf", make=_strokes),
    )  # fmt: skip


def _ten_thousand() -> bytes:
    return raw.written(raw.pages([f"Number {number}" for number in range(10_000)]))


def _scans() -> bytes:
    return pdf(*[scan_page(prose("scan bomb", 20))] * 20)


def _one(objects: dict[int, bytes]) -> bytes:
    return raw.written({**raw.pages(["One page"]), **objects})


def _content(data: bytes, entries: bytes = b"") -> bytes:
    return _one({11: raw.stream(data, entries)})


def _twice() -> bytes:
    """Thirty-two megabytes in a few hundred bytes, packed over and over."""
    data = zeros(2**25)
    for _ in range(2):
        data = zlib.compress(data, 9)
    return _content(data, b"/Filter[/FlateDecode/FlateDecode/FlateDecode]")


def _forms() -> bytes:
    """Each form draws the next ten times: ten to the ninth words."""
    objects = {10: _with(b"/XObject<</X 20 0 R>>"), 11: raw.stream(b"/X Do")}
    for level in range(9):
        entries = b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</XObject<</X %d 0 R>>>>"
        objects[20 + level] = raw.stream(b"/X Do " * 10, entries % (21 + level))
    entries = b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</Font<</F 3 0 R>>>>"
    objects[29] = raw.stream(raw.shown("boom"), entries)
    return _one(objects)


def _with(resources: bytes) -> bytes:
    return (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 11 0 R"
        b"/Resources<</Font<</F 3 0 R>>%s>>>>" % resources
    )


def _itself() -> bytes:
    entries = b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 20 0 R>>>>"
    return _one(
        {
            10: _with(b"/XObject<</X 20 0 R>>"),
            11: raw.stream(b"/X Do"),
            20: raw.stream(b"/X Do " * 3, entries),
        }
    )


def _letters() -> bytes:
    """A font whose letters are written in that same font."""
    return _one(
        {
            3: b"<</Type/Font/Subtype/Type3/FontBBox[0 0 1 1]/FontMatrix[1 0 0 1 0 0]/FirstChar 97"
            b"/LastChar 97/Widths[1]/Encoding<</Differences[97/a]>>/CharProcs<</a 20 0 R>>"
            b"/Resources<</Font<</F 3 0 R>>>>>>",
            11: raw.stream(b"BT /F 9 Tf (aaaa) Tj ET"),
            20: raw.stream(b"1 0 d0 BT /F 1 Tf (aaaaaaaaaa) Tj ET"),
        }
    )


def _tree() -> bytes:
    """A page tree that is its own child, beside a page."""
    return _one({2: b"<</Type/Pages/Count 3/Kids[2 0 R 10 0 R 2 0 R]>>"})


def _parents() -> bytes:
    """A page tree as deep as it is long."""
    depth = 5_000
    objects = {
        100 + at: b"<</Type/Pages/Count 1/Parent %d 0 R/Kids[%d 0 R]>>" % (99 + at, 101 + at)
        for at in range(depth)
    }
    objects[100 + depth] = raw.page(11)
    return _one({2: b"<</Type/Pages/Count 1/Kids[100 0 R]>>", **objects})


def _box(box: bytes) -> bytes:
    return raw.written(raw.pages(["One page"])).replace(b"[0 0 595 842]", box)


def _tiles() -> bytes:
    """A pattern of a thousandth of a point, over the whole page."""
    entries = b"/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 1 1]/XStep .001/YStep .001/Resources<<>>"
    return _one(
        {
            10: _with(b"/Pattern<</P 20 0 R>>"),
            11: raw.stream(b"/Pattern cs /P scn 0 0 595 842 re f"),
            20: raw.stream(b"0 0 .5 .5 re f", entries),
        }
    )


def _shades() -> bytes:
    """A function of very many samples."""
    return _one(
        {
            10: _with(b"/Shading<</S 20 0 R>>"),
            11: raw.stream(b"/S sh " * 200),
            20: b"<</ShadingType 1/ColorSpace/DeviceRGB/Domain[0 1e6 0 1e6]/Function 21 0 R>>",
            21: raw.stream(
                b"x",
                b"/FunctionType 0/Domain[0 1 0 1]/Range[0 1 0 1 0 1]/Size[60000 60000]/BitsPerSample 32",
            ),
        }
    )


def _picture() -> bytes:
    """A picture that is said to be four gigapixels."""
    entries = b"/Type/XObject/Subtype/Image/Width 65000/Height 65000/BitsPerComponent 8/ColorSpace/DeviceRGB/Filter/FlateDecode"
    return _one(
        {
            10: _with(b"/XObject<</X 20 0 R>>"),
            11: raw.stream(b"595 0 0 842 0 0 cm /X Do"),
            20: raw.stream(zeros(MANY), entries),
        }
    )


def _chain() -> bytes:
    """A table of places whose predecessor is itself."""
    data = raw.written(raw.pages(["One page"]))
    start = data.rindex(b"startxref")
    place = int(data[start:].split()[1])
    return data.replace(b"/Root 1 0 R", b"/Prev %d/Root 1 0 R" % place)


def _strokes() -> bytes:
    lines = b"".join(
        b"%d 0 m %d 842 l S\n" % (at * 7 % 595, at * 13 % 595) for at in range(300_000)
    )
    return _content(zlib.compress(lines), b"/Filter/FlateDecode")
