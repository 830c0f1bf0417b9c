"""What is there: bases, schema, rows. Read in bulk, and once where nothing can have changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from chatbuilder.provision.outside.calls import Call
from chatbuilder.provision.outside.policy import Policy

BASES = "/v0/meta/bases"
MARKED = re.compile(r"chatbuilder:v1:(?P<key>[\w-]+):(?P<mark>[\w-]+)\s*\Z")
PAGES = 10_000  # no listing is longer: a million rows are twice what any plan holds

Data = dict[str, Any]


def mark_of(table: Mapping[str, Any]) -> str:
    """Return the mark at the end of a table's description, "" when it is none of ours."""
    found = MARKED.search(table.get("description") or "")
    return found[0].strip() if found else ""


def by_name(things: list[Data], name: str) -> Data | None:
    """Return the table, field or choice with a name; Airtable takes no two that differ by case only."""
    return next((thing for thing in things if thing["name"].casefold() == name.casefold()), None)


def by_id(things: list[Data], identity: str | None) -> Data | None:
    """Return the table, field or choice with an id."""
    return next((thing for thing in things if identity and thing.get("id") == identity), None)


@dataclass(slots=True)
class Rows:
    """The rows of one table as far as they have been read."""

    found: dict[str, Data] = field(default_factory=dict)
    offset: str = ""
    whole: bool = False


@dataclass(slots=True)
class Reader:
    """Reads through one policy. What `tables` and `rows` have read is kept until `forget`."""

    policy: Policy
    _schemas: dict[str, list[Data]] = field(default_factory=dict)
    _rows: dict[tuple[str, str], Rows] = field(default_factory=dict)

    def bases(self) -> list[Data]:
        """Return the bases that the token reaches: id, name, permissionLevel (1,000 a page)."""
        return list(self._pages(BASES, "bases"))

    def tables(self, base: str, *, fresh: bool = False) -> list[Data]:
        """Return the schema of a base: tables with fields and views."""
        found = None if fresh else self._schemas.get(base)
        if found is None:
            answer = self.policy.send(Call("GET", f"{BASES}/{base}/tables", safe=True))
            found = self._schemas[base] = list(answer.data["tables"])
        return found

    def known_tables(self, base: str) -> list[Data]:
        """Return the schema of a base as it was read before, nothing when it was not: no call."""
        return self._schemas.get(base, [])

    def rows(self, base: str, table: str, wanted: set[str]) -> dict[str, Data]:
        """Return the fields of the wanted rows by id, without those that are gone; reads on only until it has them."""
        rows = self._rows.setdefault((base, table), Rows())
        while not rows.whole and not wanted <= rows.found.keys():
            self._page(base, table, rows)
        return {key: rows.found[key] for key in wanted & rows.found.keys()}

    def matching(self, base: str, table: str, name: str, texts: list[str]) -> dict[str, Data]:
        """Return the fields of the rows by id that have one of a few plain texts (no quotes) in a field."""
        field = name.replace("\\", "\\\\").replace("}", "\\}")
        tests = [f"{{{field}}}='{text}'" for text in texts]
        body: Data = {"filterByFormula": f"OR({','.join(tests)})", "pageSize": 100}
        call = Call("POST", f"/v0/{base}/{table}/listRecords", body=body, safe=True)
        return {row["id"]: row["fields"] for row in self.policy.send(call).data["records"]}

    def all_rows(self, base: str, table: str) -> dict[str, Data]:
        """Return the fields of every row by id, read anew."""
        rows = self._rows[base, table] = Rows()
        while not rows.whole:
            self._page(base, table, rows)
        return rows.found

    def forget(self) -> None:
        """Something was changed: read it again when it is wanted."""
        self._schemas.clear()
        self._rows.clear()

    def _page(self, base: str, table: str, rows: Rows) -> None:
        query = {"offset": rows.offset} if rows.offset else {}  # 100 a page
        answer = self.policy.send(Call("GET", f"/v0/{base}/{table}", query, safe=True))
        rows.found |= {row["id"]: row["fields"] for row in answer.data["records"]}
        rows.offset = answer.data.get("offset", "")
        rows.whole = not rows.offset

    def _pages(self, path: str, key: str) -> Iterator[Data]:
        offset = ""
        for _ in range(PAGES):
            query = {"offset": offset} if offset else {}
            answer = self.policy.send(Call("GET", path, query, safe=True))
            yield from answer.data[key]
            offset = answer.data.get("offset") or ""
            if not offset:
                return
