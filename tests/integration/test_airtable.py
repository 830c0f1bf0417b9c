"""The program in a process of its own against Airtable's double: apply, again, verify, repair, destroy; and killed."""

import json
import signal
import sys

import pytest

from tests.helpers import answers_file, start
from tests.provision.airtable_site import portrait
from tests.provision.test_airtable_upkeep import drop_field
from tests.vendors.airtable import TOKEN, WORKSPACE, AirtableFake, serving

ANSWERS = {"features": ["tags"], "target": {"workspace": WORKSPACE}, "options": {"topics": ["Work"]}}


@pytest.fixture
def world(tmp_path, monkeypatch):
    fake = AirtableFake()
    with serving(fake) as url:
        monkeypatch.setenv("CHATBUILDER_AIRTABLE_URL", url)
        monkeypatch.setenv("AIRTABLE_TOKEN", TOKEN)
        yield fake, answers_file(tmp_path, "airtable", **ANSWERS)


def told(*arguments, code=0):
    process = start(*arguments)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert TOKEN not in out + err
    return out, err


def test_the_whole_life_of_a_base(world):
    fake, answers = world
    out, _ = told("apply", "--answers", answers, "--yes", "--json")
    job = json.loads(out)
    base = fake.only_base()
    assert job["status"] == "completed"
    assert job["result"]["url"] == f"https://airtable.com/{base.id}"
    assert fake.refusals == 0
    whole = portrait(base)
    fake.log.clear()
    told("apply", "--answers", answers, "--yes")
    assert [call for call in fake.log if call[0] != "GET"] == []
    out, _ = told("verify", job["system"], "--json")
    assert {part["state"] for part in json.loads(out)} == {"same"}
    drop_field(base, "Model")
    told("repair", job["system"])
    assert sorted(f[0] for f in portrait(base)["Chat Sessions"]["fields"]) == sorted(
        f[0] for f in whole["Chat Sessions"]["fields"]
    )
    out, err = told("destroy", job["system"], "--yes")
    assert "Delete base" in out + err
    assert all(not rows for rows in base.cells.values())


def test_a_wrong_token_is_exit_code_4(world, monkeypatch):
    _, answers = world
    monkeypatch.setenv("AIRTABLE_TOKEN", "patOther")
    _, err = told("apply", "--answers", answers, "--yes", code=4)
    assert "Authentication required" in err
    assert "chatbuilder token set airtable" in err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("call", [1, 3])
def test_killed_for_real_it_goes_on(call, world):
    fake, answers = world
    fake.faults.plan = {call: "slow"}  # done, and the answer is held back until the program is dead
    fake.patience = 30
    process = start("apply", "--answers", answers, "--yes")
    while not fake.faults.met:
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate()
    fake.over.set()
    told("apply", "--answers", answers, "--yes")
    base = fake.only_base()
    names = [table["name"] for table in base.tables.values()]
    assert len(names) == len(set(names))
    assert sorted(names) == ["Chat Sessions", "Topics"]
    assert [len(rows) for rows in base.cells.values()] == [1, 6]
