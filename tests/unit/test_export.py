"""Export: it updates what it wrote, touches nothing else, and a crash anywhere is mended by exporting again."""

import io
import json
import os
import stat
import zipfile

import pytest

from chatbuilder import atomic
from chatbuilder.errors import ExitCode, InputError
from chatbuilder.export import MANIFEST, export_files, zip_bytes
from tests.helpers import tree

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has other links and permissions")
FIRST = {"README.md": b"guide 1", "templates/a.csv": b"a 1", "templates/b.csv": b"b 1", "deep/er/c.txt": b"c 1"}
SECOND = {"README.md": b"guide 2", "templates/a.csv": b"a 1", "new/d.txt": b"d 2"}


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def content(out):
    """What is in the folder, without the manifest."""
    return {name: data for name, data in tree(out).items() if name != MANIFEST}


def refused(files, folder):
    with pytest.raises(InputError) as caught:
        export_files(files, folder)
    assert caught.value.exit_code == ExitCode.INPUT
    assert caught.value.kept
    assert caught.value.hint
    return caught.value


def test_the_folders_on_the_way_are_made(out):
    export_files(FIRST, out / "deep" / "down")
    assert content(out / "deep" / "down") == FIRST


def test_everything_is_written(out):
    report = export_files(FIRST, out)
    assert content(out) == FIRST
    assert report.place == str(out)
    assert report.written == tuple(sorted(FIRST))
    assert (report.updated, report.unchanged, report.removed, report.kept) == ((), (), (), ())


def test_the_same_again_changes_nothing(out):
    export_files(FIRST, out)
    before = {place: place.stat().st_mtime_ns for place in out.rglob("*.*") if place.name != MANIFEST}
    report = export_files(FIRST, out)
    assert report.unchanged == tuple(sorted(FIRST))
    assert {place: place.stat().st_mtime_ns for place in out.rglob("*.*") if place.name != MANIFEST} == before


def test_a_second_export_updates_what_the_first_wrote(out):
    export_files(FIRST, out)
    report = export_files(SECOND, out)
    assert content(out) == SECOND
    assert report.written == ("new/d.txt",)
    assert report.updated == ("README.md",)
    assert report.unchanged == ("templates/a.csv",)
    assert report.removed == ("deep/er/c.txt", "templates/b.csv")
    assert not (out / "deep").exists()


def test_what_the_person_changed_stays(out):
    export_files(FIRST, out)
    (out / "README.md").write_bytes(b"mine")
    (out / "templates" / "b.csv").write_bytes(b"mine too")
    report = export_files(SECOND, out)
    assert content(out) == {**SECOND, "README.md": b"mine", "templates/b.csv": b"mine too"}
    assert report.kept == ("README.md", "templates/b.csv")
    assert "README.md" not in report.updated


def test_what_the_person_had_before_stays(out):
    out.mkdir()
    (out / "README.md").write_bytes(b"my own project")
    (out / "notes.txt").write_bytes(b"unrelated")
    report = export_files(FIRST, out)
    assert report.kept == ("README.md",)
    assert content(out) == {**FIRST, "README.md": b"my own project", "notes.txt": b"unrelated"}


def test_a_change_taken_back_is_no_change(out):
    export_files(FIRST, out)
    (out / "README.md").write_bytes(b"mine")
    assert export_files(FIRST, out).kept == ("README.md",)
    (out / "README.md").write_bytes(b"guide 1")
    assert export_files(SECOND, out).updated == ("README.md",)


def test_a_file_the_person_deleted_is_written_again(out):
    export_files(FIRST, out)
    (out / "README.md").unlink()
    assert export_files(FIRST, out).written == ("README.md",)


def test_a_folder_with_something_of_the_persons_is_not_removed(out):
    export_files(FIRST, out)
    (out / "deep" / "er" / "mine.txt").write_bytes(b"x")
    export_files(SECOND, out)
    assert (out / "deep" / "er" / "mine.txt").exists()


