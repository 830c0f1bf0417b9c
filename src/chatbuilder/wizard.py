"""The eight steps as data, and where somebody is in them: pure, so that it is tested without a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from chatbuilder import catalog

if TYPE_CHECKING:
    from chatbuilder.blueprint import Blueprint
    from chatbuilder.solution import Solution

Answers = Mapping[str, Any]


class Step(NamedTuple):
    """One screen: its name (short where room is short), its question, and one line of advice."""

    id: str
    name: str
    short: str
    question: str
    hint: str


STEPS: tuple[Step, ...] = (
    Step(
        "platform", "Platform", "Platform", "Where should your chats live?",
        "Pick the tool you open every day: what is not opened is soon forgotten.",
    ),
    Step(
        "priorities", "Priorities", "Priorities", "What matters most to you?",
        "The order decides which views come first. Two to four work best.",
    ),
    Step(
        "features", "Features", "Features", "What should it be able to do?",
        "Each one adds fields, views or files. Take what you will use every week.",
    ),
    Step(
        "team", "Team & complexity", "Team", "Who uses it, and how deep should it go?",
        "This decides on owners, rules and linked tables. Both can grow later.",
    ),
    Step(
        "review", "Review", "Review", "Is this right?",
        "It is designed from these answers. What stands under Options may stay.",
    ),
    Step(
        "solution", "Solution", "Solution", "Your system",
        "What you see is what will be built, to the letter. Nothing is written yet.",
    ),
    Step(
        "setup", "Auto-setup", "Setup", "Build it now?",
        "Nothing is written before you press Start; you can stop and go on.",
    ),
    Step(
        "done", "Done", "Done", "Done",
        "Your system is ready.",
    ),
)  # fmt: skip
ORDER: tuple[str, ...] = tuple(step.id for step in STEPS)
BY_ID: dict[str, Step] = {step.id: step for step in STEPS}
FIRST, LAST = ORDER[0], ORDER[-1]
DEFAULTS: dict[str, Any] = {"name": "Chat Sessions", "team_size": "solo", "complexity": "moderate"}


# What Review lists: the answer's key, its name, and the step that asks for it.
ANSWERS = (
    ("platform", "Platform", "platform"), ("priorities", "Priorities", "priorities"),
    ("features", "Features", "features"), ("team_size", "Team", "team"), ("complexity", "Depth", "team"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a session led to: a system that was built, or a package that was exported."""

    kind: Literal["built", "exported"]
    place: str
    url: str = ""
    next: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    def data(self) -> dict[str, Any]:
        """Return it as plain data, for the draft."""
        return {
            "kind": self.kind, "place": self.place, "url": self.url, "next": list(self.next), "kept": list(self.kept),
        }  # fmt: skip

    @classmethod
    def read(cls, data: object) -> Outcome | None:
        """Return what `data()` wrote; None when it is anything else."""
        if not isinstance(data, Mapping) or data.get("kind") not in ("built", "exported"):
            return None
        place, url = data.get("place"), data.get("url", "")
        if not isinstance(place, str) or not isinstance(url, str):
            return None
        return cls(data["kind"], place, url, _texts(data.get("next")), _texts(data.get("kept")))


@dataclass(frozen=True, slots=True)
class Session:
    """Where somebody is: the answers so far, the step, the steps seen, what it led to, what is ticked off by hand."""

    answers: Answers = field(default_factory=dict)
    step: str = FIRST
    reached: tuple[str, ...] = (FIRST,)
    outcome: Outcome | None = None
    ticked: tuple[str, ...] = ()

    @property
    def built(self) -> bool:
        """Whether it led to a system, not only to a package."""
        return self.outcome is not None and self.outcome.kind == "built"

    def answer(self, change: Answers) -> Session:
        """Return the session with answers merged in; whatever was built from the old ones is no longer the outcome.

        Where to build is nothing that a package depends on.
        """
        answers = merge(self.answers, change)
        if answers == self.answers:
            return self
        packed = self.outcome is not None and self.outcome.kind == "exported"
        if packed and all(answers.get(k) == self.answers.get(k) for k in {*answers, *self.answers} - {"target"}):
            return replace(self, answers=answers)
        reached = tuple(step for step in self.reached if step != LAST)
        return replace(self, answers=answers, reached=reached, outcome=None)

    def finished(self, outcome: Outcome) -> Session:
        """Return the session with its outcome, which opens the last step."""
        return replace(self, outcome=outcome)

    def open_steps(self) -> tuple[str, ...]:
        """Return the steps that may be entered now: those reached, up to the first one that lacks an answer."""
        found = []
        for step in ORDER:
            if step in self.reached or step == self.step:
                found.append(step)
            if missing(step, self):
                break
        return tuple(found)

    def at(self, step: str) -> Session:
        """Return the session on a step that may be entered; unchanged when it may not."""
        return replace(self, step=step) if step in self.open_steps() else self

    def next(self) -> Session:
        """Return the session one step on; unchanged on the last step, or while an answer is missing."""
        place = ORDER.index(self.step)
        if self.step == LAST or any(missing(step, self) for step in ORDER[: place + 1]):
            return self
        step = ORDER[place + 1]
        return replace(self, step=step, reached=_in_order((*self.reached, step)))

    def previous(self) -> Session:
        """Return the session one step back; unchanged on the first."""
        return replace(self, step=ORDER[max(0, ORDER.index(self.step) - 1)])


