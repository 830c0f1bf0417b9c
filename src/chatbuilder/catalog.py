"""What can be chosen, with the words that explain it. Plain data: no pydantic, so the first screen is fast."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["local", "api"]
Level = Literal["yes", "by hand", "no"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to tick: `id` is the contract, the rest is for people."""

    id: str
    name: str
    summary: str
    adds: str


def _nothing(value: str) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class TargetKey:
    """One thing that says where to build: its key in the answers, and its label and hint in a form.

    `problem` returns what is wrong with a value, in words that follow its name ("must be …"), or "". Every value is one
    line of at most 1,000 characters before it is asked.
    """

    key: str
    label: str
    hint: str = ""
    problem: Callable[[str], str] = _nothing


@dataclass(frozen=True, slots=True)
class TokenKind:
    """The token of a platform with an API: the environment variable for scripts, and how a person gets one.

    `example` is how one begins, `steps` are the clicks in their order, `notes` what else to know.
    """

    variable: str
    example: str = ""
    steps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Platform:
    """A tool that a system can be built in, and what it can do without help from a person.

    `can` maps a capability to yes, "by hand" (the tool can, its API or file format cannot) or no; what it leaves out
    is no. `own` describes target keys that are only this platform's; `token` is None for one without an API.
    """

    id: str
    name: str
    kind: Kind
    tagline: str
    best_for: str
    price: str
    target_keys: tuple[str, ...]
    can: dict[str, Level] = field(hash=False)
    limits: tuple[str, ...] = ()
    own: tuple[TargetKey, ...] = ()
    token: TokenKind | None = None

    def level(self, capability: str) -> Level:
        """Return how far the platform goes for one capability."""
        return self.can.get(capability, "no")

    def describe(self, key: str) -> TargetKey:
        """Return what a target key of the platform is; KeyError for one that it does not have."""
        return next((item for item in self.own if item.key == key), None) or TARGET_KEYS[key]


TARGET_KEYS: dict[str, TargetKey] = {
    item.key: item
    for item in (
        TargetKey("path", "Place", "a folder or file on this computer"),
        TargetKey("database", "Database", "sqlite:///chats.db or postgresql://user@host/name"),
        TargetKey("parent", "Page", "link of a Notion page; empty for a private page"),
        TargetKey("workspace", "Workspace", "wsp…: to create a base in"),
        TargetKey("base", "Base", "app…: an empty base to use instead"),
        TargetKey("spreadsheet", "Spreadsheet", "link of a spreadsheet; empty to create one"),
        TargetKey("account", "Account", "name of a saved token; empty for the usual one"),
    )
}
"""What our own platforms take as a target."""


CAPABILITIES = {
    "views": "saved views",
    "board": "boards",
    "calendar": "calendar and timeline views",
    "charts": "charts",
    "relations": "linked tables",
    "formulas": "formulas and rollups",
    "automation": "automations",
    "reminders": "reminders",
    "team": "several people at once",
    "offline": "works offline, in your own files",
    "search": "full-text search",
    "templates": "templates for new entries",
    "scale": "more than 10,000 sessions",
}


def _can(spec: str) -> dict[str, Level]:
    levels: dict[str, Level] = {"y": "yes", "h": "by hand", "n": "no"}
    return {key: levels[mark] for key, mark in zip(CAPABILITIES, spec, strict=True)}


