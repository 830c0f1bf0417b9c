"""An export that is read in a process beside: the same library, the same report, and nothing lost when it stops."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tarfile
import time

import pytest

from chatbuilder import pipeline
from chatbuilder.errors import ChatbuilderError, InterruptedByUser
from chatbuilder.paths import locate
from chatbuilder.pipeline import importing, reading, workers
from tests.helpers import noting_workers
from tests.unit.library.makers import conversation, export

MANY = [conversation(f"c{at}", "Hello 未来", f"word{at}", "Thanks") for at in range(60)]


@pytest.fixture
def beside(monkeypatch):
    """Every export is read in another process, a few chats at a time; returns the processes."""
    started = noting_workers(monkeypatch)
    monkeypatch.setattr(reading, "LARGE", 0)
    monkeypatch.setattr(importing, "BATCH_CHATS", 7)
    return started


def library():
    return {info.key: pipeline.chat(info.key) for info in pipeline.chats(limit=1000).chats}


def test_the_library_and_the_report_are_those_of_one_process(tmp_path, home, beside, monkeypatch):
    broken = {**conversation("broken", "x"), "mapping": {"a": {"message": None, "parent": None}}}
    old = export(tmp_path, *MANY, broken, name="old.zip")
    newer = [conversation(f"c{at}", "Hello 未来", f"word{at}", *["More"] * (at % 2)) for at in range(70)]
    new = export(tmp_path, *newer, name="new.zip", month=7)
    far = [pipeline.import_chats([str(path)]).data() for path in (old, new, new)]
    assert len(beside) == 3
    found, hits = library(), [hit.data() for hit in pipeline.search("word7").hits]
    monkeypatch.setattr(workers, "cores", lambda: 1)
    monkeypatch.setenv("CHATBUILDER_HOME", str(tmp_path / "other"))
    near = [pipeline.import_chats([str(path)]).data() for path in (old, new, new)]
    assert len(beside) == 3
    assert far == near
    assert [report["imported"] for report in far] == [60, 10, 0]
    assert [report["quarantined"] for report in far] == [1, 0, 0]
    assert library() == found
    assert [hit.data() for hit in pipeline.search("word7").hits] == hits


def test_a_file_that_is_no_export_is_told_the_same_way(tmp_path, home, beside):
    strange = tmp_path / "strange.json"
    strange.write_text('[{"a": 1}]', "utf-8")
    report = pipeline.import_chats([str(strange), str(export(tmp_path, *MANY))])
    assert [error.title for error in report.strangers] == ["Nothing imported"]
    assert report.imported == 60


def test_stopping_keeps_what_was_read_and_ends_the_process(tmp_path, home, beside):
    told = []
    with pytest.raises(InterruptedByUser):
        pipeline.import_chats([str(export(tmp_path, *MANY))], on_progress=told.append, cancelled=lambda: bool(told))
    assert 7 <= len(library()) < 60
    assert beside[0].returncode is not None
    assert pipeline.import_chats([str(tmp_path / "export.zip")]).imported == 60 - told[-1].imported


@pytest.mark.skipif(sys.platform == "win32", reason="a process is ended at once there")
def test_stopping_removes_temporary_copies(tmp_path, home, beside, monkeypatch):
    copies = tmp_path / "copies"
    copies.mkdir()
    monkeypatch.setenv("TMPDIR", str(copies))
    inside = [conversation(f"d{at}", "x" * 200_000) for at in range(200)]
    with tarfile.open(tmp_path / "export.tar", "w") as packed:
        packed.add(export(tmp_path, *inside), "export.zip")
    told = []

    def enough():
        return bool(told and list(copies.iterdir()))

    with pytest.raises(InterruptedByUser):
        pipeline.import_chats([str(tmp_path / "export.tar")], on_progress=told.append, cancelled=enough)
    assert list(copies.iterdir()) == []


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_a_process_that_is_killed_leaves_what_came_before(tmp_path, home, beside):
    def kill(progress):
        os.kill(beside[0].pid, signal.SIGKILL)

    place = str(export(tmp_path, *(MANY + [conversation(f"d{at}", "x" * 200_000) for at in range(200)])))
    with pytest.raises(ChatbuilderError, match="ended by the system"):
        pipeline.import_chats([place], on_progress=kill)
    before = len(library())
    assert 7 <= before < 260
    del beside[0]
    assert pipeline.import_chats([place]).imported == 260 - before


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
@pytest.mark.parametrize("batches", [1, 4, 9])
def test_killed_with_a_process_beside_it_goes_on_later(tmp_path, home, beside, batches):
    place = str(export(tmp_path, *MANY))
    code = (
        "import os, sys\nfrom chatbuilder import pipeline\n"
        "from chatbuilder.pipeline import importing, reading, workers\n"
        "reading.LARGE, importing.BATCH_CHATS, workers.cores = 0, 7, lambda: 2\ntold = []\n"
        "def hear(progress):\n    told.append(1)\n"
        f"    len(told) >= {batches} and os.kill(os.getpid(), 9)\n"
        "pipeline.import_chats([sys.argv[1]], on_progress=hear)"
    )
    done = subprocess.run([sys.executable, "-c", code, place], env={**os.environ, "CHATBUILDER_HOME": str(home)})
    before = len(library())
    assert done.returncode == -signal.SIGKILL or before == 60
    assert pipeline.import_chats([place]).imported == 60 - before
    assert len(library()) == 60
    with reading.opened(locate().library) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        connection.execute("INSERT INTO search (search) VALUES ('integrity-check')")


def test_nothing_is_started_for_a_small_export_or_one_core(tmp_path, home, beside, monkeypatch):
    monkeypatch.setattr(reading, "LARGE", 10_000_000)
    pipeline.import_chats([str(export(tmp_path, *MANY))])
    folder = tmp_path / "folder"
    folder.mkdir()
    export(folder, *MANY)
    pipeline.import_chats([str(folder)])
    monkeypatch.setattr(reading, "LARGE", 10)
    monkeypatch.setattr(workers, "cores", lambda: 1)
    pipeline.import_chats([str(folder)])
    assert beside == []
    monkeypatch.setattr(workers, "cores", lambda: 2)
    pipeline.import_chats([str(folder)])
    assert len(beside) == 1


def test_where_no_process_can_be_had_it_is_read_here(tmp_path, home, beside, monkeypatch):
    def refuse(self, *given, **more):
        raise workers.NotStartedError

    monkeypatch.setattr(workers.Worker, "__init__", refuse)
    begin = time.monotonic()
    assert pipeline.import_chats([str(export(tmp_path, *MANY))]).imported == 60
    assert time.monotonic() - begin < 60
