"""Files that are whole whatever happens, folders that are private, and where things live."""

import os
import stat
import sys
from pathlib import Path

import pytest

from chatbuilder import atomic
from chatbuilder.clock import iso, utc_now
from chatbuilder.errors import InputError
from chatbuilder.paths import locate, own_folder, private_folder, typed
from tests.helpers import python

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def umask():
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


def test_a_file_is_written_and_nothing_else_stays(tmp_path):
    place = tmp_path / "a.txt"
    atomic.write_bytes(place, b"one")
    atomic.write_bytes(place, b"two")
    assert place.read_bytes() == b"two"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.txt", "home"]


@pytest.mark.parametrize("broken", ["write", "fsync", "replace"])
def test_when_the_disk_gives_up_the_old_file_stays(tmp_path, monkeypatch, broken):
    place = tmp_path / "a.txt"
    atomic.write_bytes(place, b"old")

    def give_up(*_, **__):
        raise OSError(28, "No space left on device")

    if broken == "replace":
        monkeypatch.setattr(Path, "replace", give_up)
    elif broken == "fsync":
        monkeypatch.setattr(os, "fsync", give_up)
    else:
        real = os.fdopen
        monkeypatch.setattr(os, "fdopen", lambda handle, how: _Full(real(handle, how)))
    with pytest.raises(OSError, match="No space"):
        atomic.write_bytes(place, b"new")
    monkeypatch.undo()
    assert place.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".chatbuilder")] == []


class _Full:
    """A file on a full disk."""

    def __init__(self, file):
        self._file = file

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()

    def fileno(self):
        return self._file.fileno()

    def write(self, data):
        raise OSError(28, "No space left on device")


@posix
def test_a_new_file_follows_the_umask_and_an_old_one_keeps_its_permissions(tmp_path, umask):
    atomic.write_bytes(tmp_path / "usual", b"x")
    assert mode(tmp_path / "usual") == 0o644
    umask(0o077)
    atomic.write_bytes(tmp_path / "careful", b"x")
    assert mode(tmp_path / "careful") == 0o600
    atomic.write_bytes(tmp_path / "usual", b"y")
    assert mode(tmp_path / "usual") == 0o644
    (tmp_path / "usual").chmod(0o640)
    atomic.write_bytes(tmp_path / "usual", b"z")
    assert mode(tmp_path / "usual") == 0o640


@posix
def test_a_private_file_is_private_whatever_was_there(tmp_path, umask):
    umask(0)
    (tmp_path / "secret").touch(mode=0o666)
    atomic.write_private(tmp_path / "secret", b"x")
    assert mode(tmp_path / "secret") == 0o600


@posix
def test_what_a_killed_process_left_is_swept_and_what_a_living_one_writes_is_not(tmp_path):
    """The other process dies with its temporary file written and not yet in place."""
    code = (
        "import os, sys; from pathlib import Path; from chatbuilder import atomic\n"
        "Path.replace = lambda *a: os._exit(9)\n"
        "atomic.write_bytes(Path(sys.argv[1]) / 'a.txt', b'half')"
    )
    assert python(code, tmp_path).code == 9
    dead = [p for p in tmp_path.iterdir() if p.name.startswith(".chatbuilder")]
    assert len(dead) == 1
    theirs = tmp_path / ".chatbuilder-notes.tmp"
    theirs.touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: atomic.sweep(tmp_path))  # somebody else tidies up meanwhile
        atomic.write_bytes(tmp_path / "b.txt", b"whole")
    assert (tmp_path / "b.txt").read_bytes() == b"whole"
    assert not dead[0].exists()
    assert theirs.exists()


def test_sweeping_what_is_not_there_is_nothing(tmp_path):
    atomic.sweep(tmp_path / "none")


@posix
def test_private_folders_with_all_that_is_above_them(tmp_path, umask):
    umask(0)
    private_folder(tmp_path / "a" / "b" / "c")
    assert [mode(tmp_path / part) for part in ("a", "a/b", "a/b/c")] == [0o700] * 3
    assert private_folder(tmp_path / "a" / "b" / "c").is_dir()


def test_a_folder_of_our_own_that_cannot_be_made_says_what_to_do(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError) as caught:
        own_folder(tmp_path / "file" / "drafts")
    assert "CHATBUILDER_HOME" in caught.value.hint
    assert caught.value.kept


def test_everything_lives_below_chatbuilder_home(tmp_path):
    paths = locate({"CHATBUILDER_HOME": str(tmp_path)})
    places = (
        paths.config,
        paths.state,
        paths.data,
        paths.cache,
        paths.logs,
        paths.drafts,
        paths.library,
        paths.audit_log,
    )
    assert all(place.is_relative_to(tmp_path) for place in places)
    assert len(set(places)) == len(places)


def test_a_relative_home_is_meant_from_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert locate({"CHATBUILDER_HOME": "mine"}).data == tmp_path / "mine" / "data"


def test_without_it_things_live_where_the_system_says(home):
    paths = locate({})
    for place in (paths.config, paths.state, paths.data, paths.cache, paths.logs):
        assert "chatbuilder" in str(place)
        if sys.platform.startswith("linux"):
            assert place.is_relative_to(home.parent)


def test_a_tilde_is_the_home_folder(home):
    assert typed("~/x") == home.parent / "x"
    assert locate({"CHATBUILDER_HOME": "~/y"}).data == home.parent / "y" / "data"
    assert typed("~nobody-of-this-name/x") == Path("~nobody-of-this-name/x")


def test_time_is_utc_to_the_second():
    now = utc_now()
    assert now.utcoffset().total_seconds() == 0
    assert now.microsecond == 0
    assert iso(now).endswith("Z")
