"""An Airtable base to fill, on a fake that answers over HTTP."""

from __future__ import annotations

import copy
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from chatbuilder.design import design
from chatbuilder.pipeline import outside
from tests.contract.airtable import Base
from tests.integration.places.base import Place
from tests.vendors.airtable import TOKEN, WORKSPACE, AirtableFake, serving
from tests.vendors.clock import FakeTime


class AirtablePlace(Place):
    """Records of a base. The fake and its clock are there to be changed."""

    platform = "airtable"
    strict = True
    batch = "chatbuilder.pipeline.rooms.airtable.BATCH"
    forks = False

    def __init__(self, room: Path, answers: dict[str, Any] | None = None) -> None:
        self.time = FakeTime()
        self.fake = AirtableFake(clock=self.time.now, per_second=None, rows=50_000)
        self._stack = ExitStack()
        patch = self._stack.enter_context(pytest.MonkeyPatch.context())
        self.url = self._stack.enter_context(serving(self.fake))
        patch.setenv("CHATBUILDER_AIRTABLE_URL", self.url)
        patch.setenv("AIRTABLE_TOKEN", TOKEN)
        patch.setattr(outside, "RealTime", lambda: self.time)
        try:
            super().__init__(room, answers)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._stack.close()

    def target(self) -> dict[str, str]:
        return {"workspace": WORKSPACE}

    @property
    def base(self) -> Base:
        """The newest base."""
        return list(self.fake.bases.values())[-1]

    def table(self, name: str = "Chat Sessions") -> dict[str, Any]:
        """A table by name."""
        return next(table for table in self.base.tables.values() if table["name"] == name)

    def field(self, key: str) -> dict[str, Any]:
        """A field of Chat Sessions by its key in the design."""
        name = design(self.config).sessions.field(key).name
        return next(item for item in self.table()["fields"] if item["name"] == name)

    def record(self, key: str) -> str:
        """The id of the record of a chat."""
        return next(row for row, cells in self._records() if cells.get("Source ID") == key)

    def _records(self) -> list[tuple[str, dict[str, Any]]]:
        table = self.table()["id"]
        return [(row, self.base.named(table, row)) for row in self.base.cells[table]]

    def rows(self) -> dict[str, dict[str, str]]:
        fields = [f for f in design(self.config).sessions.fields if f.owner != "computed"]
        found: dict[str, dict[str, str]] = {}
        for _, cells in self._records():
            key = str(cells.get("Source ID", ""))
            if key.startswith("sample:"):
                continue
            assert key not in found, "a chat came twice"
            found[key] = {f.key: self._shown(cells.get(f.name)) for f in fields}
        return found

    def _shown(self, value: Any) -> str:
        if isinstance(value, list):
            titles = {row: cells for table in self.base.rows.values() for row, cells in table.items()}
            return ", ".join(titles[item].get("Name", "") if item in titles else item for item in value)
        return "true" if value is True else "" if value is None else str(value)

    def edit(self, key: str, **values: str) -> None:
        for name, value in values.items():
            self.base.set_cell(self.field(name), self.table()["id"], self.record(key), value or None)

    def delete(self, key: str) -> None:
        self.base.drop_row(self.table()["id"], self.record(key))

    def transcript(self, key: str) -> str:
        """The whole cell."""
        return str(self.base.named(self.table()["id"], self.record(key)).get("Transcript", ""))

    def said(self, key: str) -> list[str]:
        return [part.partition("\n")[2] for part in self.transcript(key).split("\n\n")]

    def retell(self, key: str, old: str, new: str) -> None:
        field = next(item for item in self.table()["fields"] if item["name"] == "Transcript")
        self.base.set_cell(field, self.table()["id"], self.record(key), self.transcript(key).replace(old, new))

    def projects(self) -> list[str]:
        return [cells["Name"] for cells in self.base.rows[self.table("Projects")["id"]].values()]

    def _project(self, title: str) -> str:
        rows = self.base.rows[self.table("Projects")["id"]]
        return next(row for row, cells in rows.items() if cells["Name"] == title)

    def rename_project(self, old: str, new: str) -> None:
        table = self.table("Projects")
        self.base.set_cell(table["fields"][0], table["id"], self._project(old), new)

    def delete_project(self, title: str) -> None:
        self.base.drop_row(self.table("Projects")["id"], self._project(title))

    def snapshot(self) -> dict[str, Any]:
        return {"tables": copy.deepcopy(self.base.tables), "cells": copy.deepcopy(self.base.cells)}

    def take_away(self) -> None:
        self.fake.reach.clear()

    def wipe(self) -> None:
        self.fake.bases.clear()
