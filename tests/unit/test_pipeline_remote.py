"""The use-cases over a vendor's API: token and address, marks, changes, stops, exit codes."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from threading import Event
from time import monotonic

import pytest

from chatbuilder import pipeline
from chatbuilder.errors import (
    CredentialsError,
    ExitCode,
    InputError,
    InterruptedByUser,
    RefusedError,
    UnavailableError,
)  # fmt: skip
from chatbuilder.library import Library
from chatbuilder.paths import locate
from chatbuilder.pipeline import evolving, interactive, outside, provisioning, targets, upkeep
from chatbuilder.pipeline.platforms import notion
from chatbuilder.provision import crew
from chatbuilder.provision.base import Skipped
from chatbuilder.provision.runner import StepWaiting
from chatbuilder.solution import Document, Evolution, Plan, Ref, Solution, Step
from tests.fakes import Crash, MemoryProvisioner, World, refusal
from tests.helpers import answers_file, complete, config
from tests.vendors.clock import FakeTime

PAGE = "0123456789abcdef0123456789abcdef"
MARKED = Ref("target", "mark", "chatbuilder:v1:home:")


class Vendor(MemoryProvisioner):
    abreast = 2

    def __init__(self, machine, site):
        super().__init__(machine.world)
        self.machine, self.site = machine, site
        self.lock = threading.Lock()

    def preflight(self, plan, known):
        self.machine.act("preflight", self)
        self.machine.known = dict(known)
        return super().preflight(plan, {key: value for key, value in known.items() if key != "target"})

    def deliver(self, step, payload, previous):
        self.machine.act(step.key, self)
        with self.lock:
            return super().deliver(step, payload, previous)

    def inspect(self, step, payload, result):
        self.machine.act(f"inspect {step.key}", self)
        return super().inspect(step, payload, result)

    def remove(self, step, payload, result):
        self.machine.act(f"remove {step.key}", self)
        return super().remove(step, payload, result)


class Machine:
    """The pipeline with a vendor in memory behind the real doors; `acts` is what happens at a moment by its name."""

    def __init__(self, monkeypatch):
        self.world, self.sites, self.acts, self.known = World(), [], {}, {}
        self.plan = steps(home=MARKED, a="one", b="two")
        self.evolver = None
        self.answers = config("notion", "search", target={"parent": PAGE})

        def evolve(plan, delivered):
            return self.evolver(plan, delivered) if self.evolver else Evolution(plan)

        monkeypatch.setattr("chatbuilder.provision.notion.open_remote", self.open)
        monkeypatch.setattr("chatbuilder.provision.notion.check_account", self.check)
        monkeypatch.setattr(notion, "PLATFORM", replace(notion.PLATFORM, evolve=evolve, standing=None))
        for module in (provisioning, upkeep, evolving):
            monkeypatch.setattr(module, "build", self.build)
        monkeypatch.setenv("NOTION_TOKEN", "ntn_canary")

    def open(self, site):
        self.sites.append(site)
        return Vendor(self, site)

    def check(self, site):
        raise NotImplementedError

    def build(self, answers):
        guide = Document("guide", "Guide", "")
        return Solution("notion", None, guide, (), (), self.plan, ())

    def act(self, moment, vendor):
        if moment in self.acts:
            self.acts[moment](vendor)

    def apply(self, cancelled=lambda: False, on_event=lambda event: None, **more):
        return pipeline.apply(more.pop("answers", self.answers), on_event=on_event, cancelled=cancelled, **more)


def steps(**contents):
    made, before = [], ()
    for key, content in contents.items():
        made.append(Step(key, f"Make {key}", "http", {"content": content}, before))
        before = ("home",)
    return Plan(tuple(made))


@pytest.fixture
def machine(monkeypatch):
    return Machine(monkeypatch)


def mark():
    with Library(locate().library) as library:
        return library.systems()[0].mark


def fail(error):
    def act(vendor):
        raise error

    return act


# building


def test_a_system_out_there_is_built_and_on_record(machine):
    job = machine.apply()
    assert (job.status, job.result["steps"], job.result["url"]) == ("completed", 3, "memory://x")
    (system,) = pipeline.systems()
    assert (system.platform, system.status) == ("notion", "ready")
    (site,) = machine.sites
    assert (site.secret.reveal(), dict(site.target), site.url) == ("ntn_canary", {"parent": PAGE}, "")
    assert machine.world.content()["home"] == f"chatbuilder:v1:home:{mark()}"
    machine.world.calls.clear()
    assert machine.apply().status == "completed"
    assert machine.world.calls == ["preflight ['a', 'b', 'home']"]
    assert machine.known["target"]["mark"] == mark()


def test_a_system_built_anew_is_another_one_out_there(machine):
    machine.apply()
    first = mark()
    pipeline.destroy(pipeline.systems()[0].id)
    assert machine.world.things == {}
    machine.apply()
    assert mark() != first
    assert machine.world.content()["home"] == f"chatbuilder:v1:home:{mark()}"


def test_the_same_place_is_the_same_system_however_it_is_pasted(machine):
    system = machine.apply().system
    dashed = f"{PAGE[:8]}-{PAGE[8:12]}-{PAGE[12:16]}-{PAGE[16:20]}-{PAGE[20:]}"
    for pasted in (dashed, f"https://www.notion.so/me/My-Page-{PAGE}?pvs=4", f"https://notion.so/{PAGE.upper()}"):
        answers = config("notion", "search", target={"parent": pasted, "account": "x"})
        assert targets.system_id(answers) == system


@pytest.mark.parametrize(
    ("platform", "one", "other"),
    [
        ("notion", {"parent": PAGE}, {"parent": PAGE[::-1]}),
        ("notion", {}, {"account": "work"}),
        ("notion", {}, {"parent": PAGE}),
        ("airtable", {"base": "appAAAAAAAAAAAAAA"}, {"base": "appBBBBBBBBBBBBBB"}),
        ("airtable", {"workspace": "wspAAAAAAAAAAAAAA"}, {"workspace": "wspBBBBBBBBBBBBBB"}),
        ("sheets", {}, {"spreadsheet": "https://docs.google.com/spreadsheets/d/1AbCdEfGhIjKlMnOpQrStUv/edit"}),
    ],
)
def test_other_places_are_other_systems(platform, one, other):
    ids = {targets.system_id(config(platform, target=target)) for target in (one, other)}
    assert len(ids) == 2
    assert all(name.startswith(f"{platform}-") for name in ids)


@pytest.mark.parametrize(
    ("platform", "target", "same"),
    [
        ("notion", {"parent": PAGE}, False),
        ("airtable", {"base": "appAAAAAAAAAAAAAA"}, True),
        ("airtable", {"workspace": "wspAAAAAAAAAAAAAA"}, False),
        ("sheets", {"spreadsheet": "1AbCdEfGhIjKlMnOpQrStUv"}, True),
        ("sheets", {}, False),
    ],
)
def test_a_base_or_spreadsheet_is_one_system_whatever_its_name(platform, target, same):
    ids = {targets.system_id(config(platform, target=target, name=name)) for name in ("One", "Two")}
    assert (len(ids) == 1) == same


def test_links_and_ids_of_bases_and_spreadsheets_are_the_same_place():
    for platform, key, texts in (
        ("airtable", "base", ("appAAAAAAAAAAAAAA", "https://airtable.com/appAAAAAAAAAAAAAA/tblX/viwY")),
        ("sheets", "spreadsheet", (
            "https://docs.google.com/spreadsheets/d/1AbCdEfGhIjKlMnOpQrStUv/edit#gid=0", "1AbCdEfGhIjKlMnOpQrStUv",
        )),
    ):  # fmt: skip
        assert len({targets.system_id(config(platform, target={key: text})) for text in texts}) == 1


# the token


def test_without_a_token_the_ways_to_give_one_are_told(machine, monkeypatch):
    monkeypatch.delenv("NOTION_TOKEN")
    with pytest.raises(CredentialsError) as caught:
        machine.apply()
    text = " ".join(caught.value.lines())
    assert caught.value.exit_code == ExitCode.CREDENTIALS
    for way in ("Auto-setup", "chatbuilder token set notion", "NOTION_TOKEN"):
        assert way in text
    assert pipeline.systems() == []
    report = pipeline.inspect_target(machine.answers)
    assert not report.ready
    assert "There is no notion token" in report.problems[0]


def test_a_named_account_has_its_own_token(machine, keyring_in_memory):
    keyring_in_memory.set_password("chatbuilder", "notion:work", "ntn_work")
    machine.apply(answers=config("notion", "search", target={"parent": PAGE, "account": "work"}))
    assert machine.sites[-1].secret.reveal() == "ntn_work"
    with pytest.raises(CredentialsError, match="no notion token for the account 'home'"):
        machine.apply(answers=config("notion", "search", target={"parent": PAGE, "account": "home"}))


# the address

GOOD = [
    "https://api.example.org", "https://api.example.org/v2/", "http://127.0.0.1:8080", "http://localhost:1",
    "http://[::1]:9", "https://10.0.0.1",
]  # fmt: skip
BAD = [
    "http://api.example.org", "http://10.0.0.1", "http://127.0.0.1.evil.org", "http://localhost.evil.org",
    "ftp://127.0.0.1", "file:///etc/passwd", "api.example.org", "https://", "https://u:p@api.example.org",
    "http://127.0.0.1@evil.org", "https://api.example.org/?x=1", "https://api.example.org/#x", "https://[::1",
    "https://a:port", "https://exämple.org", "https://a.org/x y", "https://a.org/\x7f", "https://" + "a" * 600, "http://2130706433",
]  # fmt: skip


@pytest.mark.parametrize("platform", outside.URLS)
@pytest.mark.parametrize("url", GOOD)
def test_addresses_that_are_used(platform, url):
    assert outside.base_url(platform, {outside.URLS[platform]: f" {url} "}) == url.rstrip("/")


@pytest.mark.parametrize("url", BAD)
def test_a_token_is_not_sent_in_the_open_or_to_a_strange_address(machine, monkeypatch, url):
    monkeypatch.setenv("CHATBUILDER_NOTION_URL", url)
    with pytest.raises(InputError, match="CHATBUILDER_NOTION_URL") as caught:
        machine.apply()
    assert "u:p" not in " ".join(caught.value.lines())
    assert caught.value.hint
    assert machine.sites == []


def test_no_address_is_the_vendors_own():
    assert outside.base_url("notion", {}) == outside.base_url("notion", {"CHATBUILDER_NOTION_URL": ""}) == ""


# stopping


def hanging():
    entered, release = Event(), Event()

    def act(vendor):
        entered.set()
        release.wait(60)

    return act, entered, release


def let_end(system):
    crew.let_strays_end(system, lambda: False, lambda *_: None)


@pytest.mark.parametrize("moment", ["preflight", "home", "a"])
def test_a_stop_is_heeded_within_a_second_though_a_call_hangs(machine, moment):
    act, entered, release = hanging()
    machine.acts[moment] = act
    start = monotonic()
    if moment == "preflight":
        with pytest.raises(InterruptedByUser) as caught:
            machine.apply(entered.is_set)
        assert caught.value.exit_code == ExitCode.INTERRUPTED
        assert pipeline.jobs() == []
    else:
        job = machine.apply(entered.is_set)
        assert (job.status, job.error) == ("cancelled", None)
    assert monotonic() - start < 1.5
    machine.acts.clear()
    release.set()
    assert machine.apply().status == "completed"
    assert sorted(machine.world.created) == ["a", "b", "home"]


def test_looking_can_be_stopped(machine):
    machine.apply()
    act, entered, release = hanging()
    machine.acts["preflight"] = act
    report = pipeline.inspect_target(machine.answers, cancelled=entered.is_set)
    assert not report.ready
    assert "Stopped" in report.problems[0]
    release.set()
    let_end(pipeline.systems()[0].id)


@pytest.mark.parametrize("moment", ["inspect a", "remove a"])
def test_verify_and_destroy_can_be_stopped(machine, moment):
    system = machine.apply().system
    act, entered, release = hanging()
    machine.acts[moment] = act
    use = pipeline.verify if moment.startswith("inspect") else pipeline.destroy
    with pytest.raises(InterruptedByUser):
        use(system, cancelled=entered.is_set)
    release.set()
    machine.acts.clear()
    let_end(system)
    assert [info.id for info in pipeline.systems()] == [system]
    pipeline.destroy(system)
    assert machine.world.things == {}


def test_a_stop_between_two_parts_of_destroy(machine):
    system = machine.apply().system
    with pytest.raises(InterruptedByUser, match="Stopped after 1 parts"):
        pipeline.destroy(system, cancelled=lambda: len(machine.world.things) < 3)
    pipeline.destroy(system)
    assert machine.world.things == {}


def test_waits_before_the_first_step_are_told(machine):
    machine.acts["preflight"] = lambda vendor: vendor.site.desk.waiting("no connection", 5)
    events = []
    machine.apply(on_event=events.append)
    assert events[0] == StepWaiting("", "", "no connection", 5)


def test_the_wizard_hears_of_waits(machine):
    machine.acts["a"] = lambda vendor: vendor.site.desk.waiting("no connection", 4.2)
    heard = []
    interactive.apply(machine.answers, lambda *words: heard.append(words), lambda: False)
    assert ("a", "held", "no connection", 4.2) in heard
    assert ("a", "done", "", 0) in heard


def test_what_a_killed_run_asked_for_may_come_late(machine, monkeypatch):
    """The vendor commits a second after the next run began to look."""
    time = FakeTime()
    monkeypatch.setattr(outside, "RealTime", lambda: time)
    machine.acts["a"] = fail(Crash())
    with pytest.raises(Crash):
        machine.apply()
    let_end(targets.system_id(machine.answers))
    with Library(locate().library) as library:  # as a killed process leaves it
        library._db.execute("UPDATE jobs SET status = 'running'")
    machine.acts.clear()
    looks = []

    def look_up(self, step, payload):
        looks.append((step.key, time.now()))
        if step.key == "a" and time.now() >= 1 and "a" not in self.world.created:
            MemoryProvisioner.deliver(self, step, payload, None)
        return MemoryProvisioner.look_up(self, step, payload)

    monkeypatch.setattr(Vendor, "look_up", look_up)
    events = []
    assert machine.apply(on_event=events.append).status == "completed"
    assert sorted(machine.world.created) == ["a", "b", "home"]
    assert [event.why for event in events if isinstance(event, StepWaiting)] == [
        "letting the last call of the stopped run end"
    ]
    assert 1 <= time.now() <= provisioning.COMMITS
    machine.apply(on_event=events.append)
    assert len([event for event in events if isinstance(event, StepWaiting)]) == 1


# exit codes

CODES = [
    ("home", RefusedError("no"), ExitCode.REFUSED),
    ("a", RefusedError("the plan is full"), ExitCode.REFUSED),
    ("a", UnavailableError("down"), ExitCode.PARTLY),
    ("home", UnavailableError("down"), ExitCode.REFUSED),
    ("home", CredentialsError("expired"), ExitCode.CREDENTIALS),
    ("a", CredentialsError("expired"), ExitCode.CREDENTIALS),
]


@pytest.mark.parametrize(("moment", "error", "code"), CODES)
def test_a_step_that_fails_says_what_it_takes(machine, moment, error, code):
    machine.plan = Plan(
        tuple(Step(s.key, s.title, s.kind, s.payload, ("home",)[: s.key != "home"]) for s in machine.plan)
    )
    machine.acts[moment] = fail(error)
    job = machine.apply()
    assert (job.status, job.error["exit_code"]) == ("failed", code)
    machine.acts.clear()
    assert machine.apply().status == "completed"
    assert sorted(machine.world.created) == ["a", "b", "home"]


def test_what_fails_before_the_first_step_is_raised(machine):
    machine.acts["preflight"] = fail(CredentialsError("API token is invalid."))
    with pytest.raises(CredentialsError, match="API token is invalid"):
        machine.apply()
    assert pipeline.jobs() == []


# parts that the platform leaves out


def test_a_part_that_is_left_out_is_no_drift_and_is_tried_again(machine):
    machine.acts["b"] = fail(Skipped("on paid plans only"))
    job = machine.apply()
    assert (job.status, job.result["steps"], job.result["kept"]) == (
        "completed", 2, ["Make b: left out: on paid plans only"],
    )  # fmt: skip
    assert {drift.key: drift.state for drift in pipeline.verify(job.system)} == {
        "home": "same", "a": "same", "b": "left out",
    }  # fmt: skip
    assert pipeline.repair(job.system, on_event=lambda e: None, cancelled=lambda: False).result["of"] == 0
    assert [part.kind for part in pipeline.changes(machine.answers).parts] == ["there", "there", "new"]
    machine.acts.clear()
    assert machine.apply().result["kept"] == []
    machine.acts["b"] = fail(Skipped("again"))
    pipeline.destroy(job.system)
    assert machine.world.things == {}


def test_destroy_says_nothing_of_what_was_left_out(machine):
    machine.acts["b"] = fail(Skipped("on paid plans only"))
    system = machine.apply().system
    assert [taken.title for taken in pipeline.destroy(system)] == ["Make a", "Make home"]


# repair


def test_repair_puts_back_what_is_missing_with_the_same_mark(machine):
    system = machine.apply().system
    machine.world.lose("home")
    assert {d.key: d.state for d in pipeline.verify(system)}["home"] == "missing"
    job = pipeline.repair(system, on_event=lambda e: None, cancelled=lambda: False)
    assert (job.status, job.result["of"]) == ("completed", 1)
    assert machine.world.content()["home"] == f"chatbuilder:v1:home:{mark()}"


# other answers


def grow(plan, delivered):
    """As a platform does it: what is there keeps its payload, what changes gets a request for the difference."""
    steps = []
    for step in plan:
        had = delivered.get(step.key)
        wanted = step.payload["content"]
        if had is None:
            steps.append(step)
        elif had.payload.get("then", had.payload)["content"] == wanted or isinstance(wanted, Ref):
            steps.append(Step(step.key, step.title, step.kind, had.payload, step.depends_on))
        else:
            payload = {"content": f"{had.result['written']}>{wanted}", "then": step.payload}
            steps.append(Step(step.key, f"Change {step.key}", step.kind, payload, step.depends_on))
    kept = tuple(f"field {key}" for key in delivered if key not in {step.key for step in plan})
    return Evolution(Plan(tuple(steps)), kept)


def test_other_answers_evolve_what_is_there(machine):
    machine.evolver = grow
    machine.apply()
    machine.plan = steps(home=MARKED, b="TWO", c="three")
    found = pipeline.changes(machine.answers)
    assert found.exists
    assert [(part.kind, part.key, part.title) for part in found.parts] == [
        ("there", "home", "Make home"), ("changed", "b", "Change b"), ("new", "c", "Make c"), ("kept", "", "field a"),
    ]  # fmt: skip
    assert found.plan.steps[1].payload == {"content": "two>TWO", "then": {"content": "TWO"}}
    machine.world.calls.clear()
    job = machine.apply()
    assert sorted(call for call in machine.world.calls if "deliver" in call) == ["deliver b", "deliver c"]
    assert machine.world.content()["b"] == "two>TWO"
    assert job.result["left"] == ["field a"]
    assert {part.kind for part in pipeline.changes(machine.answers).parts} == {"there", "kept"}
    machine.world.calls.clear()
    machine.apply()
    assert [call for call in machine.world.calls if "deliver" in call] == []
    assert {drift.key for drift in pipeline.verify(job.system)} == {"home", "b", "c"}


def test_what_is_not_asked_for_any_more_stays_even_when_tidying(machine):
    system = machine.apply().system
    machine.plan = steps(home=MARKED, b="two")
    assert pipeline.leftovers(machine.answers) == []
    machine.apply(tidy=True)
    assert "a" in machine.world.content()
    assert [part.title for part in pipeline.changes(machine.answers).parts if part.kind == "kept"] == ["Make a"]
    pipeline.destroy(system)
    assert machine.world.things == {}


def test_a_change_that_was_cut_off_is_finished_before_the_next_one_builds_on_it(machine):
    machine.evolver = grow
    machine.apply()
    machine.plan = steps(home=MARKED, a="one", b="TWO")
    machine.acts["b"] = fail(UnavailableError("down"))
    assert machine.apply().status == "failed"
    machine.plan = steps(home=MARKED, a="one", b="Zwei")
    assert machine.apply().status == "failed"  # still down: nothing builds on what is not there
    machine.acts.clear()
    assert machine.apply().status == "completed"
    assert machine.world.content()["b"] == "two>TWO>Zwei"
    assert sorted(machine.world.created) == ["a", "b", "home"]


def test_a_platform_that_cannot_evolve_gets_the_plan_as_it_is(machine):
    machine.apply()
    machine.plan = steps(home=MARKED, a="ONE", b="two")
    assert [part.kind for part in pipeline.changes(machine.answers).parts] == ["there", "changed", "there"]
    machine.apply()
    assert machine.world.content()["a"] == "ONE"


def test_a_step_that_hangs_on_a_new_one_is_a_change(machine):
    machine.apply()
    machine.plan = Plan((*machine.plan.steps[:2], Step("b", "Make b", "http", {"content": Ref("new")}, ("new",)),
                         Step("new", "Make new", "http", {"content": "x"})))  # fmt: skip
    kinds = {part.key: part.kind for part in pipeline.changes(machine.answers).parts}
    assert kinds == {"home": "there", "a": "there", "b": "changed", "new": "new"}


def test_before_anything_is_built_all_of_it_is_new(machine):
    found = pipeline.changes(machine.answers)
    assert (found.exists, {part.kind for part in found.parts}) == (False, {"new"})
    assert pipeline.leftovers(machine.answers) == []
    other = config("notion", "search", target={"parent": PAGE[::-1]})
    machine.apply()
    assert not pipeline.changes(other).exists


def test_a_refusal_leaves_the_run_where_it_can_go_on(machine):
    machine.acts["b"] = fail(refusal())
    system = machine.apply().system
    assert {d.key: d.state for d in pipeline.verify(system)}["b"] == "not finished"
    machine.acts.clear()
    assert pipeline.repair(system, on_event=lambda e: None, cancelled=lambda: False).status == "completed"
    assert sorted(machine.world.created) == ["a", "b", "home"]


# the command line


@pytest.fixture
def place(machine, tmp_path):
    return answers_file(tmp_path, "notion", target={"parent": PAGE})


def test_the_command_line_tells_waits_and_what_was_left_out(machine, run_cli, place):
    machine.acts["preflight"] = lambda vendor: vendor.site.desk.waiting("no connection", 4.2)
    machine.acts["a"] = lambda vendor: vendor.site.desk.waiting("the pace", 9)
    machine.acts["b"] = fail(Skipped("on paid plans only"))
    done = run_cli("apply", "--answers", place, "--yes")
    assert done.code == 0
    assert "waiting: no connection, up to 5 s" in done.err
    assert "waiting with Make a: the pace, up to 9 s" in done.err
    assert "Make b: left out: on paid plans only\n" in done.out
    assert "kept yours" not in done.out
    assert run_cli("verify", pipeline.systems()[0].id).code == 0


@pytest.mark.parametrize(("moment", "error", "code"), CODES)
def test_the_exit_code_is_that_of_the_job(machine, run_cli, place, moment, error, code):
    machine.plan = Plan(
        tuple(Step(s.key, s.title, s.kind, s.payload, ("home",)[: s.key != "home"]) for s in machine.plan)
    )
    machine.acts[moment] = fail(error)
    done = run_cli("apply", "--answers", place, "--yes", "--json")
    assert (done.code, done.data["error"]["exit_code"]) == (code, code)
    assert "Kept: " in done.err
    assert "Next: " in done.err


def test_a_missing_token_on_the_command_line(machine, run_cli, place, monkeypatch):
    monkeypatch.delenv("NOTION_TOKEN")
    done = run_cli("apply", "--answers", place, "--yes")
    assert done.code == ExitCode.CREDENTIALS
    assert complete(done.err)
    assert done.err.count("  - ") == 3


def test_the_plan_of_a_system_that_exists(machine, run_cli, place):
    machine.evolver = grow
    assert "Now" not in run_cli("plan", "--answers", place).out
    run_cli("apply", "--answers", place, "--yes")
    machine.plan = steps(home=MARKED, b="TWO", c="three")
    out = run_cli("plan", "--answers", place).out
    for words in (r"Make home +already there", r"Change b +changes", r"Make c +new", r"kept:\n- field a"):
        assert re.search(words, out), words
    data = run_cli("plan", "--answers", place, "--json").data
    assert [set(step) for step in data] == [{"key", "title", "kind", "payload", "depends_on"}] * 3
    assert data[1]["payload"]["content"] == "two>TWO"
    done = run_cli("apply", "--answers", place)
    assert done.code == ExitCode.USAGE  # nobody is here to agree
    assert "1 new and 1 changed steps (1 are there already) to " in done.err
    done = run_cli("apply", "--answers", place, "--yes")
    assert "not asked for any more, and kept: field a" in done.out
    assert "--tidy" not in done.out


def test_a_token_for_this_run_only(machine, keyring_in_memory, home):
    pipeline.token_set("notion", "ntn_held", keep=False)
    assert pipeline.inspect_target(machine.answers).credentials.startswith("held")
    machine.apply()
    assert machine.sites[-1].secret.reveal() == "ntn_held"
    assert keyring_in_memory.kept == {}
    assert "ntn_held" not in repr(pipeline.token_list())
    assert pipeline.token_rm("notion")
    machine.apply()
    assert machine.sites[-1].secret.reveal() == "ntn_canary"
