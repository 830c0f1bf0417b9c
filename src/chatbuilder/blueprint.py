"""The platform-neutral design: tables, fields, views, templates, dashboard, automations, team rules.

Keys are stable snake_case ids that every generator keeps; names are what people read. Everything is frozen, and two
equal blueprints are equal values.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from chatbuilder import filters
from chatbuilder.filters import Filter

FieldType = Literal[
    "title", "text", "long_text", "url", "number", "date", "datetime", "checkbox",
    "select", "multi_select", "person", "relation", "rollup", "formula",
]  # fmt: skip
Owner = Literal["sync", "seed", "person", "computed"]
ViewKind = Literal["table", "board", "calendar", "timeline", "gallery", "list"]
Interval = Literal["day", "week", "month"]
Colour = Literal["gray", "brown", "orange", "yellow", "green", "blue", "purple", "pink", "red"]


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a select or multi-select field."""

    name: str
    colour: Colour = "gray"


@dataclass(frozen=True, slots=True)
class Relation:
    """A link to rows of another table (or the same one). `reverse` names the far side of a two-way link, else ""."""

    table: str
    many: bool = False
    reverse: str = ""


@dataclass(frozen=True, slots=True)
class Rollup:
    """A figure over the rows of `table` whose relation field `via` points here; `field` is "" for a count."""

    table: str
    via: str
    function: Literal["count", "latest", "sum"]
    field: str = ""


@dataclass(frozen=True, slots=True)
class DaysSince:
    """Whole days from a date field until today; empty when the date is empty."""

    field: str


@dataclass(frozen=True, slots=True)
class Test:
    """A yes/no formula: whether the row passes a filter."""

    when: Filter


Formula = DaysSince | Test


@dataclass(frozen=True, slots=True)
class Field:
    """One column. `owner` says who writes it: sync, sync at creation only (seed), the person, or a computation.

    `minimum`/`maximum` bound a whole-number rating; `unit` is the unit of a number (minutes, words);
    `source` is the answer that asked for the field ("core", "priority:search", "feature:tags", "team:small" …);
    `optional` fields are the ones that simplicity trims; `hidden` ones stand last and out of the way.
    """

    key: str
    name: str
    type: FieldType
    owner: Owner
    about: str
    options: tuple[Option, ...] = ()
    relation: Relation | None = None
    rollup: Rollup | None = None
    formula: Formula | None = None
    minimum: int | None = None
    maximum: int | None = None
    unit: str = ""
    source: str = "core"
    optional: bool = False
    hidden: bool = False

    def option_names(self) -> tuple[str, ...]:
        """Return the names of the choices, in order."""
        return tuple(option.name for option in self.options)


@dataclass(frozen=True, slots=True)
class Sort:
    """Order by one field; empty values come last."""

    field: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """One way to look at a table. `group_by` is a field key or ""; `interval` groups a date field.

    `date_field`/`end_field` place rows in a calendar or timeline.
    """

    key: str
    name: str
    kind: ViewKind
    about: str
    fields: tuple[str, ...]
    table: str = "sessions"
    filter: Filter | None = None
    sorts: tuple[Sort, ...] = ()
    group_by: str = ""
    interval: Interval | None = None
    date_field: str = ""
    end_field: str = ""
    source: str = "core"


@dataclass(frozen=True, slots=True)
class Table:
    """One kind of thing. The first field is its title; `samples` are rows of field key -> plain value.

    Sample values: str, int, float, bool, ISO date or UTC date-time text, tuple of str for multi-select; a relation
    holds a tuple of titles of the other table's sample rows.
    """

    key: str
    name: str
    singular: str
    about: str
    fields: tuple[Field, ...]
    samples: tuple[Mapping[str, Any], ...] = ()

    @property
    def title(self) -> Field:
        """The field that names a row."""
        return self.fields[0]

    def field(self, key: str) -> Field:
        """Return a field by key; KeyError when there is none."""
        for item in self.fields:
            if item.key == key:
                return item
        raise KeyError(key)

    def has(self, key: str) -> bool:
        """Tell whether the table has this field."""
        return any(f.key == key for f in self.fields)


