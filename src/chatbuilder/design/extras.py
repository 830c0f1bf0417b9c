"""Templates, dashboard, automations and team rules that the answers add."""

from __future__ import annotations

from collections.abc import Iterable

from chatbuilder.blueprint import Automation, Chart, Dashboard, Figure, Role, TagRule, Team, Template
from chatbuilder.config import Config
from chatbuilder.design.fields import OVERDUE
from chatbuilder.filters import Cmp, Today

ARCHIVE_AFTER_DAYS = 90
RETENTION_DAYS = 730
_TEMPLATES = (
    Template("quick_question", "Quick question", "One question, one answer.", {"status": "Completed", "category": "Question"},
             (("Question", "What did I want to know?"), ("Answer", "The answer in one or two sentences."))),
    Template("deep_dive", "Deep dive", "A long talk about one subject.", {"status": "Active", "category": "Reference"},
             (("Goal", "What do I want to understand?"), ("What I learned", "The points worth keeping."), ("Open questions", "What is still unclear?"))),
    Template("debugging", "Debugging", "Finding out why something fails.", {"status": "Active", "category": "Task"},
             (("Symptom", "What goes wrong, with the exact message?"), ("Tried", "What did not help?"), ("Cause and fix", "What was it?"))),
    Template("research", "Research", "Collecting and weighing sources.", {"status": "Active", "category": "Reference"},
             (("Question", "What should be answered?"), ("Sources", "Links, with one line each."), ("Findings", "What do they say?"), ("Decision", "What follows from it?"))),
    Template("writing", "Writing", "Drafting and polishing a text.", {"status": "Active", "category": "Task"},
             (("Brief", "For whom, how long, what tone?"), ("Draft", "The text."), ("To improve", "What is still weak?"))),
)  # fmt: skip
_WORDS = {
    "Work": ("meeting", "report", "client", "proposal"),
    "Learning": ("explain", "course", "exam", "tutorial"),
    "Coding": ("python", "error", "function", "javascript", "sql"),
    "Writing": ("essay", "draft", "rewrite", "email"),
    "Research": ("paper", "study", "compare", "source"),
    "Personal": ("recipe", "travel", "gift", "health"),
}


def templates(config: Config) -> tuple[Template, ...]:
    """Return the session templates; presets for fields that the design lacks are left out."""
    if "templates" not in config.features:
        return ()
    categories = "organization" in config.priorities
    return tuple(
        Template(
            t.key, t.name, t.about, {k: v for k, v in t.values.items() if k != "category" or categories}, t.headings
        )
        for t in _TEMPLATES
    )


def dashboard(config: Config, charts: bool) -> Dashboard | None:
    """Return figures and charts; analytics alone gives the figures, the dashboard feature the charts too."""
    if not charts and "analytics" not in config.priorities:
        return None
    return Dashboard("Dashboard", tuple(_figures(config)), tuple(_charts(config)) if charts else ())


def _figures(config: Config) -> Iterable[Figure]:
    yield Figure("total", "Sessions", "count")
    yield Figure("open", "Active", "count", filter=Cmp("status", "eq", "Active"))
    yield Figure("this_week", "Last 7 days", "count", filter=Cmp("last_activity", "ge", Today(-7)))
    if "analytics" in config.priorities:
        yield Figure("value_average", "Average value", "average", "value")
        yield Figure("minutes", "Minutes in all", "sum", "duration")
        yield Figure("valuable", "High value", "count", filter=Cmp("value", "ge", 4))
    if "reminders" in config.features:
        yield Figure("due", "Follow-ups due", "count", filter=OVERDUE)


def _charts(config: Config) -> Iterable[Chart]:
    yield Chart("by_assistant", "Sessions by assistant", "donut", "assistant")
    yield Chart("by_week", "Sessions by week", "column", "started", interval="week")
    if "simplicity" not in config.priorities:
        yield from _more_charts(config)


def trimmed_charts(config: Config) -> tuple[Chart, ...]:
    """Return the charts that simplicity leaves out."""
    trims = "dashboard" in config.features and "simplicity" in config.priorities
    return tuple(_more_charts(config)) if trims else ()


def _more_charts(config: Config) -> Iterable[Chart]:
    yield Chart("by_status", "Sessions by status", "bar", "status")
    if "organization" in config.priorities:
        yield Chart("top_topics", "Top topics", "bar", "topic", limit=10)
    elif "projects" in config.features:
        yield Chart("top_projects", "Top projects", "bar", "project", limit=10)


def automations(config: Config) -> tuple[Automation, ...]:
    """Return what should happen by itself."""
    return tuple(_automations(config))


def _automations(config: Config) -> Iterable[Automation]:
    if "automation" in config.priorities:
        yield Automation(
            "tagging", "File new sessions", "tagging", "A chat arrives by sync",
            "Its title and first prompt are searched for known words; topic and tags are set once, never over your own.",
            "priority:automation", rules=tuple(_rules(config)),
        )  # fmt: skip
    if "archive" in config.features:
        yield Automation(
            "auto_archive", "Archive finished sessions", "archive",
            f"A completed session is quiet for {ARCHIVE_AFTER_DAYS} days",
            "Status becomes Archived and Archived on is set to that day.", "feature:archive", days=ARCHIVE_AFTER_DAYS,
        )  # fmt: skip
    if "reminders" in config.features:
        yield Automation(
            "follow_up", "Remind of follow-ups", "reminder", "The follow-up day is reached",
            "The session shows up in Needs follow-up until it is completed.", "feature:reminders",
        )  # fmt: skip
    if "exports" in config.features:
        yield Automation(
            "backup", "Save a copy", "backup", "Every week, or when you run it",
            "The live system is saved as files next to your other backups.", "feature:exports",
        )  # fmt: skip
    if "integration" in config.priorities:
        yield Automation(
            "scheduled_sync", "Sync on a schedule", "sync", "Every day",
            "New chats arrive without a thought.", "priority:integration",
        )  # fmt: skip


def _rules(config: Config) -> Iterable[TagRule]:
    if "organization" in config.priorities:
        for topic in config.options.topics:
            yield TagRule(_WORDS.get(topic, (topic.lower(),)), "topic", topic)
    if "tags" in config.features or "organization" not in config.priorities:
        field = "tags" if "tags" in config.features else "notes"
        yield TagRule(("how do i", "how to", "steps"), field, "how-to")
        yield TagRule(("error", "traceback", "fails", "bug"), field, "bug")


def team(config: Config) -> Team:
    """Return the rules for people who share the system."""
    permissions: tuple[str, ...] = ()
    if "collaboration" in config.priorities:
        permissions = (
            "Share the system with the people who work in it, not with everyone.",
            "Owners change their own sessions; everybody may read.",
            "A session is reviewed by somebody who did not write it.",
        )
    if config.team_size in ("solo", "small"):
        return Team(config.team_size, permissions=permissions)
    roles = (
        Role("Owner", "changes fields, views and rules", "one or two people"),
        Role("Editor", "adds and edits sessions", "the team"),
        Role("Reader", "reads and searches", "everyone else"),
    )
    naming = (
        "A title says what was found out, not what was asked: “SQLite needs WAL for two writers”.",
        "Topics are nouns, one word, agreed by the team.",
        "Tags are lower case with hyphens: to-share, how-to.",
    )
    if config.team_size == "medium":
        return Team("medium", roles, naming, permissions=permissions)
    return Team("large", roles, naming, ("Private", "Team", "Everyone"), RETENTION_DAYS, permissions)
