"""Delivery into a folder that may hold somebody's own things: whole or not at all, and never over theirs."""

from __future__ import annotations

import base64
import json
import os
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as h
from hypothesis import strategies as st

from chatbuilder.errors import ChatbuilderError, InputError, RefusedError
from chatbuilder.provision import disk, settings
from chatbuilder.provision.files import FilesProvisioner
from chatbuilder.solution import Plan, Step

posix = pytest.mark.skipif(sys.platform == "win32", reason="symbolic links and forks")
as_anybody = pytest.mark.skipif(
    sys.platform == "win32" or getattr(os, "geteuid", lambda: 1)() == 0, reason="root may write anywhere"
)


@pytest.fixture
def place(tmp_path):
    """A folder with nothing in it; the shared set-up puts a home beside it."""
    here = tmp_path / "here"
    here.mkdir()
    return here


def folder(path: str) -> Step:
    return Step(f"folder:{path}", path, "folder", {"path": path})


def file(path: str, text: str = "ours\n") -> Step:
    return Step(f"file:{path}", path, "file", {"path": path, "text": text})


def merge(path: str, values: dict[str, Any]) -> Step:
    return Step(f"merge:{path}", path, "merge", {"path": path, "format": "json", "values": values})


SETTINGS = {"on": True, "types": {"day": "date"}, "items": [{"type": "group", "title": "Ours"}]}
PLAN = Plan(
    (
        folder("sys"), folder("sys/notes"), file("sys/notes/a.md", "é\n"), file("sys/b.md"), folder(".conf"),
        merge(".conf/s.json", SETTINGS),
    )
)  # fmt: skip


def deliver(root: Path, plan: Plan = PLAN, results: dict[str, Any] | None = None) -> dict[str, Any]:
    """Run a plan the way the runner does; results travel as JSON, as in the journal."""
    results = dict(results or {})
    provisioner = FilesProvisioner(root)
    provisioner.preflight(plan, results)
    for step in plan:
        results[step.key] = json.loads(json.dumps(provisioner.deliver(step, step.payload, results.get(step.key))))
    provisioner.close()
    return results


def take_down(root: Path, results: dict[str, Any], plan: Plan = PLAN) -> dict[str, Any]:
    provisioner = FilesProvisioner(root)
    return {step.key: provisioner.remove(step, step.payload, results[step.key]) for step in reversed(plan.steps)}


def tree(root: Path) -> dict[str, bytes | None]:
    return {p.relative_to(root).as_posix(): p.read_bytes() if p.is_file() else None for p in sorted(root.rglob("*"))}


def test_a_plan_makes_exactly_its_files_and_taking_down_leaves_nothing(place):
    root = place / "new" / "vault"
    results = deliver(root)
    assert tree(root) == {
        ".conf": None,
        ".conf/s.json": (json.dumps(SETTINGS, indent=2) + "\n").encode(),
        "sys": None,
        "sys/b.md": b"ours\n",
        "sys/notes": None,
        "sys/notes/a.md": "é\n".encode(),
    }
    assert results["file:sys/b.md"] == {
        "path": "sys/b.md", "sha256": disk.sha256(b"ours\n"), "created": True, "made": [],
    }  # fmt: skip
    removed = take_down(root, results)
    assert all(item.removed for item in removed.values())
    assert not root.parent.exists()
    assert list(place.iterdir()) == []


def test_folders_above_stay_when_something_else_is_in_them(place):
    root = place / "a" / "b" / "vault"
    results = deliver(root)
    (place / "a" / "mine.txt").write_text("mine")
    take_down(root, results)
    assert tree(place) == {"a": None, "a/mine.txt": b"mine"}


def test_folders_above_that_were_there_stay(place):
    (place / "a").mkdir()
    root = place / "a" / "b" / "vault"
    take_down(root, deliver(root))
    assert tree(place) == {"a": None}


