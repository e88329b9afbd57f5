"""OpenDocument and EPUB files, packed by hand."""

from tests.documents.corpus.case import Case, Leaf
from tests.documents.corpus.packed import packed
from tests.documents.corpus.sheets import encoded, figure
from tests.documents.corpus.words import prose

_NS = "urn:oasis:names:tc:opendocument:xmlns:"
SPACES = " ".join(
    f'xmlns:{name}="{_NS}{name}:1.0"' for name in ("office", "text", "table", "style")
) + (
    f' xmlns:draw="{_NS}drawing:1.0" xmlns:xlink="http://www.w3.org/1999/xlink"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
)


def cases() -> tuple[Case, ...]:
    return (_odt(), _odt_parts(), _odt_picture(), _epub())


def odt(body: str, files: dict[str, bytes] | None = None, before: str = "") -> bytes:
    """An OpenDocument text; `before` stands in front of the root."""
    return document("text", body, files, before)


def document(
    kind: str, body: str, files: dict[str, bytes] | None = None, before: str = ""
) -> bytes:
    """An OpenDocument file: a text, a spreadsheet or a presentation."""
    media = f"application/vnd.oasis.opendocument.{kind}"
    return packed(
        {
            "mimetype": media,
            "content.xml": f'<?xml version="1.0"?>{before}<office:document-content {SPACES}>'
            f"<office:body><office:{kind}>{body}</office:{kind}></office:body>"
            "</office:document-content>",
            "META-INF/manifest.xml": '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:'
            f'opendocument:xmlns:manifest:1.0"><manifest:file-entry manifest:full-path="/" '
            f'manifest:media-type="{media}"/></manifest:manifest>',
            **(files or {}),
        }
    )


def _odt() -> Case:
    texts = [prose(f"odt {number}", 60) for number in range(40)]
    body = "".join(
        f"<text:h>Part {n}</text:h><text:p>{text}</text:p>" for n, text in enumerate(texts)
    )
    words = " ".join(f"Part {n} {text}" for n, text in enumerate(texts))
    return Case(name="long.odt", make=lambda: odt(body), leaves=(Leaf(words=words),), paged=False)


def _odt_parts() -> Case:
    """Spaces, tabs, lists, tables, notes and tracked changes have elements of their own."""
    body = (
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>Deletedword</text:p>"
        "</text:deletion></text:changed-region></text:tracked-changes>"
        "<text:p>First<text:s/>word<text:tab/>tabbed<text:line-break/>broken "
        "<text:span>spanned</text:span>"
        "<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>Noteword"
        "</text:p></text:note-body></text:note></text:p>"
        "<text:list><text:list-item><text:p>Listed</text:p></text:list-item></text:list>"
        "<table:table><table:table-row><table:table-cell><text:p>cellone</text:p></table:table-cell>"
        '<table:table-cell table:number-columns-repeated="1000"/>'
        "<table:table-cell><text:p>celltwo</text:p></table:table-cell></table:table-row></table:table>"
    )
    words = "First word tabbed broken spanned Noteword Listed cellone celltwo"
    return Case(
        name="parts.odt",
        make=lambda: odt(body),
        leaves=(Leaf(words=words, absent=("Deletedword",)),),
        paged=False,
        ordered=False,
    )


def _odt_picture() -> Case:
    body = (
        '<text:p>Beforepicture<draw:frame><draw:image xlink:href="Pictures/one.png"/></draw:frame>'
        "Afterpicture</text:p>"
    )
    return Case(
        name="picture.odt",
        make=lambda: odt(body, {"Pictures/one.png": encoded(figure((300, 200)))}),
        leaves=(Leaf(words="Beforepicture Afterpicture", picture=True),),
        paged=False,
        ordered=False,
    )


def epub(chapters: dict[str, str], files: dict[str, bytes] | None = None) -> bytes:
    """A book of these pages of XHTML, given by their names."""
    items = "".join(
        f'<item id="c{at}" href="{name}" media-type="application/xhtml+xml"/>'
        for at, name in enumerate(chapters)
    )
    spine = "".join(f'<itemref idref="c{at}"/>' for at in range(len(chapters)))
    return packed(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container version="1.0" xmlns="urn:oasis:names:tc:'
            'opendocument:xmlns:container"><rootfiles><rootfile full-path="book.opf" '
            'media-type="application/oebps-package+xml"/></rootfiles></container>',
            "book.opf": '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" '
            'unique-identifier="i"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
            '<dc:identifier id="i">x</dc:identifier><dc:title>A book</dc:title>'
            "<dc:language>en</dc:language></metadata>"
            f"<manifest>{items}</manifest><spine>{spine}</spine></package>",
            **{
                name: f'<html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title></head>'
                f"<body>{body}</body></html>"
                for name, body in chapters.items()
            },
            **(files or {}),
        }
    )


def _epub() -> Case:
    texts = {f"{at}.xhtml": prose(f"epub {at}", 300) for at in range(5)}
    chapters = {name: f"<h1>Chapter</h1><p>{text}</p>" for name, text in texts.items()}
    words = " ".join(f"Chapter {text}" for text in texts.values())
    return Case(
        name="book.epub", make=lambda: epub(chapters), leaves=(Leaf(words=words),), paged=False
    )
