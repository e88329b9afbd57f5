"""PDF text that is hard to take apart: odd orders, lost spaces, odd fonts, text inside of other things."""

from functools import partial
from typing import Any

from tests.documents.corpus import raw
from tests.documents.corpus.case import Case, Leaf, leaves
from tests.documents.corpus.sheets import MARGIN, blank, finished, lines, pdf, write
from tests.documents.corpus.words import prose


def cases() -> tuple[Case, ...]:
    return (
        _row_by_row(),
        _letters_alone(),
        _no_spaces(),
        _hyphens(),
        _painted_backwards(),
        _in_forms(),
        _spelled_out(),
        _made_up_font(),
        _drawn_font(),
        _side_notes(),
        _headline_between(),
        _rotated_margin(),
    )


def _row_by_row() -> Case:
    """Two columns, written line by line across both, as some programs do."""
    left, right = (lines(prose(f"row by row {side}", 150), 6) for side in "lr")

    def draw(page: Any) -> None:
        for row, (one, two) in enumerate(zip(left, right, strict=True)):
            page.insert_text((MARGIN, 100 + row * 14), one, fontsize=9)
            page.insert_text((320, 100 + row * 14), two, fontsize=9)

    words = " ".join(left + right)
    return Case(name="row-by-row.pdf", make=lambda: pdf(draw), leaves=leaves(words))


def _shown(name: str, content: bytes, words: str, **more: Any) -> Case:
    def make() -> bytes:
        return raw.written({**raw.pages(["x"]), 11: raw.stream(content)})

    return Case(name=name, make=make, leaves=leaves(words), **more)


def _letters_alone() -> Case:
    """Each letter is placed by itself, from Helvetica's own widths; the spaces are gaps."""
    import pymupdf

    font = pymupdf.Font("helv")
    text = prose("letters alone", 80)
    out = [b"BT /F 10 Tf"]
    for row, line in enumerate(lines(text, 10)):
        across = 50.0
        for letter in line:
            if letter != " ":
                where = b"1 0 0 1 %.2f %d Tm " % (across, 780 - row * 14)
                out.append(where + b"(%s) Tj" % letter.encode())
            across += font.text_length(letter, 10)
    return _shown("letters-alone.pdf", b"\n".join([*out, b"ET"]), text)


def _no_spaces() -> Case:
    """TeX writes no spaces, it moves on by a third of a letter's height."""
    text = prose("no spaces", 120)
    rows = (
        b"[%s] TJ T*" % b" -333 ".join(b"(%s)" % word.encode() for word in line.split())
        for line in lines(text, 10)
    )
    content = b"BT /F 10 Tf 14 TL 50 780 Td\n" + b"\n".join(rows) + b"\nET"
    return _shown("no-spaces.pdf", content, text)


def _hyphens() -> Case:
    """Words divided at the ends of lines are still words, and a real hyphen stays one."""
    rows = (
        b"The conver-",
        b"sation about well-known ele-",
        b"phants ended in the after-",
        b"noon.",
    )
    content = (
        b"BT /F 12 Tf 16 TL 50 780 Td " + b" ".join(b"(%s) Tj T*" % row for row in rows) + b" ET"
    )
    words = "The conversation about well-known elephants ended in the afternoon."
    return _shown("hyphens.pdf", content, words)


def _painted_backwards() -> Case:
    """The last line is written first."""
    rows = lines(prose("backwards", 100), 10)

    def draw(page: Any) -> None:
        for row in reversed(range(len(rows))):
            page.insert_text((MARGIN, 100 + row * 14), rows[row], fontsize=10)

    return Case(name="backwards.pdf", make=lambda: pdf(draw), leaves=leaves(" ".join(rows)))


def _in_forms() -> Case:
    """Text that a page draws from a form in a form."""
    text = prose("forms", 80)

    def make() -> bytes:
        fonts = b"/Font<</F 3 0 R>>"
        form = b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<<%s>>"
        return raw.written(
            {
                **raw.pages(["x"]),
                10: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 11 0 R"
                b"/Resources<</XObject<</X 20 0 R>>>>>>",
                11: raw.stream(b"/X Do"),
                20: raw.stream(b"/Y Do", form % b"/XObject<</Y 21 0 R>>"),
                21: raw.stream(raw.shown(text), form % fonts),
            }
        )

    return Case(name="in-forms.pdf", make=make, leaves=leaves(text))


