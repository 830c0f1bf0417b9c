"""What the calls to vendors came to: every one is counted, on any thread and in any process, and nothing is told."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import sys
from datetime import UTC, datetime

import pytest

from chatbuilder import pipeline
from chatbuilder.errors import ChatbuilderError
from chatbuilder.library import usage as ledger
from chatbuilder.library.usage import Usage
from chatbuilder.paths import locate
from chatbuilder.pipeline import metering
from chatbuilder.pipeline.metering import Meter
from chatbuilder.pipeline.outside import desk_of
from chatbuilder.provision.outside.desk import Met
from chatbuilder.provision.outside.limits import Limit, Pacer
from chatbuilder.provision.outside.policy import InDoubt, Policy
from tests.helpers import ROOT, start
from tests.provision.outside.test_policy import MAKE, PUT, READ, Vendor, judge


class Clock:
    def __init__(self, *day):
        self.now = datetime(*day, tzinfo=UTC)

    def __call__(self):
        return self.now


def calls(script, *sent, make=False):
    """What is counted when a vendor answers by a script."""
    vendor, met = Vendor(*script), []
    desk = vendor.desk()
    desk = type(desk)(desk.cancelled, desk.waiting, desk.time, met.append)
    policy = Policy("Vendor", vendor, Pacer(Limit(1000, 1.0)), judge, desk)
    for call in sent:
        with contextlib.suppress(ChatbuilderError, InDoubt):
            policy.make(call, vendor.find) if make else policy.send(call)
    return [(one.outcome, one.reads, one.again) for one in met]


def test_every_way_a_call_can_end_is_counted_once():
    script = ["ok", "429 after 30", "503", "drop before", "no network", "ok", "401", "422"]
    assert calls(script, READ, READ, PUT, MAKE) == [
        ("done", True, False), ("limited", True, False), ("failed", True, True), ("lost", True, True),
        ("unreached", True, True), ("done", True, True), ("refused", False, False), ("refused", False, False),
    ]  # fmt: skip


def test_a_create_that_is_sent_again_is_a_retry():
    assert calls(["drop before", "ok"], MAKE, make=True) == [("lost", False, False), ("done", False, True)]


def test_seconds_are_those_of_the_answer_not_of_the_wait():
    vendor, met = Vendor("429 after 30", "ok"), []
    send = vendor.send

    def slow(call):
        vendor.time.pass_(0.25)
        return send(call)

    vendor.send = slow
    desk = vendor.desk()
    desk = type(desk)(desk.cancelled, desk.waiting, desk.time, met.append)
    Policy("Vendor", vendor, Pacer(Limit(1000, 1.0)), judge, desk).send(READ)
    assert [one.seconds for one in met] == [0.25, 0.25]


@pytest.mark.parametrize("seconds", [0.002, 0.03, 0.2, 1.0, 7.7, 180.0])
def test_a_response_time_is_exact_to_five_percent(seconds):
    usage = Usage()
    usage.add("done", seconds, reads=True, again=False)
    assert usage.within(0.5) == pytest.approx(seconds, rel=0.05)


@pytest.mark.parametrize("seconds", [-1.0, 0.0, 1e9])
def test_a_clock_that_jumps_stops_nothing(seconds):
    usage = Usage()
    usage.add("done", seconds, reads=True, again=False)
    assert 0 < usage.within(0.95) < 1100


def test_median_and_ninety_fifth():
    usage = Usage()
    for seconds in [0.1] * 94 + [5.0] * 6:
        usage.add("done", seconds, reads=True, again=False)
    usage.add("lost", 60.0, reads=True, again=False)  # nobody knows when its answer would have come
    assert usage.within(0.5) == pytest.approx(0.1, rel=0.05)
    assert usage.within(0.95) == pytest.approx(5.0, rel=0.05)
    assert Usage().within(0.5) is None


def met(outcome="done", vendor="Notion", seconds=0.1, **more):
    return Met(vendor, outcome, seconds, more.get("reads", False), more.get("again", False))


def test_days_of_a_month_add_up_and_older_ones_are_left_out(home, monkeypatch):
    clock = Clock(2026, 11, 1)
    meter = Meter(locate().usage, clock)
    for day, count in ((1, 5), (20, 2), (21, 3)):
        clock.now = clock.now.replace(day=day)
        for _ in range(count):
            meter.note(met())
        meter.write()
    meter.note(met("unreached", "Google"))
    meter.write()
    later = Clock(2026, 12, 15)
    (notion, sheets) = pipeline.usage(later)
    assert (notion.platform, notion.usage.calls, notion.first, notion.last) == ("notion", 5, "2026-11-20", "2026-11-21")
    assert (sheets.platform, sheets.usage.calls, sheets.usage.outcomes["unreached"]) == ("sheets", 0, 1)


def test_what_is_kept_has_a_limit_and_is_private(home, monkeypatch):
    monkeypatch.setattr(ledger, "DAYS", 3)
    monkeypatch.setattr(ledger, "PLATFORMS", 2)
    for day in range(1, 7):
        new = {f"2026-11-0{day}": {f"vendor{n}": Usage(outcomes=ledger.Counter(done=1)) for n in range(5)}}
        assert ledger.add(locate().usage, new)
    found = ledger.read(locate().usage)
    assert {day: len(platforms) for day, platforms in found.items()} == {f"2026-11-0{day}": 2 for day in (4, 5, 6)}
    if os.name != "nt":
        assert stat.S_IMODE(locate().usage.stat().st_mode) == 0o600


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"\xff\xfe", b'{"days": 5}', b'{"days": {"d": {"p": {}}}}'])
def test_a_damaged_file_costs_its_figures_only(home, damage):
    locate().usage.parent.mkdir(parents=True)
    locate().usage.write_bytes(damage)
    assert pipeline.usage() == []
    pipeline.usage()
    metering.meter().note(met())
    assert [one.usage.calls for one in pipeline.usage()] == [1]


def test_a_file_that_cannot_be_written_stops_nothing_and_loses_nothing(home):
    home.mkdir()
    (home / "state").touch()
    metering.meter().note(met())
    assert pipeline.usage() == []
    (home / "state").unlink()
    assert [one.usage.calls for one in pipeline.usage()] == [1]


def test_a_process_that_runs_long_writes_on_its_way(home, monkeypatch):
    meter = Meter(locate().usage)
    meter.note(met())
    assert not locate().usage.exists()
    monkeypatch.setattr(metering, "EVERY", 0.0)
    meter.note(met())
    ((_, platforms),) = ledger.read(locate().usage).items()
    assert platforms["notion"].calls == 2


WRITE = """
from chatbuilder.pipeline import metering
from chatbuilder.provision.outside.desk import Met
metering.EVERY = 0.0
for n in range(40):
    metering.meter().note(Met("Notion", "done" if n % 4 else "limited", 0.1, bool(n % 2), n % 4 == 1))
