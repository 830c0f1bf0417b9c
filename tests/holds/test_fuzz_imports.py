"""Whatever an export of any source holds: the counts add up, a second import changes nothing, time and memory end.

`HYPOTHESIS_PROFILE=thorough` tries five hundred of each.
"""

from __future__ import annotations

import io
import json
import sqlite3
import tempfile
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbuilder import pipeline
from chatbuilder.chats import SOURCES
from chatbuilder.paths import locate
from tests.unit.importers import samples
from tests.unit.importers.test_agents import LLM, composer, database
from tests.unit.importers.test_any_input import EDITS, edited, mutated
from tests.unit.importers.test_sources import CSV, cell

LONGEST = 20.0  # seconds for a few small chats on a busy machine: what explodes takes far longer
FEWER = settings(max_examples=max(6, settings.default.max_examples // 4), suppress_health_check=list(HealthCheck))
TEXTS = {
    "ms-copilot": CSV, "gemini": f"<html>{cell('Prompted&nbsp;x', 'Jul 1, 2026, 5:10:00 AM PDT', '<p>y</p>') * 2}",
}  # fmt: skip
DATES = st.sampled_from(
    ["0000-00-00", "9999-12-31T23:59:59Z", "2026-02-30T00:00:00Z", "-1", 1e18, -1e18, 253402300800, "NaN", 1e-300]
)
DEEP = st.integers(50, 400).map(lambda depth: json.loads("[" * depth + "]" * depth))
NUMBERS = st.sampled_from([10**400, -(10**30), 2**63, 2**64, 1e308, 5e-324])
TEXT = st.sampled_from(["\ud800", "\udfff", "\x00", "\u202e", "x" * 100_000, "\x1b[2J", "a\r\nb", "🚀" * 2_000])


@st.composite
def twisted(draw, documents):
    """A document with parts of it changed as `mutated` does, or set to what hurts: dates, depth, numbers, text."""
    document = draw(mutated(documents))
    spots: list[tuple[object, object]] = []

    def walk(value):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            spots.append((value, key))
            if isinstance(item, dict | list):
                walk(item)

    if isinstance(document, dict | list):
        walk(document)
    for _ in range(draw(st.integers(0, 3)) if spots else 0):
        place, key = draw(st.sampled_from(range(len(spots))).map(spots.__getitem__))
        place[key] = draw(st.one_of(DATES, DEEP, NUMBERS, TEXT))
    return document


def imported(path):
    began = time.monotonic()
    report = pipeline.import_chats([str(path)])
    assert time.monotonic() - began < LONGEST
    data = report.data()
    assert data["found"] == data["imported"] + data["updated"] + data["unchanged"] + data["quarantined"]
    json.dumps(data)  # it can be told, whatever the texts were
    return report


def holds(name, data):
    """Import it into a fresh library, twice."""
    for file in locate().library.parent.glob("library*"):
        file.unlink()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        first = imported(path)
        kept = {info.key: info.title for info in pipeline.chats().chats}
        assert len(kept) <= first.found
        second = imported(path)
    assert (second.imported, second.updated) == (0, 0)
    assert (second.found, second.quarantined) == (first.found, first.quarantined)
    assert {info.key: info.title for info in pipeline.chats().chats} == kept
    for key in kept:
        pipeline.chat(key)
    assert not kept or pipeline.search("a OR b").total >= 0


@pytest.mark.parametrize("source", samples.DOCUMENTS)
@FEWER
@given(data=st.data())
def test_documents(source, data):
    document = data.draw(twisted([samples.DOCUMENTS[source]]))
    holds("any.json", json.dumps(document).encode())


@pytest.mark.parametrize("source", samples.LOGS)
@FEWER
@given(data=st.data(), cut=st.integers(0, 200))
def test_logs(source, data, cut):
    lines = data.draw(twisted([samples.LOGS[source]]))
    text = "\n".join(json.dumps(line) for line in (lines if isinstance(lines, list) else [lines])).encode()
    holds("any.jsonl", text[: len(text) - cut] if cut < 100 else text)


@pytest.mark.parametrize("source", TEXTS)
@FEWER
@given(edits=EDITS)
def test_tables_and_pages(source, edits):
    holds("any.csv" if source == "ms-copilot" else "any.html", edited(TEXTS[source].encode(), edits))


@pytest.fixture(scope="module")
def databases(tmp_path_factory):
    folder = tmp_path_factory.mktemp("databases")
    rows = [composer("one", ["a"]), ("bubbleId:one:a", json.dumps({"type": 1, "text": "Q"}))]
    database(folder / "cursor", {"cursorDiskKV": ("key TEXT, value BLOB", rows)})
    database(folder / "llm", LLM)
    return {name: (folder / name).read_bytes() for name in ("cursor", "llm")}


@pytest.mark.parametrize("source", ["cursor", "llm"])
@FEWER
@given(edits=EDITS, cut=st.integers(0, 9_000))
def test_databases(databases, source, edits, cut):
    raw = edited(databases[source], edits, 16)
    holds("any.db", raw[: max(20, len(raw) - cut)] if cut < 4_500 else raw)


@FEWER
@given(edits=EDITS, cut=st.integers(0, 400), where=st.sampled_from(["any", "end"]))
def test_zips(edits, cut, where):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("conversations.json", json.dumps([samples.chatgpt(), samples.chatgpt(key="c2")]))
        packed.writestr("../../evil.json", json.dumps([samples.claude()]))
    raw = out.getvalue()
    raw = raw[:-150] + edited(raw[-150:], edits) if where == "end" else edited(raw, edits, 4)
    holds("any.zip", raw[: len(raw) - cut] if cut < 200 else raw)


def test_every_source_is_among_these():
    assert {*samples.DOCUMENTS, *samples.LOGS, *TEXTS, "cursor", "llm"} == set(SOURCES)


def test_a_bomb_is_refused_in_time(tmp_path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("conversations.json", b"[" + b" " * 60_000_000 + b"]")
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for number in range(20):
            packed.writestr(f"{number}/conversations.zip", inner.getvalue())
    report = imported(path)
    assert report.found == report.imported == 0
    assert not report.whole


def test_a_foreign_library_file_is_never_touched(tmp_path):
    place = locate().library
    place.parent.mkdir(parents=True)
    raw = sqlite3.connect(place)
    raw.execute("CREATE TABLE mine (x)")
    raw.commit()
    raw.close()
    before = place.read_bytes()
    with pytest.raises(Exception, match="database of another program"):
        pipeline.import_chats([str(tmp_path)])
    assert place.read_bytes() == before
