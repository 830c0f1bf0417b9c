"""Every error that a person can meet says what happened, what was kept, and what to do next."""

import ast
from pathlib import Path

import pytest

from chatbuilder import errors
from chatbuilder.errors import ChatbuilderError, ExitCode
from tests.helpers import ROOT

KINDS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, ChatbuilderError)}
MODULES = sorted((ROOT / "src" / "chatbuilder").rglob("*.py"))


def made_in(module: Path) -> list[ast.Call]:
    nodes = ast.walk(ast.parse(module.read_text("utf-8")))
    return [
        node
        for node in nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS
    ]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(ROOT / "src").as_posix())
def test_an_error_is_complete(module):
    lacking = {
        f"line {call.lineno}": missing
        for call in made_in(module)
        if (missing := {"title", "kept", "hint"} - {keyword.arg for keyword in call.keywords if keyword.arg})
        and not any(keyword.arg is None for keyword in call.keywords)
    }
    assert lacking == {}


def test_there_are_errors_to_look_at():
    assert sum(len(made_in(module)) for module in MODULES) > 40


def test_the_lines_of_an_error():
    error = errors.InputError("It broke.", title="Oops", problems=["a", "b"], kept="all.", hint="mend it.")
    assert error.lines() == ["Oops: It broke.", "  - a", "  - b", "Kept: all.", "Next: mend it."]
    assert str(error) == "It broke."
    assert ChatbuilderError("").lines() == ["Something went wrong"]


def test_exit_codes_are_those_of_the_contract():
    assert {code.name: int(code) for code in ExitCode} == {
        "DONE": 0, "DEFECT": 1, "USAGE": 2, "INPUT": 3, "CREDENTIALS": 4, "REFUSED": 5, "PARTLY": 6, "INTERRUPTED": 130,
    }  # fmt: skip
    assert {getattr(errors, name).exit_code for name in KINDS} == set(ExitCode) - {ExitCode.DONE}
