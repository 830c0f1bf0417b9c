"""Tokens, errors and the way to Notion: what a person is told, and that the token is told to nobody else."""

from __future__ import annotations

import json
import logging
import socket
from contextlib import closing

import pytest

from chatbuilder.config import Config
from chatbuilder.errors import CredentialsError, ExitCode, InputError, RefusedError
from chatbuilder.links import notion_page
from chatbuilder.provision.notion import check_account, open_remote
from chatbuilder.provision.notion.judge import judge, judge_absent, judge_optional
from chatbuilder.provision.notion.transport import NotionTransport
from chatbuilder.provision.outside.calls import Answer, Call, NoAnswer, NotSent
from chatbuilder.provision.outside.desk import Desk
from chatbuilder.provision.outside.site import Site
from chatbuilder.secret import Secret
from tests.provision.notion_site import FULL, MID, PRIVATE, Bench, contents, solution_of, wanted
from tests.vendors.clock import FakeTime
from tests.vendors.notion import INTEGRATION, NO_BLOCKS, PARENT, TOKEN, NotionFake, pool, serving

POST, GET = Call("POST", "/v1/pages", body={"parent": {}}), Call("GET", "/v1/pages/x", safe=True)


def account(fake: NotionFake, **target: str):
    secret = Secret(fake.token)
    site = Site(secret, target, desk=Desk(time=FakeTime()))
    return check_account(site, NotionTransport(secret, http=pool(fake)))


def error(
    status: int, code: str = "", message: str = "Words.", headers: dict[str, str] | None = None, **more
) -> Answer:
    data = {"object": "error", "status": status, "code": code, "message": message, "additional_data": more}
    return Answer(status, headers or {}, data)


# Who ----------------------------------------------------------------------------------------------------------------
def test_a_personal_token_tells_its_person_and_needs_nothing_more():
    found = account(NotionFake())
    assert found.who == "Sam Doe <s@a.test> in Doe's Notion"
    assert found.usable
    assert "make private pages" in found.may
    assert not any("Free" in line for line in found.limits)


def test_a_connection_is_told_what_it_lacks():
    found = account(NotionFake(kind="internal", plan="free"))
    assert found.who == f"connection {INTEGRATION} in Doe's Notion"
    assert not found.usable
    assert "personal access token" in found.next[0]
    assert any("1,000 blocks" in line for line in found.limits)


def test_a_page_that_is_shared_makes_a_connection_usable():
    found = account(NotionFake(kind="internal"), parent=f"https://www.notion.so/Somewhere-{PARENT.replace('-', '')}")
    assert found.usable
    assert found.may[0] == "build on the page Somewhere"


def test_a_page_that_is_not_shared_is_named_with_what_to_click():
    fake = NotionFake(kind="internal")
    fake.shared.clear()
    with pytest.raises(CredentialsError) as caught:
        account(fake, parent=PARENT)
    text = "\n".join(caught.value.lines())
    assert f'shared with your integration "{INTEGRATION}"' in text
    assert "Connections" in text


def test_a_page_in_the_trash_is_no_page_to_build_on():
    fake = NotionFake()
    fake.workspace.pages[PARENT].in_trash = True
    with pytest.raises(RefusedError, match="in the trash"):
        account(fake, parent=PARENT)


def test_a_wrong_token_is_told_in_notions_words():
    fake = NotionFake()
    secret = Secret("ntn_wrong")
    with pytest.raises(CredentialsError, match="API token is invalid"):
        check_account(Site(secret), NotionTransport(secret, http=pool(fake)))


@pytest.mark.parametrize("data", [{}, {"bot": {}}, {"type": "person", "name": "Ann"}, {"bot": {"owner": None}}])
def test_what_notion_leaves_out_is_no_trouble(data, monkeypatch):
    fake = NotionFake()
    monkeypatch.setattr(fake, "_me", lambda: {"object": "user", **data})
    assert account(fake).who


@pytest.mark.parametrize("token", ["", "a b", "ntn_1\n", "ntn_é", "x" * 501])
def test_what_cannot_be_a_token_is_not_sent(token):
    with pytest.raises(CredentialsError) as caught:
        open_remote(Site(Secret(token)))
    assert not token or token not in "\n".join(caught.value.lines())


