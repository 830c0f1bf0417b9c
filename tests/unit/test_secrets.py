"""A token is in the keyring and in the environment, and after everything a person can do it is nowhere else."""

import contextlib
import io
import json
import zipfile

import pytest

from chatbuilder import catalog, pipeline
from chatbuilder.drafts import Draft
from chatbuilder.errors import ChatbuilderError
from tests.helpers import answers_file, config, tree

KEYRING, ENVIRONMENT = "canary-keyring-5f1d", "canary-environment-77aa"
PASSWORD = "canary-password-9c3e"


@pytest.fixture
def canaries(monkeypatch, keyring_in_memory):
    for platform in ("notion", "airtable", "sheets"):
        for account in ("", ":work"):
            keyring_in_memory.set_password("chatbuilder", platform + account, KEYRING)
    for name in ("NOTION_TOKEN", "AIRTABLE_TOKEN", "GOOGLE_APPLICATION_CREDENTIALS", "PGPASSWORD"):
        monkeypatch.setenv(name, ENVIRONMENT)


def assert_nowhere(folder, *texts):
    files = tree(folder)
    for name, data in list(files.items()):
        if zipfile.is_zipfile(io.BytesIO(data)):  # a workbook is one too
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                files |= {f"{name}/{part}": archive.read(part) for part in archive.namelist()}
    for name, data in files.items():
        for canary in (KEYRING, ENVIRONMENT, PASSWORD):
            assert canary.encode() not in data, name
            assert canary not in name
    for text in texts:
        assert "canary" not in text


COMMANDS = [
    ("answers", "check", "{answers}"),
    ("answers", "share", "{answers}"),
    ("show", "--answers", "{answers}"),
    ("show", "--answers", "{answers}", "design"),
    ("plan", "--answers", "{answers}"),
    ("build", "--answers", "{answers}", "--out", "{out}"),
    ("build", "--answers", "{answers}", "--out", "{out}", "--zip"),
    ("apply", "--answers", "{answers}", "--yes"),
    ("apply", "--answers", "{answers}"),
    ("drafts",),
    ("answers", "show"),
    ("systems",),
    ("jobs",),
    ("log",),
    ("doctor",),
    ("verify", "x"),
]


@pytest.mark.parametrize("platform", catalog.PLATFORMS)
def test_nothing_a_command_writes_or_prints_holds_a_token(canaries, run_cli, tmp_path, platform):
    local = catalog.PLATFORMS[platform].kind == "local"
    key = catalog.PLATFORMS[platform].target_keys[0]
    target = (
        {key: f"sqlite:///{tmp_path}/x.db" if key == "database" else str(tmp_path / "x.xlsx")}
        if local
        else {"account": "work"}
    )
    place = answers_file(
        tmp_path, platform, target=target, priorities=["automation", "integration"], features=["exports"]
    )
    draft = pipeline.save_draft(Draft(pipeline.new_draft().id, "setup", config(platform, target=target).data()))
    pipeline.release_draft(draft.id)
    said = []
    for words in COMMANDS:
        words = [word.format(answers=place, out=tmp_path / "out") for word in words]
        for more in ([],) if words[0] == "build" else ([], ["--json"]):
            done = run_cli(*words, *more)
            said += [done.out, done.err]
    assert_nowhere(tmp_path, *said)


@pytest.mark.parametrize("platform", catalog.PLATFORMS)
def test_a_crash_report_holds_no_token(canaries, run_cli, tmp_path, monkeypatch, home, platform):
    def broken(config):
        raise RuntimeError(f"request with {KEYRING} failed for {ENVIRONMENT}")

    monkeypatch.setattr(pipeline, "build", broken)
    done = run_cli("plan", "--answers", answers_file(tmp_path, platform))
    assert done.code == 1
    assert (home / "logs" / "crash.log").exists()
    assert_nowhere(tmp_path, done.out, done.err)


def test_a_password_in_a_database_url_goes_nowhere(run_cli, tmp_path, home):
    url = f"postgresql://sam:{PASSWORD}@host/db"
    place = answers_file(tmp_path, "custom", target={"database": url})
    said = []
    for words in COMMANDS:
        done = run_cli(*[word.format(answers=place, out=tmp_path / "out") for word in words])
        said += [done.out, done.err]
    place.unlink()
    assert_nowhere(tmp_path, *(text.replace(str(place), "") for text in said))


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://sam:{PASSWORD}@host/db",
        f"mysql://sam:{PASSWORD}@host/db",
        f"postgresql://h/d?password={PASSWORD}",
        f"postgresql://h/d?pass%77ord={PASSWORD}",
    ],
)
def test_a_password_typed_in_the_wizard_is_not_saved_with_the_draft(tmp_path, url):
    answers = {"platform": "custom", "target": {"database": url, "account": "x"}}
    draft = pipeline.save_draft(Draft(pipeline.new_draft().id, "setup", answers))
    assert draft.answers == answers  # still in the window
    assert pipeline.peek_draft(draft.id).answers == {"platform": "custom", "target": {"account": "x"}}
    assert_nowhere(tmp_path)
    pipeline.release_draft(draft.id)


def test_an_unfinished_preview_leaves_the_target_alone():
    """What is shown while somebody types cannot hold what they typed as a target."""
    blueprint = pipeline.preview({"platform": "custom", "target": {"database": f"postgresql://u:{PASSWORD}@h/d"}})
    assert PASSWORD not in repr(blueprint)


def test_a_token_pasted_where_it_does_not_belong_is_not_repeated():
    for answers in (
        {"platform": "notion", "priorities": ["search"], "token": KEYRING},
        {"platform": "notion", "priorities": ["search"], "target": {"token": KEYRING}},
    ):
        with pytest.raises(ChatbuilderError) as caught:
            pipeline.check(answers)
        assert KEYRING not in " ".join(caught.value.lines())


def test_the_state_of_a_token_is_not_the_token(canaries):
    for platform in ("notion", "airtable", "sheets"):
        with contextlib.suppress(ChatbuilderError):
            report = pipeline.inspect_target(config(platform))
            assert "canary" not in repr(report)
            assert "found in your keyring" in report.credentials
    assert "canary" not in json.dumps([repr(check) for check in pipeline.doctor()])
