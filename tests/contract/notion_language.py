"""Notion's filters and the part of its formula language that is used, evaluated on plain rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any


def conditions(expr: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Return the single conditions of a filter."""
    if expr is None:
        return []
    parts = expr.get("and") or expr.get("or")
    return [condition for part in parts for condition in conditions(part)] if parts else [expr]


# Formulas -----------------------------------------------------------------------------------------------------------
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


def formula_properties(expression: str) -> list[str]:
    """Return the names in prop("…")."""
    return [eval(text) for text in re.findall(r"prop\((" + _STRING.pattern + r")\)", expression)]


def evaluate(expression: str, values: Mapping[str, Any], today: date) -> Any:
    """Evaluate the part of the formula language that is used; names and strings stay as they are."""
    pieces, at = [], 0
    for match in _STRING.finditer(expression):
        pieces += [_python(expression[at : match.start()]), match[0]]
        at = match.end()
    code = "".join([*pieces, _python(expression[at:])])
    return eval(
        code, {"__builtins__": {}}, _functions(values, datetime(today.year, today.month, today.day, 12, tzinfo=UTC))
    )


def _python(text: str) -> str:
    words = {"if": "if_", "true": "True", "false": "False"}
    return re.sub(r"\b(if|true|false)\b", lambda match: words[match[0]], text)


BLANK = float("nan")  # an empty value: equal to nothing, neither more nor less than anything


def _functions(values: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    def moment(value: Any) -> datetime | None:
        return None if value != value else value if isinstance(value, datetime) else read_time(value)

    def text(value: Any) -> str:
        found = moment(value)
        return "" if found is None else found.date().isoformat()

    def milliseconds(value: Any) -> float:
        found = moment(value)
        return BLANK if found is None else found.timestamp() * 1000

    return {
        "prop": lambda name: BLANK if values.get(name) in (None, "", (), []) else values[name],
        "empty": lambda value: value != value,
        "if_": lambda test, yes, no: yes if test else no,  # both sides are computed first: BLANK makes that safe
        "toNumber": lambda words: float(words) if words else None,
        "now": lambda: now,
        "timestamp": milliseconds,
        "floor": lambda value: value if value != value else int(value // 1),
        "formatDate": lambda value, _: text(value),
        "parseDate": lambda words: read_time(words) if words else BLANK,
        "dateBetween": lambda a, b, _: BLANK if a != a or b != b else (a.date() - b.date()).days,
        "includes": lambda entries, entry: entries == entries and entry in entries,
    }


def read_time(text: str) -> datetime:
    """Return a moment; a date is its midnight in UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


# Filters ------------------------------------------------------------------------------------------------------------
def passes(expr: dict[str, Any] | None, row: Mapping[str, Any], source: Any, today: date, me: str) -> bool:
    """Tell whether a row (property name -> plain value) passes a filter."""
    if expr is None:
        return True
    if "and" in expr:
        return all(passes(part, row, source, today, me) for part in expr["and"])
    if "or" in expr:
        return any(passes(part, row, source, today, me) for part in expr["or"])
    item = source.find(expr["property"])
    kind = next(key for key in expr if key != "property")
    condition, value = expr[kind], row.get(expr["property"])
    if kind == "formula":
        ((kind, condition),) = condition.items()
        value = evaluate(item["expression"], row, today)
    ((operator, wanted),) = condition.items()
    return _holds(kind, operator, wanted, value, today, me)


def _holds(kind: str, operator: str, wanted: Any, value: Any, today: date, me: str) -> bool:
    if kind == "checkbox":
        return (bool(value) == wanted) == (operator == "equals")
    is_empty = value in (None, "", [], ())
    if operator in ("is_empty", "is_not_empty"):
        return is_empty == (operator == "is_empty")
    if is_empty:
        return operator in ("does_not_equal", "does_not_contain")
    if operator in ("contains", "does_not_contain"):
        return ((me if wanted == "me" else wanted) in value) == (operator == "contains")
    if kind == "date":
        value, wanted = read_time(value).astimezone(UTC).date(), _day(wanted, today)
    return {
        "equals": lambda: value == wanted, "does_not_equal": lambda: value != wanted,
        "greater_than": lambda: value > wanted, "after": lambda: value > wanted,
        "less_than": lambda: value < wanted, "before": lambda: value < wanted,
        "greater_than_or_equal_to": lambda: value >= wanted, "on_or_after": lambda: value >= wanted,
        "less_than_or_equal_to": lambda: value <= wanted, "on_or_before": lambda: value <= wanted,
    }[operator]()  # fmt: skip


def _day(wanted: str, today: date) -> date:
    days = {"today": 0, "yesterday": -1, "tomorrow": 1, "one_week_ago": -7, "one_week_from_now": 7}
    return today + timedelta(days=days[wanted]) if wanted in days else date.fromisoformat(wanted[:10])