def test_a_look_after_a_kill_leaves_no_folder_that_was_made_for_nothing(place, monkeypatch):
    root = place / "a" / "b" / "vault"

    def killed(*_):
        raise SystemError("the power went")

    with monkeypatch.context() as patch:
        patch.setattr(disk, "make_folders", killed)
        with pytest.raises(SystemError):
            FilesProvisioner(root).deliver(PLAN.steps[0], PLAN.steps[0].payload, None)
    assert root.parent.exists()
    FilesProvisioner(root).close()
    assert list(place.iterdir()) == []


def test_a_folder_that_cannot_be_made_leaves_nothing(place, monkeypatch):
    make = Path.mkdir

    def refuse(self, *arguments, **more):
        if self.name == "b":
            raise OSError(28, "No space left on device")
        make(self, *arguments, **more)

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(OSError, match="No space"):
        deliver(place / "a" / "b" / "vault")
    assert list(place.iterdir()) == []


def test_base64_and_modes(place):
    step = Step("file:x", "x", "file", {"path": "x.bin", "base64": base64.b64encode(b"\0\xff").decode()})
    deliver(place, Plan((step,)))
    assert (place / "x.bin").read_bytes() == b"\0\xff"
    if os.name != "nt":
        reference = place / "reference"
        reference.touch()
        assert (place / "x.bin").stat().st_mode == reference.stat().st_mode


def test_a_second_run_changes_nothing_and_an_update_changes_what_is_ours(place):
    results = deliver(place)
    before = tree(place)
    assert deliver(place, results=results) == results
    assert tree(place) == before
    changed = Plan((file("sys/b.md", "new\n"),))
    after = deliver(place, changed, results)["file:sys/b.md"]
    assert (place / "sys/b.md").read_text() == "new\n"
    assert after["created"] is True
    assert "kept" not in after


def test_what_the_person_edited_stays(place):
    results = deliver(place)
    (place / "sys/b.md").write_text("mine\n")
    again = deliver(place, Plan((file("sys/b.md", "new\n"),)), results)
    assert again["file:sys/b.md"]["kept"] == "you changed it"
    assert (place / "sys/b.md").read_text() == "mine\n"
    provisioner = FilesProvisioner(place)
    assert provisioner.inspect(PLAN.steps[3], {}, results["file:sys/b.md"]) == "edited"
    removed = take_down(place, results)
    assert removed["file:sys/b.md"].removed is False
    assert "changed" in removed["file:sys/b.md"].why
    assert removed["folder:sys"].removed is False
    assert tree(place) == {"sys": None, "sys/b.md": b"mine\n"}


def test_an_edit_taken_back_is_ours_again(place):
    step = file("a.md", "one")
    results = deliver(place, Plan((step,)))
    (place / "a.md").write_text("mine")
    results = deliver(place, Plan((file("a.md", "two"),)), results)
    (place / "a.md").write_text("one")
    results = deliver(place, Plan((file("a.md", "three"),)), results)
    assert (place / "a.md").read_text() == "three"
    assert "kept" not in results["file:a.md"]


def test_a_missing_file_is_put_back_and_inspect_says_so(place):
    results = deliver(place)
    (place / "sys/b.md").unlink()
    provisioner = FilesProvisioner(place)
    assert provisioner.inspect(PLAN.steps[3], {}, results["file:sys/b.md"]) == "missing"
    deliver(place, results=results)
    assert (place / "sys/b.md").read_text() == "ours\n"


def test_the_same_file_of_somebody_else_is_no_clash_and_is_never_removed(place):
    (place / "sys").mkdir()
    (place / "sys/b.md").write_text("ours\n")
    results = deliver(place)
    assert results["file:sys/b.md"]["created"] is False
    removed = take_down(place, results)
    assert "before" in removed["file:sys/b.md"].why
    assert tree(place) == {"sys": None, "sys/b.md": b"ours\n"}