# Order of marks = order of CAPABILITIES. Sources: the vendors' documentation of November 2026.
PLATFORMS: dict[str, Platform] = {
    p.id: p
    for p in (
        Platform(
            "notion",
            "Notion",
            "api",
            "Databases with ten kinds of views, shared with a team.",
            "Teams that already live in Notion and want boards, calendars and pages.",
            "Free plan is enough for one person; dashboards need Business.",
            ("parent", "account"),
            _can("yyyhyyhyynyhn"),
            ("1 chart on the Free plan", "1,000 blocks for ever on a Free workspace with several members"),
            token=TokenKind("NOTION_TOKEN"),
        ),
        Platform(
            "airtable",
            "Airtable",
            "api",
            "A real database that looks like a spreadsheet.",
            "Structured work with linked tables and automations.",
            "Free up to 1,000 records a base.",
            ("workspace", "base", "account"),
            _can("hhhhyhhhynhhn"),
            ("1,000 records a base on Free", "views are made by hand: Airtable's API cannot"),
            token=TokenKind("AIRTABLE_TOKEN"),
        ),
        Platform(
            "sheets",
            "Google Sheets",
            "api",
            "One shared spreadsheet, in the browser, free.",
            "People who think in rows and want to share quickly.",
            "Free with a Google account.",
            ("spreadsheet", "account"),
            _can("yhhynyyhynhyy"),
            ("10 million cells a file", "50,000 characters a cell"),
            token=TokenKind("GOOGLE_APPLICATION_CREDENTIALS"),
        ),
        Platform(
            "excel",
            "Excel",
            "local",
            "One workbook on your disk: tables, dropdowns and charts.",
            "Offices that run on Excel, and reports that people print.",
            "Works in Excel and LibreOffice.",
            ("path",),
            _can("yhhynyhhhyhyy"),
            ("32,767 characters a cell",),
        ),
        Platform(
            "obsidian",
            "Obsidian",
            "local",
            "Markdown notes on your disk, with table views built in.",
            "Thinkers who link notes and want to own every file.",
            "Free.",
            ("path",),
            _can("yhhnyyhhhyyyy"),
            ("needs Obsidian 1.10 or newer",),
        ),
        Platform(
            "logseq",
            "Logseq",
            "local",
            "An outline of linked pages on your disk, with live queries.",
            "Journal writers who work in outlines.",
            "Free.",
            ("path",),
            _can("yhnnyhhyhyyyh"),
            ("a file graph: Logseq OG opens it, Logseq 2 imports it",),
        ),
        Platform(
            "custom",
            "Your own database",
            "local",
            "SQLite in one file, or your PostgreSQL server.",
            "Developers, large archives, SQL and an API in front.",
            "Free.",
            ("database",),
            _can("yhhhyyyhyyyyy"),
            ("no screens of its own: Datasette or your own tool shows it",),
        ),
    )
}

OURS = tuple(PLATFORMS)
"""The ids of our own platforms. `PLATFORMS` holds those of other packages as well once somebody looked for them."""

_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", re.ASCII)
_ID_LIMIT, _TEXT_LIMIT, _LIST_LIMIT = 20, 200, 10  # characters, characters, entries
_KEY = re.compile(r"[a-z][a-z_]{0,29}", re.ASCII)
_SHARED = ("path", "account")
"""The target keys that platforms of other packages may use as well; all else they call by names of their own."""


def add_platform(platform: Platform) -> None:
    """Make a platform of another package known. Raises `ValueError` that says what is wrong with it."""
    if not _ID.fullmatch(platform.id) or len(platform.id) > _ID_LIMIT:
        raise ValueError(
            f"{platform.id!r} cannot be an id: lower-case letters, digits and hyphens, {_ID_LIMIT} at most"
        )
    for word in ("name", "tagline", "best_for", "price"):
        _check_text(word, getattr(platform, word))
    for text in platform.limits:
        _check_text("limits", text)
    if platform.kind not in ("local", "api") or (platform.kind == "api") != (platform.token is not None):
        raise ValueError("kind must be local, or api with a token")
    if wrong := sorted({str(level) for level in platform.can.values()} - {"yes", "by hand", "no"}):
        raise ValueError(f"can says {', '.join(wrong)}; it takes yes, by hand and no")
    _check_keys(platform)
    if PLATFORMS.setdefault(platform.id, platform) is not platform:
        raise ValueError(f"the id {platform.id} is taken")


def _check_text(word: str, text: object) -> None:
    if not isinstance(text, str) or not text.strip() or not text.isprintable() or len(text) > _TEXT_LIMIT:
        raise ValueError(f"{word} must be one line of at most {_TEXT_LIMIT} characters")


def _check_keys(platform: Platform) -> None:
    described = [item.key for item in platform.own]
    if not 1 <= len(platform.target_keys) <= _LIST_LIMIT or len(set(platform.target_keys)) < len(platform.target_keys):
        raise ValueError(f"target_keys must be 1 to {_LIST_LIMIT} different keys")
    for item in platform.own:
        _check_text("label", item.label)
    for key in platform.target_keys:
        if key in _SHARED:
            continue
        if key in TARGET_KEYS or not _KEY.fullmatch(key):
            raise ValueError(f"the target key {key!r} is taken, or has other characters than a-z and _")
        if key not in described:
            raise ValueError(f"own does not describe the target key {key}")
    if strangers := set(described) - set(platform.target_keys):
        raise ValueError(f"own describes {', '.join(sorted(strangers))}, which target_keys does not name")
    if platform.kind == "local" and "account" in platform.target_keys:
        raise ValueError("an account is for platforms with an API")


