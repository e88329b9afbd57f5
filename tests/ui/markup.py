"""Tags, attributes, buttons and words of a piece of HTML."""

from html.parser import HTMLParser


class Markup(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.buttons: list[dict[str, str]] = []
        self.fields: list[dict[str, str]] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = [(name, value or "") for name, value in attrs]
        self.tags.append(tag)
        self.attributes += found
        if tag == "button":
            self.buttons.append(dict(found))
        if tag in ("input", "select", "option"):
            self.fields.append(dict(found) | {"tag": tag})

    def handle_data(self, data: str) -> None:
        self.words += data

    def values(self, name: str) -> list[str]:
        """Of all attributes of that name."""
        return [value for attribute, value in self.attributes if attribute == name]