def test_preflight_names_every_clash_at_once_and_writes_nothing(place):
    (place / "sys/notes/a.md").mkdir(parents=True)
    (place / "sys/b.md").write_text("mine")
    (place / ".conf").write_text("a file")
    before = tree(place)
    with pytest.raises(InputError) as caught:
        FilesProvisioner(place).preflight(PLAN, {})
    text = "\n".join(caught.value.lines())
    for name in ("sys/notes/a.md", "sys/b.md", ".conf is a file"):
        assert name in text
    assert "Next: " in text
    assert tree(place) == before


def test_preflight_knows_its_own_files(place):
    results = deliver(place)
    (place / "sys/b.md").write_text("edited since")
    found = FilesProvisioner(place).preflight(PLAN, results)
    assert (found.exists, found.merges) == (True, ())


def test_a_file_in_the_way_that_appears_after_preflight_is_kept(place):
    provisioner = FilesProvisioner(place)
    (place / "a.md").write_text("mine")
    result = provisioner.deliver(file("a.md"), {"path": "a.md", "text": "ours"}, None)
    assert "yours" in result["kept"]
    assert (place / "a.md").read_text() == "mine"
    assert provisioner.remove(file("a.md"), {}, result).removed is False


@pytest.mark.parametrize("make", ["file", "file below", "missing drive"])
def test_a_target_that_cannot_be_used(place, make):
    (place / "plain").write_text("x")
    target = {"file": place / "plain", "file below": place / "plain" / "sub"}.get(make)
    if target is None:
        if os.name != "nt":
            pytest.skip("drives are Windows")
        target = Path("Q:\\nothing")
    with pytest.raises(InputError) as caught:
        FilesProvisioner(target).preflight(PLAN, {})
    assert caught.value.kept


@as_anybody
def test_a_folder_without_permission(place):
    (place / "closed").mkdir(mode=0o500)
    with pytest.raises(InputError, match="cannot take"):
        FilesProvisioner(place / "closed").preflight(PLAN, {})


BAD = ["", "/etc/x", "../x", "a/../../x", "a\\b", "C:/x", "C:x", "a\0b", "\\\\host\\x", "a/..", "a\nb", "x:stream"]


@pytest.mark.parametrize("path", BAD)
def test_no_path_leaves_the_folder(place, path):
    root = place / "root"
    provisioner = FilesProvisioner(root)
    for step in (file(path), folder(path), merge(path, {"a": 1})):
        with pytest.raises(RefusedError):
            provisioner.deliver(step, step.payload, None)
        with pytest.raises(InputError):
            provisioner.preflight(Plan((step,)), {})
    assert not root.exists()


@posix
@pytest.mark.parametrize(
    "step", [file("link/x.md"), file("link/deep/x.md"), folder("link"), merge("link/s.json", {"a": 1})]
)
def test_no_link_leads_out_of_the_folder(place, step):
    outside = place / "outside"
    outside.mkdir()
    root = place / "root"
    root.mkdir()
    (root / "link").symlink_to(outside)
    provisioner = FilesProvisioner(root)
    with pytest.raises(RefusedError, match="link"):
        provisioner.deliver(step, step.payload, None)
    with pytest.raises(InputError):
        provisioner.preflight(Plan((step,)), {})
    assert tree(outside) == {}


@posix
def test_a_linked_file_is_somebodys_own(place):
    secret = place / "secret"
    secret.write_text("theirs")
    root = place / "root"
    root.mkdir()
    (root / "inner.md").write_text("ours\n")
    (root / "a.md").symlink_to(secret)
    (root / "b.md").symlink_to(root / "inner.md")
    provisioner = FilesProvisioner(root)
    with pytest.raises(RefusedError):
        provisioner.deliver(file("a.md"), file("a.md").payload, None)
    assert "kept" in provisioner.deliver(file("b.md"), file("b.md").payload, None)
    assert (root / "b.md").is_symlink()
    assert secret.read_text() == "theirs"


@posix
def test_the_folder_itself_may_be_a_link(place):
    (place / "real").mkdir()
    (place / "link").symlink_to(place / "real")
    results = deliver(place / "link")
    assert (place / "real/sys/b.md").exists()
    take_down(place / "link", results)
    assert tree(place / "real") == {}


