"""Pages of HTML, read strictly."""

from __future__ import annotations

from html.parser import HTMLParser

#: Elements without content, and those of SVG that close themselves.
VOID = {"meta", "br", "hr", "img", "link"}


class Strict(HTMLParser):
    """A parser that refuses elements that are not closed in order, handlers, and addresses outside the page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.texts: list[str] = []
        self.seen: set[str] = set()
        self.ids: list[str] = []
        #: What `src` holds, without the bytes.
        self.embedded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), f"<{tag} {names}>"
        for name, value in attrs:
            assert not name.startswith("on"), f"<{tag} {name}>"
            assert name not in ("srcset", "data", "action"), f"<{tag} {name}>"
            if name in ("href", "xlink:href"):
                assert (value or "").startswith("#"), f"<{tag} {name}={value}>"
            if name == "src":
                kind, _, _ = (value or "").partition(",")
                assert kind.startswith("data:"), f"<{tag} {name}={kind[:80]}>"
                self.embedded.append(kind)
            if name == "id":
                self.ids.append(value or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read_page(text: str) -> Strict:
    """Read a page, or a part of one."""
    parser = Strict()
    parser.feed(text)
    parser.close()
    assert parser.open == []
    return parser
