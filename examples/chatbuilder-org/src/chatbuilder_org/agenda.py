"""Views as agenda commands: filters in Org's match syntax ("Matching tags and properties"), as Emacs Lisp."""

from __future__ import annotations

import string
from collections.abc import Iterator

from chatbuilder.generators.plugin import Blueprint, Cmp, Filter, Me, Table, Today, View, alternatives
from chatbuilder_org import syntax

_OPS = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_KEYS = string.ascii_lowercase + string.ascii_uppercase


class NoMatch(Exception):
    """A filter that Org's match syntax cannot say."""


def match(expr: Filter | None, table: Table) -> str:
    """Return a filter as a match, which knows no brackets. Raises `NoMatch`."""
    # Only the headlines of sessions have a Source ID; their sections have none.
    each = ("".join(_test(cmp, table) for cmp in choice) for choice in alternatives(expr))
    return "|".join(f'SOURCE_ID<>""{tests}' for tests in dict.fromkeys(each))


def _test(cmp: Cmp, table: Table) -> str:
    field, given = table.field(cmp.field), cmp.value
    name = syntax.property_name(field)
    if field.owner == "computed" or field.key == "tags" or isinstance(given, Me):
        raise NoMatch
    if cmp.op in ("empty", "not_empty"):
        return f'+{name}{"=" if cmp.op == "empty" else "<>"}""'
    if cmp.op not in _OPS:
        raise NoMatch
    if field.key == "status":
        return f'+TODO{_OPS[cmp.op]}"{syntax.state(str(given))}"'
    if isinstance(given, Today):
        return f'+{name}{_OPS[cmp.op]}"<{given.days:+}d>"'
    if field.type == "number" and cmp.op != "ne":  # an empty property counts as 0
        return f'+{name}<>""+{name}{_OPS[cmp.op]}{given}'
    return f'+{name}{_OPS[cmp.op]}"{syntax.value(field, given)}"'


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