def test_another_name_moves_what_is_ours(place):
    old = Plan((folder("old"), file("old/a.md"), file("old/b.md")))
    new = Plan(
        tuple(
            Step(step.key, step.title, step.kind, {**step.payload, "path": step.payload["path"].replace("old", "new")})
            for step in old
        )
    )
    results = deliver(place, old)
    (place / "old/b.md").write_text("edited")
    results = deliver(place, new, results)
    assert tree(place) == {
        "new": None,
        "new/a.md": b"ours\n",
        "new/b.md": b"ours\n",
        "old": None,
        "old/b.md": b"edited",
    }
    assert "old/b.md" in results["file:old/b.md"]["left"]
    (place / "old/b.md").unlink()
    take_down(place, results, new)
    assert tree(place) == {}


# settings


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab é\"\\[", max_size=3),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.sampled_from("abcde"), part, max_size=4),
    max_leaves=10,
)  # fmt: skip
OBJECTS = st.dictionaries(st.sampled_from("abcde"), JSON, max_size=5)


@h(max_examples=300, deadline=None)
@given(theirs=OBJECTS, ours=OBJECTS)
def test_merge_adds_and_never_changes_and_can_be_taken_back(theirs, ours):
    merged, added = settings.merge(theirs, ours)
    assert_holds(merged, theirs)
    record = settings.Added.read(json.loads(json.dumps(added.data())))
    back, changed = settings.take_back(merged, record)
    assert settings.same(back, theirs)
    assert changed == []
    there, wanted = settings.present(merged, record)
    assert there == wanted
    again, nothing = settings.merge(merged, ours)
    assert settings.same(again, merged)
    assert nothing.names() == []


def assert_holds(merged: Any, theirs: Any) -> None:
    if isinstance(theirs, dict):
        for key, value in theirs.items():
            assert_holds(merged[key], value)
    elif isinstance(theirs, list):
        assert settings.same(merged[: len(theirs)], theirs)
    else:
        assert settings.same(merged, theirs)


@h(max_examples=200, deadline=None)
@given(theirs=OBJECTS, ours=OBJECTS, later=OBJECTS)
def test_what_they_add_or_change_after_the_merge_stays(theirs, ours, later):
    merged, added = settings.merge(theirs, ours)
    edited = {**merged, **later}
    back, _ = settings.take_back(edited, added)
    for key, value in later.items():
        untouched = key not in merged or not settings.same(merged[key], value)
        if untouched and not isinstance(value, (dict, list)):
            assert settings.same(back[key], value)
    for path, value in added.values:
        if len(path) == 1 and path[0] not in later:
            assert path[0] not in back, value


@pytest.mark.parametrize(
    "raw",
    [
        b'{\n  "a": 1\n}', b'{\n  "a": 1\n}\n', b'{\n\t"a": [\n\t\t1\n\t]\n}', b'{"a":1,"b":"\xc3\xa9"}',
        b'{"a": "\\u00e9"}\n', b'{\r\n  "a": 1\r\n}\r\n', b'\xef\xbb\xbf{\n    "a": {}\n}\n', b"{}",
    ],
)  # fmt: skip
def test_their_layout_survives_byte_for_byte(place, raw):
    path = place / "s.json"
    path.write_bytes(raw)
    plan = Plan((merge("s.json", SETTINGS),))
    results = deliver(place, plan)
    assert path.read_bytes() != raw
    assert json.loads(path.read_bytes().decode("utf-8-sig"))["types"] == {"day": "date"}
    assert take_down(place, results, plan)["merge:s.json"].removed
    assert path.read_bytes() == raw


def test_preflight_tells_which_settings_would_gain_what(place):
    (place / ".conf").mkdir()
    (place / ".conf/s.json").write_text('{"on": false, "types": {"a": "text"}}')
    found = FilesProvisioner(place).preflight(PLAN, {})
    assert found.merges == (".conf/s.json: types.day, items",)
    results = deliver(place)
    assert results["merge:.conf/s.json"]["theirs"] == ["on"]
    assert json.loads((place / ".conf/s.json").read_text())["on"] is False


