"""Accounts as the interface sees them: tokens are asked for, kept and proved in threads, never shown."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any

from chatbuilder.catalog import PLATFORMS
from chatbuilder.errors import ChatbuilderError
from chatbuilder.screens.menu import MenuDesk
from chatbuilder.screens.messages import Answered, AskConnect, Connect, Copy, OpenPage
from chatbuilder.screens.state import State
from chatbuilder.screens.wording import all_here

if TYPE_CHECKING:
    from chatbuilder.screens.account import Asking
    from chatbuilder.screens.standing import Account, Token


class ConnectingDesk(MenuDesk):
    """A desk that knows the accounts of the platform at hand. `vault` is `pipeline.connecting` or what is like it."""

    vault: Any

    def __init__(self, state: State, styles: list[Any], theme: str = "", *, plain: bool = False) -> None:
        super().__init__(state, styles, theme, plain=plain)
        self._asked = Event()  # set once nobody waits for what is being asked

    @abstractmethod
    def look(self) -> None:
        """Look at the target again."""

    @property
    def remote(self) -> str:
        """The id of the platform at hand when it is built through a vendor's API, else ""."""
        platform = PLATFORMS.get(str(self.state.session.answers.get("platform")))
        return platform.id if platform and platform.kind == "api" else ""

    @property
    def place(self) -> dict[str, str]:
        """The target as it is answered."""
        return dict(self.state.session.answers.get("target", {}))

    def list_accounts(self) -> None:
        """Find out which tokens are there; a keyring may take its time, or ask to be unlocked."""
        if platform := self.remote:
            self.work(partial(self.vault.tokens, platform), partial(self._listed_accounts, platform), aside=True)

    def _listed_accounts(self, platform: str, found: tuple[Token, ...]) -> None:
        if platform == self.remote:
            self.update(accounts=found)

    def on_ask_connect(self, event: AskConnect | None = None) -> None:
        """Open the dialog that takes a token."""
        if not (platform := (event and event.platform) or self.remote):
            return
        from chatbuilder.screens.connect import ConnectScreen

        account = self.place.get("account", "") if platform == self.remote else ""
        dialog = ConnectScreen(platform, PLATFORMS[platform].name, account)
        self.push_screen(dialog)
        no_keyring = lambda why: dialog.no_keyring(why) if why and dialog.is_attached else None  # noqa: E731
        self.work(self.vault.keyring_problem, no_keyring, aside=True)

    def on_connect(self, event: Connect) -> None:
        """Take a token: prove it, keep it, say what it is good for."""
        from chatbuilder.screens.connect import ConnectScreen

        dialog = self.screen
        if not isinstance(dialog, ConnectScreen):
            return

        def show(url: str) -> None:
            self.tell(dialog.address, url)
            self.vault.open_page(url)

        job = partial(
            self.vault.connect, event.platform, event.account, event.secret, event.path, keep=event.keep,
            target=self.place if event.platform == self.remote else {}, show=show,
        )  # fmt: skip
        self._ask(dialog, job, partial(self._use, event.platform, event.account))

    def _use(self, platform: str, account: str) -> None:
        """Use an account from now on, if there is a token: it may be kept although the place was refused."""

        def listed(found: tuple[Token, ...]) -> None:
            self._listed_accounts(platform, found)
            if platform != self.remote or all(token.account != account for token in found):
                return
            if self.place.get("account", "") != account:
                self.post_message(Answered({"target": {"account": account or None}}))
            else:
                self.update(target=None, fault="")
                self.look()

        self.work(partial(self.vault.tokens, platform), listed, aside=True)

    def on_ask_check(self) -> None:
        """Ask the vendor what the saved token is good for, at this place."""
        if not (platform := self.remote):
            return
        from chatbuilder.screens.account import AccountScreen

        name, target = PLATFORMS[platform].name, self.place
        dialog = AccountScreen(name)
        self.push_screen(dialog)
        job = partial(self.vault.check, platform, target.get("account", ""), target)
        self._ask(dialog, job, lambda: None)

    def _ask(self, dialog: Asking, job: Callable[..., Account], then: Callable[[], None]) -> None:
        """Ask a vendor something for a dialog; what was asked before is given up."""
        self._asked.set()
        self._asked = stop = Event()

        def told(tell: Callable[[Any], None], value: Any) -> None:
            if dialog.is_attached and not stop.is_set():
                tell(value)

        def waits(why: str, seconds: float) -> None:
            self.tell(partial(told, partial(dialog.waits, why)), seconds)

        def finished(found: Account) -> None:
            told(dialog.finished, found)
            then()

        def refused(error: ChatbuilderError) -> None:
            told(lambda error: dialog.refused(all_here(error.lines(), dialog.CONNECT)), error)
            then()

        self.work(partial(job, cancelled=stop.is_set, waiting=waits), finished, refused, aside=True)

    def on_stop_asking(self) -> None:
        """Nobody waits for the answer any more."""
        self._asked.set()

    def on_open_page(self, event: OpenPage) -> None:
        """Open an address; where no browser can be opened, it is copied."""

        def opened(there: bool) -> None:
            if there:
                self.notify(event.url, title="Opened", markup=False, timeout=3)
            else:
                self.on_copy(Copy(event.url, "No browser opens from here. Address"))

        self.work(partial(self.vault.open_page, event.url), opened, aside=True)
