"""The answers, validated: the only home of validation rules. Frozen pydantic models, one slice for each screen."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    WrapValidator,
    field_validator,
    model_validator,
)  # fmt: skip
from pydantic_core import InitErrorDetails, PydanticCustomError

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


def _checked(
    value: Any, validate: Callable[[Any], Any], *problems: str, deeper: Iterable[InitErrorDetails] = ()
) -> Any:
    """Return what `validate` makes of a raw value; its errors and `problems` ("" is none) are told together.

    `deeper` are problems of what is inside the value. A validator that runs after the others would only be heard once
    those are content.
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
    told += deeper
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
UNKNOWN_PLATFORM = "unknown_platform"
"""The type of the error for a platform that the catalogue does not have, ours and those of other packages."""


def _known_platform(value: object) -> object:
    if isinstance(value, str) and value in catalog.PLATFORMS:
        return value
    raise PydanticCustomError(UNKNOWN_PLATFORM, "is not known")


PlatformId = Annotated[str, BeforeValidator(_known_platform)]
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


def _target_text(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty; leave it out instead")
    if len(value) > TARGET_LIMIT or any(unicodedata.category(c) == "Cc" for c in value):
        raise ValueError(f"is longer than {TARGET_LIMIT} characters or contains control characters")
    return value.strip()


class Target(Slice):
    """Where to provision; which keys may be set depends on the platform (see `catalog.Platform.target_keys`).

    Platforms of other packages may have keys of their own beside those here.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Annotated[str, AfterValidator(_target_text)]]

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
        return None if value is None else _target_text(value)

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

    def value(self, key: str) -> str:
        """Return what is given for a key, also one of a platform of another package; "" when nothing is."""
        return str(getattr(self, key, None) or "")


def _given(target: Any) -> dict[str, Any]:
    """Return what is given of a target that nobody has validated yet."""
    if isinstance(target, Target):
        return target.model_dump(exclude_none=True)
    given = target if isinstance(target, Mapping) else {}
    return {str(key): value for key, value in given.items() if value is not None}


def _unfit(target: Any, platform: str | None) -> Iterable[InitErrorDetails]:
    """Yield what is wrong with single keys: those that no platform has, and what the platform says of its own."""
    known = catalog.PLATFORMS.get(platform or "")
    own = {item.key: item for item in known.own} if known else {}
    for key, value in _given(target).items():
        if key not in own and key not in Target.model_fields:
            yield {"type": "extra_forbidden", "loc": (key,), "input": value, "ctx": {}}
        elif key in own and isinstance(value, str) and (why := own[key].problem(value.strip())):
            yield {"type": "value_error", "loc": (key,), "input": value, "ctx": {"error": ValueError(why)}}


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
        platform = info.data.get("platform")
        unfit = list(_unfit(target, platform))
        strangers = {item["loc"][0] for item in unfit if item["type"] == "extra_forbidden"}
        if strangers and isinstance(target, Mapping):  # what is no key at all is not validated as one
            target = {key: value for key, value in target.items() if str(key) not in strangers}
        return _checked(target, validate, *_target_problems(target, platform), deeper=unfit)

    def data(self) -> dict[str, Any]:
        """Return the answers as plain data, without what was left at its default in target."""
        return self.model_dump(mode="json", exclude_none=True)
