"""What a token is good for, in words; and the dialog that asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Static

from chatbuilder.screens.dialog import Dialog
from chatbuilder.screens.messages import AskConnect, StopAsking
from chatbuilder.screens.standing import Account
from chatbuilder.screens.wording import CONNECT
from chatbuilder.widgets.actions import put

PARTS = (  # what is missing comes first: it is what the person has to act on
    ("Next", "next", "!", "$warn bold"), ("May", "may", "✓", "$good bold"), ("Good to know", "limits", "·", "$muted"),
)  # fmt: skip


def account_text(found: Account) -> Content:
    """Return who a token belongs to, what it may do, what limits it, and what is still missing."""
    good = not found.next
    lines = [Content.assemble(("✓ " if good else "! ", "$good bold" if good else "$warn bold"), (found.who, "bold"))]
    lines.append(Content("The token works." if good else "The token works, and something is missing:"))
    for title, key, sign, style in PARTS:
        texts: Sequence[str] = getattr(found, key)
        if texts:
            lines.append(Content.styled(title, "$text-primary bold"))
            lines += [Content.assemble((f"{sign} ", style), text) for text in texts]
    return Content("\n").join(lines)


def trouble_text(lines: Sequence[str]) -> Content:
    """Return an error: what happened, then what was kept and what to do."""
    first, *rest = lines or ("Something went wrong.",)
    return Content("\n").join([Content.assemble(("✗ ", "$bad bold"), (first, "bold")), *map(Content, rest)])


class Asking(Dialog[None]):
    """A dialog that asks a vendor: says that it does, why it waits, and what came of it. Esc stops it."""

    CONNECT: ClassVar[str] = CONNECT  # what a hint says to do for another token
    asking = False
    told: str | Content = ""  # an answer may come before the widget that shows it

    def report(self) -> Widget:
        """Return the place for what came of it."""
        return Static(self.told, id="report", markup=False)

    def tell(self, text: str | Content) -> None:
        """Show a text in place of the one before."""
        self.told = text
        if self.query("#report"):
            put(self.query_one("#report", Static), text)

    def begun(self, text: str) -> None:
        """It was asked."""
        self.asking = True
        self.tell(f"{text} …")
        self.drawn()

    def waits(self, why: str, seconds: float) -> None:
        """It takes longer, for a reason."""
        if self.asking:
            self.tell(f"{why[:1].upper()}{why[1:]}: up to {max(1, round(seconds))} s …")

    def finished(self, found: Account) -> None:
        """The vendor answered."""
        self.asking = False
        self.tell(account_text(found))
        self.drawn()

    def refused(self, lines: Sequence[str]) -> None:
        """It did not work."""
        self.asking = False
        self.tell(trouble_text(lines))
        self.drawn()

    def drawn(self) -> None:
        """Draw what depends on whether something is asked."""

    def action_close(self) -> None:
        """Close, and stop asking."""
        if self.asking:
            self.app.post_message(StopAsking())
        self.dismiss(None)


class AccountScreen(Asking):
    """Asks what the saved token is good for."""

    AUTO_FOCUS = "#inside"
    READ = True
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+t", "connect", "Connect", tooltip="Give another token")]

    def __init__(self, name: str) -> None:
        super().__init__()
        self.TITLE_TEXT = f"{name}: the token"  # type: ignore[misc]
        self.asking, self.told = True, f"Asking {name} …"

    def inside(self) -> Iterable[Widget]:
        """The report."""
        yield self.report()

    def buttons(self) -> Iterable[Button]:
        """Close it, or give another token."""
        yield Button("Connect another", id="other", compact=True, action="screen.connect")
        yield Button("Close", id="close", compact=True, variant="primary", action="screen.close")

    def action_connect(self) -> None:
        """Give another token instead."""
        self.action_close()
        self.app.post_message(AskConnect())