# Errors -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("answer", "kind", "code", "words"),
    [
        (error(401, "unauthorized"), "refused", ExitCode.CREDENTIALS, "token set notion"),
        (error(403, "restricted_resource"), "refused", ExitCode.CREDENTIALS, "tick Read, Update and Insert"),
        (error(403, "restricted_resource", block_limit="block_creation"), "refused", ExitCode.REFUSED, "1,000 blocks"),
        (error(403, "restricted_resource", NO_BLOCKS), "refused", ExitCode.REFUSED, "upgrade"),
        (error(404, "object_not_found"), "refused", ExitCode.CREDENTIALS, "Connections"),
        (error(400, "validation_error"), "refused", ExitCode.REFUSED, "validation_error"),
        (error(400, "missing_version"), "refused", ExitCode.REFUSED, "Words."),
        (error(409, "row_limit_exceeded"), "refused", ExitCode.REFUSED, "row_limit_exceeded"),
        (error(429, rate_limit_reason="public_api_request_blocked"), "refused", ExitCode.REFUSED, "owner"),
        (Answer(302, {}, None, "moved"), "refused", ExitCode.REFUSED, "moved"),
        (Answer(403, {}, None, "<html>Denied</html>"), "refused", ExitCode.REFUSED, "a web page”"),
        (Answer(404, {}, None, "<html>No such page</html>"), "refused", ExitCode.REFUSED, "a proxy or firewall"),
    ],
)  # fmt: skip
def test_each_refusal_says_what_to_do(answer, kind, code, words):
    verdict = judge(POST, answer)
    assert verdict.kind == kind
    assert verdict.error.exit_code == code
    text = "\n".join(verdict.error.lines())
    assert words in text
    assert "Kept: everything built so far." in text


@pytest.mark.parametrize(
    ("answer", "kind", "after"),
    [
        (Answer(200, {}, {"id": "x"}), "done", None),
        (Answer(200, {}, None, "<html>"), "doubt", None),
        (error(409, "conflict_error"), "again", None),
        (error(429, "rate_limited", headers={"retry-after": "7"}), "again", 7.0),
        (error(429, "rate_limited", retry_after=3), "again", 3.0),
        (error(429, "rate_limited", headers={"retry-after": "soon"}), "again", None),
        (error(529, "service_overload", headers={"retry-after": "99999"}), "again", 600.0),
        (error(500, "internal_server_error"), "doubt", None),
        (error(503, "service_unavailable"), "doubt", None),
        (error(504, "gateway_timeout"), "doubt", None),
        (Answer(502, {}, None, "<html>502</html>"), "doubt", None),
        (Answer(503, {}, ["odd"]), "doubt", None),
    ],
)  # fmt: skip
def test_what_is_tried_again_and_what_is_looked_up(answer, kind, after):
    verdict = judge(POST, answer)
    assert (verdict.kind, verdict.after) == (kind, after)


def test_what_is_optional_and_what_may_be_gone_come_back_as_answers():
    assert judge_optional(POST, error(400)).kind == "done"
    assert judge_optional(POST, error(401)).kind == "refused"
    assert judge_absent(GET, error(404)).kind == "done"
    assert judge_absent(GET, error(403)).kind == "refused"


def test_a_connection_is_told_to_name_a_page(tmp_path):
    bench = Bench(tmp_path, NotionFake(kind="internal"))
    with pytest.raises(CredentialsError, match="cannot make a private page"):
        bench.apply(PRIVATE)
    assert judge(Call("POST", "/v1/pages", body={"parent": {"workspace": True}}), error(400)).error.hint.startswith(
        "name"
    )


@pytest.mark.parametrize("lacks", ["insert", "update"])
def test_a_missing_capability_stops_with_what_to_tick(lacks, tmp_path):
    bench = Bench(tmp_path, NotionFake(may=frozenset({"read", "insert", "update"} - {lacks})))
    outcome = bench.apply(MID)
    assert outcome.status == "failed"
    assert outcome.error.exit_code == ExitCode.CREDENTIALS
    assert "Insufficient permissions for this endpoint." in outcome.error.message
    bench.fake.may = frozenset({"read", "insert", "update"})
    assert bench.apply(MID).status == "completed"
    assert contents(bench.workspace) == wanted(MID)


def test_a_full_workspace_stops_and_goes_on_when_there_is_room(tmp_path):
    bench = Bench(tmp_path, NotionFake(blocks=30))
    outcome = bench.apply(FULL)
    assert outcome.error.exit_code == ExitCode.REFUSED
    assert "free blocks" in outcome.error.message
    bench.fake.blocks = None
    assert bench.apply(FULL).status == "completed"
    assert contents(bench.workspace) == wanted(FULL)