@pytest.mark.parametrize("raw", ["not json", '{"a": 1', "\udcff"])
def test_damaged_settings_are_a_clash_and_stay(place, raw):
    data = raw.encode("utf-8", "surrogateescape")
    (place / "s.json").write_bytes(data)
    step = merge("s.json", {"a": 1})
    with pytest.raises(InputError, match="cannot take") as caught:
        FilesProvisioner(place).preflight(Plan((step,)), {})
    assert "not valid JSON" in "\n".join(caught.value.lines())
    with pytest.raises(RefusedError):
        FilesProvisioner(place).deliver(step, step.payload, None)
    assert (place / "s.json").read_bytes() == data


def test_settings_of_another_form_stay(place):
    (place / "s.json").write_text('["bases"]')
    step = merge("s.json", {"bases": True})
    assert "stays" in FilesProvisioner(place).preflight(Plan((step,)), {}).notes[0]
    results = deliver(place, Plan((step,)))
    assert "kept" in results["merge:s.json"]
    take_down(place, results, Plan((step,)))
    assert (place / "s.json").read_text() == '["bases"]'


def test_settings_edited_since_keep_their_edits(place):
    plan = Plan((merge("s.json", SETTINGS),))
    results = deliver(place, plan)
    path = place / "s.json"
    now = json.loads(path.read_text())
    now["on"] = False
    now["types"]["mine"] = "text"
    now["items"].append({"type": "file", "path": "x"})
    path.write_text(json.dumps(now))
    assert FilesProvisioner(place).inspect(plan.steps[0], plan.steps[0].payload, results["merge:s.json"]) == "edited"
    removal = take_down(place, results, plan)["merge:s.json"]
    assert (removal.removed, "on" in removal.why) == (False, True)
    left = json.loads(path.read_text())
    assert left == {"on": False, "types": {"mine": "text"}, "items": [{"type": "file", "path": "x"}]}


def test_other_answers_replace_what_was_added(place):
    (place / "s.json").write_text('{"items": [{"type": "file", "path": "theirs"}]}')
    one, two = ({"type": "group", "title": "T", "n": number} for number in (1, 2))
    first = Plan((merge("s.json", {"items": [one], "types": {"a": "text", "b": "x"}}),))
    second = Plan((merge("s.json", {"items": [two], "types": {"a": "date"}}),))
    results = deliver(place, first)
    results = deliver(place, second, results)
    now = json.loads((place / "s.json").read_text())
    assert now == {
        "items": [{"type": "file", "path": "theirs"}, {"type": "group", "title": "T", "n": 2}], "types": {"a": "date"},
    }  # fmt: skip
    take_down(place, results, second)
    assert (place / "s.json").read_text() == '{"items": [{"type": "file", "path": "theirs"}]}'


def test_an_entry_they_edited_is_not_added_a_second_time(place):
    first = Plan((merge("s.json", {"items": [{"type": "group", "title": "T", "n": 1}]}),))
    second = Plan((merge("s.json", {"items": [{"type": "group", "title": "T", "n": 2}]}),))
    results = deliver(place, first)
    edited = '{"items": [{"type": "group", "title": "T", "n": 1, "mine": true}]}'
    (place / "s.json").write_text(edited)
    results = deliver(place, second, results)
    assert json.loads((place / "s.json").read_text()) == json.loads(edited)


def test_a_setting_gone_missing_is_seen_and_put_back(place):
    (place / "s.json").write_text('{"on": true}')
    step = merge("s.json", {"on": True})
    results = deliver(place, Plan((step,)))
    provisioner = FilesProvisioner(place)
    assert provisioner.inspect(step, step.payload, results["merge:s.json"]) == "same"
    (place / "s.json").write_text("{}")
    assert provisioner.inspect(step, step.payload, results["merge:s.json"]) == "missing"
    deliver(place, Plan((step,)))
    assert json.loads((place / "s.json").read_text()) == {"on": True}


