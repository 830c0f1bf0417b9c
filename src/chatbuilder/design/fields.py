"""Which fields each answer puts on Chat Sessions, in the order people see them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from chatbuilder.blueprint import Colour, DaysSince, Field, FieldType, Option, Owner, Relation, Test
from chatbuilder.config import Config, CustomField
from chatbuilder.filters import And, Cmp, Today

COLOURS: tuple[Colour, ...] = ("blue", "green", "orange", "purple", "pink", "yellow", "red", "brown", "gray")
STATUSES: tuple[tuple[str, Colour], ...] = (
    ("Active", "green"), ("On Hold", "yellow"), ("Completed", "blue"), ("Archived", "gray"),
)  # fmt: skip
CATEGORIES = ("Question", "Task", "Idea", "Reference", "Decision")
OVERDUE = And((Cmp("follow_up", "le", Today(0)), Cmp("status", "ne", "Completed"), Cmp("status", "ne", "Archived")))


def options(*names: str) -> tuple[Option, ...]:
    """Return choices with colours that go round the palette."""
    return tuple(Option(name, COLOURS[i % len(COLOURS)]) for i, name in enumerate(names))


def _f(key: str, name: str, kind: FieldType, owner: Owner, about: str, source: str = "core", **more: object) -> Field:
    return Field(key, name, kind, owner, about, source=source, **more)  # type: ignore[arg-type]


def session_fields(config: Config, tables: frozenset[str]) -> tuple[Field, ...]:
    """Return the fields of Chat Sessions; `tables` are the other tables that exist, so selects can become links."""
    found = [
        *_core(config), *_organization(config, tables), *_search(config), *_analytics(config), *_projects(config, tables),
        *_tags(config), *_follow_up(config), *_team(config), *_time(config), *_depth(config), *_automation(config),
        *_portability(config), *_custom(config.options.custom_fields),
    ]  # fmt: skip
    tail = _tail()
    if "simplicity" in config.priorities:
        found = [field for field in found if not field.optional]
    return (*found, *tail)


def _core(config: Config) -> Iterator[Field]:
    yield _f(
        "title", "Title", "title", "seed", "What the chat was about. Rename it freely; sync leaves your name alone."
    )
    yield _f("status", "Status", "select", "person", "Where it stands.", options=tuple(Option(*s) for s in STATUSES))
    yield _f(
        "assistant",
        "Assistant",
        "select",
        "sync",
        "The AI product you talked to.",
        options=options(*config.options.assistants),
    )
    yield _f("started", "Started", "datetime", "sync", "When the chat began (UTC).")
    yield _f("last_activity", "Last activity", "datetime", "sync", "When the last message came (UTC).")
    yield _f("messages", "Messages", "number", "sync", "Prompts you typed plus answers, without tool noise.")
    yield _f("link", "Link", "url", "sync", "Opens the chat where it happened.")
    yield _f("summary", "Summary", "long_text", "seed", "Two sentences that save you reading it again.")
    yield _f("key_insights", "Key insights", "long_text", "person", "What you learned.", optional=True)
    yield _f("action_items", "Action items", "long_text", "person", "What is left to do.", optional=True)
    yield _f("notes", "Notes", "long_text", "person", "Anything else.")


def _tail() -> tuple[Field, ...]:
    return (
        _f("model", "Model", "text", "sync", "The model that answered, when the export says so.", hidden=True),
        _f("source_id", "Source ID", "text", "sync", "The key: source and id of the chat. Do not edit.", hidden=True),
    )


def _organization(config: Config, tables: frozenset[str]) -> Iterator[Field]:
    if "organization" not in config.priorities:
        return
    src = "priority:organization"
    topics = options(*config.options.topics)
    about = "The main subject."
    if "topics" in tables:
        yield _f("topic", "Topic", "relation", "seed", about, src, relation=Relation("topics", reverse="Sessions"))
    else:
        yield _f("topic", "Topic", "select", "seed", about, src, options=topics)
    yield _f("category", "Category", "select", "person", "What kind of talk it was.", src, options=options(*CATEGORIES))
    yield _f(
        "secondary_topics",
        "Secondary topics",
        "multi_select",
        "person",
        "Other subjects it touches.",
        src,
        options=topics,
        optional=True,
    )


def _search(config: Config) -> Iterator[Field]:
    if "search" in config.priorities:
        src = "priority:search"
        yield _f("first_prompt", "First prompt", "long_text", "sync", "How the chat began, in your own words.", src)
        yield _f("keywords", "Keywords", "text", "sync", "Telling words of the chat, separated by spaces.", src)


def _analytics(config: Config) -> Iterator[Field]:
    if "analytics" not in config.priorities:
        return
    src = "priority:analytics"
    yield _f("value", "Value", "number", "person", "What it was worth to you, 1 to 5.", src, minimum=1, maximum=5)
    yield _f(
        "satisfaction",
        "Satisfaction",
        "number",
        "person",
        "How good the answers were, 1 to 5.",
        src,
        minimum=1,
        maximum=5,
        optional=True,
    )
    yield _f("duration", "Duration", "number", "sync", "Minutes from first to last message.", src, unit="minutes")
    yield _f("words", "Words", "number", "sync", "Words in prompts and answers.", src, unit="words", optional=True)
    yield _f("month", "Month", "text", "sync", "The month it started, such as 2026-11.", src)


def _projects(config: Config, tables: frozenset[str]) -> Iterator[Field]:
    if "projects" not in config.features:
        return
    src = "feature:projects"
    if "projects" in tables:
        yield _f(
            "project",
            "Project",
            "relation",
            "seed",
            "The work it belongs to.",
            src,
            relation=Relation("projects", reverse="Sessions"),
        )
    else:
        yield _f(
            "project",
            "Project",
            "select",
            "seed",
            "The work it belongs to.",
            src,
            options=options("Website", "Thesis", "Household"),
        )
    yield _f(
        "phase",
        "Phase",
        "select",
        "person",
        "Where in the project it fits.",
        src,
        options=options("Plan", "Do", "Review"),
        optional=True,
    )


def _tags(config: Config) -> Iterator[Field]:
    if "tags" in config.features:
        src = "feature:tags"
        yield _f(
            "tags",
            "Tags",
            "multi_select",
            "seed",
            "Free labels.",
            src,
            options=options("how-to", "bug", "idea", "reference", "to-share"),
        )
        yield _f(
            "priority",
            "Priority",
            "select",
            "person",
            "How urgent it is.",
            src,
            options=(Option("High", "red"), Option("Medium", "yellow"), Option("Low", "gray")),
        )


def _follow_up(config: Config) -> Iterator[Field]:
    if "reminders" in config.features:
        src = "feature:reminders"
        yield _f("follow_up", "Follow-up", "date", "person", "The day to come back to it.", src)
        yield _f(
            "reminder",
            "Reminder",
            "select",
            "person",
            "Why to come back.",
            src,
            options=options("Check result", "Continue", "Reply", "Review"),
            optional=True,
        )
    if "archive" in config.features:
        yield _f("archived_on", "Archived on", "date", "person", "The day it left your sight.", "feature:archive")


def _team(config: Config) -> Iterator[Field]:
    src = f"team:{config.team_size}"
    shares = "collaboration" in config.priorities
    if shares or config.team_size != "solo":
        owner_src = src if config.team_size != "solo" else "priority:collaboration"
        yield _f("owner", "Owner", "person", "person", "Who looks after it.", owner_src)
    if shares:
        src_c = "priority:collaboration"
        yield _f("shared_with", "Shared with", "text", "person", "Who else should see it.", src_c, optional=True)
        yield _f(
            "review",
            "Review state",
            "select",
            "person",
            "What a second reader thinks.",
            src_c,
            options=options("Not needed", "Wanted", "In review", "Approved"),
        )
    if config.team_size in ("medium", "large"):
        yield _f(
            "team",
            "Team",
            "select",
            "person",
            "The team it belongs to.",
            src,
            options=options("Research", "Product", "Operations"),
        )
    if config.team_size == "large":
        yield _f(
            "access",
            "Access",
            "select",
            "person",
            "Who may read it.",
            src,
            options=options("Private", "Team", "Everyone"),
        )
        yield _f("keep_until", "Keep until", "date", "person", "When it may be deleted.", src)


def _time(config: Config) -> Iterator[Field]:
    if "timeline" in config.features:
        yield _f("day", "Day", "date", "sync", "The day it started, for calendars.", "feature:timeline")
    if "dashboard" in config.features:
        yield _f("week", "Week", "text", "sync", "The ISO week it started, such as 2026-W47.", "feature:dashboard")


def _depth(config: Config) -> Iterator[Field]:
    if config.complexity != "simple":
        src = f"complexity:{config.complexity}"
        yield _f(
            "outcome",
            "Outcome",
            "select",
            "person",
            "Did it solve the question?",
            src,
            options=options("Solved", "Partly", "Open"),
        )
    if config.complexity == "advanced":
        yield _f(
            "days_idle",
            "Days idle",
            "formula",
            "computed",
            "Days since the last message.",
            "complexity:advanced",
            formula=DaysSince("last_activity"),
        )
        if "reminders" in config.features:
            yield _f(
                "overdue",
                "Overdue",
                "formula",
                "computed",
                "Follow-up day reached and not finished.",
                "complexity:advanced",
                formula=Test(OVERDUE),
                optional=True,
            )


def _automation(config: Config) -> Iterator[Field]:
    if "automation" in config.priorities:
        yield _f("auto_filed", "Auto-filed", "checkbox", "seed", "A rule set its topic or tags.", "priority:automation")


def _portability(config: Config) -> Iterator[Field]:
    if "portability" in config.priorities:
        yield _f(
            "external_id",
            "External ID",
            "text",
            "sync",
            "The chat's own id at its source, kept for leaving.",
            "priority:portability",
        )


def _custom(wanted: tuple[CustomField, ...]) -> Iterator[Field]:
    taken: set[str] = set()
    for number, item in enumerate(wanted, 1):
        key = field_key(item.name) or f"field_{number}"
        while key in taken:
            key += f"_{number}"
        taken.add(key)
        yield _f(key, item.name, item.type, "person", "Your own field.", "options", options=options(*item.choices))


def field_key(name: str) -> str:
    """Return a snake_case ASCII key for a name, "" when nothing is left. Never equal to a built-in key."""
    text = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    key = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    return f"my_{key}" if key else ""
