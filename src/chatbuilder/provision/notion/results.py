"""What of Notion's answers is kept as a step's result, and how what is there is compared with what was sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chatbuilder.errors import RefusedError

Json = dict[str, Any]
_FILLED = (
    "formula", "rollup", "relation", "unique_id", "created_time", "created_by", "last_edited_time", "last_edited_by",
    "button", "verification",
)  # fmt: skip


def cut(makes: str, answer: Mapping[str, Any]) -> Json:
    """Return what later steps, checks and people need of an answer: ids, names, URLs."""
    if makes == "tabs":
        return _tabs(answer)
    kept: Json = {"id": answer["id"]}
    if makes in ("schema", "fields"):
        return kept | {"properties": {name: _property(item) for name, item in answer.get("properties", {}).items()}}
    kept |= {"url": answer["url"]} if answer.get("url") else {}
    if makes == "database":
        return kept | {"data_sources": [{"id": s["id"], "name": s.get("name")} for s in answer["data_sources"]]}
    if makes in ("view", "widget"):
        return kept | {key: answer[key] for key in ("name", "filter", "sorts") if key in answer}
    return kept


def _tabs(answer: Mapping[str, Any]) -> Json:
    """Keep the first tab: the one that Notion made by itself."""
    if not answer.get("results"):
        raise RefusedError(
            "The new database has no tab.", title="Notion answered something unexpected",
            kept="everything built so far.", hint="run it again.",
        )  # fmt: skip
    return {"results": [{"id": answer["results"][0]["id"]}]}


def _property(item: Mapping[str, Any]) -> Json:
    kept = {key: item[key] for key in ("id", "type") if key in item}
    far = item.get("relation", {}).get("dual_property", {}).get("synced_property_id")
    return kept | ({"relation": {"dual_property": {"synced_property_id": far}}} if far else {})


def plain_text(items: Iterable[Mapping[str, Any]]) -> str:
    """Return the words of rich text, sent or received."""
    return "".join(str(item.get("plain_text", (item.get("text") or {}).get("content", ""))) for item in items)


def title_of(page: Mapping[str, Any]) -> str:
    """Return the title of a page or row."""
    properties = page.get("properties", {}).values()
    return next((plain_text(item["title"]) for item in properties if isinstance(item.get("title"), list)), "")


def wanted_fields(payload: Mapping[str, Any]) -> Json:
    """Return the properties that a step gives a table: name -> schema, or id -> {"name"} for a new name."""
    body = payload["body"]
    fields: Json = body["initial_data_source"]["properties"] if "initial_data_source" in body else body["properties"]
    return fields


def values_match(wanted: Mapping[str, Any], there: Mapping[str, Any]) -> bool:
    """Tell whether a row has the values that were sent, whatever else it has; fields with other names do not count."""
    return all(_value(value) == _value(there[name]) for name, value in wanted.items() if name in there)


def nothing_more(wanted: Mapping[str, Any], there: Mapping[str, Any]) -> bool:
    """Tell whether a row has no values beside those that were sent (maybe in a field that somebody renamed)."""
    others = (item for name, item in there.items() if name not in wanted and item.get("type") not in _FILLED)
    moved = [_value(value) for name, value in wanted.items() if name not in there]
    return all(value in moved for value in map(_value, others) if value)


def _value(item: Mapping[str, Any]) -> Any:
    """Return a property value in a form that is the same for what was sent and for what came back; falsy when empty."""
    kind = item.get("type") or next(iter(item), "")
    value = item.get(kind)
    if kind in ("title", "rich_text"):
        return plain_text(value or ())
    if kind in ("select", "status"):
        return (value or {}).get("name")
    if kind == "multi_select":
        return sorted(entry["name"] for entry in value or ())
    if kind in ("relation", "people"):
        return sorted(entry["id"].replace("-", "") for entry in value or ())
    if kind == "date":
        return _moment((value or {}).get("start"))
    return value


def _moment(text: str | None) -> str | None:
    """Return a date or time to the minute: Notion answers in UTC with milliseconds, however it was written."""
    if text is None or len(text) < 16:
        return text
    from datetime import UTC, datetime

    return datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="minutes")


def named(expr: Any) -> set[str]:
    """Return the properties that a filter or sorts name."""
    if isinstance(expr, Mapping):
        own = {str(expr["property"])} if isinstance(expr.get("property"), str) else set()
        return own.union(*map(named, expr.values()))
    return set().union(*map(named, expr)) if isinstance(expr, (list, tuple)) else set()


def conditions(expr: Any) -> Counter[str]:
    """Return the conditions of a filter without the properties' names, which may come back as ids."""
    return Counter(_leaves(expr))


def _leaves(expr: Any) -> Iterator[str]:
    if not isinstance(expr, Mapping):
        return
    parts = expr.get("and") or expr.get("or")
    if parts:
        for part in parts:
            yield from _leaves(part)
        return
    yield from (f"{kind} {value}" for kind, value in expr.items() if kind not in ("property", "type", "and", "or"))


def shortfall(body: Mapping[str, Any], answer: Mapping[str, Any]) -> str:
    """Return what of a view did not arrive, in words; "" when all did, or when the answer does not tell.

    Filters on links and rollups have been dropped without an error (makenotion/notion-mcp-server 281, 283).
    """
    if "filter" in answer and conditions(body.get("filter")) != conditions(answer["filter"]):
        return "Notion did not keep its filter: set it by hand, as the guide says"
    grouped = body.get("configuration", {}).get("group_by")
    if grouped and answer.get("configuration") and not answer["configuration"].get("group_by"):
        return "Notion did not keep its grouping: set it by hand, as the guide says"
    return ""
