"""What each answer of Google means, and what each broken connection does."""

import pytest

from chatbuilder.errors import CredentialsError, RefusedError
from chatbuilder.provision.outside import http
from chatbuilder.provision.outside.calls import Answer, Call, NoAnswer, NotSent
from chatbuilder.provision.sheets import transport
from chatbuilder.provision.sheets.grants import open_grant, refused
from chatbuilder.provision.sheets.judge import NO_ACCESS, Whom, judge_for, words
from chatbuilder.secret import Secret
from tests.vendors.sheets import BOT, serving, user

WRITE = Call("POST", "/v4/spreadsheets/x:batchUpdate", body={})
READ = Call("GET", "/v4/spreadsheets/x", safe=True)


def body(code, message="Words of Google.", reason="", **more):
    error = {"code": code, "message": message, **more}
    if reason:
        error["errors"] = [{"domain": "usageLimits", "reason": reason, "message": message}]
    return Answer(code, {}, {"error": error})


def info(reason, **metadata):
    kind = "type.googleapis.com/google.rpc.ErrorInfo"
    return {"details": [{"@type": kind, "reason": reason, "metadata": metadata}]}


def verdict(answer, call=WRITE, whom=""):
    return judge_for(Whom(whom))(call, answer)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(200, {}, {}), "done"),
        (Answer(200, {}, None, "<html>sign in to the hotel"), "doubt"),
        (body(429), "again"),
        (body(403, reason="userRateLimitExceeded"), "again"),
        (body(403, **info("RATE_LIMIT_EXCEEDED")), "again"),
        (body(409, status="ABORTED"), "doubt"),
        (body(408), "doubt"),
        (body(500, status="INTERNAL"), "doubt"),
        (Answer(502, {}, None, "<html>"), "doubt"),
        (body(503), "doubt"),
        (body(504), "doubt"),
        (Answer(302, {}, None, ""), "refused"),
        (body(400), "refused"),
        (body(401), "refused"),
        (body(403), "refused"),
        (body(404), "refused"),
        (body(413), "refused"),
    ],
)
def test_every_answer_has_a_meaning(answer, kind):
    assert verdict(answer).kind == kind


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (body(401), CredentialsError, "chatbuilder token set sheets"),
        (body(403), CredentialsError, "drive.google.com"),
        (body(404), CredentialsError, "service account"),
        (body(403, **info("ACCESS_TOKEN_SCOPE_INSUFFICIENT")), CredentialsError, "every box ticked"),
        (
            body(403, **info("SERVICE_DISABLED", activationUrl="https://x.test/on")),
            CredentialsError,
            "https://x.test/on",
        ),
        (body(403, reason="accessNotConfigured"), CredentialsError, "enable it"),
        (body(403, reason="storageQuotaExceeded"), RefusedError, "one.google.com/storage"),
        (body(400), RefusedError, "chatbuilder verify"),
        (Answer(403, {}, None, "<html>"), RefusedError, "firewall"),
    ],
)
def test_a_refusal_says_what_happened_what_was_kept_and_what_to_do(answer, error, said):
    found = verdict(answer).error
    assert type(found) is error
    text = " ".join(found.lines())
    assert said in text
    assert found.kept
    assert found.hint
    if answer.data:
        assert "Words of Google." in text


def test_a_service_account_is_named_with_whom_to_share():
    assert BOT in " ".join(verdict(body(404), whom=BOT).error.lines())
    assert verdict(body(404), whom=BOT).error.title == NO_ACCESS
    assert BOT in " ".join(verdict(body(403, reason="storageQuotaExceeded"), whom=BOT).error.lines())


def test_a_read_that_is_refused_has_a_hint_of_its_own():
    assert "Excel file" in verdict(body(400), READ).error.hint


def test_violations_of_fields_are_told():
    detail = {"fieldViolations": [{"field": "requests[0]", "description": "no such sheet"}]}
    assert "requests[0]: no such sheet" in verdict(body(400, details=[detail])).error.message


@pytest.mark.parametrize(("after", "seconds"), [("7", 7.0), ("9999999", 120.0), ("soon", 10.0), ("", 10.0)])
def test_a_time_that_google_names_is_kept_to(after, seconds):
    answer = Answer(429, {"retry-after": after}, {"error": {"code": 429}})
    assert verdict(answer).after == seconds


@pytest.mark.parametrize("data", [{"error": "text"}, {"error": {"details": "x", "errors": 5}}, {}, []])
def test_odd_errors_are_no_defect(data):
    assert verdict(Answer(400, {}, data)).error.message


def test_words_of_a_vendor_are_one_short_line():
    assert words("a\n\x1b[31mb" + "c" * 500).startswith("a [31mbc")
    assert len(words("c" * 500)) == 300
    assert words("") == "nothing that can be read"


def test_a_broken_connection_says_whether_the_request_left():
    from requests import exceptions
    from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError, ReadTimeoutError

    away = MaxRetryError(None, "/", NewConnectionError(None, "no route"))
    assert isinstance(http.lost(exceptions.ConnectionError(away)), NotSent)
    for kind in (exceptions.ConnectTimeout, exceptions.SSLError, exceptions.ProxyError):
        assert isinstance(http.lost(kind("secret")), NotSent)
    broken = http.lost(exceptions.ConnectionError(ProtocolError("secret")))
    assert isinstance(broken, NoAnswer)
    assert (broken.late, "secret" in str(broken)) == (False, False)
    for late in (exceptions.ReadTimeout("x"), exceptions.ConnectionError(ReadTimeoutError(None, "/", "x"))):
        assert http.lost(late).late
    assert not http.lost(exceptions.ChunkedEncodingError()).late


def test_an_answer_of_any_length_is_not_read_to_its_end(monkeypatch):
    from tests.vendors.sheets import GoogleFake

    monkeypatch.setattr(transport, "ANSWER_LIMIT", 10)
    with serving(GoogleFake()) as url:
        sent = transport.GoogleTransport(open_grant(Secret(user()), url), url)
        with pytest.raises(NoAnswer, match="longer"):
            sent.send(Call("GET", "/drive/v3/about", {"fields": "user"}, safe=True))
        sent.close()


def test_a_sign_in_service_that_is_away_is_not_a_dead_token(monkeypatch):
    from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError

    sent = transport.GoogleTransport(open_grant(Secret(user()), "http://127.0.0.1:9"), "http://127.0.0.1:9")

    def fails(error):
        def work():
            raise error

        return work

    for error in (RefreshError("internal_failure", retryable=True), TransportError("x")):
        with pytest.raises(NotSent):
            sent._guarded(fails(error))
    for error in (RefreshError("invalid_grant: canary"), GoogleAuthError("canary")):
        with pytest.raises(CredentialsError, match="canary"):
            sent._guarded(fails(error))
    sent.close()
    assert "7 days" in " ".join(refused(open_grant(Secret(user()), ""), RefreshError()).lines())
