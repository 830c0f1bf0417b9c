"""Views as agenda commands: filters in Org's match syntax ("Matching tags and properties"), as Emacs Lisp."""

from __future__ import annotations

import string
from collections.abc import Iterator

from chatbuilder.generators.plugin import And, Blueprint, Cmp, Filter, Not, Or, Table, Today, View
from chatbuilder_org import syntax

_OPS = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_INVERSE = {
    "eq": "ne", "ne": "eq", "lt": "ge", "ge": "lt", "gt": "le", "le": "gt", "empty": "not_empty", "not_empty": "empty",
    "has": "lacks", "lacks": "has",
}  # fmt: skip
_KEYS = string.ascii_lowercase + string.ascii_uppercase


class NoMatch(Exception):
    """A filter that Org's match syntax cannot say."""


def match(expr: Filter | None, table: Table) -> str:
    """Return a filter as a match. It knows no brackets, so it is alternatives of tests. Raises `NoMatch`."""
    if expr is None:
        return 'SOURCE_ID<>""'
    return "|".join(dict.fromkeys("".join(tests) for tests in _alternatives(expr, table, wanted=True)))


def _alternatives(expr: Filter, table: Table, *, wanted: bool) -> list[tuple[str, ...]]:
    match expr:
        case Not(part=part):
            return _alternatives(part, table, wanted=not wanted)
        case And(parts=parts) | Or(parts=parts):
            each = [_alternatives(part, table, wanted=wanted) for part in parts]
            if isinstance(expr, Or) == wanted:
                return [tests for found in each for tests in found]
            joined: list[tuple[str, ...]] = [()]
            for found in each:
                joined = [(*before, *tests) for before in joined for tests in found]
            return joined
        case Cmp():
            return [(_test(expr, table, expr.op if wanted else _INVERSE[expr.op]),)]


def _test(expr: Cmp, table: Table, op: str) -> str:
    field = table.field(expr.field)
    name = syntax.property_name(field)
    if field.owner == "computed" or field.key == "tags" or field.type == "person":
        raise NoMatch
    if op in ("empty", "not_empty"):
        return f'+{name}{"=" if op == "empty" else "<>"}""'
    if isinstance(expr.value, Today):
        return f'+{name}{_OPS[op]}"<{expr.value.days:+}d>"'
    if isinstance(expr.value, (int, float)) and not isinstance(expr.value, bool):
        return f"+{name}{_OPS[op]}{expr.value}"
    if op not in _OPS:
        raise NoMatch
    if field.key == "status":
        return f'+TODO{_OPS[op]}"{syntax.state(str(expr.value))}"'
    return f'+{name}{_OPS[op]}"{syntax.value(field, expr.value)}"'


def commands(blueprint: Blueprint) -> Iterator[tuple[View, str]]:
    """Yield the views that can be said, each with its command."""
    for view, key in zip(blueprint.views, _KEYS, strict=False):
        try:
            if view.table == blueprint.sessions.key:
                said = match(view.filter, blueprint.sessions).replace("\\", "\\\\").replace('"', '\\"')
                yield view, f'("c{key}" "{_lisp(view.name)}" tags "{said}")'
        except NoMatch:
            continue


def _lisp(text: str) -> str:
    return syntax.words(text).replace("\\", "\\\\").replace('"', '\\"')


def agenda(blueprint: Blueprint, folder: str) -> str:
    """Return the file that adds the views to the agenda, below C-c a c."""
    entries = "\n".join(f"          {command}" for _, command in commands(blueprint))
    return f""";;; Views of {syntax.words(blueprint.name)}: load this file from your init file, then M-x org-agenda, c.
(require 'org-agenda)
(let ((folder (expand-file-name "{_lisp(folder)}" (file-name-directory (or load-file-name buffer-file-name)))))
  (add-to-list 'org-agenda-custom-commands '("c" . "{_lisp(blueprint.name)}") t)
  (dolist (view '(
{entries}))
    (add-to-list 'org-agenda-custom-commands
                 (append view (list `((org-agenda-files '(,folder))))) t)))
"""
