"""The whole wizard by keyboard, through the real pipeline and the vendors' own libraries, against the strict fakes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from textual import events

from chatbuilder import pipeline
from tests.screens.conftest import NARROW, Hand, open_window
from tests.vendors import airtable, notion, sheets

CANARY = "canary7f3a91"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody types here, so nothing has to wait for a pause in the typing."""
    for name in ("SAVE_AFTER", "THINK_AFTER", "LOOK_AFTER"):
        monkeypatch.setattr(f"chatbuilder.app.{name}", 0.001)


class Notion:
    """A personal access token is pasted; the page is private."""

    downs, token, url = 0, f"ntn_{CANARY}", "https://www.notion.so/"

    @contextmanager
    def served(self, patch: pytest.MonkeyPatch, folder: Path) -> Iterator[None]:
        fake = notion.NotionFake(token=self.token, limit=None)
        with notion.serving(fake) as url:
            patch.setenv("CHATBUILDER_NOTION_URL", url)
            yield
        assert fake.workspace.pages

    async def place(self, hand: Hand) -> None:
        """A private page needs no place."""


class Airtable:
    """A token is pasted, and the workspace to make the base in is typed."""

    downs, token, url = 1, f"pat{CANARY}.0123456789", "https://airtable.com/"

    @contextmanager
    def served(self, patch: pytest.MonkeyPatch, folder: Path) -> Iterator[None]:
        fake = airtable.AirtableFake(token=self.token, per_second=None)
        with airtable.serving(fake) as url:
            patch.setenv("CHATBUILDER_AIRTABLE_URL", url)
            yield
        assert fake.bases

    async def place(self, hand: Hand) -> None:
        hand.find("#workspace").focus()
        await hand.type(airtable.WORKSPACE)


class Sheets:
    """A credentials file is named; the spreadsheet is made."""

    downs, url = 2, "https://docs.google.com/spreadsheets/"

    def __init__(self) -> None:
        self.token = ""

    @contextmanager
    def served(self, patch: pytest.MonkeyPatch, folder: Path) -> Iterator[None]:
        fake = sheets.GoogleFake()
        file = folder / "credentials.json"
        file.write_text(sheets.user(), "utf-8")
        self.token = str(file)
        with sheets.serving(fake) as url:
            patch.setenv("CHATBUILDER_GOOGLE_URL", url)
            yield
        file.unlink()
        assert fake.files

    async def place(self, hand: Hand) -> None:
        """A new spreadsheet needs no place."""


@pytest.mark.parametrize("vendor", [Notion(), Airtable(), Sheets()], ids=["notion", "airtable", "sheets"])
async def test_from_platform_to_done_by_keyboard(vendor: Any, monkeypatch, tmp_path, home, keyring_in_memory):
    seen: list[str] = []
    with vendor.served(monkeypatch, tmp_path):
        async with open_window(size=NARROW) as hand:
            await hand.press(*["down"] * vendor.downs)
            await hand.to("setup")
            assert "No token yet" in hand.text("#found")
            await hand.press("ctrl+t")
            await hand.type(vendor.token)
            seen.append(hand.text() + hand.app.export_screenshot())
            await hand.press("enter")
            assert "works" in hand.text("#report"), hand.text()
            await hand.press("enter")
            assert hand.step == "setup"
            await vendor.place(hand)
            assert not hand.find("#start").disabled, hand.text()
            await hand.press("ctrl+s")
            assert "Built" in hand.text("#advice"), hand.text()
            seen.append(hand.text() + hand.app.export_screenshot())
            await hand.press("enter")
            assert hand.step == "done"
            assert vendor.url in hand.app.state.session.outcome.url
            assert vendor.url in "".join(hand.text("#text").split())
            seen.append(hand.text() + hand.app.export_screenshot() + repr(hand.app.state))
    (job,) = pipeline.jobs()
    assert (job.status, job.error) == ("completed", None)
    assert any(keyring_in_memory.kept.values())
    for secret in (CANARY, sheets.REFRESH, sheets.CLIENT_SECRET):
        assert not [shown for shown in seen if secret in shown]
        assert not [place for place in files(home.parent) if secret.encode() in place.read_bytes()]


def files(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        yield from (Path(place, name) for name in names)


async def test_with_a_server_that_takes_three_seconds_keys_and_stop_are_answered_at_once(monkeypatch, home):
    """Stop is asked for in the middle of a call; going on finishes, and makes nothing twice."""
    fake = notion.NotionFake(token="ntn_slow", limit=None)
    monkeypatch.setenv("NOTION_TOKEN", "ntn_slow")
    with notion.serving(fake) as url:
        monkeypatch.setenv("CHATBUILDER_NOTION_URL", url)
        async with open_window(answers={"platform": "notion", "priorities": ["organization"]}) as hand:
            await hand.to("setup")
            assert not hand.find("#start").disabled, hand.text()
            fake.latency = 3.0
            await hand.pilot.press("ctrl+s")
            async with asyncio.timeout(20):
                while not (hand.app.state.progress and hand.app.state.progress.abreast):  # noqa: ASYNC110  (there is no event to wait for)
                    await asyncio.sleep(0.01)
            steps = hand.find("#steps")
            steps.focus()
            await hand.pilot.pause()
            times = []
            for key in ("down", "down", "up", "up", "down"):
                before, began = steps.highlighted, perf_counter()
                hand.app.post_message(events.Key(key, None))
                async with asyncio.timeout(5):
                    while steps.highlighted == before:  # noqa: ASYNC110  (the same)
                        await asyncio.sleep(0.001)
                times.append(perf_counter() - began)
            began = perf_counter()
            await hand.pilot.press("ctrl+x")
            async with asyncio.timeout(20):
                while hand.app.busy:  # noqa: ASYNC110  (the same)
                    await asyncio.sleep(0.01)
            stopped = perf_counter() - began
            assert sorted(times)[2] < 0.1, times
            assert stopped < 1, stopped
            assert hand.app.state.progress.status == "cancelled"
            fake.latency = 0
            await hand.rest()
            await hand.press("ctrl+s")
            assert "Built" in hand.text("#advice"), hand.text()
    assert [job.status for job in pipeline.jobs()] == ["completed", "cancelled"]
    titles = [page.title for page in fake.workspace.pages.values() if page.title == "Chat Sessions"]
    assert len(titles) == 1
