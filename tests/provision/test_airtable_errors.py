"""What Airtable says and what a person is told: one clear message each, the right exit code, never the token."""

import logging
import traceback

import pytest
import requests

from chatbuilder import pipeline
from chatbuilder.errors import ChatbuilderError, CredentialsError, ExitCode, InputError, InterruptedByUser, RefusedError
from chatbuilder.provision import airtable
from chatbuilder.provision.airtable import check_account
from chatbuilder.provision.airtable.judge import Unwilling, judge, said
from chatbuilder.provision.airtable.transport import AirtableTransport
from chatbuilder.provision.outside.calls import Answer, Call, NoAnswer, NotSent
from chatbuilder.provision.outside.desk import Desk
from chatbuilder.provision.outside.limits import Limit, Pacer
from chatbuilder.provision.outside.site import Site
from chatbuilder.secret import Secret
from tests.provision.airtable_site import IN_WORKSPACE, MID, config, portrait, site
from tests.vendors.airtable import NOT_FOUND, SCOPES, TOKEN, WORKSPACE, AirtableFake, serving
from tests.vendors.clock import FakeTime, Stage
from tests.vendors.faults import HTML_502

__all__ = ["site"]
BASE_CALL = Call("POST", "/v0/meta/bases")
TABLE_CALL = Call("POST", "/v0/meta/bases/appAAAAAAAAAAAAAA/tables")
ROWS_CALL = Call("PATCH", "/v0/appAAAAAAAAAAAAAA/tblX", safe=True)
MODEL = {"error": {"type": "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND", "message": NOT_FOUND}}


def answer(status, data=None, text="", **headers):
    return Answer(status, {key.replace("_", "-"): value for key, value in headers.items()}, data, text)


@pytest.mark.parametrize(
    ("call", "found", "kind", "error", "words"),
    [
        (BASE_CALL, answer(200, {"id": "app1"}), "done", None, ""),
        (BASE_CALL, answer(200, None, "<html>"), "doubt", None, "could not be read"),
        (BASE_CALL, answer(401, {"error": {"type": "AUTHENTICATION_REQUIRED", "message": "Authentication required"}}),
         "refused", CredentialsError, "Authentication required (AUTHENTICATION_REQUIRED)"),
        (BASE_CALL, answer(403, MODEL), "refused", CredentialsError, "schema.bases:write"),
        (BASE_CALL, answer(403, MODEL), "refused", CredentialsError, "workspace itself is added"),
        (TABLE_CALL, answer(403, MODEL), "refused", CredentialsError, "the base appAAAAAAAAAAAAAA is added"),
        (ROWS_CALL, answer(403, MODEL), "refused", CredentialsError, "data.records:write"),
        (ROWS_CALL, answer(403, {"error": {"type": "INVALID_PERMISSIONS", "message": "You are not permitted"}}),
         "refused", CredentialsError, "You are not permitted"),
        (TABLE_CALL, answer(404, {"error": "NOT_FOUND"}), "refused", CredentialsError, "NOT_FOUND"),
        (TABLE_CALL, answer(404, {"error": {"type": "NOT_FOUND"}}), "refused", CredentialsError, "NOT_FOUND"),
        (TABLE_CALL, answer(422, {"error": {"type": "INVALID_REQUEST_UNKNOWN", "message": "Invalid request: x"}}),
         "refused", Unwilling, "Invalid request: x (INVALID_REQUEST_UNKNOWN)"),
        (ROWS_CALL, answer(422, {"error": {"type": "UNKNOWN_FIELD_NAME", "message": 'Unknown field name: "X"'}}),
         "refused", Unwilling, 'Unknown field name: "X"'),
        (ROWS_CALL, answer(422, {"errors": [{"type": "INVALID_MULTIPLE_CHOICE_OPTIONS", "message": "No option"}]}),
         "refused", Unwilling, "No option"),
        (ROWS_CALL, answer(422, {"error": {"type": "RECORD_LIMIT_EXCEEDED", "message": "Too many"}}),
         "refused", Unwilling, "plan does not allow it"),
        (BASE_CALL, answer(402, {"error": {"type": "PAYMENT", "message": "Pay"}}), "refused", Unwilling, "plan"),
        (ROWS_CALL, answer(413, None, "<html>"), "refused", Unwilling, "HTTP 413 with a web page"),
        (ROWS_CALL, answer(403, None, HTML_502), "refused", Unwilling, "HTTP 403 with a web page"),
        (ROWS_CALL, answer(302, None, ""), "refused", Unwilling, "HTTP 302"),
        (ROWS_CALL, answer(429, {"error": {"type": "RATE_LIMIT_REACHED", "message": "Rate limit"}}), "again", None, ""),
        (ROWS_CALL, answer(429, {"errors": [{"error": "RATE_LIMIT_REACHED", "message": "x"}]}), "again", None, ""),
        (ROWS_CALL, answer(429, None, "<html>"), "again", None, ""),
        (ROWS_CALL, answer(429, {"errors": [{"error": "PUBLIC_API_BILLING_LIMIT_EXCEEDED", "message": "Spent"}]}),
         "refused", Unwilling, "API calls of this month"),
        (BASE_CALL, answer(409, {"error": "CONFLICT"}), "again", None, ""),
        (BASE_CALL, answer(503, {"error": {"type": "RETRIABLE_ERROR", "message": "safe to retry"}}), "doubt", None, ""),
        (BASE_CALL, answer(500, {"error": "SERVER_ERROR"}), "doubt", None, ""),
        (BASE_CALL, answer(502, None, HTML_502), "doubt", None, ""),
    ],
)  # fmt: skip
def test_what_each_answer_means(call, found, kind, error, words):
    verdict = judge(call, found)
    assert verdict.kind == kind
    if error is None:
        assert words in verdict.why
        return
    assert type(verdict.error) is error
    assert verdict.error.exit_code == (ExitCode.CREDENTIALS if error is CredentialsError else ExitCode.REFUSED)
    text = "\n".join(verdict.error.lines())
    assert words in text
    assert verdict.error.kept
    assert verdict.error.hint
    assert verdict.error.title


