"""Google Sheets from the command line, in processes of their own: token, apply, verify, repair, destroy, kill -9."""

import json
import threading
import time

import pytest

from tests.helpers import answers_file, run, start
from tests.vendors.faults import Faults
from tests.vendors.sheets import CLIENT_SECRET, REFRESH, SHEETS, GoogleFake, Person, serving, user


@pytest.fixture
def google(monkeypatch, tmp_path):
    fake = GoogleFake(faults=Faults())
    key = tmp_path / "google.json"
    key.write_text(user(), "utf-8")
    with serving(fake) as url:
        monkeypatch.setenv("CHATBUILDER_GOOGLE_URL", url)
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key))
        yield fake


def test_from_the_first_build_to_taking_it_down(google, tmp_path, home):
    answers = answers_file(tmp_path, "sheets", features=["dashboard"])
    assert "Ana Ruiz" in run("token", "check", "sheets").out
    shown = run("plan", "--answers", answers, "--json").data
    done = run("apply", "--answers", answers, "--yes", "--json")
    assert (done.code, done.data["status"]) == (0, "completed")
    (file,) = google.files.values()
    assert file.id in done.data["result"]["url"]
    sent = shown[1]["payload"]["body"]["requests"]
    assert [next(iter(request)) for request in google.bodies[1]["requests"]] == [next(iter(r)) for r in sent]
    writes = len(google.writes)
    assert run("apply", "--answers", answers, "--yes").code == 0
    assert len(google.writes) == writes
    system = done.data["system"]
    assert run("verify", system).code == 0
    person = Person(file)
    person.do({"deleteSheet": {"sheetId": person.sheet("Dashboard")}})
    assert run("verify", system).code == 6
    assert run("repair", system).code == 0
    assert run("verify", system).code == 0
    assert "Dashboard" in file.book.titles()
    assert run("destroy", system, "--yes").code == 0
    assert file.trashed
    for place in home.rglob("*"):
        data = place.read_bytes() if place.is_file() else b""
        assert not any(secret.encode() in data for secret in (REFRESH, CLIENT_SECRET, "canary")), place


def test_a_token_that_is_dead_ends_with_exit_code_4(google, tmp_path):
    google.revoked[REFRESH] = "Token has been expired or revoked."
    done = run("apply", "--answers", answers_file(tmp_path, "sheets"), "--yes")
    assert done.code == 4
    assert "Token has been expired or revoked." in done.err
    assert REFRESH not in done.out + done.err


def test_a_right_that_is_missing_is_told_once_and_by_us_alone(google, tmp_path):
    google.granted = SHEETS
    done = run("apply", "--answers", answers_file(tmp_path, "sheets"), "--yes")
    assert done.code == 4
    assert "leave every box ticked" in done.err
    assert "missing scopes" not in done.err


def test_chats_are_synced_from_the_command_line(google, tmp_path):
    system = run("apply", "--answers", answers_file(tmp_path, "sheets"), "--yes", "--json").data["system"]
    export = tmp_path / "conversations.json"
    export.write_text(json.dumps([CHAT]), "utf-8")
    assert run("import", export).code == 0
    forecast = run("sync", system, "--dry-run", "--json").data
    done = run("sync", system, "--json").data
    assert (done["created"], done["requests"]) == (1, forecast["requests"])
    assert any("calls to Google" in note for note in forecast["notes"])
    calls = len(google.log)
    assert run("sync", system).code == 0
    assert len(google.log) == calls
    (file,) = google.files.values()
    file.trashed = True
    assert run("import", _newer(export)).code == 0
    refused = run("sync", system)
    assert refused.code == 3
    assert "trash" in refused.err
    file.trashed = False
    assert run("sync", system, "--json").data["updated"] == 1


def _newer(export):
    """A newer export, in which somebody asked once more."""
    more = {"id": "m3", "parent": "m2", "children": [], "message": _message("m3", "user", "More", 1_770_000_200)}
    mapping = {**CHAT["mapping"], "m3": more, "m2": {**CHAT["mapping"]["m2"], "children": ["m3"]}}
    newer = {**CHAT, "mapping": mapping, "current_node": "m3", "update_time": 1_770_000_200}
    export.write_text(json.dumps([newer]), "utf-8")
    return export


def _message(name, role, text, at):
    content = {"content_type": "text", "parts": [text]}
    return {"id": name, "author": {"role": role}, "create_time": at, "content": content, "metadata": {}}


CHAT = {
    "id": "c1", "conversation_id": "c1", "title": "=1+1", "create_time": 1_770_000_000, "update_time": 1_770_000_100,
    "current_node": "m2", "mapping": {
        "m1": {"id": "m1", "parent": None, "children": ["m2"], "message": _message("m1", "user", "Hi", 1_770_000_000)},
        "m2": {"id": "m2", "parent": "m1", "children": [],
               "message": _message("m2", "assistant", "Hello", 1_770_000_100)},
    },
}  # fmt: skip


@pytest.mark.parametrize("call", [0, 1])
def test_killed_while_a_call_is_under_way_the_next_run_finishes(call, google, tmp_path):
    answers = answers_file(tmp_path, "sheets")
    arrived, held = threading.Event(), threading.Event()
    google.faults.plan[call] = "slow"

    def hold(seconds):
        arrived.set()
        held.wait(30)

    google.sleep = hold
    process = start("apply", "--answers", answers, "--yes")
    assert arrived.wait(30)
    process.kill()
    process.communicate()
    held.set()
    google.sleep = time.sleep
    google.faults.clear()
    done = run("apply", "--answers", answers, "--yes", "--json")
    assert (done.code, json.loads(done.out)["status"]) == (0, "completed")
    assert len(google.files) == 1
    assert run("verify", done.data["system"]).code == 0
