"""Sync into Notion, as far as it differs from other platforms: faults, renamed properties, choices, transcripts."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import pytest

from chatbuilder.errors import ChatbuilderError
from chatbuilder.paths import locate
from chatbuilder.provision.notion import filling
from chatbuilder.provision.notion.transport import NotionTransport
from tests.integration.filling import FULL, grown, take_in
from tests.integration.places import NotionPlace
from tests.unit.library.makers import chat
from tests.vendors.faults import KINDS, Faults
from tests.vendors.notion import pool

LONG = [text for n in range(60) for text in (f"Question {n}", f"Answer {n}")]
STRIDE = int(os.environ.get("CHATBUILDER_FAULT_STRIDE", "3"))  # 1: every kind of fault at every call
CHATS = [chat("a", project="Garden"), chat("b", "How?", "```python\nprint(1)\n```\nSo.", project="Garden"), chat("c")]
LEAN = {**FULL, "options": {**FULL["options"], "sample_data": False}}


@pytest.fixture
def opens(tmp_path: Path) -> Iterator[Callable[..., NotionPlace]]:
    with ExitStack() as stack:
        yield lambda **more: stack.enter_context(closing(NotionPlace(tmp_path, **more)))


class Bench:
    """A place whose fake answers without a socket, and a way back to how it was."""

    def __init__(self, place: NotionPlace, monkeypatch: pytest.MonkeyPatch) -> None:
        self.place, self.fake = place, place.fake
        monkeypatch.setattr(
            filling, "NotionTransport", lambda secret, url: NotionTransport(secret, http=pool(place.fake))
        )

    def keep(self) -> None:
        home = locate().library.parent
        shutil.rmtree(home.with_name("kept"), ignore_errors=True)
        shutil.copytree(home, home.with_name("kept"))
        self.workspace = copy.deepcopy(self.fake.workspace)

    def back(self) -> None:
        home = locate().library.parent
        shutil.rmtree(home)
        shutil.copytree(home.with_name("kept"), home)
        self.fake.workspace = copy.deepcopy(self.workspace)
        self.fake.faults = Faults()

    def sync(self) -> Any:
        return self.place.sync(transcripts=True)

    def found(self) -> dict[str, Any]:
        return {"rows": self.place.rows(), "projects": sorted(self.place.projects())}


def _met(bench: Bench, kind: Any, after: dict[str, Any], calls: int) -> None:
    """Let each call go wrong in turn; sync again as a person would, and compare with nothing having gone wrong."""
    for index in range(KINDS.index(kind) % STRIDE, calls, STRIDE):
        bench.back()
        bench.fake.faults = Faults({index: kind})
        with suppress(ChatbuilderError):
            report = bench.sync()
            assert not report.failed, report.problems
        bench.fake.faults.clear()
        assert not bench.sync().failed
        assert bench.found() == after, f"{kind} at call {index}"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", KINDS)
def test_any_fault_at_any_call_loses_nothing_and_doubles_nothing(kind, opens, monkeypatch):
    bench = Bench(opens(answers=LEAN), monkeypatch)
    take_in(*CHATS, chat("long", *LONG))
    bench.keep()
    bench.sync()
    after, calls = bench.found(), bench.fake.faults.count
    assert calls > 8
    bench.back()
    bench.fake.faults = Faults()
    _met(bench, kind, after, calls)
    # What is there grows: properties and transcripts change.
    bench.back()
    bench.sync()
    take_in(*(grown(old, "More", "Sure") for old in CHATS), chat("long", *LONG[:-1], "Other", days=1), exported=2.0)
    bench.keep()
    bench.fake.faults = Faults()
    bench.sync()
    after, calls = bench.found(), bench.fake.faults.count
    _met(bench, kind, after, calls)
