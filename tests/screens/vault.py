"""A vendor and a keyring in memory, as the wizard sees them through the pipeline: they answer when they are told to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from chatbuilder import pipeline
from chatbuilder.credentials import TokenInfo
from chatbuilder.errors import ChatbuilderError, CredentialsError, InterruptedByUser
from chatbuilder.library.systems import Job
from chatbuilder.pipeline.connecting import Fault
from chatbuilder.pipeline.interactive import Seen
from chatbuilder.pipeline.provisioning import TargetReport
from chatbuilder.provision.base import Account

GOOD = Account("Ada Lovelace", ("make private pages",), ("180 requests a minute",))
WRONG = CredentialsError(
    "Notion does not accept the token: “API token is invalid.”.", title="Token not accepted",
    kept="everything.", hint="make a new one.",
)  # fmt: skip


def wait_for(over: threading.Event, cancelled: Callable[[], bool]) -> None:
    """Let a slow vendor answer, or somebody stop waiting. Raises `InterruptedByUser`."""
    while not over.wait(0.02):
        if cancelled():
            raise InterruptedByUser("Stopped.", title="Stopped", kept="all.", hint="again.")


class Vault:
    """Stands for `pipeline.connecting`. What is given is in `given`, as texts; `wrong` is raised instead of `found`."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.given: list[tuple[str, str, bool]] = []
        self.targets: list[dict[str, str]] = []
        self.opened: list[str] = []
        self.found: Account = GOOD
        self.wrong: ChatbuilderError | None = None
        self.problem = ""
        self.address = ""
        self.browser = True
        self.stopped = False
        self.answers = threading.Event()
        self.answers.set()
        self.unlocked = threading.Event()
        self.unlocked.set()

    def tokens(self, platform: str) -> tuple[TokenInfo, ...]:
        self.unlocked.wait(30)
        return tuple(TokenInfo(platform, name, where) for name, where in sorted(self.kept.items()))

    def keyring_problem(self) -> str:
        self.unlocked.wait(30)
        return self.problem

    def connect(self, platform, account, secret, path, *, keep, target, show, cancelled, waiting) -> Account:
        self.given.append((account, path or secret.reveal(), keep))
        if self.address:
            show(self.address)
        found = self.check(platform, account, target, cancelled=cancelled, waiting=waiting)
        self.kept[account] = "keyring" if keep else "held until chatbuilder ends"
        return found

    def check(self, platform, account, target, *, cancelled, waiting) -> Account:
        self.targets.append(dict(target))
        waiting("Notion asks to wait", 12.0)
        try:
            wait_for(self.answers, cancelled)
        except InterruptedByUser:
            self.stopped = True
            raise
        if self.wrong:
            raise self.wrong
        return self.found

    def open_page(self, url: str) -> bool:
        self.opened.append(url)
        return self.browser


class Site:
    """Stands for `interactive.look` and `interactive.apply` of a platform out there."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault
        self.problems: tuple[str, ...] = ()
        self.fault: Fault = ""
        self.more: dict[str, Any] = {}
        self.answers = threading.Event()
        self.answers.set()
        self.looks: list[dict[str, Any]] = []
        self.under_way = 0
        self.events: list[tuple[str, str, str, float]] = []
        self.go_on = threading.Event()
        self.tidied: bool | None = None
        self.error: dict[str, Any] | None = None

    def look(self, config, cancelled, waiting) -> Seen:
        target = config.data()["target"]
        self.looks.append(target)
        self.under_way += 1
        assert self.under_way == 1, "two looks at once"
        try:
            waiting("no connection to Notion; trying again", 4.0)
            wait_for(self.answers, cancelled)
        finally:
            self.under_way -= 1
        account = target.get("account", "")
        if account not in self.vault.kept:
            where = "none in your keyring, and NOTION_TOKEN is not set"
            return Seen(TargetReport("", False, False, problems=("No.",), credentials=where, code=4), fault="token")
        if self.problems:
            report = TargetReport("", False, False, problems=self.problems, credentials="found in your keyring", code=4)
            return Seen(report, fault=self.fault)
        return Seen(TargetReport("a page", True, False, credentials="found in your keyring"), **self.more)

    def apply(self, config, hear, cancelled, *, tidy=False) -> Job:
        self.tidied = tidy
        for event in self.events:
            hear(*event)
        while not (cancelled() or self.go_on.wait(0.02)):
            pass
        if self.error and not cancelled():
            return Job("j1", "s1", config.platform, "failed", "", "", {}, self.error)
        status = "cancelled" if cancelled() else "completed"
        result = {"place": "Notion", "url": "https://www.notion.so/1", "next": ["look at it"]}
        return Job("j1", "s1", config.platform, status, "", "", result)


def titles(config: Any) -> list[tuple[str, str]]:
    """Return keys and titles of a plan."""
    return [(step.key, step.title) for step in pipeline.build(config).plan]
