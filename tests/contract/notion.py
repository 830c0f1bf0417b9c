"""A strict reading of Notion request bodies: unknown fields, missing fields, wrong types, lengths and list sizes.

Written from the request types of makenotion/notion-sdk-js 5.26 (src/api-endpoints/common.ts, pages.ts, databases.ts,
data-sources.ts, views.ts) and developers.notion.com/reference/request-limits. Ids arrive resolved.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[Any], None]
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
COLOURS = ("default", "gray", "brown", "orange", "yellow", "green", "blue", "purple", "pink", "red")
RELATIVE = (
    "today", "tomorrow", "yesterday", "one_week_ago", "one_week_from_now", "one_month_ago", "one_month_from_now",
)  # fmt: skip
NUMBER_FORMATS = ("number", "number_with_commas", "percent")
AGGREGATORS = (
    "count", "count_values", "sum", "average", "median", "min", "max", "range", "unique", "empty", "not_empty",
    "percent_empty", "percent_not_empty", "checked", "unchecked", "percent_checked", "percent_unchecked",
    "earliest_date", "latest_date", "date_range",
)  # fmt: skip
ROLLUPS = (*AGGREGATORS, "show_unique", "count_per_group", "percent_per_group", "show_original")


class Refused(AssertionError):
    """The API would answer 400 validation_error."""


def need(condition: object, message: str) -> None:
    """Refuse unless the condition holds."""
    if not condition:
        raise Refused(message)


def is_a(*types: type) -> Check:
    """Accept values of these types; a bool is no number."""

    def check(value: Any) -> None:
        need(isinstance(value, types) and (bool in types or not isinstance(value, bool)), f"{value!r} is no {types}")

    return check


def text(limit: int, least: int = 0) -> Check:
    """Accept text of a length, counted as UTF-16 to be on the safe side."""

    def check(value: Any) -> None:
        need(isinstance(value, str), f"{value!r} is no text")
        need(least <= len(value.encode("utf-16-le")) // 2 <= limit, f"text of {len(value)} characters: {value[:40]!r}")

    return check


def one(*values: Any) -> Check:
    """Accept one of these values."""
    return lambda value: need(type(value) in map(type, values) and value in values, f"{value!r} is none of {values}")


def each(item: Check, limit: int = 100) -> Check:
    """Accept a list of at most `limit` items."""

    def check(value: Any) -> None:
        need(isinstance(value, list) and len(value) <= limit, f"no list of at most {limit}: {str(value)[:60]}")
        for entry in value:
            item(entry)

    return check


def fields(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """Accept an object with exactly these fields."""

    def check(value: Any) -> None:
        need(isinstance(value, dict), f"{value!r} is no object")
        known = {**required, **(optional or {})}
        need(not set(value) - set(known), f"unknown fields {sorted(set(value) - set(known))} in {str(value)[:120]}")
        need(not set(required) - set(value), f"missing {sorted(set(required) - set(value))} in {str(value)[:120]}")
        for key, entry in value.items():
            known[key](entry)

    return check


def tagged(kinds: Mapping[str, Check], common: Mapping[str, Check] | None = None) -> Check:
    """Accept an object with exactly one of the kinds as field, and an optional `type` that agrees."""

    def check(value: Any) -> None:
        need(isinstance(value, dict), f"{value!r} is no object")
        found = [key for key in value if key in kinds]
        need(len(found) == 1, f"not exactly one kind in {str(value)[:120]}")
        fields({found[0]: kinds[found[0]]}, {"type": one(found[0]), **(common or {})})(value)

    return check


def by_type(kinds: Mapping[str, Check]) -> Check:
    """Accept an object whose `type` says which check applies to all of it."""

    def check(value: Any) -> None:
        need(isinstance(value, dict) and value.get("type") in kinds, f"unknown type in {str(value)[:120]}")
        kinds[value["type"]](value)

    return check


def any_key(item: Check) -> Check:
    """Accept an object with any names as keys."""

    def check(value: Any) -> None:
        need(isinstance(value, dict), f"{value!r} is no object")
        for key, entry in value.items():
            need(key and isinstance(key, str), "an empty name")
            item(entry)

    return check


def uuid(value: Any) -> None:
    """Accept an id."""
    need(isinstance(value, str) and UUID.fullmatch(value), f"{value!r} is no id")


empty = fields({})
boolean = is_a(bool)
number = is_a(int, float)
words = text(2000)
name = text(2000, 1)
RICH = fields(
    {"text": fields({"content": words}, {"link": fields({"url": words})})},
    {
        "type": one("text"),
        "annotations": fields(
            {},
            {
                **dict.fromkeys(("bold", "italic", "strikethrough", "underline", "code"), boolean),
                "color": one(*COLOURS),
            },
        ),
    },
)
rich = each(RICH)
ICON = tagged({"emoji": text(8, 1)})


def date_text(value: Any) -> None:
    """Accept an ISO date, or date and time with a zone."""
    ok = isinstance(value, str) and re.fullmatch(
        r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?", value
    )
    need(ok, f"{value!r} is no date")


# Properties of a database -------------------------------------------------------------------------------------------
def option_name(value: Any) -> None:
    """Accept the name of a choice."""
    text(100, 1)(value)
    need("," not in value, f"a comma in {value!r}")


def options(value: Any) -> None:
    """Accept the choices of a select: no two names that differ by case only."""
    each(fields({"name": option_name}, {"color": one(*COLOURS), "description": words}))(value)
    names = [option["name"].casefold() for option in value]
    need(len(set(names)) == len(names), f"twice the same choice in {names}")


def relation(value: Any) -> None:
    """Accept the settings of a relation."""
    kind = value.get("type") if isinstance(value, dict) else None
    need(kind in ("single_property", "dual_property"), f"no kind of relation in {value!r}")
    more = fields({}, {"synced_property_id": name, "synced_property_name": name}) if kind == "dual_property" else empty
    fields({"data_source_id": uuid, "type": one(kind), kind: more})(value)


def rollup(value: Any) -> None:
    """Accept the settings of a rollup: each side by name or by id."""
    keys = set(value) - {"function"} if isinstance(value, dict) else set()
    sides = [[key for key in keys if key.startswith(side)] for side in ("relation_property_", "rollup_property_")]
    need(all(len(side) == 1 for side in sides), f"a rollup needs a relation and a property: {value!r}")
    need(keys <= {f"{a}_property_{b}" for a in ("relation", "rollup") for b in ("name", "id")}, f"unknown: {keys}")
    one(*ROLLUPS)(value["function"])


PROPERTY_TYPES: dict[str, Check] = {
    "title": empty, "rich_text": empty, "url": empty, "people": empty, "date": empty, "checkbox": empty,
    "number": fields({}, {"format": one(*NUMBER_FORMATS)}),
    "formula": fields({"expression": text(2000, 1)}),
    "select": fields({}, {"options": options}), "multi_select": fields({}, {"options": options}),
    "relation": relation, "rollup": rollup,
}  # fmt: skip
PROPERTY = tagged(PROPERTY_TYPES, {"description": text(280)})


def changed_property(value: Any) -> None:
    """Accept a new property, or a new name alone."""
    if isinstance(value, dict) and set(value) == {"name"}:
        name(value["name"])
    else:
        tagged(PROPERTY_TYPES, {"description": text(280), "name": name})(value)


# Pages --------------------------------------------------------------------------------------------------------------
LANGUAGES = (
    "abap", "abc", "agda", "arduino", "ascii art", "assembly", "bash", "basic", "bnf", "c", "c#", "c++", "clojure",
    "coffeescript", "coq", "css", "dart", "dhall", "diff", "docker", "ebnf", "elixir", "elm", "erlang", "f#", "flow",
    "fortran", "gherkin", "glsl", "go", "graphql", "groovy", "haskell", "hcl", "html", "idris", "java", "javascript",
    "json", "julia", "kotlin", "latex", "less", "lisp", "livescript", "llvm ir", "lua", "makefile", "markdown",
    "markup", "matlab", "mathematica", "mermaid", "nix", "notion formula", "objective-c", "ocaml", "pascal", "perl",
    "php", "plain text", "powershell", "prolog", "protobuf", "purescript", "python", "r", "racket", "reason", "ruby",
    "rust", "sass", "scala", "scheme", "scss", "shell", "smalltalk", "solidity", "sql", "swift", "toml", "typescript",
    "vb.net", "verilog", "vhdl", "visual basic", "webassembly", "xml", "yaml", "java/c/c++/c#",
)  # LanguageRequest in common.ts  # fmt: skip
BLOCK = fields(
    {"type": one("paragraph", "heading_2", "heading_3", "bulleted_list_item", "numbered_list_item", "to_do", "code",
                 "toggle")},
    {"object": one("block"), **dict.fromkeys(("paragraph", "heading_2", "heading_3"), fields({"rich_text": rich})),
     **dict.fromkeys(("bulleted_list_item", "numbered_list_item"), fields({"rich_text": rich})),
     "to_do": fields({"rich_text": rich}, {"checked": boolean}),
     "code": fields({"rich_text": rich, "language": one(*LANGUAGES)}),
     "toggle": fields({"rich_text": rich}, {"children": each(lambda value: inner_block(value))})},
)  # fmt: skip


def block(value: Any) -> None:
    """Accept a block that holds what its type says."""
    BLOCK(value)
    need(set(value) - {"object", "type"} == {value["type"]}, f"type and content differ in {str(value)[:200]}")


def inner_block(value: Any) -> None:
    """Accept a block in another: two levels of blocks in a request."""
    block(value)
    need("children" not in value[value["type"]], "more than two levels of blocks in a request")


def or_null(check: Check) -> Check:
    """Accept null, which clears what was set."""
    return lambda value: None if value is None else check(value)


VALUES: dict[str, Check] = {
    "title": rich, "rich_text": rich, "number": or_null(number), "url": or_null(text(2000, 1)), "checkbox": boolean,
    "select": or_null(fields({"name": option_name})), "multi_select": each(fields({"name": option_name})),
    "date": or_null(fields({"start": date_text}, {"end": date_text})),
    "relation": each(fields({"id": uuid})), "people": each(fields({"id": uuid}, {"object": one("user")})),
}  # fmt: skip
PARENTS = {"page_id": uuid, "database_id": uuid, "data_source_id": uuid, "workspace": one(True)}
CREATE_PAGE = fields(
    {"parent": tagged(PARENTS), "properties": any_key(tagged(VALUES))}, {"icon": ICON, "children": each(block)}
)
CREATE_DATABASE = fields(
    {"parent": tagged({"page_id": uuid, "workspace": one(True)})},
    {"title": rich, "description": rich, "is_inline": boolean, "icon": ICON,
     "initial_data_source": fields({"properties": any_key(PROPERTY)})},
)  # fmt: skip
UPDATE_SOURCE = fields({}, {"title": rich, "icon": ICON, "properties": any_key(changed_property), "in_trash": boolean})
TRASH = fields({"in_trash": boolean})


def update_page(value: Any) -> None:
    """Accept values of properties, or the way into the trash and back."""
    fields({}, {"properties": any_key(tagged(VALUES)), "in_trash": boolean})(value)
    need(value, "an empty change")


def update_block(value: Any) -> None:
    """Accept the text of a toggle, or the way into the trash."""
    fields({}, {"toggle": fields({"rich_text": rich}), "in_trash": boolean})(value)
    need(len(value) == 1, "one change of a block at a time")


APPEND = fields({"children": each(block)})

# Filters and views --------------------------------------------------------------------------------------------------
exists = {"is_empty": one(True), "is_not_empty": one(True)}


def date_or_relative(value: Any) -> None:
    """Accept a day by name or by date."""
    if value not in RELATIVE:
        date_text(value)


def operators(**kinds: Check) -> Check:
    """Accept exactly one operator."""
    return lambda value: (
        tagged(kinds)(value) if isinstance(value, dict) and "type" not in value else need(False, "type")
    )


TEXT_FILTER = operators(
    **dict.fromkeys(("equals", "does_not_equal", "contains", "does_not_contain", "starts_with", "ends_with"), words),
    **exists,
)
NUMBER_FILTER = operators(
    **dict.fromkeys(
        ("equals", "does_not_equal", "greater_than", "less_than", "greater_than_or_equal_to", "less_than_or_equal_to"),
        number,
    ),
    **exists,
)
CHECKBOX_FILTER = operators(equals=boolean, does_not_equal=boolean)
ONE_FILTER = operators(equals=option_name, does_not_equal=option_name, **exists)
MANY_FILTER = operators(contains=option_name, does_not_contain=option_name, **exists)
DATE_FILTER = operators(
    **dict.fromkeys(("equals", "before", "after", "on_or_before", "on_or_after"), date_or_relative),
    **dict.fromkeys(
        ("this_week", "past_week", "past_month", "past_year", "next_week", "next_month", "next_year"), empty
    ),
    **exists,
)
PERSON_FILTER = operators(**dict.fromkeys(("contains", "does_not_contain"), lambda v: v == "me" or uuid(v)), **exists)
RELATION_FILTER = operators(contains=uuid, does_not_contain=uuid, **exists)
FILTERS: dict[str, Check] = {
    "title": TEXT_FILTER, "rich_text": TEXT_FILTER, "url": TEXT_FILTER, "number": NUMBER_FILTER,
    "checkbox": CHECKBOX_FILTER, "select": ONE_FILTER, "multi_select": MANY_FILTER, "date": DATE_FILTER,
    "people": PERSON_FILTER, "relation": RELATION_FILTER,
    "formula": operators(string=TEXT_FILTER, checkbox=CHECKBOX_FILTER, number=NUMBER_FILTER, date=DATE_FILTER),
    "rollup": operators(date=DATE_FILTER, number=NUMBER_FILTER),
}  # fmt: skip
CONDITION = tagged(FILTERS, {"property": name})


def view_filter(value: Any, depth: int = 0) -> None:
    """Accept a filter with at most two levels of groups."""
    if isinstance(value, dict) and set(value) & {"and", "or"}:
        need(depth < 2, "a filter with more than two levels of groups")
        operators(**dict.fromkeys(("and", "or"), each(lambda part: view_filter(part, depth + 1))))(value)
        need(next(iter(value.values())), "an empty group")
    else:
        need(isinstance(value, dict) and "property" in value, f"a condition without property: {value!r}")
        CONDITION(value)


SORTS = each(fields({"property": name, "direction": one("ascending", "descending")}))
any_sort = fields({"type": one("manual", "ascending", "descending")})
ordered = fields({"type": one("ascending", "descending")})
manual = fields({"type": one("manual")})


def group(sort: Check = any_sort, **more: Check) -> Check:
    """Accept a grouping; `more` are the fields its type demands."""
    extra = {"hide_empty_groups": boolean}
    wanted = {key: check for key, check in more.items() if not key.startswith("may_")}
    allowed = {key.removeprefix("may_"): check for key, check in more.items() if key.startswith("may_")}
    return fields({"type": text(20), "property_id": name, "sort": sort, **wanted}, {**extra, **allowed})


ranges = {"may_range_start": number, "may_range_end": number, "may_range_size": number}
INTERVALS = one("relative", "day", "week", "month", "year")
GROUP = by_type(
    {
        "select": group(), "multi_select": group(), "relation": group(), "person": group(manual),
        "date": group(ordered, group_by=INTERVALS, may_start_day_of_week=one(0, 1)),
        **dict.fromkeys(("text", "title", "url"), group(group_by=one("exact", "alphabet_prefix"))),
        "number": group(ordered, **ranges), "checkbox": group(manual),
        "formula": fields(
            {"type": one("formula"), "property_id": name, "group_by": by_type({
                "number": fields({"type": one("number"), "sort": ordered}),
                "checkbox": fields({"type": one("checkbox"), "sort": manual}),
            })},
            {"hide_empty_groups": boolean},
        ),
    }
)  # fmt: skip
LOOK = fields(
    {"property_id": name},
    {"visible": boolean, "width": number, "wrap": boolean, "time_format": one("12_hour", "24_hour", "hidden"),
     "date_format": one("full", "short", "month_day_year", "day_month_year", "year_month_day", "relative")},
)  # fmt: skip
AGGREGATE = fields({"aggregator": one(*AGGREGATORS)}, {"property_id": name})


def aggregate(value: Any) -> None:
    """Accept an aggregation: only a count does without a property."""
    AGGREGATE(value)
    need(("property_id" in value) == (value["aggregator"] != "count"), f"property and aggregator: {value!r}")


CHART = fields(
    {"type": one("chart"), "chart_type": one("column", "bar", "line", "donut", "number")},
    {"x_axis": GROUP, "y_axis": aggregate, "value": aggregate, "show_data_labels": boolean,
     "sort": one("manual", "x_ascending", "x_descending", "y_ascending", "y_descending"),
     "donut_labels": one("none", "value", "name", "name_and_value")},
)  # fmt: skip


def chart(value: Any) -> None:
    """Accept a chart with the parts that its kind needs; a donut cannot group by formula or relation."""
    CHART(value)
    parts = {"value"} if value["chart_type"] == "number" else {"x_axis", "y_axis"}
    need({"value", "x_axis", "y_axis"} & set(value) == parts, f"parts of a chart: {sorted(value)}")
    if value["chart_type"] == "donut":
        need(value["x_axis"]["type"] not in ("formula", "relation"), "a donut of a formula or relation")


looks = each(LOOK)
ZOOM = one("hours", "day", "week", "bi_week", "month", "quarter", "year", "5_years")
CONFIGURATION = by_type(
    {
        "table": fields({"type": one("table")}, {"properties": looks, "group_by": GROUP, "wrap_cells": boolean}),
        "board": fields({"type": one("board"), "group_by": GROUP}, {"properties": looks, "sub_group_by": GROUP}),
        "calendar": fields(
            {"type": one("calendar"), "date_property_id": name},
            {"properties": looks, "view_range": one("week", "month"), "show_weekends": boolean},
        ),
        "timeline": fields(
            {"type": one("timeline"), "date_property_id": name},
            {"end_date_property_id": name, "properties": looks, "show_table": boolean, "table_properties": looks,
             "preference": fields({"zoom_level": ZOOM})},
        ),
        "gallery": fields({"type": one("gallery")}, {"properties": looks}),
        "list": fields({"type": one("list")}, {"properties": looks}),
        "chart": chart,
    }
)  # fmt: skip
PLACEMENT = by_type(
    {
        "new_row": fields({"type": one("new_row")}, {"row_index": is_a(int)}),
        "existing_row": fields({"type": one("existing_row"), "row_index": is_a(int)}),
    }
)
POSITION = by_type(
    {
        **dict.fromkeys(("start", "end"), fields({"type": one("start", "end")})),
        "after_view": fields({"type": one("after_view"), "view_id": uuid}),
    }
)
VIEW_PARTS: dict[str, Check] = {"filter": view_filter, "sorts": SORTS, "configuration": CONFIGURATION}
CREATE_VIEW = fields(
    {"data_source_id": uuid, "name": name, "type": one("table", "board", "calendar", "timeline", "gallery", "list",
                                                       "chart", "dashboard")},
    {"database_id": uuid, "view_id": uuid, "placement": PLACEMENT, "position": POSITION, **VIEW_PARTS},
)  # fmt: skip


UPDATE_VIEW = fields(
    {}, {"name": name, "filter": or_null(view_filter), "sorts": or_null(SORTS), "configuration": CONFIGURATION}
)


def create_view(value: Any) -> None:
    """Accept a new view: in a database or in a dashboard, with the configuration of its type."""
    CREATE_VIEW(value)
    need(("database_id" in value) != ("view_id" in value), "exactly one of database_id and view_id")
    need("placement" not in value or "view_id" in value, "placement outside a dashboard")
    need("position" not in value or "database_id" in value, "position outside a database")
    if value["type"] == "dashboard":
        need("configuration" not in value, "a dashboard takes no configuration")
    else:
        kind = value.get("configuration", {}).get("type", value["type"])
        need(kind == value["type"], f"type {value['type']} with the configuration of {kind}")
        need("configuration" in value or value["type"] in ("table", "list", "gallery"), "no configuration")


page_size = one(*range(1, 101))
SEARCH = fields(
    {},
    {"query": words, "page_size": page_size, "start_cursor": words,
     "filter": fields({"property": one("object"), "value": one("page", "data_source")}),
     "sort": fields({"timestamp": one("last_edited_time"), "direction": one("ascending", "descending")})},
)  # fmt: skip
QUERY = fields({}, {"filter": view_filter, "sorts": SORTS, "page_size": page_size, "start_cursor": words})
REQUESTS: dict[tuple[str, str], Check] = {
    ("POST", "/v1/search"): SEARCH,
    ("POST", "/v1/pages"): CREATE_PAGE,
    ("PATCH", "/v1/pages/{page_id}"): update_page,
    ("PATCH", "/v1/blocks/{block_id}"): update_block,
    ("PATCH", "/v1/blocks/{block_id}/children"): APPEND,
    ("POST", "/v1/databases"): CREATE_DATABASE,
    ("PATCH", "/v1/databases/{database_id}"): TRASH,
    ("PATCH", "/v1/data_sources/{data_source_id}"): UPDATE_SOURCE,
    ("POST", "/v1/data_sources/{data_source_id}/query"): QUERY,
    ("POST", "/v1/views"): create_view,
    ("PATCH", "/v1/views/{view_id}"): UPDATE_VIEW,
}
PAGED = {"page_size", "start_cursor"}
READS: dict[str, tuple[set[str], set[str]]] = {  # the parameters one of which is needed, and those that may be there
    "/v1/users/me": (set(), set()),
    "/v1/pages/{page_id}": (set(), set()),
    "/v1/databases/{database_id}": (set(), set()),
    "/v1/data_sources/{data_source_id}": (set(), set()),
    "/v1/views": ({"database_id", "data_source_id"}, PAGED),
    "/v1/views/{view_id}": (set(), set()),
    "/v1/blocks/{block_id}/children": (set(), PAGED),
}


def count_blocks(children: Any) -> int:
    """Return how many blocks a request makes."""
    inside = (item.get(item.get("type", ""), {}).get("children", ()) for item in children)
    return len(children) + sum(map(count_blocks, inside))


def check_request(payload: Mapping[str, Any]) -> None:
    """Refuse a request that the API would not understand. Raises `Refused`."""
    method, path = payload["method"], payload["path"]
    need(set(re.findall(r"{(\w+)}", path)) == set(payload.get("params", {})), f"params of {path}")
    for value in payload.get("params", {}).values():
        uuid(value)
    if method == "GET":
        need(path in READS, f"unknown request {method} {path}")
        need(payload.get("body") is None, "a body in a read")
        query, (needed, allowed) = set(payload.get("query", {})), READS[path]
        need(len(query & needed) == bool(needed) and query <= needed | allowed, f"query of {path}")
        return
    need((method, path) in REQUESTS, f"unknown request {method} {path}")
    need(not payload.get("query"), f"query of {path}")
    need(len(json.dumps(payload["body"]).encode()) <= 500_000, "a body of more than 500 KB")
    need(count_blocks(payload["body"].get("children", ())) <= 1_000, "more than 1,000 blocks in a request")
    REQUESTS[method, path](payload["body"])
