"""The audit log: whole lines from several processes, and never in the way of the work."""

import json
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from chatbuilder import audit
from tests.helpers import ROOT


@pytest.fixture
def log(tmp_path):
    return tmp_path / "logs" / "audit.jsonl"


def at_noon():
    return datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_an_entry_comes_back(log):
    audit.record(log, "export", at_noon, place="/x/📁", written=3)
    assert audit.read(log) == [{"at": "2026-11-22T12:00:00Z", "action": "export", "place": "/x/📁", "written": 3}]


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_it_is_private(log):
    before = os.umask(0)
    try:
        audit.record(log, "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert stat.S_IMODE(log.parent.stat().st_mode) == 0o700


def test_newest_last_and_limited(log):
    for number in range(9):
        audit.record(log, "x", n=number)
    assert [entry["n"] for entry in audit.read(log, limit=3)] == [6, 7, 8]


def test_no_log_no_entries(log):
    assert audit.read(log) == []


@pytest.mark.parametrize("damage", [b"{half\n", b"\xff\xfe\n", b"5\n", b"[]\n", b"\n", b"\x00" * 20 + b"\n"])
def test_damaged_lines_are_left_out(log, damage):
    audit.record(log, "before")
    with log.open("ab") as file:
        file.write(damage)
    audit.record(log, "after")
    assert [entry["action"] for entry in audit.read(log)] == ["before", "after"]


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path):
    (tmp_path / "logs").touch()
    audit.record(tmp_path / "logs" / "audit.jsonl", "x")
    assert (tmp_path / "logs").read_bytes() == b""


def test_a_full_log_becomes_the_old_one(log, monkeypatch):
    monkeypatch.setattr(audit, "SIZE_LIMIT", 500)
    for number in range(30):
        audit.record(log, "x", n=number)
    assert log.stat().st_size < 600
    numbers = [entry["n"] for entry in audit.read(log)]
    assert numbers == list(range(numbers[0], 30))  # what is there is the newest, without a hole
    assert len(numbers) > 5
    assert len(list(log.parent.glob("*.jsonl"))) == 2


def test_two_processes_that_find_it_full_make_one_old_log(log, monkeypatch):
    """The other process makes room between our look and our move: its new log must not be thrown over the old one."""
    monkeypatch.setattr(audit, "SIZE_LIMIT", 100)
    log.parent.mkdir()
    log.write_text("x" * 200 + "\n", "utf-8")
    looks = iter([True, False])
    monkeypatch.setattr(audit, "_is_full", lambda path: next(looks))
    audit.record(log, "ours")
    assert not log.with_suffix(".1.jsonl").exists()
    assert "x" * 200 in log.read_text("utf-8")


WRITE = """
import sys
from pathlib import Path
from chatbuilder import audit
for n in range(200):
    audit.record(Path(sys.argv[1]), "x", who=sys.argv[2], n=n, pad="y" * 300)
"""


def test_parallel_writers_do_not_mix_their_lines(log):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITE, str(log), who], env=environment) for who in ("a", "b", "c")
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    entries = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    for who in ("a", "b", "c"):
        assert [entry["n"] for entry in entries if entry["who"] == who] == list(range(200))
