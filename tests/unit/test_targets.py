"""Where a system goes: suggested places, the same place from every folder, and systems told apart by it."""

from pathlib import Path

import pytest

from chatbuilder import pipeline
from chatbuilder.pipeline import provisioning
from tests.helpers import config, python


@pytest.mark.parametrize(
    ("platform", "key", "ends"),
    [
        ("obsidian", "path", "My Chats vault"),
        ("logseq", "path", "My Chats graph"),
        ("excel", "path", "My Chats.xlsx"),
        ("custom", "database", "my-chats.db"),
    ],
)
def test_a_place_is_suggested(home, platform, key, ends):
    target = pipeline.default_target(config(platform, name="My Chats"))
    assert target[key].endswith(f"{home.parent.name}/{ends}")
    (home.parent / "Documents").mkdir()
    assert f"Documents/{ends}" in pipeline.default_target(config(platform, name="My Chats"))[key]
    assert pipeline.with_target(config(platform)).data()["target"]


@pytest.mark.parametrize("name", ["a/b", "CON", "🗂️", "a:b?c", "x" * 100])
def test_a_suggested_place_is_in_the_home_folder_whatever_the_name(home, name):
    place = Path(pipeline.default_target(config("obsidian", name=name))["path"])
    assert place.parent == home.parent


def test_platforms_with_an_api_get_no_suggestion():
    assert pipeline.default_target(config("notion")) == {}
    assert pipeline.with_target(config("notion")) == config("notion")


def test_a_given_target_stays(tmp_path):
    mine = config("obsidian", target={"path": str(tmp_path)})
    assert pipeline.with_target(mine) == mine
    url = config("custom", target={"database": "postgresql://sam@host/db"})
    assert pipeline.with_target(url) == url


@pytest.mark.parametrize(
    ("platform", "target", "meant"),
    [
        ("obsidian", {"path": "vault"}, "{here}/vault"),
        ("obsidian", {"path": "~/vault"}, "{home}/vault"),
        ("custom", {"database": "sqlite:///chats.db"}, "sqlite:///{here}/chats.db"),
        ("custom", {"database": "sqlite:///~/chats.db"}, "sqlite:///{home}/chats.db"),
        ("custom", {"database": "sqlite:////abs/chats.db"}, "sqlite:////abs/chats.db"),
    ],
)
def test_a_target_means_the_same_from_every_folder(home, tmp_path, monkeypatch, platform, target, meant):
    """A system is verified from another folder than it was built from."""
    monkeypatch.chdir(tmp_path)
    full = pipeline.with_target(config(platform, target=target))
    monkeypatch.chdir("/")
    assert next(iter(full.data()["target"].values())) == meant.format(here=tmp_path, home=home.parent)
    assert pipeline.with_target(full) == full


@pytest.mark.parametrize("database", ["sqlite:///:memory:", "sqlite:///file:x.db", "sqlite:///x.db?mode=ro"])
def test_what_is_no_file_is_left_for_the_platform_to_refuse(database):
    answers = config("custom", target={"database": database})
    assert pipeline.with_target(answers) == answers


def test_systems_are_told_apart_by_place(tmp_path, monkeypatch):
    def id_at(platform, target, **more):
        return provisioning.system_id(config(platform, target=target, **more))

    here, there = {"path": str(tmp_path / "a")}, {"path": str(tmp_path / "b")}
    assert id_at("obsidian", here) != id_at("obsidian", there)
    assert id_at("obsidian", here) != id_at("obsidian", here, name="Other")
    assert id_at("excel", here, name="Chats") == id_at("excel", here, name="Other")  # one file, whatever its name
    assert id_at("excel", here, name="Chats")[-6:] == id_at("excel", here, name="Other")[-6:]
    monkeypatch.chdir(tmp_path)
    assert id_at("obsidian", {"path": "a"}) == id_at("obsidian", here)
    assert id_at("obsidian", {"path": "x/../a"}) == id_at("obsidian", here)
    assert id_at("custom", {"database": "sqlite:///a.db"}) == id_at(
        "custom", {"database": f"sqlite:///{tmp_path}/a.db"}
    )
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert id_at("obsidian", {"path": "link"}) == id_at("obsidian", here)


@pytest.mark.parametrize("name", ["🗂️", "محادثات", "a/b", "x" * 100, "-- x"])
def test_a_system_id_is_a_plain_word(name):
    assert provisioning.system_id(config("notion", name=name)).replace("-", "").isalnum()


def test_nothing_heavy_is_loaded_with_the_pipeline():
    heavy = {
        "textual",
        "openpyxl",
        "sqlalchemy",
        "keyring",
        "rich",
        "tomli_w",
        "gspread",
        "pyairtable",
        "notion_client",
    }
    done = python("import sys, chatbuilder.pipeline; print(*{name.partition('.')[0] for name in sys.modules})")
    assert set(done.out.split()) & heavy == set()