def test_a_home_page_that_is_gone_stops_before_anything_is_written(tmp_path):
    bench = Bench(tmp_path)
    bench.apply(MID)
    page = next(page for page in bench.workspace.pages.values() if page.title == "Chat Sessions")
    page.in_trash = True
    with pytest.raises(RefusedError, match="in the trash, deleted, or no longer shared"):
        bench.apply(MID)
    bench.fake.token = "ntn_another"
    with pytest.raises(CredentialsError):
        Bench.apply(_with_old_token(bench), MID)


def _with_old_token(bench: Bench) -> Bench:
    real = bench.provisioner
    bench.fake.token, old = "ntn_new", bench.fake.token

    def provisioner():
        bench.fake.token, new = old, bench.fake.token
        found = real()
        bench.fake.token = new
        return found

    bench.provisioner = provisioner  # type: ignore[method-assign]
    return bench


def test_a_page_of_the_same_name_is_a_note(tmp_path):
    bench = Bench(tmp_path)
    bench.workspace.give("99999999-9999-4999-8999-999999999999", "Chat Sessions", PARENT)
    notes = bench.provisioner().preflight(solution_of(MID).plan, {}).notes
    assert notes[0] == "There is a page called “Chat Sessions” already; a second one is made beside it."


def test_links_lead_to_the_home_page(tmp_path):
    bench = Bench(tmp_path)
    outcome = bench.apply(MID)
    assert bench.provisioner().links(outcome.results).url == outcome.results["home"]["url"]


@pytest.mark.parametrize("text", ["", "page", "https://www.notion.so/", "https://www.notion.so/x-123"])
def test_a_link_without_a_page_is_told(text):
    with pytest.raises(InputError, match="no Notion page id"):
        notion_page(text)


# The way there ------------------------------------------------------------------------------------------------------
def test_the_real_sdk_over_http_builds_the_same(tmp_path):
    fake = NotionFake()
    bench = Bench(tmp_path, fake, abreast=6)
    with serving(fake) as url:
        secret = Secret(fake.token)
        bench.provisioner = lambda: open_remote(Site(secret, url=url, desk=Desk(time=bench.time)))  # type: ignore[method-assign,return-value]
        assert bench.apply(MID).status == "completed"
    assert contents(bench.workspace) == wanted(MID)


def test_lost_answers_over_http_are_told_apart():
    fake = NotionFake(patience=0.2)
    fake.faults.plan = {0: "drop-before", 1: "slow", 2: "html-502", 3: "429"}
    with serving(fake) as url, closing(NotionTransport(Secret(TOKEN), url, read=0.1)) as transport:
        with pytest.raises(NoAnswer) as broken:
            transport.send(GET)
        assert not broken.value.late
        with pytest.raises(NoAnswer) as late:
            transport.send(GET)
        assert late.value.late
        html = transport.send(GET)
        assert (html.status, html.data) == (502, None)
        assert "Bad Gateway" in html.text
        busy = transport.send(GET)
        assert busy.headers["retry-after"] == "1"
        assert busy.data["code"] == "rate_limited"


def test_nobody_there_is_not_sent():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    with closing(NotionTransport(Secret(TOKEN), f"http://127.0.0.1:{port}")) as transport, pytest.raises(NotSent):
        transport.send(GET)


def test_the_token_is_in_the_header_and_nowhere_else(tmp_path, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    bench = Bench(tmp_path)
    bench.fake.token = canary = "ntn_canary_7f3a"
    bench.fake.faults.plan = {4: "500", 6: "drop-after", 9: "429", 12: "html-502"}
    bench.apply(MID)
    bench.fake.block_every_call = True
    with pytest.raises(RefusedError) as caught:
        bench.apply(MID)
    out = capsys.readouterr()
    told = [caplog.text, out.out, out.err, repr(caught.value), str(caught.value.lines()), str(bench.provisioner())]
    told += [json.dumps(record.result) for record in bench.journal.records().values()]
    told += [path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*") if path.is_file()]
    assert not [text for text in told if canary in text]


def test_answers_name_the_page(tmp_path):
    config = Config(platform="notion", priorities=("search",), target={"parent": f"https://notion.so/x-{PARENT}"})
    bench = Bench(tmp_path)
    assert bench.apply(config).status == "completed"
    home = bench.delivered()["home"].result["id"]
    assert bench.workspace.pages[home].parent == PARENT
