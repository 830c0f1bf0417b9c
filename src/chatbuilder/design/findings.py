"""What a person should know before building: contradictions, gaps of the platform, plan limits, a better fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from chatbuilder.blueprint import Finding, LeftOut
from chatbuilder.catalog import CAPABILITIES, OURS, PLATFORMS, Platform
from chatbuilder.config import Config

# What each answer asks of a platform, and how much it matters (1-3).
NEEDS: dict[str, dict[str, int]] = {
    "organization": {"views": 2, "board": 1},
    "search": {"search": 3},
    "analytics": {"charts": 2, "formulas": 1},
    "collaboration": {"team": 3},
    "automation": {"automation": 2},
    "simplicity": {"views": 1},
    "portability": {"offline": 2},
    "integration": {"automation": 1},
    "projects": {"relations": 1},
    "timeline": {"calendar": 2},
    "templates": {"templates": 1},
    "reminders": {"reminders": 2},
    "dashboard": {"charts": 2},
    "archive": {"scale": 1},
    "small": {"team": 2},
    "medium": {"team": 3},
    "large": {"team": 3, "scale": 2},
    "moderate": {"relations": 1},
    "advanced": {"relations": 2, "formulas": 2},
}
_WORTH = {"yes": 1.0, "by hand": 0.5, "no": 0.0}


def answers_of(config: Config) -> tuple[str, ...]:
    """Return every answer that asks something of a platform."""
    return (*config.priorities, *config.features, config.team_size, config.complexity)


def findings(config: Config, left_out: tuple[LeftOut, ...]) -> tuple[Finding, ...]:
    """Return all findings, warnings first."""
    found = [*_contradictions(config), *_gaps(config), *_plan_limits(config), *_better(config), *_trimmed(left_out)]
    return tuple(sorted(found, key=lambda item: item.level != "warning"))


def _contradictions(config: Config) -> Iterable[Finding]:
    simple = "simplicity" in config.priorities
    if simple and config.complexity == "advanced":
        yield Finding(
            "simplicity_vs_advanced", "warning", "Simplicity and Advanced pull in two directions",
            "Simplicity keeps one table and four views, so the linked tables of Advanced are left out; its formula stays.",
            "Choose Simple or Moderate, or drop Simplicity.", {"complexity": "simple"},
        )  # fmt: skip
    if simple and len(config.features) > 4:
        yield Finding(
            "simplicity_vs_features", "warning", f"Simplicity with {len(config.features)} features",
            "Each feature adds fields; only four views are kept.", "Keep the two or three features you will use every week.",
        )  # fmt: skip
    if len(config.priorities) > 4:
        yield Finding(
            "many_priorities", "note", f"{len(config.priorities)} priorities",
            "When everything comes first, nothing does: the system grows large.", "Keep two to four.",
        )  # fmt: skip
    if "collaboration" in config.priorities and config.team_size == "solo":
        yield Finding(
            "collaboration_solo", "note", "Collaboration for one person",
            "Owner and review fields are added, although you work alone.", "Choose a team size, or drop Collaboration.", {"team_size": "small"},
        )  # fmt: skip
    if config.options.custom_fields and simple:
        yield Finding(
            "custom_fields_simple", "note", "Your own fields stay", "Simplicity never trims fields that you asked for by name.", "Nothing to do.",
        )  # fmt: skip


def _gaps(config: Config) -> Iterable[Finding]:
    platform = PLATFORMS[config.platform]
    wanted: dict[str, list[str]] = {}
    for answer in answers_of(config):
        for capability in NEEDS.get(answer, {}):
            wanted.setdefault(capability, []).append(answer)
    for capability, answers in wanted.items():
        level = platform.level(capability)
        if level != "yes" and capability != "team":
            yield _gap(platform, capability, answers, by_hand=level == "by hand")
    if config.team_size != "solo" and platform.level("team") != "yes":
        yield Finding(
            "one_person_platform", "warning", f"{platform.name} is made for one person",
            "Several people can share the files, but not work in them at the same moment.",
            "Choose Notion, Airtable, Google Sheets or PostgreSQL for a team.", {"platform": "notion"},
        )  # fmt: skip


def _gap(platform: Platform, capability: str, answers: list[str], *, by_hand: bool) -> Finding:
    asked = " and ".join(answers)
    if by_hand:
        reason = f"{platform.name} does this only in part, or only by hand."
        todo = "The guide gives the nearest equivalent and the steps."
    else:
        reason = f"{platform.name} has nothing of the kind."
        todo = "The guide shows the nearest equivalent."
    name = CAPABILITIES[capability]
    title = f"{name[0].upper()}{name[1:]}: {'by hand' if by_hand else 'not'} in {platform.name} (for {asked})"
    return Finding(f"gap_{capability}", "note" if by_hand else "warning", title, reason, todo)


def _plan_limits(config: Config) -> Iterable[Finding]:
    if config.platform == "notion" and "dashboard" in config.features:
        yield Finding(
            "notion_charts", "note", "Notion plans limit charts",
            "Free allows one chart in a workspace; dashboard pages need Business or Enterprise.",
            "Charts your plan refuses are left out; the rest is built.",
        )  # fmt: skip
    if config.platform == "notion" and config.team_size != "solo":
        yield Finding(
            "notion_blocks", "note", "Free Notion workspaces with several members stop at 1,000 blocks",
            "Deleting does not give blocks back, and rows count.", "Use a personal access token, to which the limit does not apply, or a paid plan.",
        )  # fmt: skip
    if config.platform == "airtable":
        yield Finding(
            "airtable_records", "note", "Airtable Free holds 1,000 records a base",
            "Each session is a record; 1,000 API calls a month is the other limit.", "Import the last year first, or use the Team plan.",
        )  # fmt: skip


def score(config: Config, platform: Platform) -> float:
    """Return how well a platform fits these answers, 0 to 1."""
    total = got = 0.0
    for answer in answers_of(config):
        for capability, weight in NEEDS.get(answer, {}).items():
            total += weight
            got += weight * _WORTH[platform.level(capability)]
    return got / total if total else 1.0


def _better(config: Config) -> Iterable[Finding]:
    here = PLATFORMS[config.platform]
    # Only ours are suggested: the same answers give the same design, whatever else is installed.
    best = max((PLATFORMS[key] for key in OURS), key=lambda p: score(config, p))
    if score(config, best) < score(config, here) + 0.2:
        return
    gains = _gains(config, here, best)
    change: Mapping[str, str] = {"platform": best.id}
    yield Finding(
        "better_platform", "note", f"{best.name} fits these answers better",
        f"It does by itself what {here.name} does not: {', '.join(gains)}.", f"Switch to {best.name}, or stay: everything else is built all the same.", change,
    )  # fmt: skip


def _gains(config: Config, here: Platform, best: Platform) -> list[str]:
    wanted = {capability for answer in answers_of(config) for capability in NEEDS.get(answer, {})}
    return [
        name
        for key, name in CAPABILITIES.items()
        if key in wanted and _WORTH[best.level(key)] > _WORTH[here.level(key)]
    ]


def _trimmed(left_out: tuple[LeftOut, ...]) -> Iterable[Finding]:
    if left_out:
        names = ", ".join(item.what for item in left_out[:6])
        more = f" and {len(left_out) - 6} more" if len(left_out) > 6 else ""
        yield Finding(
            "trimmed", "note", f"Simplicity leaves out {len(left_out)} things", f"{names}{more}.", "The guide lists them, so you can add one by hand.",
        )  # fmt: skip