def built(result: Answers) -> Outcome:
    """Return the outcome of a completed job (`pipeline.Job.result`)."""
    place, url = str(result.get("place") or ""), str(result.get("url") or "")
    more = (("", "kept"), ("Not asked for any more, and still there: ", "left"), ("Removed: ", "removed"))
    kept = tuple(f"{words}{text}" for words, key in more for text in _texts(result.get(key)))
    return Outcome("built", place, url, _texts(result.get("next")), kept)


def exported(place: str) -> Outcome:
    """Return the outcome of an export."""
    steps = (
        "Open README.md in it: the guide, with the steps to build it yourself.",
        "Keep answers.toml: it rebuilds the same system.",
    )
    return Outcome("exported", place, next=steps)


def resumed(answers: Answers, step: str, reached: Iterable[str], extra: Answers | None = None) -> Session:
    """Return the session of a saved draft, on its step, or on the last one before it that may be entered."""
    usable, _ = tidy(answers)
    known = tuple(name for name in ORDER if name in {*reached, FIRST, step})
    more = extra or {}
    session = Session(usable, FIRST, known, Outcome.read(more.get("outcome")), _texts(more.get("ticked")))
    can = session.open_steps()
    return replace(session, step=step if step in can else can[-1])


def export_folder(answers: Answers) -> str:
    """Return a folder to suggest for an export: plain letters only, below the person's home."""
    name = "".join(c if c.isascii() and c.isalnum() else "-" for c in subject(answers).lower())
    return f"~/chatbuilder/{'-'.join(part for part in name.split('-') if part)[:60] or 'system'}"


def plan_text(solution: Solution) -> str:
    """Return the plan as the JSON of `chatbuilder plan`."""
    import json

    return json.dumps(solution.plan.data(), indent=2, ensure_ascii=False)


def missing(step: str, session: Session) -> str:
    """Return why this step cannot be left yet; empty when it can. Rules about values are `config`'s."""
    answers = session.answers
    if step == "platform" and not answers.get("platform"):
        return "Choose a platform first."
    if step == "priorities" and not answers.get("priorities"):
        return "Choose at least one priority."
    if step == "setup" and session.outcome is None:
        return "Start builds it; Export takes the files."
    return ""


def merge(answers: Answers, change: Answers) -> dict[str, Any]:
    """Return answers with a change: tables are merged key by key, None removes a key, lists become tuples.

    Another platform has other target keys, so a new platform starts without a target.
    """
    merged = dict(answers)
    if "platform" in change and change["platform"] != answers.get("platform"):
        merged.pop("target", None)
    for key, value in change.items():
        if isinstance(value, Mapping):
            inner = merged.get(key)
            merged[key] = merge(inner if isinstance(inner, Mapping) else {}, value)
        elif value is None:
            merged.pop(key, None)
        else:
            merged[key] = tuple(value) if isinstance(value, list) else value
    return merged


def toggled(chosen: Sequence[str], item: str) -> tuple[str, ...]:
    """Return the choice without the item, or with it at the end."""
    return tuple(c for c in chosen if c != item) if item in chosen else (*chosen, item)


def placed(chosen: Sequence[str], item: str, place: int) -> tuple[str, ...]:
    """Return the order with the item (chosen or not) at a place, counted from 0 and kept within the order."""
    rest = [c for c in chosen if c != item]
    place = max(0, min(place, len(rest)))
    return (*rest[:place], item, *rest[place:])


def moved(chosen: Sequence[str], item: str, by: int) -> tuple[str, ...]:
    """Return the order with a chosen item moved; an item that is not chosen moves nothing."""
    return placed(chosen, item, chosen.index(item) + by) if item in chosen else tuple(chosen)


def value(answers: Answers, key: str) -> Any:
    """Return an answer, or what is assumed until it is given."""
    return answers.get(key, DEFAULTS.get(key))


def options(answers: Answers) -> dict[str, Any]:
    """Return the options as they are, with what is assumed for the rest."""
    from chatbuilder.config import Options

    return {**Options().model_dump(), **answers.get("options", {})}


def describe(answers: Answers) -> dict[str, str]:
    """Return every answer in words, by key, for a person to check."""
    platform = catalog.PLATFORMS.get(str(answers.get("platform")))
    priorities = [catalog.PRIORITIES[key].name for key in answers.get("priorities", ())]
    chosen = answers.get("features", ())
    features = [choice.name for key, choice in catalog.FEATURES.items() if key in chosen]
    return {
        "platform": platform.name if platform else "Not chosen",
        "priorities": "  ".join(f"{n} {name}" for n, name in enumerate(priorities, 1)) or "Not chosen",
        "features": ", ".join(features) or "None",
        "team_size": catalog.TEAM_SIZES[value(answers, "team_size")].name,
        "complexity": catalog.COMPLEXITIES[value(answers, "complexity")].name,
    }


