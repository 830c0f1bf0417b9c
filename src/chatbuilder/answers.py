"""Answers as TOML or JSON files and as share tokens; every problem of bad answers told at once, in plain words."""

from __future__ import annotations

import base64
import binascii
import difflib
import hashlib
import json
import reprlib
import tomllib
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from chatbuilder import catalog
from chatbuilder.config import UNKNOWN_PLATFORM, Config, CustomField, Options, Target
from chatbuilder.errors import InputError
from chatbuilder.paths import typed

FILE_LIMIT = 1_000_000
PROBLEM_LIMIT = 100
_REPR = reprlib.Repr()  # never deeper or longer than a line, whatever it is given
_REPR.maxstring = _REPR.maxother = 100
_NOTHING = "nothing was written."
TOKEN_PREFIX = "cb1."  # noqa: S105
_IDS: dict[str, Iterable[str]] = {
    "platform": catalog.PLATFORMS,  # a view: those of other packages come later
    "priorities": tuple(catalog.PRIORITIES),
    "features": tuple(catalog.FEATURES),
    "team_size": tuple(catalog.TEAM_SIZES),
    "complexity": tuple(catalog.COMPLEXITIES),
}
_TYPES = {
    "string_type": "must be text",
    "tuple_type": "must be a list",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "model_type": "must be a table",
    "dict_type": "must be a table",
    "missing": "is missing",
}


def check(data: Mapping[str, Any], source: str = "The answers") -> Config:
    """Return the valid Config; `InputError` lists every problem. `source` names the file in the message."""
    try:
        return Config.model_validate(dict(data))
    except ValidationError as error:
        found = error.errors(include_url=False)
        deeper = {item["loc"][0] for item in found if len(item["loc"]) > 1}
        # A list with a bad entry is not also too short.
        found = [item for item in found if item["type"] != "too_short" or item["loc"][0] not in deeper]
        problems = [_problem(item) for item in found]
    count = "one problem" if len(problems) == 1 else f"{len(problems)} problems"
    if len(problems) > PROBLEM_LIMIT:
        problems = [*problems[:PROBLEM_LIMIT], f"and {len(problems) - PROBLEM_LIMIT} more."]
    raise InputError(
        f"{source} cannot be used: {count}.", title="Invalid answers", problems=problems, kept=_NOTHING,
        hint="correct the answers and try again.",
    )  # fmt: skip


def _problem(item: Mapping[str, Any]) -> str:
    where = list(item["loc"])
    name = _place(where)
    kind, given = item["type"], item.get("input")
    root = str(where[0]) if where else ""
    if kind in ("literal_error", UNKNOWN_PLATFORM) and root in _IDS:
        return f"{name}: {_quoted(given)} is not known{_near(given, _IDS[root])}. Choose from: {', '.join(_IDS[root])}."
    if kind == "literal_error" and root == "version":
        return f"version: {_quoted(given)} is not a version this program reads; it reads 1."
    if kind == "literal_error":
        return f"{name}: {_quoted(given)} is not allowed; it takes {item['ctx']['expected']}."
    if kind == "extra_forbidden":
        return f"{name}: not a known key{_near(where[-1], _keys(where))}."
    if kind == "too_short":
        return f"{name}: choose at least {item['ctx']['min_length']}."
    if kind == "too_long":
        return f"{name}: at most {item['ctx']['max_length']} are possible."
    text = _TYPES.get(kind) or str(item["msg"]).removeprefix("Value error, ")
    return f"{name} {text}." if name else f"{text}."


def _place(where: Sequence[int | str]) -> str:
    out = ""
    for part in where:
        word = _cut(str(part).encode("unicode_escape").decode() if not str(part).isprintable() else str(part))
        out += f"[{part}]" if isinstance(part, int) else f".{word}" if out else word
    return out


def _quoted(value: Any) -> str:
    return _cut(_REPR.repr(value))


def _cut(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}…"


def _near(given: object, known: Iterable[str]) -> str:
    word = given.lower()[:60] if isinstance(given, str) else ""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _keys(where: Sequence[int | str]) -> list[str]:
    models: dict[str, Any] = {"options": Options, "target": Target, "custom_fields": CustomField}
    tables = [models[str(part)] for part in where[:-1] if part in models]
    return list((tables[-1] if tables else Config).model_fields)


