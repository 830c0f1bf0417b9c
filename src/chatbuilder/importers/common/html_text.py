"""The words of HTML: tags go, paragraphs, lists and code keep their lines. Nothing in it is run or fetched."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from chatbuilder.importers.common.values import clean, names

_BLOCKS = names("p div ul ol table tr h1 h2 h3 h4 h5 h6 blockquote pre section article hr dl dt dd")
_SILENT = frozenset(("script", "style", "head", "template"))
_SPACE = re.compile(r"[ \t\r\n\f\u00a0\u202f]+")
_LINES = re.compile(r"[ \t]*\n[ \t]*(?:\n[ \t]*)+")


class Words(HTMLParser):
    """Collects text; `take` returns what came since the last time."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._pieces: list[str] = []
        self._silent = 0
        self._code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Start a line where a block starts."""
        if tag in _SILENT:
            self._silent += 1
        elif tag == "br":
            self._pieces.append("\n")
        elif tag == "li":
            self._pieces.append("\n- ")
        elif tag in _BLOCKS:
            self._pieces.append("\n\n")
        elif tag in ("td", "th"):
            self._pieces.append(" | ")
        self._code += tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        """End a line where a block ends."""
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BLOCKS:
            self._pieces.append("\n\n")
        if tag == "pre":
            self._code = max(0, self._code - 1)

    def handle_data(self, data: str) -> None:
        """Keep text; blanks collapse outside of code."""
        if not self._silent:
            self._pieces.append(data if self._code else _SPACE.sub(" ", data))

    def take(self) -> str:
        """Return the text since the last call, and forget it."""
        text = _LINES.sub("\n\n", "".join(self._pieces)).strip()
        self._pieces.clear()
        return clean(text)


def words(html: str) -> str:
    """Return the text of a piece of HTML."""
    if "<" not in html and "&" not in html:
        return clean(html).strip()
    parser = Words()
    parser.feed(html)
    parser.close()
    return parser.take()
