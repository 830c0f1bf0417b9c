"""Connect an account: how to get a token, a masked field for it, and what it turns out to be good for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from chatbuilder.screens.account import Asking
from chatbuilder.screens.howto import how_text, how_to, ways
from chatbuilder.screens.messages import Connect, Copy, OpenPage
from chatbuilder.screens.standing import Account
from chatbuilder.secret import Secret
from chatbuilder.widgets.actions import put
from chatbuilder.widgets.form import Field, FormRow
from chatbuilder.widgets.secret import SecretField


class ConnectScreen(Asking):
    """A token, or a credentials file, and a name for the account; stays open to say what the vendor makes of it."""

    AUTO_FOCUS, CONNECT = "#token", "give it in the field here"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "forward", "Save and check", key_display="↵"),
        Binding("ctrl+o", "address(False)", "Open", tooltip="Open the address in your browser"),
        Binding("ctrl+y", "address(True)", "Copy", tooltip="Copy the address"),
    ]

    def __init__(self, platform: str, name: str, account: str) -> None:
        super().__init__()
        self.TITLE_TEXT = f"Connect {name}"  # type: ignore[misc]
        self._platform, self._name, self._account, self._how = platform, name, account, how_to(platform)
        self._url, self._done, self._no_keyring = "", False, False

    def inside(self) -> Iterable[Widget]:
        """How to get it, the fields, and the place for what came of it."""
        yield Static(how_text(self._platform), id="how")
        if self._how.file:
            control: Input = Field("", id="token", placeholder=self._how.example)
        else:
            control = SecretField(id="token", placeholder=self._how.example)
        yield FormRow(self._how.token, control, key="token")
        name = Field(self._account, id="account-name", placeholder="empty for the usual one; work, private …")
        yield FormRow("Account", name, key="account")
        yield Static(id="keyring", markup=False)
        yield self.report()

    def buttons(self) -> Iterable[Button]:
        """Save it, use it for now, or leave it."""
        yield Button("Open the address", id="open", compact=True, action="screen.address(False)")
        yield Button("Copy it", id="copy", compact=True, action="screen.address(True)")
        yield Button("Cancel", id="close", compact=True, action="screen.close")
        yield Button("Use once", id="once", compact=True, action="screen.once")
        yield Button("Save and check", id="go", compact=True, variant="primary", action="screen.forward")

    def on_mount(self) -> None:
        """Nothing was asked yet."""
        self.drawn()

    def drawn(self) -> None:
        """Show the buttons that do something now; what came of it takes the place of the instructions."""
        open_ = not (self.asking or self._done)
        told = bool(self.told)
        self.query_one("#how").display, self.query_one("#report").display = not told, told
        self.query_one("#keyring").display = self._no_keyring and open_ and not told
        saves = not self.asking and not (self._no_keyring and open_)
        for key, shown in (("open", bool(self._url)), ("copy", bool(self._url)), ("once", open_), ("go", saves)):
            self.query_one(f"#{key}").display = shown
        self.query_one("#close").display = not self._done
        self.query_one("#go", Button).label = "Close" if self._done else "Save and check"
        self.query_one("#once", Button).variant = "primary" if self._no_keyring else "default"
        for row in self.query(FormRow):
            row.display = not self._done
            row.disabled = self.asking
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The keys say what can be done now."""
        return bool(self._url) if action == "address" else True

    def no_keyring(self, problem: str) -> None:
        """Say that a token cannot be saved here, and the ways on."""
        self._no_keyring = True
        put(self.query_one("#keyring", Static), ways(self._platform, problem))
        self.drawn()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Another try."""
        event.stop()
        for row in self.query(FormRow):
            row.wrong("")

    def action_forward(self) -> None:
        """Save it; after that, Enter closes."""
        if self._done:
            self.dismiss(None)
        elif not self.asking:
            self._give(keep=not self._no_keyring)

    def action_once(self) -> None:
        """Use it until the program ends."""
        self._give(keep=False)

    def _give(self, *, keep: bool) -> None:
        field, name = self.query_one("#token", Input), self.query_one("#account-name", Input).value.strip()
        text = field.value.strip()
        if not text:
            missing = "Name the file." if self._how.file else "Paste the token first."
            next(iter(self.query(FormRow))).wrong(missing)
            field.focus()
            return
        secret, path = (None, text) if self._how.file else (Secret(text), "")
        self.begun(f"Asking {self._name}")
        self.app.post_message(Connect(self._platform, name, secret, path, keep=keep))

    def address(self, url: str) -> None:
        """Show where the person agrees, in case no browser has opened."""
        if self.asking:
            self._url = url
            text = "Agree in your browser; this goes on by itself. If no browser has opened, open this address:"
            self.tell(Content(f"{text}\n\n{url}"))
            self.drawn()

    def waits(self, why: str, seconds: float) -> None:
        """The address stays in sight for as long as it is wanted."""
        if not self._url:
            super().waits(why, seconds)

    def finished(self, found: Account) -> None:
        """It is saved; the field is emptied."""
        self._done, self._url = True, ""
        self.query_one("#token", Input).value = ""
        super().finished(found)
        self.query_one("#go").focus()

    def refused(self, lines: Sequence[str]) -> None:
        """It did not work: the fields stay for another try."""
        self._url = ""
        super().refused(lines)
        self.query_one("#token").focus()

    def action_address(self, copy: bool) -> None:
        """Open the address, or copy it."""
        self.app.post_message(Copy(self._url, "Address") if copy else OpenPage(self._url))
