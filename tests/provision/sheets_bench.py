"""A small Google on loopback with the whole pipeline in front of it, on a clock that nobody waits for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from chatbuilder import pipeline
from chatbuilder.config import Config
from chatbuilder.design import design
from chatbuilder.generators.sheets import generate
from chatbuilder.generators.sheets.layout import needs_sheet
from chatbuilder.library.systems import Job
from chatbuilder.solution import resolve
from tests.contract.sheets import Spreadsheet, run_batch
from tests.vendors.clock import FakeTime
from tests.vendors.sheets import File, GoogleFake, Person, serving, user

TYPES = {
    "number": "DOUBLE", "date": "DATE", "datetime": "DATE_TIME", "checkbox": "BOOLEAN", "select": "DROPDOWN",
}  # fmt: skip


class Killed(BaseException):
    """The process ends here."""


class Bench:
    """Answers in, a spreadsheet out; `time` passes when somebody waits."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, fake: GoogleFake, url: str) -> None:
        self.folder, self.fake, self.url, self.patch = folder, fake, url, patch
        self.time = FakeTime()
        fake.clock = self.time.now
        patch.setattr("chatbuilder.pipeline.outside.RealTime", lambda: self.time)
        patch.setenv("CHATBUILDER_GOOGLE_URL", url)
        self.sign_in(user())

    def sign_in(self, text: str) -> None:
        """Use other credentials."""
        place = self.folder / "google.json"
        place.write_text(text, "utf-8")
        self.patch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(place))

    def apply(self, config: Config) -> Job:
        """Build, or bring to these answers."""
        return pipeline.apply(config, on_event=lambda event: None, cancelled=lambda: False)

    def done(self, config: Config) -> Job:
        """Build, and want it completed."""
        job = self.apply(config)
        assert job.error is None, job.error
        assert job.status == "completed"
        return job

    @property
    def system(self) -> str:
        """The id of the one system that there is."""
        (found,) = pipeline.systems()
        return found.id

    def verify(self) -> dict[str, str]:
        """What is not as built: state by title."""
        return {drift.title: drift.state for drift in pipeline.verify(self.system) if drift.state != "same"}

    def repair(self) -> Job:
        """Put back what is missing."""
        job = pipeline.repair(self.system, on_event=lambda event: None, cancelled=lambda: False)
        assert job.error is None, job.error
        assert job.status == "completed"
        return job

    @property
    def file(self) -> File:
        """The one file that was made."""
        (found,) = [file for file in self.fake.files.values() if file.maker and not file.trashed]
        return found

    @property
    def person(self) -> Person:
        """Somebody who has it open."""
        return Person(self.file)

    def writes(self) -> int:
        """How many calls could have changed something."""
        return len(self.fake.writes)


@contextmanager
def bench(folder: Path, fake: GoogleFake | None = None) -> Iterator[Bench]:
    """A bench of its own, also inside of a property test."""
    patch = pytest.MonkeyPatch()
    fake = fake or GoogleFake()
    folder.mkdir(parents=True, exist_ok=True)
    patch.setenv("CHATBUILDER_HOME", str(folder / "home"))
    try:
        with serving(fake) as url:
            yield Bench(folder, patch, fake, url)
    finally:
        patch.undo()


def answers(**more: Any) -> Config:
    """Answers of middle size."""
    return Config.model_validate(
        {
            "platform": "sheets", "priorities": ("organization", "search", "collaboration"),
            "features": ("tags", "projects", "dashboard", "timeline", "reminders"), "complexity": "moderate", **more,
        }
    )  # fmt: skip


def planned(config: Config, mark: str) -> Spreadsheet:
    """What the plan's batch makes of an empty spreadsheet."""
    build = next(step for step in generate(config, design(config)).plan if step.key == "build")
    return run_batch(resolve(build.payload["body"], {"target": {"mark": mark}}))


def mark_of(file: File) -> str:
    """The mark of the system in a file."""
    return file.properties["chatbuilder"].split(":")[1]


def columns_of(book: Spreadsheet, table: str) -> dict[str, dict[str, Any]]:
    """The columns of a table by name."""
    (found,) = [t for t in book.tables.values() if t["name"] == table]
    return {column["columnName"]: column for column in found["columnProperties"]}


def assert_whole(book: Spreadsheet, config: Config) -> None:
    """The spreadsheet has what the blueprint says: tables, fields, types, choices, links, views, charts."""
    blueprint = design(config)
    titles = book.titles()
    for table in blueprint.tables:
        columns = columns_of(book, table.name)
        first = [value for (row, _), value in book.cells[titles[table.name]].items() if row == 0]
        header = {value for value in first if isinstance(value, str)}
        formulas = [value["formula"] for value in first if isinstance(value, dict)]
        for field in table.fields:
            if field.owner == "computed":
                start = '=VSTACK("' + field.name.replace('"', '""') + '"'
                assert any(text.startswith(start) for text in formulas), field.name
                continue
            assert field.name in header
            column = columns[field.name]
            if field.type in TYPES and field.type != "select" and field.minimum is None:
                assert column["columnType"] == TYPES[field.type]
            if column.get("columnType") == "DROPDOWN" and field.type == "select":
                there = [v["userEnteredValue"] for v in column["dataValidationRule"]["condition"]["values"]]
                assert set(field.option_names()) <= set(there)
            if field.relation and not field.relation.many:
                assert blueprint.table(field.relation.table).name in str(book.rules)
    filters = {view["title"] for view in book.filters.values()}
    assert {view.name for view in blueprint.views} <= filters
    assert {view.name for view in blueprint.views if needs_sheet(view)} <= set(titles)
    charts = {chart["spec"]["title"] for chart in book.charts.values()}
    assert {chart.name for chart in blueprint.dashboard.charts} <= charts if blueprint.dashboard else True
    wanted = planned(config, "").sheets
    assert not [(sheet, place) for sheet, place, text in book.formulas() if sheet in wanted and "#REF!" in text]