def read(path: Path) -> dict[str, Any]:
    """Return the raw answers of a TOML or JSON file. Raises `InputError`; nothing is validated yet."""
    try:
        with path.open("rb") as file:  # a pipe has no size, so it is read no further than the limit
            raw = file.read(FILE_LIMIT + 1)
        text = raw.decode("utf-8-sig")
    except FileNotFoundError:
        raise InputError(
            f"{path} does not exist.", title="No such file", kept=_NOTHING, hint="check the path."
        ) from None
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is not text in UTF-8 (byte {error.start}).", title="Unreadable answers", kept=_NOTHING,
            hint="save it as UTF-8, or check that it is the right file.",
        ) from error  # fmt: skip
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror or error}.", title="Unreadable answers", kept=_NOTHING,
            hint="check the path and who may read it.",
        ) from error  # fmt: skip
    if len(raw) > FILE_LIMIT:
        raise InputError(
            f"{path} is larger than {FILE_LIMIT:,} bytes, which no answers are.", title="File too large",
            kept=_NOTHING, hint="check that it is the right file.",
        )  # fmt: skip
    return parse(text, str(path))


def parse(text: str, source: str) -> dict[str, Any]:
    """Return the raw answers in TOML or JSON text. Raises `InputError` naming line and column."""
    kind = "JSON" if text.lstrip()[:1] == "{" else "TOML"
    try:
        data = json.loads(text) if kind == "JSON" else tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: bad syntax, and numbers without end
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InputError(
            f"{source} is not valid {kind}: {reason}.", title="Unreadable answers", kept=_NOTHING,
            hint="mend that place and run the command again.",
        ) from error  # fmt: skip
    return dict(data)


def load(source: str) -> Config:
    """Return the Config in a file or a share token. Raises `InputError`."""
    return check(*raw(source))


def raw(source: str) -> tuple[dict[str, Any], str]:
    """Return the raw answers in a file or a share token, and what to call them. Raises `InputError`."""
    if source.startswith(TOKEN_PREFIX):
        return from_token(source), "The token's answers"
    path = typed(source)
    return read(path), str(path)


def to_toml(config: Config) -> str:
    """Return the answers as the TOML file of DESIGN section 6; reading it gives an equal Config."""
    import tomli_w

    data = config.data()
    for key in ("options", "target"):
        if not data.get(key):
            data.pop(key, None)
    return tomli_w.dumps(data, multiline_strings=False)


def raw_toml(answers: Mapping[str, Any]) -> str:
    """Return answers as TOML as they are, finished or not; what TOML has no word for (None) is left out."""
    import tomli_w

    return tomli_w.dumps(_without_none(answers))


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [_without_none(item) for item in value if item is not None]
    return value


def share(config: Config) -> str:
    """Return a short token of the answers without the target, which is nobody else's business."""
    full = config.model_dump(mode="json", exclude_defaults=True, exclude={"target"})
    raw = json.dumps(full, separators=(",", ":"), ensure_ascii=False).encode()
    packed = zlib.compress(raw, 9)
    check_sum = hashlib.sha256(packed).digest()[:3]
    return TOKEN_PREFIX + base64.urlsafe_b64encode(check_sum + packed).decode().rstrip("=")


def from_token(token: str) -> dict[str, Any]:
    """Return the raw answers in a share token. Raises `InputError` for a damaged one."""
    body = token.removeprefix(TOKEN_PREFIX)
    damaged = InputError(
        "The token is damaged or incomplete.", title="Bad token", kept=_NOTHING, hint="copy it again, whole."
    )
    if len(token) > 20_000:
        raise damaged
    try:
        data = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        if hashlib.sha256(data[3:]).digest()[:3] != data[:3]:
            raise damaged
        # Bounded: a small token must not unpack to a large memory.
        raw = zlib.decompressobj().decompress(data[3:], FILE_LIMIT)
        found = json.loads(raw)
    except (binascii.Error, ValueError, RecursionError, zlib.error) as error:
        raise damaged from error
    if not isinstance(found, dict):
        raise damaged
    return found
