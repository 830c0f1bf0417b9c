"""Every title of an error that a person can meet stands in docs/troubleshooting.md, and none that is gone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from chatbuilder.errors import ChatbuilderError
from tests.helpers import ROOT

SOURCE = ROOT / "src" / "chatbuilder"
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")
LISTED = re.findall(r"^\| \*\*(.+?)\*\* \|", PAGE, re.MULTILINE)


def spelled(node: ast.expr, constants: dict[str, str]) -> Iterator[str]:
    """The texts that an expression can be; a part that differs is …"""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr():
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        case ast.IfExp():
            yield from spelled(node.body, constants)
            yield from spelled(node.orelse, constants)
        case ast.Name(id=name) if name in constants:
            yield constants[name]


def constants_of(tree: ast.Module) -> dict[str, str]:
    return {
        target.id: node.value.value
        for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets if isinstance(target, ast.Name) and isinstance(node.value.value, str)
    }  # fmt: skip


def titles() -> set[str]:
    """What is given as the title of an error: errors are called …Error, or are named below."""
    found = {ChatbuilderError("").title}
    for path in SOURCE.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _is_error(ast.unparse(node.func)):
                for keyword in node.keywords:
                    if keyword.arg == "title":
                        found |= set(spelled(keyword.value, constants_of(tree)))
    return found


def _is_error(name: str) -> bool:
    return name.endswith("Error") or name in ("InterruptedByUser", "Unwilling")


def test_every_message_can_be_looked_up():
    assert sorted(titles() - set(LISTED)) == []


def test_no_message_is_listed_that_nobody_can_meet():
    assert sorted(set(LISTED) - titles()) == []


def test_each_message_is_listed_once():
    assert sorted(title for title in set(LISTED) if LISTED.count(title) > 1) == []


def test_an_entry_is_short():
    assert [line for line in PAGE.splitlines() if len(line) > 200] == []
