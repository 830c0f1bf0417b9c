"""Which views each answer adds, in the person's order of priorities, and the trimming that simplicity asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from chatbuilder.blueprint import LeftOut, Sort, Table, View
from chatbuilder.config import Config
from chatbuilder.design.fields import OVERDUE
from chatbuilder.filters import Cmp, Filter, Me, Or, Today, all_of

SIMPLE_VIEW_LIMIT = 4
NEWEST = (Sort("last_activity", descending=True),)
BASE_COLUMNS = ("title", "status", "assistant", "last_activity")
NOT_ARCHIVED = Cmp("status", "ne", "Archived")
# Views whose own filter already says which statuses they show.
_OWN_STATUS = ("archive", "active", "needs_follow_up", "stale")


def session_views(config: Config, tables: tuple[Table, ...]) -> tuple[tuple[View, ...], tuple[LeftOut, ...]]:
    """Return the views to build and what simplicity left out. `tables` starts with Chat Sessions."""
    sessions = tables[0]
    wanted = [*_core(config), *_by_priority(config), *_by_feature(config), *_others(tables)]
    views = [_fit(view, sessions, config) for view in wanted]
    if "simplicity" not in config.priorities:
        return tuple(views), ()
    kept = _simplest(views)
    gone = [view for view in views if view not in kept]
    why = f"Simplicity keeps {SIMPLE_VIEW_LIMIT} views at most; add it by hand when you miss it."
    return tuple(kept), tuple(LeftOut(f"View {view.name}", view.source, why) for view in gone)


def _simplest(views: list[View]) -> list[View]:
    """Keep All sessions, then what was asked for by name before the rest of the core."""
    asked = [view for view in views if view.source != "core"]
    core = [view for view in views if view.source == "core"]
    order = [core[0], *asked[: SIMPLE_VIEW_LIMIT - 2], *core[:0:-1], *asked[SIMPLE_VIEW_LIMIT - 2 :]]
    kept = order[:SIMPLE_VIEW_LIMIT]
    return [view for view in views if view in kept]


def _fit(view: View, sessions: Table, config: Config) -> View:
    """Hide archived sessions where an archive exists, and show only columns that the table has."""
    if view.table != "sessions":
        return view
    archive = "archive" in config.features and view.key not in _OWN_STATUS
    filters = all_of(NOT_ARCHIVED if archive else None, view.filter)
    shown = tuple(key for key in dict.fromkeys(view.fields) if sessions.has(key))
    return View(
        view.key, view.name, view.kind, view.about, shown, view.table, filters, view.sorts, view.group_by,
        view.interval, view.date_field, view.end_field, view.source,
    )  # fmt: skip


def _view(key: str, name: str, about: str, source: str, *extra: str, **more: object) -> View:
    kind = more.pop("kind", "table")
    more.setdefault("sorts", NEWEST)
    return View(key, name, kind, about, (*BASE_COLUMNS, *extra), source=source, **more)  # type: ignore[arg-type]


def _core(config: Config) -> Iterable[View]:
    everything = ("topic", "project", "tags", "owner", "value", "messages", "started", "link")
    yield _view("all_sessions", "All sessions", "Everything, newest first.", "core", *everything)
    yield _view(
        "recent", "Recent (7 days)", "What you worked on this week.", "core", "topic", "project", "link",
        filter=Cmp("last_activity", "ge", Today(-7)),
    )  # fmt: skip
    yield _view(
        "active",
        "Active",
        "What is still open.",
        "core",
        "topic",
        "project",
        "link",
        filter=Cmp("status", "eq", "Active"),
    )


def _organization(config: Config) -> Iterable[View]:
    src = "priority:organization"
    yield _view(
        "by_topic", "By topic", "One group for each topic.", src, "topic", "category", kind="board", group_by="topic"
    )
    yield _view(
        "by_category",
        "By category",
        "Questions, tasks, ideas, each apart.",
        src,
        "category",
        "topic",
        group_by="category",
    )
    yield _view(
        "by_assistant", "By assistant", "Which assistant you asked.", src, "model", "topic", group_by="assistant"
    )


def _search(config: Config) -> Iterable[View]:
    yield _view(
        "find", "Find", "Prompts and keywords side by side: search here.", "priority:search", "first_prompt", "keywords",
        "summary", "link",
    )  # fmt: skip


def _analytics(config: Config) -> Iterable[View]:
    src = "priority:analytics"
    yield _view(
        "high_value", "High value", "Sessions worth 4 or 5.", src, "value", "satisfaction", "words",
        filter=Cmp("value", "ge", 4), sorts=(Sort("value", descending=True), *NEWEST),
    )  # fmt: skip
    yield _view(
        "by_month", "By month", "How much, month by month.", src, "month", "messages", "duration", group_by="month",
        sorts=(Sort("month", descending=True), *NEWEST),
    )  # fmt: skip


def _collaboration(config: Config) -> Iterable[View]:
    src = "priority:collaboration"
    yield _view(
        "my_sessions", "My sessions", "Those you own.", src, "owner", "review", filter=Cmp("owner", "has", Me())
    )
    yield _view(
        "needs_review", "Needs review", "Waiting for a second reader.", src, "owner", "review", "shared_with",
        filter=Or((Cmp("review", "eq", "Wanted"), Cmp("review", "eq", "In review"))),
    )  # fmt: skip


def _automation(config: Config) -> Iterable[View]:
    yield _view(
        "auto_filed", "Auto-filed", "What a rule filed: have a look.", "priority:automation", "topic", "tags", "auto_filed",
        filter=Cmp("auto_filed", "eq", True),
    )  # fmt: skip


_PRIORITY_VIEWS: dict[str, Callable[[Config], Iterable[View]]] = {
    "organization": _organization,
    "search": _search,
    "analytics": _analytics,
    "collaboration": _collaboration,
    "automation": _automation,
}


def _by_priority(config: Config) -> Iterable[View]:
    for priority in config.priorities:
        if priority in _PRIORITY_VIEWS:
            yield from _PRIORITY_VIEWS[priority](config)


def _by_feature(config: Config) -> Iterable[View]:
    for feature in config.features:
        if feature in _FEATURE_VIEWS:
            yield from _FEATURE_VIEWS[feature](config)
    if config.team_size != "solo":
        yield _view(
            "by_owner",
            "By owner",
            "One group for each person.",
            f"team:{config.team_size}",
            "owner",
            "link",
            group_by="owner",
        )
    if config.team_size in ("medium", "large"):
        yield _view(
            "by_team",
            "By team",
            "One group for each team.",
            f"team:{config.team_size}",
            "owner",
            "team",
            group_by="team",
        )
    if config.team_size == "large":
        yield _view(
            "to_delete", "Retention due", "Past the day they may be deleted.", "team:large", "owner", "keep_until",
            filter=Cmp("keep_until", "le", Today(0)), sorts=(Sort("keep_until"),),
        )  # fmt: skip
    if config.complexity == "advanced":
        yield _view(
            "stale", "Stale", "Open, and quiet for 30 days.", "complexity:advanced", "days_idle", "outcome",
            filter=all_of(Cmp("status", "eq", "Active"), Cmp("last_activity", "le", Today(-30))),
            sorts=(Sort("last_activity"),),
        )  # fmt: skip


def _tags(config: Config) -> Iterable[View]:
    yield _view(
        "untagged",
        "Untagged",
        "Still without a label.",
        "feature:tags",
        "tags",
        "priority",
        filter=Cmp("tags", "empty"),
    )


def _projects(config: Config) -> Iterable[View]:
    src = "feature:projects"
    yield _view("by_project", "By project", "One group for each project.", src, "project", "phase", group_by="project")
    yield _view(
        "project_timeline", "Project timeline", "When each session ran, by project.", src, "project", "phase", "started",
        kind="timeline", group_by="project", date_field="started", end_field="last_activity", sorts=(Sort("started"),),
    )  # fmt: skip


def _timeline(config: Config) -> Iterable[View]:
    src = "feature:timeline"
    yield _view(
        "calendar",
        "Calendar",
        "Sessions on the day they began.",
        src,
        "day",
        kind="calendar",
        date_field="day",
        sorts=(Sort("day"),),
    )
    yield _view(
        "timeline", "Timeline", "From first to last message.", src, "started", "messages", kind="timeline",
        date_field="started", end_field="last_activity", sorts=(Sort("started"),),
    )  # fmt: skip


def _reminders(config: Config) -> Iterable[View]:
    yield _view(
        "needs_follow_up", "Needs follow-up", "Due today or before, and not finished.", "feature:reminders", "follow_up",
        "reminder", "action_items", filter=OVERDUE, sorts=(Sort("follow_up"),),
    )  # fmt: skip


def _archive(config: Config) -> Iterable[View]:
    yield _view(
        "archive", "Archive", "Out of the way, not gone.", "feature:archive", "archived_on", "link",
        filter=Cmp("status", "eq", "Archived"), sorts=(Sort("archived_on", descending=True), *NEWEST),
    )  # fmt: skip


_FEATURE_VIEWS: dict[str, Callable[[Config], Iterable[View]]] = {
    "tags": _tags,
    "projects": _projects,
    "timeline": _timeline,
    "reminders": _reminders,
    "archive": _archive,
}


def _others(tables: tuple[Table, ...]) -> Iterable[View]:
    """One plain view for each further table, and the projects that run now."""
    for table in tables[1:]:
        shown = tuple(field.key for field in table.fields if field.type not in ("long_text", "rollup", "formula"))
        yield View(
            f"all_{table.key}",
            f"All {table.name.lower()}",
            "table",
            table.about,
            shown,
            table.key,
            sorts=(Sort("name"),),
            source=table.fields[0].source,
        )
        if table.key == "projects":
            running: Filter = Cmp("status", "eq", "Active")
            yield View(
                "active_projects",
                "Active projects",
                "board",
                "What runs now.",
                shown,
                "projects",
                running,
                (Sort("name"),),
                "status",
                source=table.fields[0].source,
            )
