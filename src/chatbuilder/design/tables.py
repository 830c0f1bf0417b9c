"""The other tables: Topics, Projects and Prompts, when the answers want linked tables."""

from __future__ import annotations

from chatbuilder.blueprint import Field, Relation, Rollup, Table
from chatbuilder.config import Config
from chatbuilder.design.fields import options


def table_keys(config: Config) -> frozenset[str]:
    """Return the keys of the tables beside Chat Sessions. Simplicity keeps everything in one table."""
    if "simplicity" in config.priorities or config.complexity == "simple":
        return frozenset()
    keys = set()
    if "organization" in config.priorities:
        keys.add("topics")
    if "projects" in config.features:
        keys.add("projects")
    if config.complexity == "advanced":
        keys.add("prompts")
    return frozenset(keys)


def other_tables(config: Config) -> tuple[Table, ...]:
    """Return the tables beside Chat Sessions, without sample rows, in the order to create them."""
    keys = table_keys(config)
    build = {"topics": _topics, "projects": _projects, "prompts": _prompts}
    return tuple(make(config) for key, make in build.items() if key in keys)


def _topics(config: Config) -> Table:
    src = "priority:organization"
    fields = [
        Field("name", "Name", "title", "person", "The topic.", source=src),
        Field("about", "About", "long_text", "person", "What belongs here.", source=src),
    ]
    if config.complexity == "advanced":
        fields += [
            Field(
                "parent",
                "Parent topic",
                "relation",
                "person",
                "The wider topic.",
                relation=Relation("topics"),
                source="complexity:advanced",
            ),
            Field(
                "session_count",
                "Session count",
                "rollup",
                "computed",
                "How many sessions.",
                rollup=Rollup("sessions", "topic", "count"),
                source="complexity:advanced",
            ),
        ]
    return Table("topics", "Topics", "Topic", "The subjects you talk about.", tuple(fields))


def _projects(config: Config) -> Table:
    src = "feature:projects"
    fields = [
        Field("name", "Name", "title", "person", "The project.", source=src),
        Field(
            "status",
            "Status",
            "select",
            "person",
            "Where it stands.",
            options=options("Planned", "Active", "Done", "Dropped"),
            source=src,
        ),
        Field("start", "Start", "date", "person", "First day.", source=src),
        Field("end", "End", "date", "person", "Last day.", source=src),
        Field("description", "Description", "long_text", "person", "What it is.", source=src),
        Field("goals", "Goals", "long_text", "person", "What done looks like.", source=src),
    ]
    if config.complexity == "advanced":
        fields += [
            Field(
                "session_count",
                "Session count",
                "rollup",
                "computed",
                "How many sessions.",
                rollup=Rollup("sessions", "project", "count"),
                source="complexity:advanced",
            ),
            Field(
                "latest",
                "Latest session",
                "rollup",
                "computed",
                "The last activity in it.",
                rollup=Rollup("sessions", "project", "latest", "last_activity"),
                source="complexity:advanced",
            ),
        ]
    return Table("projects", "Projects", "Project", "The work your sessions serve.", tuple(fields))


def _prompts(config: Config) -> Table:
    src = "complexity:advanced"
    return Table(
        "prompts", "Prompts", "Prompt", "Prompts worth using again.",
        (
            Field("name", "Name", "title", "person", "What the prompt is for.", source=src),
            Field("text", "Text", "long_text", "person", "The prompt itself.", source=src),
            Field("kind", "Kind", "select", "person", "What it is good for.", options=options("Code", "Writing", "Research", "Analysis", "Planning"), source=src),
            Field("works_with", "Works with", "multi_select", "person", "Assistants it works well with.", options=options(*config.options.assistants), source=src),
            Field("sessions", "Used in", "relation", "person", "Sessions that used it.", relation=Relation("sessions", many=True, reverse="Prompts"), source=src),
        ),
    )  # fmt: skip
