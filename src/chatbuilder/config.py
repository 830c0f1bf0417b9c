"""The answers, validated: the only home of validation rules. Frozen pydantic models, one slice for each screen."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    WrapValidator,
    field_validator,
    model_validator,
)  # fmt: skip
from pydantic_core import InitErrorDetails

from chatbuilder import catalog

NAME_LIMIT = 100
LIST_LIMIT = 50
TARGET_LIMIT = 1000  # characters of one key of the target
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Unassigned (Cn) is not listed: this year's emoji are unassigned in an older Python.
_UNPRINTABLE = frozenset(("Cc", "Cs", "Co", "Zl", "Zp"))
_INVISIBLE = frozenset(("Cf", "Mn", "Me", "Zs"))


def clean_label(text: str) -> str:
    """Return a trimmed label in NFC; ValueError says what is wrong with it."""
    label = unicodedata.normalize("NFC", text).strip()
    if all(unicodedata.category(c) in _INVISIBLE for c in label):
        raise ValueError("must not be empty")
    if len(label) > NAME_LIMIT:
        raise ValueError(f"has {len(label)} characters; the limit is {NAME_LIMIT}")
    if any(unicodedata.category(c) in _UNPRINTABLE or _is_no_character(c) for c in label):
        raise ValueError("contains control characters or line breaks")
    if _BIDI_CONTROLS & set(label):
        raise ValueError("contains characters that reorder text invisibly")
    return label


def _is_no_character(c: str) -> bool:
    return ord(c) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(c) <= 0xFDEF


def clean_name(text: str) -> str:
    """Return a clean system name; ValueError when it looks like a path."""
    name = clean_label(text)
    if re.search(r"(^|[\\/])\.{1,2}([\\/]|$)", name) or re.match(r"[\\/]{1,2}\w|~[\\/\w]|[A-Za-z]:[\\/]", name):
        raise ValueError("looks like a path; give the system a plain name")
    if not any(c.isalnum() or unicodedata.category(c) in ("So", "Cn") for c in name):
        raise ValueError("needs at least one letter, digit or emoji")
    return name


def _no_comma(text: str) -> str:
    label = clean_label(text)
    if "," in label:
        raise ValueError("contains a comma, which Notion does not allow in a choice")
    return label


def _checked(value: Any, validate: Callable[[Any], Any], *problems: str) -> Any:
    """Return what `validate` makes of a raw value; its errors and `problems` ("" is none) are told together.

    A validator that runs after the others would only be heard once those are content.
    """
    told: list[InitErrorDetails] = []
    found: Any = None
    try:
        found = validate(value)
    except ValidationError as error:
        told += [
            {"type": item["type"], "loc": item["loc"], "input": item["input"], "ctx": item.get("ctx", {})}
            for item in error.errors(include_url=False)
        ]
    told += [{"type": "value_error", "input": value, "ctx": {"error": ValueError(text)}} for text in problems if text]
    if told:
        raise ValidationError.from_exception_data("answers", told)
    return found


def _entries(value: Any) -> Sequence[Any]:
    return value if isinstance(value, (list, tuple)) else ()


def _of(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, Mapping) else getattr(value, key, None)


def _repeated(value: Any) -> str:
    """Return which labels a list has more than once, compared as people do: case and outer spaces aside."""
    labels = [unicodedata.normalize("NFC", entry).strip() for entry in _entries(value) if isinstance(entry, str)]
    seen: set[str] = set()
    again: dict[str, str] = {}
    for label in labels:
        if label.casefold() in seen and len(label) <= NAME_LIMIT:
            again.setdefault(label.casefold(), label)
        seen.add(label.casefold())
    return f"lists {', '.join(map(repr, again.values()))} twice" if again else ""


Name = Annotated[str, AfterValidator(clean_name)]
Label = Annotated[str, AfterValidator(clean_label)]
ChoiceLabel = Annotated[str, AfterValidator(_no_comma)]
_Distinct = WrapValidator(lambda value, validate: _checked(value, validate, _repeated(value)))
_NamesDiffer = WrapValidator(
    lambda value, validate: _checked(value, validate, _repeated([_of(item, "name") for item in _entries(value)]))
)
Labels = Annotated[tuple[ChoiceLabel, ...], Field(max_length=LIST_LIMIT), _Distinct]
PlatformId = Literal["notion", "airtable", "sheets", "excel", "obsidian", "logseq", "custom"]
PriorityId = Literal[
    "organization", "search", "analytics", "collaboration", "automation", "simplicity", "portability", "integration"
]
FeatureId = Literal["tags", "projects", "timeline", "templates", "reminders", "exports", "dashboard", "archive"]
TeamSizeId = Literal["solo", "small", "medium", "large"]
ComplexityId = Literal["simple", "moderate", "advanced"]


class Slice(BaseModel):
    """Common rules: unknown keys are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _choices_problem(item: Any) -> str:
    kind, choices = _of(item, "type") or "text", _of(item, "choices") or ()
    if kind not in catalog.CUSTOM_FIELD_TYPES or not isinstance(choices, (list, tuple)):
        return ""
    if choices and kind not in ("select", "multi_select"):
        return f"a {kind} field takes no choices"
    return "" if choices or kind not in ("select", "multi_select") else f"a {kind} field needs choices"


