"""Records of Chat Sessions in a base: looked for by key, written ten a call, several calls on their way at once.

What is new is sent as an upsert on Source ID, so that a call whose answer was lost can be sent again; what is there is
changed by the id of its record. Airtable has no write that depends on what stands there: what a person types into
sync's own fields between the look and the write is written over. Nothing is deleted.

Sources: airtable.com/developers/web/api/list-records (`listRecords`, 100 a page), update-multiple-records (10 records a
call; records with an id are updated, the others merged), create-field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import ceil
from threading import Lock
from typing import Any, TypeVar

from chatbuilder.errors import ChatbuilderError, CredentialsError, InputError, RefusedError
from chatbuilder.provision import crew
from chatbuilder.provision.airtable.columns import Column, Results, columns_of, made_fields, made_tables
from chatbuilder.provision.airtable.judge import Unwilling
from chatbuilder.provision.airtable.place import FREE, SESSIONS
from chatbuilder.provision.airtable.reading import BASES, PAGES, Data, by_id, by_name
from chatbuilder.provision.airtable.records import RECORDS_A_CALL, Record, calls_of
from chatbuilder.provision.lanes import in_order
from chatbuilder.provision.outside.calls import Call
from chatbuilder.provision.outside.policy import Policy
from chatbuilder.provision.rows import Delivery, Forecast, Found, Outlook, Related, Wanted, Written

T = TypeVar("T")
ASKED = 100  # records in one look: a page; with transcripts fewer, because each may be 100,000 characters long
ASKED_TEXTS = 25
KEY, TRANSCRIPT = "source_id", "transcript"
TRANSCRIPT_NAME, TRANSCRIPT_TYPE = "Transcript", "multilineText"
TRANSCRIPT_MARK = "chatbuilder:v1:transcript"
FREE_RECORDS = 1_000
FULL = "when a base is full, Airtable refuses the rest and sync says so"
KEPT = "every record written so far."
_PLAIN = re.compile(r"[^\\'\"{}\x00-\x1f]{1,300}")  # a key that can stand in a formula as it is
_RECORD = re.compile(r"rec\w{1,40}")


@dataclass(frozen=True, slots=True)
class Ways:
    """Whose system it is, how to call, and what to hear: `width` calls at once, `gap` seconds between two."""

    policy: Policy
    owner: str
    tell: Callable[[str, str, float], None]
    width: int
    gap: float


@dataclass(slots=True)
class _There:
    """The table as it stands: its id and fields by key; `titles` are the rows of other tables: id to title."""

    table: str
    columns: dict[str, Column]
    tables: list[Data]
    names: dict[str, Data]
    titles: dict[str, dict[str, str]] = field(default_factory=dict)


class AirtableRows:
    """The records of one base. `wanted` are the fields to write by key: name and type; `owned` those to read.

    `names` are the names of the tables by key. Nothing is asked before the first record is looked for.
    """

    def __init__(
        self, ways: Ways, base: str, results: Results, names: Mapping[str, str],
        wanted: Mapping[str, tuple[str, str]], owned: Sequence[str], *, transcripts: bool,
    ) -> None:  # fmt: skip
        self._ways, self._base, self._results, self._names = ways, base, results, names
        self._wanted, self._owned, self._transcripts = wanted, owned, transcripts
        self._found: _There | None = None
        self._keys: dict[str, str] = {}
        self._whole = False
        self._lock = Lock()
        self._untagged = 0
        self.requests = 0

    @property
    def noticed(self) -> tuple[str, ...]:
        """What a person should know of the base, as far as it was looked at."""
        notes = []
        if self._found is not None:
            gone = [name for key, (name, _) in self._wanted.items() if key not in self._found.columns]
            if gone:
                notes.append(f"These fields are not there, or of another type by now, and stay out: {', '.join(gone)}.")
        if self._untagged:
            notes.append(f"{self._untagged} records came without new tags: only the role Creator adds choices.")
        return tuple(notes)

    def check(self) -> tuple[str, ...]:
        """Ask nothing: a sync with nothing to write costs no call of the month."""
        return ()

    # Looking

    def _there(self) -> _There:
        """Return the table, read once. Raises `InputError` when rows cannot be told apart in it."""
        if self._found is None:
            answer = self._send(Call("GET", f"{BASES}/{self._base}/tables", safe=True))
            tables: list[Data] = list(answer["tables"])
            made = {table["name"]: table["id"] for table in made_tables(self._results)}
            names = {
                key: found
                for key, name in self._names.items()
                if (found := by_id(tables, made.get(name)) or by_name(tables, name)) is not None
            }
            if "sessions" not in names:
                raise _unusable(f"the base has no table {SESSIONS}")
            table = names["sessions"]
            columns = columns_of(table, self._wanted, list(made_fields(self._results)))
            if KEY not in columns:
                raise _unusable(f"the table {table['name']} has no text field {self._wanted[KEY][0]} any more")
            if self._transcripts and (told := _transcript_field(table)):
                columns[TRANSCRIPT] = told
            self._found = _There(table["id"], columns, tables, names)
        return self._found

    def find(self, wanted: Sequence[Wanted]) -> list[Found | str | None]:
        """Return the records: by id where one is known, else by Source ID."""
        there = self._there()
        keys = [item.key for item in wanted if not item.remote and item.key not in self._keys]
        if keys and not self._whole:
            self._locate(there, keys)
        places = [item.remote or self._keys.get(item.key, "") for item in wanted]
        states = self._read(there, list(dict.fromkeys(filter(_RECORD.fullmatch, places))))
        return [Found(place, states[place]) if place in states else None for place in places]

    def _locate(self, there: _There, keys: list[str]) -> None:
        """Find records by their keys: the whole table when that takes fewer calls, else by formula."""
        calls = ceil(len(keys) / ASKED)
        odd = not all(map(_PLAIN.fullmatch, keys))
        if (odd or calls > 1) and self._list_keys(there, PAGES if odd else calls):
            return
        name = there.columns[KEY].name.replace("\\", "\\\\").replace("}", "\\}")
        parts = [keys[at : at + ASKED] for at in range(0, len(keys), ASKED)]
        tests = [[f"{{{name}}}='{key}'" for key in part] for part in parts]
        for rows in self._ask(there, tests, [there.columns[KEY].id]):
            self._keep_keys(there, rows, set(keys))

    def _list_keys(self, there: _There, pages: int) -> bool:
        """Read the keys of the whole table, page by page; False when it has more pages than that."""
        body: Data = {"fields": [there.columns[KEY].id], "pageSize": 100, "returnFieldsByFieldId": True}
        for _ in range(pages):
            answer = self._list(there.table, body)
            self._keep_keys(there, answer["records"], None)
            if not answer.get("offset"):
                self._whole = True
                return True
            body = {**body, "offset": answer["offset"]}
        return False

    def _keep_keys(self, there: _There, rows: list[Data], wanted: set[str] | None) -> None:
        for row in rows:
            key = str(row["fields"].get(there.columns[KEY].id, "")).strip()
            if key and (wanted is None or key in wanted):
                self._keys.setdefault(key, row["id"])

    def _read(self, there: _There, ids: list[str]) -> dict[str, Data]:
        """Return the states of records by id, without those that are gone."""
        asked = ASKED_TEXTS if self._transcripts else ASKED
        columns = {key: there.columns[key] for key in (*self._owned, TRANSCRIPT) if key in there.columns}
        parts = [ids[at : at + asked] for at in range(0, len(ids), asked)]
        tests = [[f"RECORD_ID()='{row}'" for row in part] for part in parts]
        found = {}
        for rows in self._ask(there, tests, [column.id for column in columns.values()]):
            for row in rows:
                cells = {key: c.then(row["fields"][c.id]) for key, c in columns.items() if c.id in row["fields"]}
                found[row["id"]] = {"cells": cells, "there": list(columns)}
        return found

    def _ask(self, there: _There, tests: list[list[str]], fields: list[str]) -> Iterator[list[Data]]:
        """Yield the records that pass any test, list by list, several calls at once."""
        bodies = (
            {
                "filterByFormula": f"OR({','.join(part)})", "fields": fields, "pageSize": 100,
                "returnFieldsByFieldId": True,
            }
            for part in tests
        )  # fmt: skip
        yield from self._looking([partial(self._all, there.table, body) for body in bodies])

    def _all(self, table: str, body: Data) -> list[Data]:
        rows: list[Data] = []
        for _ in range(PAGES):
            answer = self._list(table, body)
            rows += answer["records"]
            if not answer.get("offset"):
                break
            body = {**body, "offset": answer["offset"]}
        return rows

    def _list(self, table: str, body: Data) -> Data:
        # As a POST, because a formula of a hundred keys may be longer than an address may be.
        return self._send(Call("POST", f"/v0/{self._base}/{table}/listRecords", body=body, safe=True))

    # Writing

    def reserve(self, data: Mapping[str, Any]) -> str:
        """Return nothing: Airtable numbers its records."""
        return ""

    def write(self, deliveries: Sequence[Delivery]) -> Iterator[Written]:
        """Write records, ten a call; one that Airtable refuses does not stop the others."""
        there = self._there()
        if any(TRANSCRIPT in item.data["fields"] for item in deliveries) and TRANSCRIPT not in there.columns:
            (there.columns[TRANSCRIPT],) = self._abreast([lambda: self._add_transcript(there)], self._ways.tell)
        calls = list(calls_of(deliveries))
        works = [partial(self._deliver, there, part) for part in calls]
        for part, written in zip(calls, self._abreast(works, self._ways.tell), strict=True):
            for item, done in zip(part, written, strict=True):
                if not done.problem:
                    self._keys[item.key] = done.remote
                yield done

    def _deliver(self, there: _There, part: Sequence[Delivery]) -> list[Written]:
        made = [Record.of(item, there.columns) for item in part]
        sent = [record for record in made if record.fields]
        try:
            places = self._upsert(there, sent) if sent else {}
        except (Unwilling, CredentialsError) as refused:
            if isinstance(refused, Unwilling) and (refused.status != 422 or "LIMIT" in refused.type):
                raise
            return self._singly(there, part, refused)
        lost = "Airtable answered without it"
        places |= {record.key: record.id for record in made if not record.fields}
        return [Written(places[r.key]) if r.key in places else Written(r.id, lost) for r in made]

    def _singly(self, there: _There, part: Sequence[Delivery], refused: ChatbuilderError) -> list[Written]:
        """Write one by one what was refused together, so that only what is refused stays out."""
        if len(part) > 1:
            return [done for item in part for done in self._deliver(there, [item])]
        record = Record.of(part[0], there.columns)
        if record.new_choices:
            plain = record.without_new_choices()
            with self._lock:
                self._untagged += 1
            try:
                return [Written(self._upsert(there, [plain])[plain.key])]
            except (Unwilling, KeyError):
                pass
        if isinstance(refused, CredentialsError):
            if record.id and self._is_gone(there, record.id):
                return [Written(record.id, "it was deleted while this ran")]
            raise refused
        return [Written(record.id, f"Airtable refused it: {refused.message}")]

    def _is_gone(self, there: _There, row: str) -> bool:
        """Tell whether a record is gone from a table that can still be read."""
        return not self._all(there.table, {"filterByFormula": f"RECORD_ID()='{row}'", "pageSize": 100})

    def _upsert(self, there: _There, records: Sequence[Record]) -> dict[str, str]:
        """Send one call; return the ids of its records by key."""
        key = there.columns[KEY].id
        body: Data = {"records": [record.body() for record in records], "returnFieldsByFieldId": True}
        if any(not record.id for record in records):
            body["performUpsert"] = {"fieldsToMergeOn": [key]}
        if any(record.new_choices for record in records):
            body["typecast"] = True  # makes choices; every other value is written so that it needs no cast
        answer = self._send(Call("PATCH", f"/v0/{self._base}/{there.table}", body=body, safe=True))
        known = {record.id: record.key for record in records if record.id}
        places = {known.get(row["id"], str(row["fields"].get(key, "")).strip()): row["id"] for row in answer["records"]}
        return {record.key: places[record.key] for record in records if record.key in places}

    def _add_transcript(self, there: _There) -> Column:
        """Make the field for transcripts. Raises `RefusedError` when the person has a field of that name."""
        table = by_id(there.tables, there.table) or {"fields": []}
        if by_name(table["fields"], TRANSCRIPT_NAME):
            raise _taken()
        path = f"{BASES}/{self._base}/tables/{there.table}/fields"
        about = f"What was said, kept up to date until you change it.\n\n{TRANSCRIPT_MARK}"
        body = {"name": TRANSCRIPT_NAME, "type": TRANSCRIPT_TYPE, "description": about}

        def look(doubt: object) -> Column | None:
            tables = self._send(Call("GET", f"{BASES}/{self._base}/tables", safe=True))["tables"]
            return _transcript_field(by_id(tables, there.table) or {"fields": []})

        with self._lock:
            self.requests += 1
        made = self._ways.policy.make(Call("POST", path, body=body), look)
        return made if isinstance(made, Column) else Column(made.data["id"], TRANSCRIPT_NAME, TRANSCRIPT_TYPE)

    # Rows of other tables

    def related(self, items: Sequence[Related]) -> list[str | None]:
        """Return the id of each record of another table; new ones are made ten a call."""
        there = self._there()
        asked = {item.data["table"] for item in items} & there.names.keys() - there.titles.keys()
        works = [partial(self._titles, there.names[table]) for table in sorted(asked)]
        there.titles |= dict(zip(sorted(asked), self._looking(works), strict=True))
        missing: dict[str, list[str]] = {}
        for item in items:
            table, title = item.data["table"], item.data["title"]
            if item.make and not item.remote and table in there.titles and self._place(there, item) is None:
                missing.setdefault(table, []).append(title)
        for table, titles in missing.items():
            there.titles[table] |= self._make(there.names[table], list(dict.fromkeys(titles)))
        return [self._place(there, item) for item in items]

    def _place(self, there: _There, item: Related) -> str | None:
        titles = there.titles.get(item.data["table"], {})
        if item.remote:
            return item.remote if item.remote in titles else None
        return next((row for row, title in titles.items() if title == item.data["title"]), None)

    def _titles(self, table: Data) -> dict[str, str]:
        title = _primary(table)
        rows = self._all(table["id"], {"fields": [title], "pageSize": 100, "returnFieldsByFieldId": True})
        return {row["id"]: str(row["fields"].get(title, "")).strip() for row in rows}

    def _make(self, table: Data, titles: list[str]) -> dict[str, str]:
        title, made = _primary(table), dict[str, str]()
        for at in range(0, len(titles), RECORDS_A_CALL):
            body = {
                "performUpsert": {"fieldsToMergeOn": [title]}, "returnFieldsByFieldId": True,
                "records": [{"fields": {title: text}} for text in titles[at : at + RECORDS_A_CALL]],
            }  # fmt: skip
            answer = self._send(Call("PATCH", f"/v0/{self._base}/{table['id']}", body=body, safe=True))
            made |= {row["id"]: str(row["fields"].get(title, "")).strip() for row in answer["records"]}
        return made

    # All

    def forecast(self, outlook: Outlook) -> Forecast:
        """Return the calls, with those that this look took, and the time and limits that they meet."""
        rows = outlook.created + outlook.updated
        if not rows and not outlook.related:
            return Forecast(self.requests)
        # A small rounding error of the sum of the costs must not make a call of its own.
        writes = ceil(outlook.cost - 1e-6) + ceil(outlook.related / RECORDS_A_CALL)
        if rows and self._transcripts and self._found is not None and TRANSCRIPT not in self._found.columns:
            writes += 1
        calls = self.requests + writes
        seconds = ceil(calls * self._ways.gap)
        time = f"{seconds} seconds" if seconds < 120 else f"{ceil(seconds / 60)} minutes"
        notes = [f"About {calls} calls in {time}, at Airtable's 5 a second. {FREE}."]
        if more := outlook.created + outlook.related:
            past = ", more than Free holds" if more > FREE_RECORDS else ""
            notes.append(
                f"The base gets {more} records more{past}. Team holds 50,000 a base, Business 125,000; {FULL}."
            )
        return Forecast(calls, tuple(notes))

    def settle(self) -> None:
        """Nothing to wait for: what Airtable answered is kept there."""

    def close(self) -> None:
        """Let go of connections."""
        self._ways.policy.transport.close()

    def _looking(self, works: Sequence[Callable[[], T]]) -> Iterator[T]:
        # Whoever looks does so on a thread that may be left behind: its waits go through that one.
        return self._abreast(works, lambda key, why, seconds: crew.waiting(why, seconds))

    def _abreast(self, works: Sequence[Callable[[], T]], tell: Callable[[str, str, float], None]) -> Iterator[T]:
        return in_order(self._ways.owner, works, self._ways.width, self._ways.policy.desk.cancelled, tell)

    def _send(self, call: Call) -> Data:
        with self._lock:
            self.requests += 1
        try:
            answer: Data = self._ways.policy.send(call).data
        except ChatbuilderError as error:
            error.kept = KEPT
            raise
        return answer


def _primary(table: Data) -> str:
    """Return the id of the field that names the records of a table."""
    return str(table.get("primaryFieldId") or table["fields"][0]["id"])


def _transcript_field(table: Data) -> Column | None:
    for item in table["fields"]:
        if TRANSCRIPT_MARK in item.get("description", "") and item["type"] == TRANSCRIPT_TYPE:
            return Column(item["id"], item["name"], item["type"])
    return None


def _taken() -> RefusedError:
    return RefusedError(
        f"The table {SESSIONS} has a field {TRANSCRIPT_NAME} of your own.", title="The name is taken",
        kept="everything; nothing was written.", hint="rename that field, or sync without --transcripts.",
    )  # fmt: skip


def _unusable(what: str) -> InputError:
    return InputError(
        f"{what[0].upper()}{what[1:]}.", title="The system cannot be filled", kept="everything as it is.",
        hint="`chatbuilder verify` tells what is missing, `chatbuilder repair` puts it back.",
    )  # fmt: skip
