"""One person's Airtable for tests: a strict server on loopback, the use-cases over it, and time that only we pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from chatbuilder import pipeline
from chatbuilder.config import Config
from chatbuilder.library.systems import Job
from chatbuilder.pipeline import outside
from chatbuilder.provision.airtable import transport
from chatbuilder.provision.outside.calls import Answer, Call
from tests.contract.airtable import Base
from tests.vendors.airtable import TOKEN, WORKSPACE, AirtableFake, serving
from tests.vendors.clock import FakeTime
from tests.vendors.faults import Faults

IN_WORKSPACE = {"workspace": WORKSPACE}
_homes = count()


def config(*priorities: str, target: Mapping[str, str] = IN_WORKSPACE, **answers: Any) -> Config:
    """Answers for Airtable; the target is the fake's workspace."""
    return Config.model_validate(
        {"platform": "airtable", "priorities": priorities or ("organization",), "target": dict(target), **answers}
    )


# Two tables in createBase, one with links, a link to itself, a far side to name, rows with links: 10 calls.
MID = config("organization", features=("projects",), complexity="advanced", options={"topics": ("Work", "Learning")})


# Seconds, real ones: less than a slow answer takes. Only for tests of slow answers: a busy machine is slow, too.
IMPATIENT = (5.0, 0.25)


class Killed(BaseException):
    """The process is gone: kill -9."""


@dataclass(repr=False)
class Site:
    """A fake and what chatbuilder knows of it. `die_at` kills at a call: its index, and whether it was sent by then."""

    fake: AirtableFake
    url: str
    time: FakeTime
    monkeypatch: pytest.MonkeyPatch
    folder: Path
    events: list[Any] = field(default_factory=list)
    die_at: tuple[int, bool] | None = None
    _sent: int = 0
    _dead: bool = False

    def fresh(self, **mind: Any) -> Site:
        """Forget everything: another person with an empty home and another Airtable at the same address."""
        for name, value in vars(AirtableFake(clock=self.time.now, per_second=None, **mind)).items():
            setattr(self.fake, name, value)
        self.monkeypatch.setenv("CHATBUILDER_HOME", str(self.folder / f"home-{next(_homes)}"))
        self.monkeypatch.setenv("CHATBUILDER_AIRTABLE_URL", self.url)
        self.monkeypatch.setenv("AIRTABLE_TOKEN", TOKEN)
        self.die_at, self._sent, self._dead = None, 0, False
        self.events.clear()
        return self

    def apply(self, answers: Config, cancelled: Callable[[], bool] = lambda: False) -> Job:
        self._dead = False
        return pipeline.apply(answers, on_event=self.events.append, cancelled=cancelled)

    def built(self, answers: Config) -> Base:
        """Apply and give the base; it must work out."""
        job = self.apply(answers)
        assert job.status == "completed", job.error
        return self.fake.only_base()

    @property
    def system(self) -> str:
        return pipeline.systems()[0].id

    def states(self) -> dict[str, str]:
        """What verify says of each step."""
        return {drift.key: drift.state for drift in pipeline.verify(self.system)}

    def repair(self) -> Job:
        return pipeline.repair(self.system, on_event=self.events.append, cancelled=lambda: False)

    def writes(self) -> list[tuple[str, str]]:
        return [call for call in self.fake.log if call[0] != "GET"]

    def send(self, original: Callable[[Any, Call], Answer]) -> Callable[[Any, Call], Answer]:
        def sending(client: Any, call: Call) -> Answer:
            if self._dead:
                raise Killed
            index, self._sent = self._sent, self._sent + 1
            if self.die_at == (index, False):
                self._dead = True
                raise Killed
            answer = original(client, call)
            if self.die_at == (index, True) or self._dead:
                self._dead = True
                raise Killed
            return answer

        return sending


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Site]:
    """A person with an empty home and an empty Airtable."""
    with standing(monkeypatch, tmp_path) as found:
        yield found


@contextmanager
def standing(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[Site]:
    """Serve a fake and point chatbuilder to it."""
    clock = FakeTime()
    fake = AirtableFake(clock=clock.now, per_second=None, faults=Faults())
    with serving(fake) as url:
        found = Site(fake, url, clock, monkeypatch, folder)
        monkeypatch.setattr(outside, "RealTime", lambda: clock)
        monkeypatch.setattr(transport.AirtableTransport, "send", found.send(transport.AirtableTransport.send))
        yield found.fresh()


def portrait(base: Base) -> dict[str, Any]:
    """Everything in a base by name, so that two bases can be compared."""
    names = {key: table["name"] for key, table in base.tables.items()}
    fields = {f["id"]: f["name"] for table in base.tables.values() for f in table["fields"]}
    titles = {
        row: cells.get(base.tables[key]["fields"][0]["name"])
        for key, rows in base.rows.items()
        for row, cells in rows.items()
    }

    def options(item: dict[str, Any]) -> Any:
        found = dict(item["options"])
        if "choices" in found:
            found["choices"] = [{k: v for k, v in choice.items() if k != "id"} for choice in found["choices"]]
        if "linkedTableId" in found:
            found = {"to": names[found["linkedTableId"]], "far": fields.get(found.get("inverseLinkFieldId", ""))}
        return found

    def cell(value: Any) -> Any:
        linked = isinstance(value, list) and all(item in titles for item in value)
        return sorted(str(titles[item]) for item in value) if linked else value

    return {
        table["name"]: {
            "fields": sorted(
                (f["name"], f["type"], str(options(f)), f.get("description", "")) for f in table["fields"]
            ),
            "rows": sorted(str(sorted((k, cell(v)) for k, v in row.items())) for row in base.rows[key].values()),
        }
        for key, table in base.tables.items()
    }
