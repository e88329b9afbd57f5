"""Turns HTML into Markdown, tag by tag: scripts and styles out, links, lists and tables kept."""

import re
from html.parser import HTMLParser

from glmdesk.documents.office import tables

_SILENT = frozenset(
    (
        "script",
        "style",
        "template",
        "noscript",
        "svg",
        "head",
        "title",
        "iframe",
        "object",
        "select",
    )
)
_BLOCKS = frozenset((
    "p", "div", "section", "article", "header", "footer", "main", "nav", "aside", "address", "figure",
    "figcaption", "blockquote", "form", "fieldset", "dl", "dt", "dd", "ul", "ol", "details", "summary",
    "hr", "body", "html", "center", "caption", "table",
))  # fmt: skip
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_MOST_SPAN = 100
_LOOSE = re.compile(r"(?m)^([ ]*(?:-|\d+\.) .*)\n\n+(?=[ ]*(?:-|\d+\.) )")
"""Empty lines between the items of a list."""
MARK = "\ue000"
_SPACES = re.compile(r"[ \t\r\n\f]+")


class Markup(HTMLParser):
    """Feed it HTML, close it, and take `text` and `title`.

    `pictures` are those inside the page, in base64, and what they are said to show; in the text
    stands MARK, their number, and MARK.
    """

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self.tables = 0
        self.pictures: list[tuple[str, str]] = []
        self._out: list[str] = []
        self._silent: list[str] = []
        self._in_title = False
        self._kept = 0
        self._lists: list[int] = []
        self._links: list[tuple[int, str]] = []
        self._heads: list[int] = []
        self._grids: list[list[list[str]]] = []
        self._cells: list[tuple[int, int]] = []

    @property
    def text(self) -> str:
        """Markdown, without more than one empty line in a row."""
        whole = re.sub(r"[ \t]+\n", "\n", "".join(self._out))
        return _LOOSE.sub(r"\1\n", re.sub(r"\n{3,}", "\n\n", whole)).strip()

    def close(self) -> None:
        """The end, also of what the page forgot to close."""
        super().close()
        self._silent.clear()
        while self._grids:
            self._end_table()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "title" and not self.title:
            self._in_title = True
        if tag == "body":
            self._silent.clear()  # a head that nobody closed
            self._in_title = False
        if self._silent or tag in _SILENT:
            self._silent += [tag] if tag in _SILENT else []
            return
        self._open(tag, {name: value or "" for name, value in attrs})

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A browser does not close a tag that is not void by its slash either."""
        if tag not in _SILENT:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        if self._silent:
            if tag in self._silent:
                del self._silent[self._silent.index(tag) :]
            return
        self._end(tag)

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title = (self.title + data)[:300]
        if self._silent:
            return
        if self._kept:
            self._out.append(data)
            return
        words = _SPACES.sub(" ", data.replace(MARK, ""))
        if words == " " and (not self._out or self._out[-1].endswith((" ", "\n"))):
            return
        self._out.append(words.lstrip() if self._at_line_start() else words)

    def _open(self, tag: str, values: dict[str, str]) -> None:
        if tag in _HEADINGS:
            self._break()
            self._heads.append(len(self._out))
        elif tag == "br":
            self._out.append("\n")
        elif tag == "img":
            self._picture(values.get("src", ""), " ".join(values.get("alt", "").split()))
        elif tag == "a":
            self._links.append((len(self._out), values.get("href", "")))
        elif tag in ("td", "th", "tr", "table"):
            self._open_table(tag, values)
        elif tag in ("pre", "textarea"):
            self._break()
            self._out.append("```\n")
            self._kept += 1
        else:
            self._open_list(tag)

    def _picture(self, source: str, words: str) -> None:
        kind, _, data = source.partition(",")
        if kind.startswith("data:image/") and kind.endswith(";base64"):
            self._out.append(f"{MARK}{len(self.pictures)}{MARK}")
            self.pictures.append((data, words))
        elif words:
            self._out.append(f"[picture: {words}]")

    def _open_list(self, tag: str) -> None:
        if tag in ("ul", "ol"):
            self._out.append("\n" if self._lists else "\n\n")
            self._lists.append(0 if tag == "ol" else -1)
        elif tag == "li":
            depth = max(len(self._lists) - 1, 0)
            mark = "-"
            if self._lists and self._lists[-1] >= 0:
                self._lists[-1] += 1
                mark = f"{self._lists[-1]}."
            self._out.append(f"\n{'  ' * depth}{mark} ")
        elif tag in _BLOCKS:
            self._break()

    def _open_table(self, tag: str, values: dict[str, str]) -> None:
        if tag == "table":
            self._break()
            self._grids.append([])
        elif self._grids and tag == "tr":
            self._end_cell()
            self._grids[-1].append([])
        elif self._grids:
            self._end_cell()
            if not self._grids[-1]:
                self._grids[-1].append([])
            span = values.get("colspan", "")
            width = min(int(span), _MOST_SPAN) if span.isascii() and span.isdigit() else 1
            self._cells.append((len(self._out), max(1, width)))

    def _end(self, tag: str) -> None:
        if tag in _HEADINGS and self._heads:
            begin = self._heads.pop()
            words = self._taken(begin)
            self._out.append(
                f"{tables.heading(words, _HEADINGS[tag])}\n\n" if words.strip() else ""
            )
        elif tag == "a" and self._links:
            self._end_link()
        elif tag in ("td", "th", "tr"):
            self._end_cell()
        elif tag == "table" and self._grids:
            self._end_table()
        elif tag in ("pre", "textarea") and self._kept:
            self._kept -= 1
            self._out.append("\n```\n\n")
        elif tag in ("ul", "ol") and self._lists:
            self._lists.pop()
            self._out.append("" if self._lists else "\n\n")
        elif tag in _BLOCKS:
            self._break()

    def _end_link(self) -> None:
        begin, address = self._links.pop()
        if begin > len(self._out):
            return
        words = self._taken(begin)
        shown = words.strip()
        if shown and address.startswith(("http:", "https:", "mailto:")) and shown != address:
            before, after = " " * words.startswith(" "), " " * words.endswith(" ")
            words = f"{before}[{shown}]({address}){after}"
        self._out.append(words)

    def _end_cell(self) -> None:
        """Put what was said since the cell began into its row."""
        if not self._cells or len(self._cells) < len(self._grids):
            return
        begin, width = self._cells.pop()
        self._grids[-1][-1] += [self._taken(begin).strip(), *[""] * (width - 1)]

    def _end_table(self) -> None:
        self._end_cell()
        rows = [row for row in self._grids.pop() if any(row)]
        if self._cells:  # inside another one: Markdown has no such thing
            self._out.append("\n".join(", ".join(cell for cell in row if cell) for row in rows))
        elif max((len(row) for row in rows), default=0) == 1:
            self._out.append("\n\n".join(row[0] for row in rows))
        else:
            self.tables += 1
            self._out.append(tables.table(rows))
        self._break()

    def _taken(self, begin: int) -> str:
        words = "".join(self._out[begin:])
        del self._out[begin:]
        return words

    def _at_line_start(self) -> bool:
        last = next((words for words in reversed(self._out[-4:]) if words), "\n")
        return last.endswith("\n")

    def _break(self) -> None:
        """A new paragraph; in the cell of a table a new line, in an item nothing at its begin."""
        last = next((words for words in reversed(self._out[-4:]) if words), "")
        if last.endswith(("- ", ". ")) and last.startswith("\n"):
            return
        self._out.append("\n" if self._cells or self._lists else "\n\n")
