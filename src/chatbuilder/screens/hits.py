"""The parts of the search screen: the field, and the list of hits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets.option_list import Option

from chatbuilder.screens.reading import day
from chatbuilder.widgets.choices import POINTER
from chatbuilder.widgets.form import Field
from chatbuilder.widgets.steady import SteadyList

if TYPE_CHECKING:
    from chatbuilder.screens.found import FoundHit


class SearchField(Field):
    """What is looked for; ↓ goes to the hits."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,enter", "screen.to_hits", "To the hits", key_display="↓", tooltip="Go to the list of hits")
    ]


class HitList(SteadyList):
    """Hits: a title, and where the words stand."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "select", "Read", key_display="↵", tooltip="Read this chat"),
        Binding("c", "screen.copy", "Copy link", tooltip="Copy the chat's link, or what resumes it"),
    ]

    _words: Sequence[Content] = ()
    _pointed: int | None = None

    def offer(self, hits: Sequence[FoundHit]) -> None:
        """Show hits, the first one highlighted."""
        self.highlighted = None
        self._words = [_line(hit) for hit in hits]
        self.set_options(Option(_beside(" ", line)) for line in self._words)
        self.highlighted = 0 if hits else None

    def watch_highlighted(self, highlighted: int | None) -> None:
        """Point at the highlighted hit, so that colours are not needed to see it."""
        super().watch_highlighted(highlighted)
        for at, line in enumerate(self._words[: self.option_count]):
            if at == highlighted or self._pointed == at:
                self.replace_option_prompt_at_index(at, _beside(POINTER if at == highlighted else " ", line))
        self._pointed = highlighted


def _beside(sign: str, line: Content) -> Content:
    first, *rest = line.split("\n")
    lines = [Content.styled(f"{sign} ", "$text-primary bold") + first, *(Content("  ") + more for more in rest)]
    return Content("\n").join(lines)


def _line(hit: FoundHit) -> Content:
    chat = hit.chat
    facts = " · ".join(filter(None, (day(chat.last_activity or chat.started), chat.assistant, chat.project)))
    title = _marked(chat.title or "(no title)", hit.title_spans if chat.title else ())
    lines = [Content.assemble(title.stylize_before("bold"), (f"  {facts}", "$muted"))]
    return Content("\n").join([*lines, _marked(hit.snippet, hit.spans)] if hit.snippet else lines)


def _marked(text: str, spans: Sequence[tuple[int, int]]) -> Content:
    """Return text of a chat, as text, with the words found in it underlined."""
    content = Content(" ".join(text.split("\n")))
    for start, end in spans:
        content = content.stylize("$text-primary bold underline", start, end)
    return content