PRIORITIES: dict[str, Choice] = {
    c.id: c
    for c in (
        Choice(
            "organization",
            "Organization",
            "Find your way by topic and category.",
            "Topic, Category, views by topic, category and assistant",
        ),
        Choice("search", "Search", "Get back to that one answer.", "First prompt, Keywords, a search page"),
        Choice(
            "analytics",
            "Analytics",
            "See what you use AI for, and what pays off.",
            "Duration, Words, Value, Satisfaction, monthly view, figures",
        ),
        Choice(
            "collaboration",
            "Collaboration",
            "Share good sessions, review them together.",
            "Owner, Shared with, Review state, views for each person",
        ),
        Choice(
            "automation",
            "Automation",
            "Let rules do the filing.",
            "Keyword rules for topics and tags, a recipe for your tool",
        ),
        Choice("simplicity", "Simplicity", "Few fields, few views, one page of guide.", "Trims everything optional"),
        Choice(
            "portability",
            "Portability",
            "Be able to leave with everything.",
            "Data dictionary, CSV and JSON templates, re-import recipe",
        ),
        Choice(
            "integration",
            "Integration",
            "Connect it to other tools.",
            "Recipes with curl, n8n, Make and Zapier, scheduled sync",
        ),
    )
}

FEATURES: dict[str, Choice] = {
    c.id: c
    for c in (
        Choice("tags", "Tags", "Label sessions freely, and rank them.", "Tags, Priority, view Untagged"),
        Choice(
            "projects", "Projects", "Group sessions under the work they serve.", "Projects, Phase, views by project"
        ),
        Choice("timeline", "Calendar and timeline", "See sessions by day.", "Day, calendar and timeline views"),
        Choice("templates", "Session templates", "Start a new session note in one step.", "Five templates"),
        Choice(
            "reminders", "Follow-ups", "Never lose an open question.", "Follow-up date, Reminder, view Needs follow-up"
        ),
        Choice(
            "exports",
            "Exports and backup",
            "One command saves a copy of the live system.",
            "Backup script and its instructions",
        ),
        Choice(
            "dashboard",
            "Dashboard",
            "Charts and figures on one page.",
            "Week, charts by assistant, week, status and topic",
        ),
        Choice(
            "archive", "Archive", "Keep old sessions out of the way.", "Archived on, view Archive, auto-archive rule"
        ),
    )
}

TEAM_SIZES: dict[str, Choice] = {
    c.id: c
    for c in (
        Choice("solo", "Just me", "One person.", "Nothing extra"),
        Choice("small", "2 to 5 people", "A small team that knows each other.", "Owner, view By owner"),
        Choice(
            "medium", "6 to 20 people", "A team that needs common names and roles.", "Owner, Team, naming rules, roles"
        ),
        Choice(
            "large",
            "More than 20",
            "Several teams, with rules on who sees what.",
            "Owner, Team, Access level, Retention, governance page",
        ),
    )
}

COMPLEXITIES: dict[str, Choice] = {
    c.id: c
    for c in (
        Choice("simple", "Simple", "One table, plain choices.", "Selects instead of linked tables"),
        Choice("moderate", "Moderate", "Linked tables where they help.", "Topics and Projects as tables, Outcome"),
        Choice(
            "advanced",
            "Advanced",
            "Everything, for people who enjoy it.",
            "Rollups, formulas, Prompts table, topic hierarchy",
        ),
    )
}

ASSISTANTS = (
    "ChatGPT", "Claude", "Gemini", "Microsoft Copilot", "Perplexity", "Mistral", "Grok", "DeepSeek",
    "Claude Code", "Codex", "GitHub Copilot", "Cursor", "Local model", "Other",
)  # fmt: skip
TOPICS = ("Work", "Learning", "Coding", "Writing", "Research", "Personal")
DATE_FORMATS = ("iso", "european", "us")
CUSTOM_FIELD_TYPES = ("text", "long_text", "number", "date", "checkbox", "select", "multi_select", "url")

# Every name that a design may give to a field of Chat Sessions, case-folded; a test keeps it complete.
RESERVED_FIELD_NAMES = frozenset(
    name.casefold()
    for name in (
        "Title", "Assistant", "Status", "Started", "Last activity", "Messages", "Link", "Summary", "Key insights",
        "Action items", "Notes", "Source ID", "Model", "Topic", "Category", "Secondary topics", "First prompt",
        "Keywords", "Duration", "Words", "Satisfaction", "Value", "Owner", "Shared with", "Review state", "Auto-filed",
        "Tags", "Priority", "Project", "Phase", "Day", "Week", "Month", "Follow-up", "Reminder", "Archived on", "Team",
        "Access", "Keep until", "Outcome", "Days idle", "Overdue", "Prompts", "External ID", "Template",
    )
)  # fmt: skip