@pytest.mark.parametrize("manifest", [b"", b"{", b"[]", b'{"files": []}', b'{"files": {"README.md": 5}}', b"\xff"])
def test_without_a_readable_manifest_everything_there_is_the_persons(out, manifest):
    export_files(FIRST, out)
    (out / MANIFEST).write_bytes(manifest)
    report = export_files(SECOND, out)
    assert report.kept == ("README.md",)
    assert content(out) == {**FIRST, "new/d.txt": b"d 2"}


def test_a_zip_and_a_folder_do_not_clean_up_after_each_other(out):
    export_files({"x.zip": b"zip"}, out)
    export_files(FIRST, out)
    assert content(out) == {**FIRST, "x.zip": b"zip"}
    report = export_files({"y.zip": b"zip"}, out)
    assert report.removed == ("x.zip",)
    assert content(out) == {**FIRST, "y.zip": b"zip"}


# crashes


class Crash(BaseException):
    """The process dies here."""


def crash_at(monkeypatch, index, *, after):
    """Die at the write of this index, just before it or just after it."""
    real, count = atomic.write_bytes, iter(range(10_000))

    def dying(path, data, **more):
        now = next(count) == index
        if now and not after:
            raise Crash
        real(path, data, **more)
        if now:
            raise Crash

    monkeypatch.setattr(atomic, "write_bytes", dying)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("index", range(6))
def test_exporting_again_after_a_crash_is_as_if_there_was_none(out, tmp_path, monkeypatch, index, after):
    export_files(FIRST, tmp_path / "calm")
    export_files(SECOND, tmp_path / "calm")
    for files in (FIRST, SECOND):
        with monkeypatch.context() as patch:
            crash_at(patch, index, after=after)
            try:
                export_files(files, out)
            except Crash:
                files_now = {name: data for name, data in content(out).items() if not name.endswith("/")}
                assert all(data in (FIRST.get(name), SECOND.get(name)) for name, data in files_now.items())
        export_files(files, out)
    assert tree(out) == tree(tmp_path / "calm")


@pytest.mark.parametrize("index", range(4))
def test_a_crash_never_makes_the_persons_change_look_like_ours(out, monkeypatch, index):
    export_files(FIRST, out)
    (out / "README.md").write_bytes(b"mine")
    with monkeypatch.context() as patch:
        crash_at(patch, index, after=True)
        with pytest.raises(Crash):
            export_files({**SECOND, "more.txt": b"x", "even/more.txt": b"x"}, out)
    assert export_files(SECOND, out).kept == ("README.md",)
    assert (out / "README.md").read_bytes() == b"mine"


@posix
def test_what_a_killed_export_left_half_written_is_cleared(out):
    export_files(FIRST, out)
    leftover = out / "templates" / ".chatbuilder-0123456789ab.tmp"
    leftover.write_bytes(b"ha")
    export_files(FIRST, out)
    assert not leftover.exists()


def test_a_full_disk_is_told_and_mended_by_exporting_again(out, monkeypatch):
    export_files(FIRST, out)
    real = atomic.write_bytes

    def full(path, data, **more):
        if path.name == "README.md":
            raise OSError(28, "No space left on device", str(path))
        real(path, data, **more)

    with monkeypatch.context() as patch:
        patch.setattr(atomic, "write_bytes", full)
        error = refused(SECOND, out)
    assert "No space left on device" in error.message
    assert "README.md" in error.message
    assert "export again" in error.hint
    export_files(SECOND, out)
    assert content(out) == SECOND


# paths

ESCAPES = ["../x", "a/../../x", "/etc/x", "..", "", ".", "C:/x", "C:\\x", "a\\..\\x", "a\x00b", "a\nb", "a/b:stream"]


@pytest.mark.parametrize("name", ESCAPES)
def test_no_path_leaves_the_folder(tmp_path, out, name):
    before = tree(tmp_path)
    error = refused({"fine.txt": b"x", name: b"x"}, out)
    assert "outside" in error.message
    assert error.kept == "nothing was written."
    assert {**tree(tmp_path), "out/": b""} == {**before, "out/": b""}


@pytest.mark.parametrize("name", ESCAPES)
def test_no_path_leaves_the_zip(name):
    with pytest.raises(InputError, match="outside"):
        zip_bytes({name: b"x"}, "top")


