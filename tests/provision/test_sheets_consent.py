"""Signing in with Google: a browser that agrees, refuses, dawdles or lies, on loopback."""

import json
import threading
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from chatbuilder.errors import CredentialsError
from chatbuilder.pipeline.tokens import token_file
from chatbuilder.provision.outside.desk import Cancelled, Desk
from chatbuilder.provision.outside.site import Site
from chatbuilder.provision.sheets import check_account, consent
from chatbuilder.secret import Secret
from tests.vendors.clock import FakeTime
from tests.vendors.sheets import ANA, DRIVE_FILE, REFRESH, GoogleFake, client, serving


@pytest.fixture
def google():
    fake = GoogleFake()
    with serving(fake) as url:
        fake.url = url
        yield fake


class Browser:
    """Opens an address in a thread of its own, as browsers do, and follows where it leads."""

    def __init__(self) -> None:
        self.asked = ""
        self.answer = None
        self.thread = None

    def __call__(self, url):
        self.asked = url
        self.thread = threading.Thread(target=self._go, args=(url,))
        self.thread.start()

    def _go(self, url):
        self.answer = requests.get(url, timeout=10)


def sign_in(google, browser, **more):
    desk = more.pop("desk", Desk())
    found = consent.authorise(
        Secret(more.pop("client", client())), Site(Secret(""), url=google.url, desk=desk), browser
    )
    if isinstance(browser, Browser):
        browser.thread.join()
    return found


def test_a_person_who_agrees_is_signed_in(google):
    browser = Browser()
    found = sign_in(google, browser)
    data = json.loads(found.reveal())
    assert (data["type"], data["refresh_token"], data["scopes"]) == ("authorized_user", REFRESH, [DRIVE_FILE])
    assert "close this window" in browser.answer.text
    assert ANA in check_account(Site(found, {}, google.url)).who
    asked = parse_qs(urlsplit(browser.asked).query)
    assert asked["scope"] == [DRIVE_FILE]
    assert asked["code_challenge_method"] == ["S256"]


def test_every_sign_in_has_secrets_of_its_own(google):
    one, two = Browser(), Browser()
    sign_in(google, one)
    sign_in(google, two)
    seen = [parse_qs(urlsplit(browser.asked).query) for browser in (one, two)]
    for key in ("state", "code_challenge"):
        assert seen[0][key] != seen[1][key]


def test_a_person_who_says_no_is_told_what_to_do(google):
    google.deny = "access_denied"
    with pytest.raises(CredentialsError, match="access_denied") as caught:
        sign_in(google, Browser())
    assert "Test users" in caught.value.hint


def test_an_unticked_box_is_noticed(google):
    google.granted = "openid"
    with pytest.raises(CredentialsError, match="not ticked"):
        sign_in(google, Browser())


def test_a_stranger_with_another_state_gets_nowhere(google):
    stranger = []

    def browser(url):
        back = parse_qs(urlsplit(url).query)["redirect_uri"][0]

        def both():
            stranger.append(requests.get(f"{back}/?code=evil&state=guess", timeout=10).status_code)
            stranger.append(requests.get(f"{back}/favicon.ico", timeout=10).status_code)
            requests.get(url, timeout=10)

        threading.Thread(target=both).start()

    assert json.loads(sign_in(google, browser).reveal())["refresh_token"] == REFRESH
    assert stranger == [404, 404]


def test_nobody_waits_forever(google):
    time = FakeTime()

    def browser(url):
        time.pass_(consent.PATIENCE + 1)

    with pytest.raises(CredentialsError, match="Nobody agreed"):
        sign_in(google, browser, desk=Desk(time=time))


def test_it_can_be_stopped(google):
    stop = threading.Event()
    with pytest.raises(Cancelled):
        sign_in(google, lambda url: stop.set(), desk=Desk(cancelled=stop.is_set))


def test_a_connection_on_which_nothing_is_asked_holds_nothing_up(google):
    import socket

    held = []

    def browser(url):
        back = urlsplit(parse_qs(urlsplit(url).query)["redirect_uri"][0])
        held.append(socket.create_connection((back.hostname, back.port)))
        Browser()(url)

    assert sign_in(google, browser)
    held[0].close()


@pytest.mark.parametrize("kind", ["no json", "[]", "{}", '{"installed": {"client_id": "x"}}'])
def test_what_is_no_client_is_said(kind, google):
    with pytest.raises(CredentialsError, match="desktop apps"):
        sign_in(google, None, client=kind)


def test_a_client_for_web_apps_is_said(google):
    with pytest.raises(CredentialsError, match="web apps"):
        sign_in(google, None, client=client().replace("installed", "web"))


def test_a_wrong_secret_comes_with_googles_words(google):
    with pytest.raises(CredentialsError, match="invalid_client") as caught:
        sign_in(google, Browser(), client=client().replace("GOCSPX-not", "GOCSPX-wrong"))
    assert "GOCSPX" not in " ".join(caught.value.lines())


@pytest.mark.parametrize("answer", [b"[]", b"no json", b"{}"])
def test_an_answer_that_is_none_is_said(answer, google, monkeypatch):
    from tests.vendors import sheets as fake

    monkeypatch.setattr(GoogleFake, "_exchange", lambda self, form: fake.Reply(200, answer))
    with pytest.raises(CredentialsError):
        sign_in(google, Browser())


def test_no_refresh_token_and_no_network_are_said(google, monkeypatch):
    monkeypatch.setattr(GoogleFake, "_exchange", lambda self, form: {"scope": DRIVE_FILE})
    with pytest.raises(CredentialsError, match="refresh token"):
        sign_in(google, Browser())
    with pytest.raises(CredentialsError, match="could not be reached"):
        consent._exchange("http://127.0.0.1:9/token", {})


def test_nobody_is_asked_to_agree_where_no_token_can_be_kept(google, tmp_path, monkeypatch):
    monkeypatch.setenv("CHATBUILDER_GOOGLE_URL", google.url)
    monkeypatch.setattr("chatbuilder.credentials.keyring_problem", lambda: "no keyring back end is installed")
    file = tmp_path / "client.json"
    file.write_text(client(), "utf-8")
    asked = []
    with pytest.raises(CredentialsError, match="could not be kept"):
        token_file(str(file), open_browser=asked.append)
    assert asked == []
