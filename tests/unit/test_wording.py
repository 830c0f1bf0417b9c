"""Hints of vendors name commands; in the wizard they name its keys."""

import re

import pytest

from chatbuilder.screens.wording import here
from tests.helpers import ROOT

SRC = ROOT / "src" / "chatbuilder"
NAMED = re.compile(r'"[^"\n]*chatbuilder token (?:set|check)[^"\n]*"')
HINTS = sorted({
    found
    for file in (SRC / "credentials.py", *(SRC / "provision").rglob("*.py"))
    for found in NAMED.findall(file.read_text("utf-8"))
})  # fmt: skip


@pytest.mark.parametrize("hint", [hint for hint in HINTS if " custom" not in hint])
def test_no_hint_names_a_command_for_tokens(hint):
    filled = hint.replace("{platform}", "notion").replace("{more}", " --account work")
    assert "chatbuilder token" not in here(filled)
    assert "--" not in here(filled)
    assert "`" not in here(filled)


@pytest.mark.parametrize("hint", [hint for hint in HINTS if " custom" in hint])
def test_a_database_keeps_its_command_as_the_wizard_has_no_field_for_a_password(hint):
    assert here(hint) == hint


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("copy the token again and run `chatbuilder token set notion --account work`.",
         "copy the token again and press Connect, ^t."),
        ("run `chatbuilder token set sheets --file FILE` with the file from Google.",
         "press Connect, ^t with the file from Google."),
        ("then `chatbuilder token check airtable`, and run it again.",
         "then “Check the token” in the menu, and run it again."),
        ("apply again.", "apply again."),
    ],
)  # fmt: skip
def test_the_rest_of_a_hint_stays(said, shown):
    assert here(said) == shown
