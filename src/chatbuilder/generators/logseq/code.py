"""The little Clojure that queries carry: helpers, sorting, grouping. Logseq runs it on the rows found.

`:result-transform` and `:view` functions run in sci, without a clock and without JavaScript; `parseFloat` is Logseq's
own addition (logseq/og: `frontend/extensions/sci.cljs`). All foreign text in them is an EDN string.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from chatbuilder.blueprint import Field, Interval, Sort, Table
from chatbuilder.generators.logseq import markup
from chatbuilder.generators.logseq.queries import edn_text, prop

EMPTY = "–"
# Functions that the code builds on, each after those it needs; a query carries the ones it uses.
HELPERS = {
    "value": '(fn [row key] (let [v (get-in row [:block/properties key])] (if (= v "") nil v)))',
    "number": "(fn [row key] (let [n (parseFloat (str (value row key)))] (if (= n n) n nil)))",
    "short": '(fn [s] (last (clojure.string/split (str s) "/")))',
    "text": (
        '(fn [v] (cond (nil? v) "" (coll? v) (clojure.string/join ", " (sort (map short v)))'
        ' :else (clojure.string/replace (str v) (re-pattern "[\\\\\\\\](?=[^A-Za-z0-9 ])") "")))'
    ),
    "cell": (
        '(fn [v] (let [t (text v)] (if (clojure.string/starts-with? t "http")'
        ' [:a {:href t :target "_blank"} "open"] t)))'
    ),
    "iso": '(fn [v] (re-find (re-pattern "[0-9]{4}-[0-9]{2}-[0-9]{2}[ T0-9:]*") (str v)))',
    "moment": "(fn [row key] (let [v (value row key)] (if (nil? v) nil (or (iso v) (text v)))))",
    "words": "(fn [row key] (let [v (value row key)] (if (nil? v) nil (text v))))",
    "link": (
        "(fn [row] (let [n (:block/original-name row)]"
        ' [:a.page-ref {:href (str "#/page/" (-> n (clojure.string/replace "%" "%25")'
        ' (clojure.string/replace "/" "%2F") (clojure.string/replace "?" "%3F")))} (short n)]))'
    ),
    # Days since 1970-01-01 (Fliegel and Van Flandern, for March-based years).
    "civil": (
        "(fn [y m d] (let [y (if (> m 2) y (dec y)) s (if (> m 2) (- m 3) (+ m 9))]"
        " (+ (quot (* 146097 (quot y 100)) 4) (quot (* 1461 (rem y 100)) 4) (quot (+ (* 153 s) 2) 5) d -719469)))"
    ),
    "day": (
        "(fn [v] (let [s (iso v)] (if s (civil (parseFloat (subs s 0 4)) (parseFloat (subs s 5 7))"
        " (parseFloat (subs s 8 10))) nil)))"
    ),
    "ordinal": "(fn [n] (civil (quot n 10000) (quot (rem n 10000) 100) (rem n 100)))",
    "bar": '(fn [mark n] (apply str (repeat n mark)))',
}  # fmt: skip
_NEEDS = {name: set(re.findall(r"[a-z]+", body)) & set(HELPERS) - {name} for name, body in HELPERS.items()}


def function(argument: str, body: str) -> str:
    """Return `(fn [argument] body)` with the helpers that the body uses, and those they use, bound around it."""
    used = set(re.findall(r"[a-z]+", re.sub(r'"[^"]*"', "", body))) & set(HELPERS)
    while more := {need for name in used for need in _NEEDS[name]} - used:
        used |= more
    bound = "\n   ".join(f"{name} {text}" for name, text in HELPERS.items() if name in used)
    return f"(fn [{argument}]\n  (let [{bound}]\n   {body}))" if bound else f"(fn [{argument}] {body})"


def key(item: Field) -> str:
    """Return a field's property as a keyword."""
    return f":{prop(item)}"


def sort_value(item: Field) -> str:
    """Return the expression that a row is sorted by: nil when the field is empty."""
    if item.type == "title":
        return "(:block/name row)"
    kind = {"number": "number", "date": "moment", "datetime": "moment"}.get(item.type, "words")
    return f"({kind} row {key(item)})"


def sorted_rows(table: Table, sorts: Sequence[Sort], rows: str) -> str:
    """Return an expression for `rows` in order; empty values come last, whichever way it goes."""
    for sort in reversed(sorts):
        value = sort_value(table.field(sort.field))
        first, empty = ("1", "0") if sort.descending else ("0", "1")
        ranked = f"(fn [row] (let [v {value}] [(if (nil? v) {empty} {first}) v]))"
        backwards = " (fn [a b] (compare b a))" if sort.descending else ""
        rows = f"(sort-by {ranked}{backwards} {rows})"
    return rows


def group_label(item: Field, interval: Interval | None) -> str:
    """Return the expression for the name of a row's group: "" for none."""
    if item.type in ("date", "datetime"):
        length = 10 if interval == "day" else 7
        return f'(let [s (iso (value row {key(item)}))] (if s (subs s 0 {length}) ""))'
    return f"(text (value row {key(item)}))"


def group_key(item: Field, interval: Interval | None, *, descending: bool) -> str:
    """Return a function from a row to [rank label]: choices in their order, then the rest by name, empty last."""
    ranks = " ".join(f"{edn_text(name)} {n}" for n, name in enumerate(_labels(item)))
    rank = f"(get {{{ranks}}} label {len(item.options)})" if ranks else "0"
    empty = -1 if descending else len(item.options) + 1
    label = group_label(item, interval)
    return f'(fn [row] (let [label {label}] (if (= label "") [{empty} "{EMPTY}"] [{rank} label])))'


def _labels(item: Field) -> list[str]:
    """The choices as `text` shows them: escapes gone."""
    return [markup.plain(markup.text_value(name)) for name in item.option_names()]


def groups_in_order(*, descending: bool) -> str:
    """Return the expression for the groups (a map of [rank label] to rows) in order."""
    return "(reverse (sort-by first groups))" if descending else "(sort-by first groups)"


def row_table(table: Table, fields: Sequence[str], rows: str) -> str:
    """Return hiccup for a table of rows: the page first, then the fields."""
    items = [table.field(name) for name in fields]
    shown = [item for item in items if item.type != "title"]
    heads = " ".join(edn_text(item.name) for item in (table.title, *shown))
    keys = " ".join(key(item) for item in shown)
    return (
        f"[:table.table-auto [:thead [:tr (for [head [{heads}]] [:th head])]]\n"
        f"    [:tbody (for [row {rows}] [:tr [:td (link row)]\n"
        f"     (for [k [{keys}]] [:td (cell (value row k))])])]]"
    )
