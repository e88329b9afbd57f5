"""PDF files with more than pages: scripts, attached files, forms, comments, links and layers."""

from functools import partial
from typing import Any

import pymupdf

from tests.documents.corpus import raw
from tests.documents.corpus.case import Case, Leaf, leaves
from tests.documents.corpus.sheets import blank, finished, write
from tests.documents.corpus.words import prose

SCRIPT = (
    b"app.alert('x'); this.submitForm('http://127.0.0.1:9/x'); this.exportDataObject({cName:'a'});"
)


def cases() -> tuple[Case, ...]:
    return (_script(), _attached(), _form(), _comments(), _links(), _layers())


def _script() -> Case:
    texts = [prose(f"script {number}", 80) for number in range(2)]

    def make() -> bytes:
        objects = raw.pages(texts)
        objects[1] = (
            b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(%s)>>"
            b"/AA<</WC<</S/JavaScript/JS(%s)>>>>/Names<</JavaScript<</Names[(a) 5 0 R]>>>>>>"
            % (raw.escaped(SCRIPT), raw.escaped(SCRIPT))
        )
        objects[5] = b"<</S/JavaScript/JS 6 0 R>>"
        objects[6] = raw.stream(SCRIPT)
        return raw.written(objects)

    return Case(name="javascript.pdf", make=make, leaves=leaves(*texts))


def _attached() -> Case:
    text = prose("attached", 80)

    def make() -> bytes:
        with blank() as document:
            page = document.new_page()
            write(page, text)
            document.embfile_add("figures.csv", b"a,b\n1,2\n", filename="figures.csv")
            page.add_file_annot((300, 700), b"hello", "note.txt")
            return finished(document)

    return Case(name="attached.pdf", make=make, leaves=leaves(text))


FIELDS = {"given": "Philippa", "family": "Oyelaran", "street": "Quarry Lane 17"}


def _form() -> Case:
    def make() -> bytes:
        with blank() as document:
            page = document.new_page()
            page.insert_text((60, 80), "Application form")
            for row, (name, value) in enumerate(FIELDS.items()):
                page.insert_text((60, 150 + row * 60), name)
                page.add_widget(_field(name, value, row))
            return finished(document)

    words = "Application form " + " ".join(f"{name} {value}" for name, value in FIELDS.items())
    # Values stand where they are drawn, and again beside the names of their fields.
    leaf = Leaf(words=words, once=False)
    return Case(name="form.pdf", make=make, leaves=(leaf,), ordered=False)


def _field(name: str, value: str, row: int) -> Any:
    widget = pymupdf.Widget()
    widget.rect = pymupdf.Rect(160, 130 + row * 60, 400, 160 + row * 60)
    widget.field_type = pymupdf.PDF_WIDGET_TYPE_TEXT
    widget.field_name, widget.field_value = name, value
    return widget


def _comments() -> Case:
    """What reviewers wrote beside the text is part of what the page says."""
    text = prose("comments", 80)

    def make() -> bytes:
        with blank() as document:
            page = document.new_page()
            write(page, text, (60, 60, 400, 400))
            page.add_freetext_annot((60, 420, 400, 460), "Freewritten remark")
            page.add_text_annot((450, 80), "Stickynote opinion")
            page.add_highlight_annot(pymupdf.Rect(60, 60, 300, 75))
            return finished(document)

    return Case(
        name="comments.pdf",
        make=make,
        leaves=leaves(f"{text} Freewritten remark Stickynote opinion"),
        ordered=False,
    )


def _links() -> Case:
    text = prose("links", 60)

    def make() -> bytes:
        objects = raw.pages([text])
        rect = b"/Type/Annot/Subtype/Link/Rect[0 0 500 800]"
        actions = (
            b"<</S/URI/URI(http://127.0.0.1:9/x)>>",
            b"<</S/Launch/F(/bin/true)>>",
            b"<</S/GoToR/F(/etc/hostname)/D[0/Fit]>>",
            b"<</S/SubmitForm/F(http://127.0.0.1:9/x)>>",
        )
        annots = b" ".join(b"<<%s/A%s>>" % (rect, action) for action in actions)
        objects[10] = raw.page(11, b"/Annots[%s]" % annots)
        return raw.written(objects)

    return Case(name="links.pdf", make=make, leaves=leaves(text))


def _layers() -> Case:
    """A layer that is switched off is not shown, so it is not read either."""
    text = prose("layers", 60)
    return Case(
        name="layers.pdf",
        make=partial(_layered, text),
        leaves=(Leaf(words=text, absent=("switchedofflayer",)),),
    )


def _layered(text: str) -> bytes:
    with blank() as document:
        page = document.new_page()
        write(page, text, (60, 60, 540, 400))
        off = document.add_ocg("hidden", on=False)
        page.insert_text((60, 600), "switchedofflayer", oc=off)
        return finished(document)