def _spelled_out() -> Case:
    """The file says what a shape reads as."""
    content = (
        b"BT /F 12 Tf 50 700 Td /Span<</ActualText(Actualword)>>BDC (xq) Tj EMC ( follows) Tj ET"
    )
    return Case(
        name="spelled-out.pdf",
        make=lambda: raw.written({**raw.pages(["x"]), 11: raw.stream(content)}),
        leaves=(Leaf(words="follows", picture=True),),
    )


def _made_up_font() -> Case:
    """The codes mean other letters than they say and no table tells which: only a picture helps."""
    text = prose("made up", 120)
    moved = "".join(
        chr((ord(letter) - 97 + 7) % 26 + 97) if letter.islower() else letter for letter in text
    )
    names = b"/".join(bytes([code]) for code in range(97, 123))
    font = (
        b"<</Type/Font/Subtype/Type1/BaseFont/ABCDEF+Made/FirstChar 97/LastChar 122/Widths[%s]"
        b"/Encoding<</Differences[97/%s]>>>>" % (b"500 " * 26, names)
    )

    def make() -> bytes:
        return raw.written({**raw.pages([moved]), 3: font})

    return Case(name="made-up-font.pdf", make=make, leaves=(Leaf(picture=True),), born=False)


def _drawn_font() -> Case:
    """Letters that are little drawings, as TeX wrote them for old printers."""
    procs = b"".join(b"/%c %d 0 R" % (code, 100 + code) for code in range(97, 123))
    names = b"/".join(bytes([code]) for code in range(97, 123))
    font = (
        b"<</Type/Font/Subtype/Type3/FontBBox[0 0 8 10]/FontMatrix[.1 0 0 .1 0 0]/FirstChar 97"
        b"/LastChar 122/Widths[%s]/Encoding<</Differences[97/%s]>>/CharProcs<<%s>>/Resources<<>>>>"
        % (b"9 " * 26, names, procs)
    )
    glyphs = {
        100 + code: raw.stream(b"9 0 d0 0 0 7 %d re f" % (code % 9 + 1)) for code in range(97, 123)
    }
    text = "wordsdrawn bylittle pictures"

    def make() -> bytes:
        return raw.written({**raw.pages([text]), 3: font, **glyphs})

    return Case(name="drawn-font.pdf", make=make, leaves=leaves(text))


def _side_notes() -> Case:
    """Notes in the margin belong beside the text, not in the middle of its lines."""
    text, note = prose("beside", 200), prose("margin note", 12)

    def draw(page: Any) -> None:
        write(page, text, (180, 80, 540, 780))
        write(page, note, (40, 150, 160, 300), size=7)

    return Case(
        name="side-notes.pdf",
        make=lambda: pdf(draw),
        leaves=leaves(f"{note} {text}"),
        ordered=False,
    )


def _headline_between() -> Case:
    """Two columns, a headline over both in the middle, and two columns again."""
    parts = {key: prose(f"between {key}", 80) for key in ("a", "b", "c", "d")}
    title = prose("between title", 5)

    def draw(page: Any) -> None:
        write(page, parts["a"], (MARGIN, 60, 290, 380), size=9)
        write(page, parts["b"], (310, 60, 540, 380), size=9)
        write(page, title, (MARGIN, 390, 540, 430), font="hebo", size=14)
        write(page, parts["c"], (MARGIN, 440, 290, 780), size=9)
        write(page, parts["d"], (310, 440, 540, 780), size=9)

    words = " ".join((parts["a"], parts["b"], title, parts["c"], parts["d"]))
    return Case(name="headline-between.pdf", make=lambda: pdf(draw), leaves=leaves(words))


def _rotated_margin() -> Case:
    """A line up the side, as preprint servers stamp it."""
    text = prose("stamped side", 150)
    return Case(
        name="stamp-aside.pdf",
        make=partial(_stamped, text),
        leaves=leaves(f"{text} Stampedaside"),
        ordered=False,
    )


def _stamped(text: str) -> bytes:
    with blank() as document:
        page = document.new_page()
        write(page, text)
        page.insert_text((30, 500), "Stampedaside", rotate=90, fontsize=14)
        return finished(document)