"""


def test_processes_that_write_at_once_lose_nothing(home):
    import subprocess

    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    writers = [subprocess.Popen([sys.executable, "-c", WRITE], env=environment) for _ in range(3)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    (notion,) = pipeline.usage()
    assert (notion.usage.calls, notion.usage.reads, notion.usage.retries) == (120, 60, 30)
    assert notion.usage.outcomes == {"done": 90, "limited": 30}
    assert notion.usage.times.total() == 120


def test_a_desk_of_the_pipeline_counts(home):
    desk_of(lambda: False).met(met(vendor="Airtable"))
    assert [one.platform for one in pipeline.usage()] == ["airtable"]


def test_the_command_shows_them(home, run_cli):
    assert run_cli("stats", "--json").data["api"] == []
    assert "Calls to platforms" not in run_cli("stats").out
    for outcome in ("done", "done", "limited", "lost"):
        metering.meter().note(met(outcome, reads=outcome == "done", again=outcome == "lost"))
    (row,) = run_cli("stats", "--json").data["api"]
    assert {name: row[name] for name in ("platform", "calls", "reads", "writes", "retries", "errors")} == {
        "platform": "notion", "calls": 4, "reads": 2, "writes": 2, "retries": 1, "errors": 2,
    }  # fmt: skip
    assert (row["limited"], row["lost"], row["failed"]) == (1, 1, 0)
    assert row["median"] == pytest.approx(0.1, rel=0.05)
    shown = run_cli("stats").out
    assert "1 asked to wait, 1 without an answer" in shown
    assert "50.0%" in shown
    assert "Calls to platforms" not in run_cli("stats", "--tag", "none").out


def test_a_command_writes_what_it_counted_when_it_ends(home):
    """A token that is refused: one call, from another process, with nothing of the token or the address on file."""
    from http.server import BaseHTTPRequestHandler, HTTPServer
    from threading import Thread

    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(401)
            self.end_headers()
            self.wfile.write(b'{"object": "error", "status": 401, "code": "unauthorized", "message": "no"}')

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        process = start("token", "check", "notion", env={"CHATBUILDER_NOTION_URL": url, "NOTION_TOKEN": "ntn_secret"})
        process.communicate(timeout=60)
        server.shutdown()
    assert process.returncode == 4
    (notion,) = pipeline.usage()
    assert notion.usage.outcomes == {"refused": notion.usage.calls}
    assert notion.usage.calls >= 1
    text = locate().usage.read_text("utf-8")
    assert "ntn_secret" not in text
    assert "127.0.0.1" not in text
    assert json.loads(text)["version"] == 1
