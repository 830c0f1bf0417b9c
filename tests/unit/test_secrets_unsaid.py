"""Secrets that this process has used are in no error, whoever worded it."""

import json

import pytest

from chatbuilder.errors import ChatbuilderError
from chatbuilder.secret import Secret, without_secrets


@pytest.mark.parametrize("value", ["ntn_abc123def", 'p4ss word\n"x"'])
def test_a_secret_that_was_given_out_is_in_no_error(value):
    Secret(value).reveal()
    error = ChatbuilderError(f"bad {value}!", title=value, problems=[f"x{value}"], kept=value, hint=f"?{value}")
    assert value not in "".join([*error.lines(), str(error), repr(error), error.kept, error.hint])
    assert "bad •••!" in error.message


def test_what_is_secret_in_a_file_of_credentials_is_not_said_either():
    Secret(json.dumps({"type": "authorized_user", "refresh_token": "1//abc+def", "client_id": "mine-public"})).reveal()
    assert without_secrets("grant 1%2F%2Fabc%2Bdef of mine-public, 1//abc+def") == "grant ••• of mine-public, •••"


def test_a_token_that_google_gives_for_a_while_is_not_said():
    assert without_secrets("Authorization: Bearer ya29.a0Af_x-y is bad") == "Authorization: ••• is bad"


@pytest.mark.parametrize("word", ["notion", "my notion page", "12345"])
def test_words_that_were_typed_in_the_wrong_place_stay_words(word):
    Secret(word).reveal()
    assert without_secrets(f"open the {word} page") == f"open the {word} page"
