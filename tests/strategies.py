"""Hypothesis strategies for valid answers, shared by all tests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from chatbuilder import catalog
from chatbuilder.config import Config, CustomField, Options

HOSTILE_NAMES = (
    "Chat Sessions", "Ünïcode & Co", "🗂️ Chats", "محادثات", "=cmd|x", "a [[b]] c", "x]] y", "'; DROP TABLE x; --",
    '"quoted"', "{{name}}", "<% tp %>", "back\\slash", "tick`s", "#tag", "a/b", "@me", "-dash", "a|b", "%d %s", "CON",
    "a.b.", "x" * 100, "key:: value", "[red]x[/red]",
)  # fmt: skip
HOSTILE_CHOICES = ("Work", "=1+1", "a]] b", "It's", 'say "hi"', "🚀", "עברית", "#x", "{{y}}", "a|b", "tick`", "back\\")


def platforms() -> st.SearchStrategy[str]:
    """The id of any of our platforms."""
    return st.sampled_from(catalog.OURS)


def custom_fields() -> st.SearchStrategy[tuple[CustomField, ...]]:
    """Up to three fields with awkward names."""

    def build(name: str, kind: str, choices: list[str]) -> CustomField:
        return CustomField(name=name, type=kind, choices=tuple(choices) if "select" in kind else ())  # type: ignore[arg-type]

    names = [n for n in HOSTILE_NAMES if n.casefold() not in catalog.RESERVED_FIELD_NAMES]
    one = st.builds(
        build,
        st.sampled_from(names),
        st.sampled_from(catalog.CUSTOM_FIELD_TYPES),
        st.lists(st.sampled_from(HOSTILE_CHOICES), min_size=1, max_size=4, unique_by=str.casefold),
    )
    return st.lists(one, max_size=3, unique_by=lambda f: f.name.casefold()).map(tuple)


def options() -> st.SearchStrategy[Options]:
    """Any options."""
    labels = st.lists(st.sampled_from(HOSTILE_CHOICES), min_size=1, max_size=6, unique_by=str.casefold).map(tuple)
    return st.builds(
        Options,
        assistants=labels,
        topics=labels,
        timezone=st.sampled_from(["UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata"]),
        date_format=st.sampled_from(catalog.DATE_FORMATS),
        sample_data=st.booleans(),
        custom_fields=custom_fields(),
    )


@st.composite
def configs(draw: st.DrawFn, platform: str = "", **fixed: Any) -> Config:
    """Any valid Config; `platform` and other keyword answers are kept as given."""
    answers: dict[str, Any] = {
        "name": draw(st.sampled_from(HOSTILE_NAMES)),
        "platform": platform or draw(platforms()),
        "priorities": tuple(draw(st.lists(st.sampled_from(list(catalog.PRIORITIES)), min_size=1, unique=True))),
        "features": tuple(draw(st.lists(st.sampled_from(list(catalog.FEATURES)), unique=True))),
        "team_size": draw(st.sampled_from(list(catalog.TEAM_SIZES))),
        "complexity": draw(st.sampled_from(list(catalog.COMPLEXITIES))),
        "options": draw(options()),
    }
    return Config(**{**answers, **fixed})


def neighbours(config: Config) -> list[tuple[str, Config]]:
    """Every Config that differs by one toggled priority or feature, one other team size or complexity."""
    found: list[tuple[str, Config]] = []
    data = {key: getattr(config, key) for key in Config.model_fields}
    for group, ids in (("priorities", catalog.PRIORITIES), ("features", catalog.FEATURES)):
        for key in ids:
            now = tuple(getattr(config, group))
            new = tuple(k for k in now if k != key) if key in now else (*now, key)
            if new or group == "features":
                found.append((f"{group}:{key}", Config(**{**data, group: new})))
    for group, ids in (("team_size", catalog.TEAM_SIZES), ("complexity", catalog.COMPLEXITIES)):
        found += [(f"{group}:{key}", Config(**{**data, group: key})) for key in ids if key != getattr(config, group)]
    return found
