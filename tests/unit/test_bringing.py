"""What the wizard asks to bring in chats: folders to choose from, what there is to fill."""

import os

import pytest

from chatbuilder import pipeline
from chatbuilder.errors import InputError
from chatbuilder.pipeline import bringing
from tests.helpers import config
from tests.integration.filling import take_in
from tests.unit.library.makers import chat


@pytest.fixture
def folder(tmp_path):
    """An empty folder."""
    (tmp_path / "f").mkdir()
    return tmp_path / "f"


def test_a_folder_lists_folders_by_name_then_exports_newest_first(folder):
    for name in ("b", "A", ".hidden"):
        (folder / name).mkdir()
    for age, name in enumerate(("new.zip", "old.json", "Older.JSONL", "notes.txt")):
        (folder / name).write_bytes(b"12345")
        os.utime(folder / name, (1000 - age, 1000 - age))
    found = bringing.listing(str(folder))
    assert [spot.name for spot in found.spots] == ["A", "b", "new.zip", "old.json", "Older.JSONL"]
    assert (found.hidden, found.parent) == (2, str(folder.parent))
    assert found.spots[2] == ("new.zip", str(folder / "new.zip"), False, 5, 1000)


def test_a_file_or_nothing_leads_to_the_folder_it_is_in(folder):
    (folder / "x.zip").write_bytes(b"")
    assert bringing.listing(str(folder / "x.zip")).path == str(folder)
    assert bringing.listing(str(folder / "gone")).path == str(folder)


def test_it_begins_in_the_downloads_where_there_are_any(home):
    assert bringing.listing().path == str(home.parent)
    (home.parent / "Downloads").mkdir()
    assert bringing.listing().path == str(home.parent / "Downloads")
    assert bringing.listing("~").path == str(home.parent)


def test_a_folder_without_end_is_cut(folder, monkeypatch):
    monkeypatch.setattr(bringing, "MOST", 3)
    for number in range(5):
        (folder / f"{number}.zip").write_bytes(b"")
    found = bringing.listing(str(folder))
    assert (len(found.spots), found.hidden) == (3, 2)


def test_a_folder_that_cannot_be_read_says_so(folder, monkeypatch):
    def refused(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.iterdir", refused)
    with pytest.raises(InputError, match="Permission denied"):
        bringing.listing(str(folder))


def test_what_these_answers_built_is_told_apart(tmp_path):
    mine, other = (config("obsidian", target={"path": str(tmp_path / name)}) for name in "ab")
    assert bringing.standing(mine) == ((), "", 0)
    for answers in (mine, other):
        pipeline.apply(answers, on_event=lambda event: None, cancelled=lambda: False)
    take_in(chat("x"))
    found = bringing.standing(mine)
    assert (len(found.systems), found.chats) == (2, 1)
    assert next(system.place for system in found.systems if system.id == found.mine) == str(tmp_path / "a")
    assert bringing.standing(None).mine == ""
