"""Query blocks: what is found, in which order, and how it looks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chatbuilder.blueprint import Chart, DaysSince, Field, Figure, Rollup, Sort, Table, View
from chatbuilder.generators.logseq import code
from chatbuilder.generators.logseq.markup import Block
from chatbuilder.generators.logseq.names import Titles
from chatbuilder.generators.logseq.queries import DAY_RULE, JOURNAL_RULE, Clauses, edn_text, of_kind, prop, simple

BAR = 30
ALL = "All"


@dataclass(frozen=True, slots=True)
class Look:
    """How rows are shown: Clojure functions, and whether they need to know today's date before each row."""

    transform: str = ""
    view: str = ""
    today: bool = False


def datalog(title: str, where: Sequence[str], clauses: Clauses, look: Look | None = None) -> str:
    """Return the text of a block with an advanced query over ?p; `clauses` knows which days come in."""
    look = look or Look()
    names, values = clauses.inputs()
    if look.today and "?today" not in names:
        names, values = [*names, "?today"], [*values, ":today"]
    if clauses.days:
        names, values = [*names, "%"], [*values, f"[{_rule(DAY_RULE)}\n   {_rule(JOURNAL_RULE)}]"]
    find = "?today (pull ?p [*])" if look.today else "(pull ?p [*])"
    lines = [f"{{:title {edn_text(title)}", f" :query [:find {find}"]
    lines += [f"  :in $ {' '.join(names)}"] if names else []
    lines += ["  :where", *(f"  {clause}" for clause in where)]
    lines[-1] += "]"
    lines += [f" :inputs [{' '.join(values)}]"] if values else []
    lines += [f" :result-transform {look.transform}"] if look.transform else []
    lines += [f" :view {look.view}"] if look.view else []
    body = "\n".join(lines)
    return f"#+BEGIN_QUERY\n{body}}}\n#+END_QUERY"


def _rule(parts: Sequence[str]) -> str:
    return f"[{' '.join(parts)}]"


def columns(table: Table, fields: Iterable[str]) -> str:
    """Return the value of `query-properties::`, the columns of Logseq's own table."""
    names = (table.field(key) for key in fields)
    return f"[{' '.join(':page' if item.type == 'title' else code.key(item) for item in names)}]"


def view_block(view: View, table: Table, titles: Titles) -> Block:
    """Return the query block of a view."""
    clauses = Clauses(table, titles)
    where = [of_kind(table, titles), *clauses.of(view.filter)]
    look = _look(view, table)
    if look:
        return Block(datalog(view.name, where, clauses, look))
    shown = ("query-properties", columns(table, view.fields))
    easy = simple(view.filter, table, titles)
    if easy and _one_sort(view, table) and not _computed(view, table):
        return Block(f"{{{{query {easy}}}}}", (), (shown, *_sort_properties(view.sorts, table)))
    days = _computed(view, table)
    return Block(datalog(view.name, where, clauses, _sorted(view, table, days)), (), (shown,))


def _one_sort(view: View, table: Table) -> bool:
    """Logseq's table sorts by one column, and puts empty values first when it goes up."""
    return not view.sorts or (
        len(view.sorts) == 1 and (view.sorts[0].descending or table.field(view.sorts[0].field).type == "title")
    )


def _sort_properties(sorts: Sequence[Sort], table: Table) -> tuple[tuple[str, str], ...]:
    if not sorts:
        return ()
    item = table.field(sorts[0].field)
    by = "page" if item.type == "title" else prop(item)
    return (("query-sort-by", by), ("query-sort-desc", "true" if sorts[0].descending else "false"))


def _computed(view: View, table: Table) -> list[tuple[Field, Field]]:
    """Return the shown fields that count days, each with the date it counts from."""
    items = map(table.field, view.fields)
    return [(item, table.field(item.formula.field)) for item in items if isinstance(item.formula, DaysSince)]


def _sorted(view: View, table: Table, days: list[tuple[Field, Field]]) -> Look:
    """Rows in order, with the days since a date added; Logseq's table keeps the order it is given."""
    if not days:
        return Look(code.function("rows", code.sorted_rows(table, view.sorts, "rows")))
    added = "row"
    for item, since in days:
        added = (
            f"(let [since (day (value row {code.key(since)}))] (if since\n"
            f"    (assoc-in {added} [:block/properties {code.key(item)}] (- (ordinal today) since)) {added}))"
        )
    rows = f"(map (fn [[today row]] {added}) (partition 2 found))"
    return Look(code.function("found", code.sorted_rows(table, view.sorts, rows)), today=True)


def _look(view: View, table: Table) -> Look | None:
    if view.kind == "timeline":
        return _timeline(view, table)
    if view.kind == "calendar":
        return _grouped(view, table, table.field(view.date_field))
    return _grouped(view, table, table.field(view.group_by)) if view.group_by else None


def _grouped(view: View, table: Table, item: Field) -> Look:
    """One heading with a table below it for each group; a calendar has one for each month."""
    descending = bool(view.sorts) and view.sorts[0].descending and view.sorts[0].field == item.key
    key = code.group_key(item, view.interval, descending=descending)
    groups = f"(group-by {key}\n    {code.sorted_rows(table, view.sorts, 'rows')})"
    fields = tuple(dict.fromkeys((item.key, *view.fields))) if view.kind == "calendar" else view.fields
    shown = (
        f"[:div (for [[[_ label] rows] {code.groups_in_order(descending=descending)}]\n"
        f'   [:div [:h4 (str label " (" (count rows) ")")]\n   {code.row_table(table, fields, "rows")}])]'
    )
    return Look(code.function("rows", groups), code.function("groups", shown))


