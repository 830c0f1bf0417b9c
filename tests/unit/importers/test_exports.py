"""All that is read from one export of every source and form, held to the letter.

In each of `exports/` stand every field and every kind of content that is read there, what came before it in older
versions, and what is not known; no two values are alike, so that none can be taken for another. What comes out lies
beside it in `goldens/`. `CHATBUILDER_GOLDENS=write` writes those anew; look at the difference before you commit it.
"""

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from chatbuilder.chats import SOURCES
from tests.helpers import hold
from tests.unit.importers.reading import Result

HERE = Path(__file__).parent
EXPORTS = sorted(path.name for path in (HERE / "exports").iterdir())


def opened(name, folder):
    """The export as a file; of a database the statements that make it are kept."""
    path = HERE / "exports" / name
    if path.suffix != ".sql":
        return path
    with closing(sqlite3.connect(folder / path.stem)) as connection:
        connection.executescript(path.read_text("utf-8"))
    return folder / path.stem


def told(found):
    """All that a reading says, line by line."""
    for report in found.reading.files:
        yield f"{report.where}: {report.source}, {report.chats} chats, {report.quarantined} quarantined"
        for what in ("messages", "unknown", "skipped"):
            yield from (f"  {what}: {number} {name}" for name, number in sorted(getattr(report, what).items()))
    for problem in found.problems:
        yield f"{problem.code} in {problem.where}: {problem.reason}"
        yield f"  {problem.source}, {'a chat' if problem.chat else 'no chat'}, title {problem.title}"
    for chat in found.chats:
        yield from ("", *said(chat))


def said(chat):
    yield chat.key
    for field in ("title", "started", "last_activity", "model", "project_id", "project", "url", "command", "account"):
        yield f"  {field}: {shown(getattr(chat, field))}"
    for field in ("summary", "tags", "archived", "starred", "mode", "branches", "derived"):
        yield f"  {field}: {shown(getattr(chat, field))}"
    for one in chat.messages:
        after = f"after {one.parent}" if one.parent else "first"
        branch = "" if one.active else ", on a branch"
        yield f"  {one.role} {one.id}, {after}, {shown(one.time)}, model {one.model}{branch}"
        for kind, text, name in one.parts:
            yield f"    {kind}{f' [{name}]' if name else ''}: {shown(text)}"


def shown(value):
    if hasattr(value, "utcoffset"):
        assert value.utcoffset() == timedelta(0)
        return value.replace(tzinfo=None).isoformat(" ")
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)


@pytest.mark.parametrize("name", EXPORTS)
def test_what_is_read(name, tmp_path):
    hold(HERE / "goldens" / f"{name}.txt", "".join(f"{line}\n" for line in told(Result(opened(name, tmp_path)))))


def test_every_source_is_among_them(tmp_path):
    assert set().union(*(Result(opened(name, tmp_path)).sources for name in EXPORTS)) == set(SOURCES)