@pytest.mark.parametrize(
    ("found", "after"),
    [
        (answer(429, {}), 30.0),
        (answer(429, {}, retry_after="12"), 12.0),
        (answer(429, {}, retry_after="99999999"), 600.0),
        (answer(429, {}, retry_after="Wed, 21 Oct 2026 07:28:00 GMT"), 30.0),
        (answer(503, {}, retry_after="7"), 7.0),
        (answer(503, {}), None),
    ],
)
def test_how_long_it_asks_to_wait(found, after):
    assert judge(ROWS_CALL, found).after == after


def test_foreign_words_are_one_short_line():
    words = str(said(answer(422, {"error": {"type": "X", "message": "a\n\x1b[31m" + "b" * 900}})))
    assert len(words) == 300
    assert "\n" not in words
    assert "\x1b" not in words


# The way there


def test_what_never_left_may_be_sent_again(monkeypatch):
    free = AirtableTransport(Secret(TOKEN), "http://127.0.0.1:1")
    with pytest.raises(NotSent):
        free.send(BASE_CALL)
    free.close()


@pytest.mark.parametrize(
    ("error", "kind", "late"),
    [
        (requests.exceptions.ConnectTimeout(), NotSent, False),
        (requests.exceptions.SSLError(f"bad {TOKEN}"), NotSent, False),
        (requests.exceptions.ProxyError(), NotSent, False),
        (requests.exceptions.ReadTimeout(), NoAnswer, True),
        (requests.exceptions.ChunkedEncodingError(), NoAnswer, False),
        (requests.exceptions.ConnectionError(), NoAnswer, False),
    ],
)
def test_what_may_have_arrived_is_in_doubt(monkeypatch, error, kind, late):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(requests.Session, "request", fail)
    with pytest.raises(kind) as raised:
        AirtableTransport(Secret(TOKEN)).send(BASE_CALL)
    assert getattr(raised.value, "late", False) is late
    assert TOKEN not in "".join(traceback.format_exception(raised.value))


def test_an_endless_answer_is_cut(monkeypatch):
    from chatbuilder.provision.airtable import transport

    monkeypatch.setattr(transport, "ANSWER_LIMIT", 10)
    with serving(AirtableFake()) as url, pytest.raises(NoAnswer):
        AirtableTransport(Secret(TOKEN), url).send(Call("GET", "/v0/meta/bases", safe=True))


def test_a_token_that_comes_back_in_an_answer_is_not_passed_on():
    class Echo(AirtableFake):
        def _act(self, *_):
            return {"token": self.token}

    with serving(Echo()) as url:
        found = AirtableTransport(Secret(TOKEN), url).send(Call("GET", "/v0/meta/bases", safe=True))
    assert found.data == {"token": "…"}