@dataclass(frozen=True, slots=True)
class Template:
    """A starting point for a new session: preset values and the headings of its body, each with a prompt line."""

    key: str
    name: str
    about: str
    values: Mapping[str, str]
    headings: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Rows of a table counted (or summed) by one field; `interval` applies to date fields; `limit` keeps the top n."""

    key: str
    name: str
    kind: Literal["column", "bar", "line", "donut"]
    group_by: str
    table: str = "sessions"
    interval: Interval | None = None
    limit: int = 0


@dataclass(frozen=True, slots=True)
class Figure:
    """One headline number over a table: how many rows pass, or the sum/average of a field over them."""

    key: str
    name: str
    aggregate: Literal["count", "sum", "average"]
    field: str = ""
    filter: Filter | None = None
    table: str = "sessions"


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Headline figures and charts on one page; summary figures alone when only analytics asked for it."""

    name: str
    figures: tuple[Figure, ...]
    charts: tuple[Chart, ...] = ()


@dataclass(frozen=True, slots=True)
class TagRule:
    """When title, first prompt or keywords contain one of the words, add `value` to `field` (once, at creation)."""

    words: tuple[str, ...]
    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Automation:
    """Something that should happen by itself: its trigger and effect in plain words, and data for the generators.

    `kind` is tagging (uses `rules`), archive (uses `days`), reminder, backup or sync.
    """

    key: str
    name: str
    kind: Literal["tagging", "archive", "reminder", "backup", "sync"]
    trigger: str
    effect: str
    source: str
    rules: tuple[TagRule, ...] = ()
    days: int = 0


@dataclass(frozen=True, slots=True)
class Role:
    """What one kind of team member may do."""

    name: str
    may: str
    who: str


@dataclass(frozen=True, slots=True)
class Team:
    """Rules for people who share the system; empty parts do not apply to this team size."""

    size: str
    roles: tuple[Role, ...] = ()
    naming: tuple[str, ...] = ()
    access_levels: tuple[str, ...] = ()
    retention_days: int = 0
    permissions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something an answer would add and another answer trimmed; it can be added later by hand."""

    what: str
    source: str
    why: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to know before building: the reason and a suggestion; `change` is answers that would settle it."""

    key: str
    level: Literal["note", "warning"]
    title: str
    reason: str
    suggestion: str
    change: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Blueprint:
    """The whole design. `priorities` keeps the person's order, which decides the order of views and guide sections."""

    name: str
    platform: str
    priorities: tuple[str, ...]
    features: tuple[str, ...]
    team_size: str
    complexity: str
    timezone: str
    date_format: str
    tables: tuple[Table, ...]
    views: tuple[View, ...]
    templates: tuple[Template, ...]
    dashboard: Dashboard | None
    automations: tuple[Automation, ...]
    team: Team
    left_out: tuple[LeftOut, ...]
    findings: tuple[Finding, ...]

    def table(self, key: str) -> Table:
        """Return a table by key; KeyError when there is none."""
        for table in self.tables:
            if table.key == key:
                return table
        raise KeyError(key)

    @property
    def sessions(self) -> Table:
        """The table that every system has."""
        return self.table("sessions")

    def wants(self, answer: str) -> bool:
        """Tell whether a priority or feature was chosen."""
        return answer in self.priorities or answer in self.features


def to_data(value: Any) -> Any:
    """Return any blueprint value as plain JSON data; unions carry their class name under "is"."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        data = {f.name: to_data(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {"is": type(value).__name__, **data} if isinstance(value, _TAGGED) else data
    if isinstance(value, Mapping):
        return {str(key): to_data(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_data(item) for item in value]
    return value


_TAGGED = (
    filters.Cmp, filters.And, filters.Or, filters.Not, filters.Today, filters.Me, DaysSince, Test,
)  # fmt: skip
