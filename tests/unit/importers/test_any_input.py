"""Whatever a file holds: it is read, quarantined or refused. Nothing else may happen."""

import copy
import json
import sqlite3
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbuilder.errors import InputError
from tests.unit.importers import samples
from tests.unit.importers.reading import Result, zipped
from tests.unit.importers.test_agents import LLM, composer, database
from tests.unit.importers.test_sources import CSV, cell

ODD = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        1e308,
        10**30,
        "",
        " ",
        "x",
        "\0",
        "\ud800",
        "\ue200",
        "2026-01-01",
        [],
        {},
        [[]],
        {"a": 1},
        [None],
        "é" * 99,
    ]
)
DOCUMENTS = [
    *samples.DOCUMENTS.values(),
    {"conversations": [samples.grok()]},
    samples.PERPLEXITY_THREAD,
    samples.DEEPSEEK_SHARED,
]


EDITS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=6)


def edited(raw, edits, keep=0):
    """The bytes with some of them replaced; the first ones stay."""
    changed = bytearray(raw)
    for place, value in edits:
        changed[keep + place % (len(raw) - keep)] = value
    return bytes(changed)


def read(data):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "any.bin")
        path.write_bytes(data)
        try:
            return Result(path)
        except InputError:
            return None


def places(value, found=None):
    """Every container in a document."""
    found = [] if found is None else found
    if isinstance(value, dict | list):
        found.append(value)
        for item in value.values() if isinstance(value, dict) else value:
            places(item, found)
    return found


@st.composite
def mutated(draw, documents):
    document = copy.deepcopy(draw(st.sampled_from(documents)))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.sampled_from(places(document)))
        if not place:
            continue
        key = draw(st.sampled_from(list(place) if isinstance(place, dict) else range(len(place))))
        action = draw(st.sampled_from(["replace", "delete", "repeat"]))
        if action == "delete":
            del place[key]
        elif action == "repeat" and isinstance(place, list):
            place.append(copy.deepcopy(place[key]))
        else:
            place[key] = copy.deepcopy(draw(ODD))
    return document


@given(mutated(DOCUMENTS))
def test_any_change_to_a_document(document):
    read(json.dumps(document).encode())


@given(mutated(list(samples.LOGS.values())), st.integers(0, 300))
def test_any_change_to_a_log(lines, cut):
    text = "\n".join(json.dumps(line) for line in lines).encode()
    read(text[: len(text) - cut] if cut < 100 else text)


@given(st.sampled_from(DOCUMENTS), EDITS)
def test_any_bytes_in_a_document(document, edits):
    read(edited(json.dumps(document, ensure_ascii=False).encode(), edits))


@given(st.sampled_from([CSV, f"<html>{cell('Prompted&nbsp;x', 'Jul 1, 2026, 5:10:00 AM PDT', '<p>y</p>') * 2}"]), EDITS)
def test_any_bytes_in_a_table_or_page(text, edits):
    read(edited(text.encode(), edits))


@given(EDITS)
def test_any_bytes_in_a_zip(edits):
    inner = zipped({"c.json": [samples.claude()]})
    read(edited(zipped({"a.json": [samples.chatgpt()], "b.zip": inner}), edits, 4))


@pytest.fixture(scope="module")
def databases(tmp_path_factory):
    folder = tmp_path_factory.mktemp("databases")
    rows = [composer("one", ["a"]), ("bubbleId:one:a", json.dumps({"type": 1, "text": "Q"}))]
    database(folder / "cursor", {"cursorDiskKV": ("key TEXT, value BLOB", rows)})
    database(folder / "llm", LLM)
    return [(folder / name).read_bytes() for name in ("cursor", "llm")]


@pytest.mark.parametrize("which", [0, 1])
@given(edits=EDITS)
def test_any_bytes_in_a_database(databases, which, edits):
    read(edited(databases[which], edits, 16))


@given(st.binary(max_size=200))
def test_any_bytes_at_all(data):
    assert read(data) is None


@pytest.mark.parametrize("kind", [[], {}, 5, None])
def test_odd_types_where_shapes_are_looked_at(kind):
    odd = {"type": kind, "header": kind, "payload": kind, "mapping": kind, "messages": kind, "conversations": kind}
    for document in (odd, [odd], {"chat": odd, "metadata": odd, "data": odd}, {"messages": [odd], "requests": [odd]}):
        assert read(json.dumps(document).encode()) is None


def test_views_in_place_of_tables_are_not_asked(tmp_path):
    path = tmp_path / "x.db"
    connection = sqlite3.connect(path)
    endless = "WITH RECURSIVE n(key) AS (SELECT 1 UNION ALL SELECT key + 1 FROM n) SELECT key, key AS value FROM n"
    connection.execute(f"CREATE VIEW cursorDiskKV AS {endless}")
    connection.commit()
    connection.close()
    assert read(path.read_bytes()) is None
