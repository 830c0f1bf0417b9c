"""One person's Notion for tests: a fake, our provisioner on the real SDK, and a journal that outlives crashes."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from chatbuilder.config import Config
from chatbuilder.design import design
from chatbuilder.generators.notion import generate
from chatbuilder.generators.notion.evolve import evolve
from chatbuilder.library.systems import Library
from chatbuilder.provision.notion import NotionProvisioner, open_remote
from chatbuilder.provision.notion.transport import NotionTransport
from chatbuilder.provision.outside.desk import Desk
from chatbuilder.provision.outside.site import Site
from chatbuilder.provision.runner import Outcome, give_up, run, settle, step_of
from chatbuilder.secret import Secret
from chatbuilder.solution import Delivered, Evolution, Plan, Solution
from tests.contract.notion_workspace import MARK, Workspace
from tests.vendors.clock import FakeTime
from tests.vendors.notion import PARENT, NotionFake, pool

SYSTEM = "notion-test"
SEED = {"target": {"mark": MARK}}
MID = Config(platform="notion", priorities=("organization",), target={"parent": PARENT}, options={"topics": ("Work",)})
FULL = Config(
    platform="notion", priorities=("organization", "analytics"), features=("projects", "timeline", "dashboard"),
    target={"parent": PARENT},
)  # fmt: skip
PRIVATE = MID.model_copy(update={"target": Config(platform="notion", priorities=("search",)).target})
_number = iter(range(1_000_000))


def solution_of(config: Config) -> Solution:
    return generate(config, design(config))


class Crash(BaseException):
    """The process dies here."""


class Bench:
    """A fake workspace and what chatbuilder knows of its system. Every `run` is a new process as far as it can tell."""

    def __init__(self, tmp_path: Path, fake: NotionFake | None = None, *, abreast: int = 1) -> None:
        self.fake = fake or NotionFake()
        self.time = FakeTime()
        self.fake.clock = self.time.now
        self.abreast = abreast
        # The pace is shared by token: every bench has one of its own.
        self.fake.token = f"ntn_{next(_number)}"
        self.library = Library(tmp_path / f"{self.fake.token}.db")
        self.library.save_system(SYSTEM, "Test", "notion", "Notion", {})

    def __del__(self) -> None:
        self.library.__exit__(None, None, None)

    @property
    def journal(self) -> Any:
        return self.library.journal(SYSTEM)

    @property
    def workspace(self) -> Workspace:
        return self.fake.workspace

    def provisioner(self) -> NotionProvisioner:
        secret = Secret(self.fake.token)
        found = open_remote(Site(secret, desk=Desk(time=self.time)), NotionTransport(secret, http=pool(self.fake)))
        assert isinstance(found, NotionProvisioner)
        found.abreast = self.abreast  # type: ignore[misc]
        return found

    def delivered(self) -> dict[str, Delivered]:
        records = self.journal.records()
        return {k: Delivered(r.payload, r.result) for k, r in records.items() if r.result and r.state != "removed"}

    def evolution(self, config: Config) -> Evolution:
        return evolve(solution_of(config).plan, self.delivered())

    def apply(self, config: Config) -> Outcome:
        """Do what `chatbuilder apply` does."""
        with closing(self.provisioner()) as provisioner:
            settle(self.journal, provisioner, lambda work: work())
            plan = self.evolution(config).plan
            known = {key: item.result for key, item in self.delivered().items()} | SEED
            provisioner.preflight(plan, known)
            give_up(self.journal, plan)
            return run(plan, provisioner, self.journal, lambda _: None, lambda: False, seed=SEED)

    def states(self) -> dict[str, str]:
        """Do what `chatbuilder verify` does."""
        with closing(self.provisioner()) as provisioner:
            return self._states(provisioner)

    def _states(self, provisioner: NotionProvisioner) -> dict[str, str]:
        records = [r for r in self.journal.records().values() if r.result and r.state == "done"]
        return {r.key: provisioner.inspect(step_of(r), r.payload, r.result) for r in records if r.result}

    def drift(self) -> dict[str, str]:
        return {key: state for key, state in self.states().items() if state != "same"}

    def repair(self, config: Config) -> Outcome:
        """Do what `chatbuilder repair` does."""
        with closing(self.provisioner()) as provisioner:
            wrong = {key for key, state in self._states(provisioner).items() if state == "missing"}
            for key in wrong:
                self.journal.failed(key)
            plan = Plan(tuple(step for step in solution_of(config).plan if step.key in wrong))
            return run(plan, provisioner, self.journal, lambda _: None, lambda: False, seed=SEED)

    def destroy(self) -> dict[str, str]:
        """Do what `chatbuilder destroy` does; returns why what stays stays."""
        kept = {}
        provisioner = self.provisioner()
        for record in reversed(list(self.journal.records().values())):
            if record.result is None or record.state == "removed":
                continue
            removal = provisioner.remove(step_of(record), record.payload, record.result)
            if removal.removed:
                self.journal.removed(record.key)
            else:
                kept[record.key] = removal.why
        return kept


def contents(workspace: Workspace) -> dict[str, Any]:
    """What is there, by name, with how often: the same for any order of making."""
    pages = Counter(
        (page.title, workspace.pages[page.parent].title if page.parent else "", len(page.blocks))
        for page in workspace.pages.values()
        if not workspace.trashed(page.id)
    )
    tables = Counter(s.title for s in workspace.sources.values() if not workspace.trashed(s.database))
    sources = {s.title: s for s in workspace.sources.values()}
    return {
        "pages": pages,
        "tables": tables,
        "fields": {t: {n: (p["type"], [o["name"] for o in p.get("select_options", ())], p.get("expression"))
                       for n, p in s.properties.items()} for t, s in sources.items()},
        "views": {t: [(v["name"], v["type"], v.get("filter"), v.get("sorts"), _layout(v)) for v in s.views.values()]
                  for t, s in sources.items()},
        "rows": {t: Counter(_title(r) for r in s.live()) for t, s in sources.items()},
        "widgets": Counter((w["name"], w["type"]) for w in workspace.widgets.values()),
        "dashboards": [sorted(len(row) for row in rows) for rows in workspace.dashboards.values()],
    }  # fmt: skip


def _layout(view: dict[str, Any]) -> Any:
    layout = view.get("configuration") or {}
    return [layout.get("group_by"), layout.get("date_property_id"),
            [look["property_id"] for look in layout.get("properties", ()) if look["visible"]]]  # fmt: skip


def _title(row: dict[str, Any]) -> str:
    titles = (value["title"] for value in row["properties"].values() if "title" in value)
    return "".join(item["text"]["content"] for item in next(titles))


def wanted(config: Config) -> dict[str, Any]:
    """What the plan of these answers makes when nothing goes wrong, delivered straight into a workspace."""
    workspace = Workspace()
    workspace.give(PARENT, "Somewhere")
    return contents(workspace.run(solution_of(config).plan))