class CustomField(Slice):
    """A field of the person's own on Chat Sessions."""

    name: Label
    type: Literal["text", "long_text", "number", "date", "checkbox", "select", "multi_select", "url"] = "text"
    choices: Labels = ()

    _lists = field_validator("choices", mode="before")(_tuple)

    @field_validator("name")
    @classmethod
    def _free_name(cls, value: str) -> str:
        if value.casefold() in catalog.RESERVED_FIELD_NAMES:
            raise ValueError(f"{value!r} is the name of a built-in field; choose another")
        return value

    @model_validator(mode="wrap")
    @classmethod
    def _choices_fit(cls, item: Any, validate: Callable[[Any], Any]) -> Any:
        return _checked(item, validate, _choices_problem(item))


class Options(Slice):
    """What can be left alone: lists to choose from, time zone, extra fields."""

    assistants: Labels = ("ChatGPT", "Claude", "Gemini", "Other")
    topics: Labels = catalog.TOPICS
    timezone: str = "UTC"
    date_format: Literal["iso", "european", "us"] = "iso"
    sample_data: bool = True
    custom_fields: Annotated[tuple[CustomField, ...], Field(max_length=20), _NamesDiffer] = ()

    _lists = field_validator("assistants", "topics", "custom_fields", mode="before")(_tuple)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ValueError, OSError, LookupError) as error:
            raise ValueError(f"{value!r} is not a time zone name such as Europe/Paris") from error
        return value

    @field_validator("assistants", "topics")
    @classmethod
    def _some(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("must list at least one entry")
        return value


def holds_password(database: str) -> bool:
    """Tell whether a database URL holds a password. When in doubt it does."""
    # It may hold /, ? and @ that were never escaped, so everything before the last @ counts.
    login, _, _ = database.partition("://")[2].rpartition("@")
    return not database.startswith("sqlite:") and (":" in login or "password=" in unquote(database).lower())


class Target(Slice):
    """Where to provision; which keys may be set depends on the platform (see `catalog.Platform.target_keys`)."""

    path: str | None = None
    parent: str | None = None
    workspace: str | None = None
    base: str | None = None
    spreadsheet: str | None = None
    database: str | None = None
    account: str | None = None

    @field_validator("*")
    @classmethod
    def _plain_text(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not value.strip():
            raise ValueError("must not be empty; leave it out instead")
        if len(value) > TARGET_LIMIT or any(unicodedata.category(c) == "Cc" for c in value):
            raise ValueError(f"is longer than {TARGET_LIMIT} characters or contains control characters")
        return value.strip()

    @field_validator("database")
    @classmethod
    def _database_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not re.match(r"(sqlite:///.+|postgres(ql)?://.+)", value):
            raise ValueError("must look like sqlite:///path/to/file.db or postgresql://user@host/name")
        if holds_password(value):
            raise ValueError("holds a password; keep it in the keyring, PGPASSWORD or ~/.pgpass instead")
        return value


def _target_problems(target: Any, platform: str | None) -> list[str]:
    if platform is None:  # already told
        return []
    given = [key for key in Target.model_fields if _of(target, key) is not None]
    allowed = catalog.PLATFORMS[platform].target_keys
    found = []
    if wrong := [key for key in given if key not in allowed]:
        found.append(f"{', '.join(wrong)} does not apply to {platform}, which takes {', '.join(allowed)}")
    if {"workspace", "base"} <= set(given):
        found.append("takes workspace (make a base) or base (use an empty one), not both")
    return found


class Config(Slice):
    """Everything a design needs, complete and valid."""

    version: Literal[1] = 1
    name: Name = "Chat Sessions"
    platform: PlatformId
    priorities: Annotated[tuple[PriorityId, ...], Field(min_length=1), _Distinct]
    features: Annotated[tuple[FeatureId, ...], _Distinct] = ()
    team_size: TeamSizeId = "solo"
    complexity: ComplexityId = "moderate"
    options: Options = Options()
    target: Target = Target()

    _lists = field_validator("priorities", "features", mode="before")(_tuple)

    @field_validator("features")
    @classmethod
    def _catalogue_order(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(key for key in catalog.FEATURES if key in value)

    @field_validator("target", mode="wrap")
    @classmethod
    def _target_fits(cls, target: Any, validate: Callable[[Any], Any], info: ValidationInfo) -> Any:
        return _checked(target, validate, *_target_problems(target, info.data.get("platform")))

    def data(self) -> dict[str, Any]:
        """Return the answers as plain data, without what was left at its default in target."""
        return self.model_dump(mode="json", exclude_none=True)