# crashes


def test_what_a_kill_left_is_cleared(place):
    (place / "sys/notes").mkdir(parents=True)
    left = [place / "sys/.chatbuilder-0123456789ab.tmp", place / "sys/notes/.chatbuilder-ffffffffffff.tmp"]
    other = place / "sys/.chatbuilder-mine.tmp"
    for path in (*left, other):
        path.write_text("half")
    FilesProvisioner(place).preflight(PLAN, {})
    assert not any(path.exists() for path in left)
    assert other.exists()


class Fake:
    """What the runner needs of a journal, kept on disk so that a killed child's entries are seen."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("CREATE TABLE IF NOT EXISTS s (key TEXT PRIMARY KEY, result TEXT)")

    def __del__(self) -> None:
        self.db.close()

    def rows(self) -> dict[str, str | None]:
        return dict(self.db.execute("SELECT key, result FROM s"))

    def put(self, key: str, result: Any = None) -> None:
        self.db.execute(
            "INSERT OR REPLACE INTO s VALUES (?, ?)", (key, result if result is None else json.dumps(result))
        )


def resume(root: Path, journal: Fake) -> None:
    """Preflight and run as the runner does: look up what is in doubt, deliver the rest."""
    provisioner = FilesProvisioner(root)
    rows = journal.rows()
    known = {key: json.loads(result) for key, result in rows.items() if result}
    for step in PLAN:
        if step.key in rows and step.key not in known:
            found = provisioner.look_up(step, step.payload)
            if found is not None:
                known[step.key] = dict(found)
                journal.put(step.key, found)
    provisioner.preflight(PLAN, known)
    for step in PLAN:
        if step.key not in known:
            journal.put(step.key)
            journal.put(step.key, provisioner.deliver(step, step.payload, None))
    provisioner.close()


def killed_at(number: int, root: Path, path: Path) -> bool:
    """Run in a child that dies at the n-th touch of the disk; tell whether it died."""
    child = os.fork()
    if child == 0:
        count = 0

        def dying(real: Any) -> Any:
            def wrapped(*args: Any, **more: Any) -> Any:
                nonlocal count
                count += 1
                if count == number:
                    os._exit(9)
                result = real(*args, **more)
                count += 1
                if count == number:
                    os._exit(9)
                return result

            return wrapped

        for name in ("open", "fsync", "link", "replace", "unlink", "mkdir", "rename", "rmdir"):
            setattr(os, name, dying(getattr(os, name)))
        try:
            resume(root, Fake(path))
        finally:
            os._exit(0 if count < number else 9)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


THEIRS = '{"types": {"old": "text"}, "on": false}'


@posix
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
@pytest.mark.parametrize("theirs", [True, False], ids=["into their settings", "into nothing"])
def test_killed_anywhere_it_finishes_and_takes_down_to_the_byte(place, theirs):
    number = 0
    died = True
    while died:
        number += 1
        root, path = place / f"{number}", place / f"{number}.db"
        (root / ".conf").mkdir(parents=True)
        if theirs:
            (root / ".conf/s.json").write_text(THEIRS)
        before = tree(root)
        died = killed_at(number, root, path)
        journal = Fake(path)
        resume(root, journal)
        results = {key: json.loads(result or "null") for key, result in journal.rows().items()}
        after = tree(root)
        assert [name for name in after if "chatbuilder" in name] == [], number
        assert after["sys/b.md"] == b"ours\n"
        now = json.loads(after[".conf/s.json"] or b"")
        assert now["types"] == ({"old": "text"} if theirs else {}) | {"day": "date"}
        assert now["on"] is not theirs
        assert len(now["items"]) == 1
        take_down(root, results)
        assert tree(root) == before, number
    assert number > 40


def test_errors_are_for_people(place):
    with pytest.raises(ChatbuilderError) as caught:
        FilesProvisioner(place).deliver(Step("x", "x", "sql", {"path": "a"}), {"path": "a"}, None)
    assert "folder" in caught.value.message