@pytest.mark.parametrize("name", ["👨‍👩‍👧 family.md", "محادثات/x.md", "a b/c'd.txt", "..hidden", "a..b/c", "x" * 200])
def test_odd_names_are_names(out, name):
    export_files({name: b"x"}, out)
    assert content(out) == {name: b"x"}


@posix
def test_links_are_the_persons(tmp_path, out):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "README.md").write_bytes(b"precious")
    out.mkdir()
    (out / "README.md").symlink_to(elsewhere / "README.md")
    (out / "hollow.txt").symlink_to(elsewhere / "none")
    report = export_files({**FIRST, "hollow.txt": b"x"}, out)
    assert report.kept == ("README.md", "hollow.txt")
    assert tree(elsewhere) == {"README.md": b"precious"}


@posix
def test_a_linked_folder_does_not_lead_out(tmp_path, out):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    out.mkdir()
    (out / "templates").symlink_to(elsewhere)
    assert "outside" in refused(FIRST, out).message
    assert tree(elsewhere) == {}


@posix
def test_a_link_that_came_later_does_not_lead_out_either(tmp_path, out):
    export_files(FIRST, out)
    elsewhere = tmp_path / "elsewhere"
    (out / "templates").replace(elsewhere)
    (out / "templates").symlink_to(elsewhere)
    export_files({"README.md": b"guide 2"}, out)
    assert tree(elsewhere) == {"a.csv": b"a 1", "b.csv": b"b 1"}


def test_the_folder_itself_may_be_a_link(tmp_path, out):
    (tmp_path / "real").mkdir()
    out.symlink_to(tmp_path / "real")
    export_files(FIRST, out)
    assert content(tmp_path / "real") == FIRST


def test_a_doctored_manifest_removes_nothing_elsewhere(tmp_path, out):
    victim = tmp_path / "victim.txt"
    victim.write_bytes(b"precious")
    import hashlib

    sha = hashlib.sha256(b"precious").hexdigest()
    out.mkdir()
    (out / MANIFEST).write_text(json.dumps({"files": {"../victim.txt": [sha], str(victim): [sha]}}), "utf-8")
    export_files(FIRST, out)
    assert victim.read_bytes() == b"precious"


# folders that cannot be used


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").touch()
    assert "it is a file" in refused(FIRST, tmp_path / "file").message
    assert "Not a directory" in refused(FIRST, tmp_path / "file" / "below").message


def test_a_folder_that_may_not_be_written(out, monkeypatch):
    def denied(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", denied)
    assert "Permission denied" in refused(FIRST, out).message


def test_a_name_too_long(tmp_path):
    assert "too long" in refused(FIRST, tmp_path / ("x" * 300)).message


@pytest.mark.parametrize("there", ["a file where a folder goes", "a folder where a file goes"])
def test_something_else_of_that_name(out, there):
    out.mkdir()
    if there.startswith("a file"):
        (out / "templates").write_bytes(b"mine")
        error = refused(FIRST, out)
        assert "templates" in error.message
        assert (out / "templates").read_bytes() == b"mine"
    else:
        (out / "README.md").mkdir()
        assert export_files(FIRST, out).kept == ("README.md",)


# permissions and zips


@posix
def test_scripts_can_be_run(out):
    before = os.umask(0o022)
    try:
        export_files({"backup.sh": b"#!/bin/sh\n", "a.txt": b"x"}, out)
    finally:
        os.umask(before)
    assert stat.S_IMODE((out / "backup.sh").stat().st_mode) == 0o755
    assert stat.S_IMODE((out / "a.txt").stat().st_mode) == 0o644


def test_a_zip_holds_everything_below_one_folder():
    with zipfile.ZipFile(io.BytesIO(zip_bytes({**FIRST, "run.sh": b"#!"}, "my-chats"))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == {
            f"my-chats/{name}": data for name, data in {**FIRST, "run.sh": b"#!"}.items()
        }
        assert archive.getinfo("my-chats/run.sh").external_attr >> 16 & 0o111
        assert not archive.getinfo("my-chats/README.md").external_attr >> 16 & 0o111


def test_the_same_files_make_the_same_zip():
    assert zip_bytes(FIRST, "x") == zip_bytes(dict(reversed(FIRST.items())), "x")