@pytest.mark.parametrize("token", ["", "pat 123", "pat\n123", "pätt", "x" * 2000])
def test_what_cannot_be_a_token_is_never_sent(token):
    with pytest.raises(CredentialsError) as raised:
        AirtableTransport(Secret(token))
    assert not token or token not in "\n".join(raised.value.lines())


def test_a_netrc_file_does_not_take_the_place_of_the_token(monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n", "utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with serving(AirtableFake()) as url:
        found = AirtableTransport(Secret(TOKEN), url).send(Call("GET", "/v0/meta/whoami", safe=True))
    assert found.status == 200


# Whole runs


def refuse(site, **mind):
    """The error of an apply that cannot work out."""
    for key, value in mind.items():
        setattr(site.fake, key, value)
    try:
        job = site.apply(MID)
    except ChatbuilderError as error:
        return error
    assert job.status == "failed"
    return error_of(job)


def error_of(job):
    codes = {ExitCode.CREDENTIALS: CredentialsError, ExitCode.REFUSED: RefusedError, ExitCode.INPUT: InputError}
    kind = codes[ExitCode(job.error["exit_code"])]
    names = ("title", "problems", "kept", "hint")
    return kind(job.error["message"], **{key: job.error[key] for key in names})


@pytest.mark.parametrize(
    ("mind", "code", "words"),
    [
        ({"token": "patOther"}, 4, "AUTHENTICATION_REQUIRED"),
        ({"scopes": SCOPES - {"schema.bases:read"}}, 4, "schema.bases:read"),
        ({"scopes": SCOPES - {"schema.bases:write"}}, 4, "schema.bases:write"),
        ({"scopes": SCOPES - {"data.records:write"}}, 4, "data.records:write"),
        ({"reach": set()}, 4, "the workspace itself is added"),
        ({"calls_left": 0}, 5, "API calls of this month"),
        ({"rows": 3}, 5, "plan does not allow it"),
    ],
    ids=["wrong token", "no read scope", "no write scope", "no records scope", "unshared", "month spent", "plan full"],
)
def test_one_clear_message_and_the_next_run_finishes(site, mind, code, words):
    error = refuse(site, **mind)
    assert int(error.exit_code) == code
    text = "\n".join(error.lines())
    assert words in text
    assert error.kept
    assert error.hint
    for key, value in {"token": TOKEN, "scopes": SCOPES, "reach": {WORKSPACE}, "calls_left": None}.items():
        setattr(site.fake, key, value)
    for base in site.fake.bases.values():
        base.limit = 1000
    site.fake.rows = 1000
    assert site.apply(MID).status == "completed"
    whole = portrait(site.fake.only_base())
    assert portrait(site.fresh().built(MID)) == whole


def test_a_spent_month_is_not_asked_again(site):
    site.fake.calls_left = 1
    refuse(site)
    assert sum(path.startswith("/v0/app") for _, path in site.fake.log) <= 1 + airtable.ABREAST


def test_too_many_calls_wait_for_half_a_minute(site):
    start = site.time.now()
    site.fake.faults.plan = {3: "429"}
    assert site.apply(MID).status == "completed"
    assert site.time.now() - start >= 30


def test_the_token_is_nowhere(site, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    for kind in ("drop-after", "html-502", "429"):
        site.fresh().fake.faults.plan = {2: kind}
        site.apply(MID)
        site.states()
    site.fake.faults.clear()
    site.fake.scopes = frozenset()
    with pytest.raises(CredentialsError) as raised:
        site.apply(config("search"))
    assert TOKEN not in "".join(traceback.format_exception(raised.value))
    assert TOKEN not in caplog.text
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" for path in files)
    assert all(TOKEN.encode() not in path.read_bytes() for path in files)
    assert all(TOKEN not in repr(event) for event in site.events)


# Who it is


def account(fake, url, **target):
    return check_account(Site(Secret(TOKEN), target, url, Desk(time=FakeTime())))


@pytest.fixture
def fake():
    return AirtableFake(per_second=None)


@pytest.fixture
def url(fake):
    with serving(fake) as found:
        yield found


def test_who_the_token_belongs_to_and_what_it_may_do(fake, url):
    fake.add_base("One")
    found = account(fake, url, workspace=WORKSPACE)
    assert found.usable
    assert found.who == "usrAAAAAAAAAAAAAA"
    assert found.may == ("read the schema of 1 base",)
    assert "1,000 records" in found.limits[0]
    assert WORKSPACE in found.limits[-1]
    assert len(fake.log) == 2


def test_scopes_that_are_listed_are_compared(fake, url):
    fake.oauth, fake.scopes = True, frozenset({"schema.bases:read", "data.records:read"})
    found = account(fake, url)
    assert not found.usable
    assert [step.split(" at ")[0] for step in found.next] == [
        "Give the token the scope data.records:write", "Give the token the scope schema.bases:write",
    ]  # fmt: skip


def test_a_missing_scope_is_said_with_the_vendors_words(fake, url):
    fake.scopes = frozenset()
    found = account(fake, url)
    assert not found.usable
    assert NOT_FOUND in found.next[0]
    assert "schema.bases:read" in found.next[0]


def test_the_base_is_proved(fake, url):
    base = fake.add_base("Mine")
    assert account(fake, url, base=base.id).may[-1] == "read the schema and the records of Mine"
    assert len(fake.log) == 4
    fake.levels[base.id] = "comment"
    assert "“comment” in Mine" in account(fake, url, base=base.id).next[0]
    fake.levels.clear()
    fake.scopes = frozenset({"schema.bases:read"})
    assert "data.records:read" in account(fake, url, base=base.id).next[0]
    fake.reach = set()
    assert f"does not reach the base {base.id}" in account(fake, url, base=base.id).next[0]


def test_a_token_that_nobody_knows_is_an_error(fake, url):
    fake.token = "patOther"
    with pytest.raises(CredentialsError, match="AUTHENTICATION_REQUIRED"):
        account(fake, url)


def test_a_target_that_is_none_is_an_error(fake, url):
    with pytest.raises(InputError, match="no id of a base"):
        account(fake, url, base="nonsense")
    assert fake.log == []


# Pace


@pytest.mark.parametrize("latency", [0.2, 0.5])
def test_the_pace_reaches_the_limit_and_never_passes_it(latency):
    """Exact, on a clock that moves only while everybody waits: 5 calls in any second, wherever it begins."""
    stage, calls, sent = Stage(), 200, []
    pacer, desk = Pacer(airtable.LIMIT), Desk(time=stage)

    def work():
        while len(sent) < calls:
            with pacer.turn(desk, "x"):
                sent.append(stage.now())
                stage.sleep(latency)

    stage.run(*[work] * airtable.ABREAST)
    sent.sort()
    assert all(later - first >= 1.0 for first, later in zip(sent, sent[5:], strict=False))
    assert (len(sent) - 1) / (sent[-1] - sent[0]) >= 0.95 * 5


def test_work_on_one_base_shares_its_pace():
    one = airtable._policy(Site(Secret(TOKEN), {"base": "appX"}, "http://127.0.0.1:9"), None)
    two = airtable._policy(Site(Secret(TOKEN), {"base": "appX"}, "http://127.0.0.1:9"), None)
    other = airtable._policy(Site(Secret(TOKEN), {"base": "appY"}, "http://127.0.0.1:9"), None)
    assert one.pacer is two.pacer
    assert one.pacer is not other.pacer
    assert isinstance(airtable.LIMIT, Limit)


def test_calls_go_out_side_by_side_in_real_time(site, monkeypatch):
    """The real clock, the real limit of the server: nothing refused."""
    from chatbuilder.provision.outside.desk import RealTime

    monkeypatch.setattr("chatbuilder.pipeline.outside.RealTime", RealTime)
    site.fake.clock, site.fake.per_second = RealTime().now, 5
    assert site.apply(config("search", complexity="moderate")).status == "completed"
    assert site.fake.refusals == 0


def test_stopping_is_heeded_while_it_waits(site):
    site.fake.faults.every = "429"
    with pytest.raises(InterruptedByUser):
        site.apply(MID, cancelled=lambda: bool(site.fake.log or site.fake.faults.count))
    assert site.time.now() < 60


def test_the_next_command_names_the_account_that_is_meant(site, keyring_in_memory):
    """A new token for the account without a name would mend nothing."""
    work = config("organization", target={**IN_WORKSPACE, "account": "work"})
    pipeline.token_set("airtable", "patWrong.0", "work")
    with pytest.raises(CredentialsError, match="does not accept") as refused:
        site.apply(work)
    assert "`chatbuilder token set airtable --account work`" in refused.value.hint
    with pytest.raises(CredentialsError) as refused:
        pipeline.token_check("airtable", "work")
    assert "`chatbuilder token set airtable --account work`" in refused.value.hint
    pipeline.token_set("airtable", TOKEN, "work")
    site.fake.scopes = frozenset({"schema.bases:read"})
    job = site.apply(work)
    assert job.error is not None
    assert "`chatbuilder token check airtable --account work`" in job.error["hint"]
