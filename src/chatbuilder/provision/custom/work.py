"""Doing one step of a database's plan: what both engines do alike.

Statements run in order, statements about rows once and never again, even when somebody deleted the rows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from chatbuilder.provision.custom.database import filled, moves_due
from chatbuilder.provision.custom.meta import digest

Connection = TypeVar("Connection")


@dataclass
class StepWork(ABC, Generic[Connection]):
    """One step under way. `before` is what an earlier run remembered of it, {} when this is the first time.

    `made` is what this run made, `theirs` what a person made of ours, `edited` the tables that they changed.
    """

    connection: Connection
    payload: Mapping[str, Any]
    before: Mapping[str, Any]
    kept: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    theirs: set[str] = field(default_factory=set)
    edited: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)
    rows: list[dict[str, Any]] = field(default_factory=list)
    tables: dict[str, dict[str, str]] = field(default_factory=dict)
    design: dict[str, list[str]] = field(default_factory=dict)

    def run(self) -> dict[str, Any]:
        """Do the step and return what to remember of it.

        `kept` says that the whole of it stays as a person made it, `left` what could not be changed. Raises `Skipped`
        for roles that only an administrator may make.
        """
        self.rows += self.before.get("rows", [])
        more = self._clear()
        moves = moves_due(self.payload, self.before)
        done = list(self.before.get("ran", []))
        for statement in self.payload["statements"]:
            self._execute(statement, done)
        for move in moves:
            self._move(move)
        self._settle()
        found: dict[str, Any] = {"objects": self._objects(), "ran": done, "rows": self.rows, **more}
        found |= {"tables": self.tables, "design": self.design} if self.tables else {}
        found |= {"left": " ".join(self.left)} if self.left else {}
        return found | ({"kept": " ".join(self.kept), "theirs": sorted(self.theirs)} if self.kept else {})

    def _fill(self, statement: str, done: list[str]) -> None:
        """Run a statement about rows, unless it ran before and its table is still the one it filled."""
        mark, table = digest(statement)[:12], filled(statement)
        if not self._is_new(table) and (mark in done or (self.payload.get("once") and self.before)):
            return
        if mark not in done:
            done.append(mark)
        why = self._put(statement, table)
        if why:
            # Rules that a person's own rows kept alive may forbid a row of ours; the system works without it.
            self.left.append(f"A row for {table} was left out: {why}.")

    @abstractmethod
    def _clear(self) -> dict[str, Any]:
        """Drop what an earlier run made and nobody edited; return what else to remember."""

    @abstractmethod
    def _execute(self, statement: str, done: list[str]) -> None:
        """Run one statement, as far as what is there allows; `done` are the marks of those about rows."""

    @abstractmethod
    def _is_new(self, table: str) -> bool:
        """Tell whether this run made a table."""

    @abstractmethod
    def _put(self, statement: str, table: str) -> str:
        """Run a statement about rows and note those that it adds; return why the table refused them, "" if not."""

    @abstractmethod
    def _move(self, move: Mapping[str, Any]) -> None:
        """Move values from a column to the one that took its place."""

    @abstractmethod
    def _objects(self) -> dict[str, str]:
        """Return what the step made, with its definition as the database tells it."""

    def _settle(self) -> None:
        """Do what can only be done when everything is there."""