def _timeline(view: View, table: Table) -> Look:
    """Bars of blocks between the first and the last day there is, one group after the other."""
    start, end = table.field(view.date_field), table.field(view.end_field or view.date_field)
    group = table.field(view.group_by) if view.group_by else None
    key = code.group_key(group, None, descending=False) if group else f'(fn [row] [0 "{ALL}"])'
    groups = f"(group-by {key}\n    {code.sorted_rows(table, view.sorts, 'rows')})"
    first, last = f"(day (value row {code.key(start)}))", f"(day (value row {code.key(end)}))"
    shown = (
        f"(let [all (mapcat second groups)\n"
        f"    days (concat (keep (fn [row] {first}) all) (keep (fn [row] {last}) all))\n"
        f"    low (if (seq days) (apply min days) 0) span (if (seq days) (max 1 (- (apply max days) low)) 1)\n"
        f"    place (fn [n] (quot (* {BAR} (- n low)) span))\n"
        f'    line (fn [row] (let [a {first} b (or {last} a)] (if a (str (bar "·" (place a))'
        f' (bar "█" (max 1 (- (place b) (place a))))) "")))]\n'
        f"    [:div (for [[[_ label] rows] (sort-by first groups)]\n"
        f"    [:div [:h4 label] [:table.table-auto [:tbody (for [row rows] [:tr [:td (link row)]\n"
        f'     [:td (subs (str (iso (value row {code.key(start)})) "          ") 0 10)]'
        f" [:td [:code (line row)]]])]]])])"
    )
    return Look(code.function("rows", groups), code.function("groups", shown))


def figure_block(figure: Figure, table: Table, titles: Titles) -> Block:
    """Return a block that shows one number; also when no row passes, which Logseq would call “no result”."""
    clauses = Clauses(table, titles)
    where = [of_kind(table, titles), *clauses.of(figure.filter)]
    if figure.aggregate == "count":
        number = "(count rows)"
    else:
        values = f"(keep (fn [row] (number row {code.key(table.field(figure.field))})) rows)"
        number = f"(reduce + 0 {values})"
        if figure.aggregate == "average":
            mean = "(/ (quot (+ (* 100 (/ (reduce + ns) (count ns))) 5) 10) 10)"
            number = f'(let [ns {values}] (if (seq ns) {mean} "{code.EMPTY}"))'
    look = Look('(fn [rows] {"rows" rows})', code.function("found", f'(let [rows (get found "rows")] [:h2 {number}])'))
    return Block(datalog(figure.name, where, clauses, look))


def chart_block(chart: Chart, table: Table, titles: Titles) -> Block:
    """Return a block that draws bars of text: rows counted by one field."""
    item = table.field(chart.group_by)
    if chart.interval == "week" and table.has("week"):
        item = table.field("week")
    label = code.group_label(item, chart.interval)
    by_time = bool(chart.interval)
    order = "(sort-by first counts)" if by_time else "(sort-by (fn [[label n]] [(- n) label]) counts)"
    top = f"({'take-last' if by_time else 'take'} {chart.limit} {order})" if chart.limit else order
    shown = (
        f"(let [counts (map (fn [[label rows]] [label (count rows)]) groups)\n"
        f"    most (apply max 1 (map second counts))]\n"
        f"    [:table.table-auto [:tbody (for [[label n] {top}]\n"
        f'     [:tr [:td label] [:td [:code (bar "█" (max 1 (quot (* {BAR} n) most)))]] [:td n]])]])'
    )
    named = f'(fn [row] (let [label {label}] (if (= label "") "{code.EMPTY}" label)))'
    look = Look(code.function("rows", f"(group-by {named} rows)"), code.function("groups", shown))
    return Block(datalog(chart.name, [of_kind(table, titles)], Clauses(table, titles), look))


def rollup_block(table: Table, source: Table, items: Sequence[Field], titles: Titles) -> Block:
    """Return a block with the figures of each row of `table` over the rows of `source` that point to it."""
    both = f"(or-join [?p] {of_kind(table, titles)} {of_kind(source, titles)})"
    added = "row"
    for item in items:
        if item.rollup:
            added = f"(assoc-in {added} [:block/properties {code.key(item)}] {_rolled_up(item.rollup, source)})"
    kind = edn_text(titles.kind(table))
    body = f"(sort-by :block/name (map (fn [row] {added})\n    (filter (fn [row] (= (value row :type) {kind})) rows)))"
    look = Look(code.function("rows", body))
    text = datalog(f"{table.name}, counted", [both], Clauses(table, titles), look)
    return Block(text, (), (("query-properties", f"[:page {' '.join(code.key(item) for item in items)}]"),))


def _rolled_up(rollup: Rollup, source: Table) -> str:
    via = code.key(source.field(rollup.via))
    kind_of = (
        f"(let [v (value other {via}) name (:block/original-name row)] (if (coll? v) (contains? v name) (= v name)))"
    )
    found = f"(filter (fn [other] {kind_of}) rows)"
    if rollup.function == "count":
        return f"(count {found})"
    item = code.key(source.field(rollup.field))
    if rollup.function == "latest":
        return f"(last (sort (keep (fn [other] (moment other {item})) {found})))"
    return f"(reduce + 0 (keep (fn [other] (number other {item})) {found}))"