def subject(answers: Answers) -> str:
    """Return what the session is about, for the top line."""
    platform = catalog.PLATFORMS.get(str(answers.get("platform")))
    name = str(answers.get("name") or DEFAULTS["name"])
    return f"{name} · {platform.name}" if platform else name


def suggestion(design: Blueprint | None, key: str, *, only: bool) -> Answers | None:
    """Return the answers that settle a finding; without `only`, those of the first one that can be settled."""
    changes = {finding.key: finding.change for finding in design.findings if finding.change} if design else {}
    return changes.get(key) or (None if only else next(iter(changes.values()), None))


def tidy(answers: Answers) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return answers from outside as far as screens can show them, and the keys of what was (partly) left out.

    Wrong values that somebody can see and correct stay; `config` says at Review what is wrong with them.
    """
    good: dict[str, Any] = {}
    for key, given in answers.items():
        if key in ("options", "target"):
            if isinstance(given, Mapping):
                good[key] = {k: v for k, v in given.items() if _shown(f"{key}.{k}", v)}
        elif _shown(key, given):
            good[key] = tuple(dict.fromkeys(given)) if isinstance(given, (list, tuple)) else given
    platform = catalog.PLATFORMS.get(good.get("platform", ""))
    if "target" in good and platform:
        good["target"] = {k: v for k, v in good["target"].items() if k in platform.target_keys}
    return merge({}, good), tuple(key for key in answers if _lost(good.get(key), answers[key]))


def _lost(kept: Any, given: Any) -> bool:
    if isinstance(kept, Mapping):
        return set(kept) != set(given)
    return kept is None


def _shown(key: str, value: Any) -> bool:
    """Tell whether a value has the shape that the screens rely on."""
    one_of: dict[str, Mapping[str, object]] = {
        "platform": catalog.PLATFORMS, "team_size": catalog.TEAM_SIZES, "complexity": catalog.COMPLEXITIES,
    }  # fmt: skip
    some_of: dict[str, Mapping[str, object]] = {"priorities": catalog.PRIORITIES, "features": catalog.FEATURES}
    if key in one_of:
        return isinstance(value, str) and value in one_of[key]
    if key in some_of:
        return _all_text(value) and all(item in some_of[key] for item in value)
    if key in ("options.assistants", "options.topics"):
        return _all_text(value)
    if key == "options.custom_fields":
        return isinstance(value, (list, tuple)) and all(map(_is_field, value))
    if key in ("version", "options.sample_data"):
        return value in (True, False, 1)
    return isinstance(value, str) and (key in _TEXTS or key.removeprefix("target.") in _target_keys())


_TEXTS = ("name", "options.timezone", "options.date_format")


def _target_keys() -> set[str]:
    return {key for platform in catalog.PLATFORMS.values() for key in platform.target_keys}


def _all_text(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)


def _is_field(value: Any) -> bool:
    if not isinstance(value, Mapping) or not set(value) <= {"name", "type", "choices"}:
        return False
    return (
        all(isinstance(value.get(key, ""), str) for key in ("name", "type"))
        and "name" in value
        and (_all_text(value.get("choices", ())))
    )


def by_field(problems: Iterable[str]) -> dict[str, str]:
    """Return problems as `pipeline.check` words them by the answer they are about ("" for the rest)."""
    found: dict[str, str] = {}
    for problem in problems:
        place, _, rest = problem.partition(" ")
        place = place.rstrip(":")
        root = place.split(".")[0].split("[")[0]
        known = root in (*DEFAULTS, "platform", "priorities", "features", "options", "target")
        words = (rest[:1].upper() + rest[1:]) if known else problem
        found.setdefault(place.split("[")[0] if known else "", words)
    return found


def listed(text: str) -> list[str]:
    """Return the entries of a comma-separated line; empty ones do not count."""
    return [entry for part in text.split(",") if (entry := part.strip())]


def field_problems(field: Answers, taken: Iterable[str] = ()) -> dict[str, str]:
    """Return what is wrong with a field of the person's own, by key; `taken` are the names of their other fields."""
    from pydantic import ValidationError

    from chatbuilder.config import CustomField

    found: dict[str, str] = {}
    try:
        made = CustomField.model_validate(dict(field))
    except ValidationError as error:
        for item in error.errors(include_url=False):
            key = str(item["loc"][0]) if item["loc"] else "choices"
            words = str(item["msg"]).removeprefix("Value error, ")
            found.setdefault(key, words[:1].upper() + words[1:])
        return found
    if made.name.casefold() in {name.casefold() for name in taken}:
        found["name"] = f"There is a field {made.name!r} already."
    return found


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, (list, tuple)) else ()


def _in_order(steps: Sequence[str]) -> tuple[str, ...]:
    return tuple(step for step in ORDER if step in steps)
