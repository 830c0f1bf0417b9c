"""Google Sheets from the command line, in processes of their own: token, apply, verify, repair, destroy, kill -9."""

import json
import threading
import time

import pytest

from tests.helpers import answers_file, run, start
from tests.vendors.faults import Faults
from tests.vendors.sheets import CLIENT_SECRET, REFRESH, GoogleFake, Person, serving, user


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
