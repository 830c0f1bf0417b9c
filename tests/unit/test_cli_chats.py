"""`import`, `chats`, `search` and `stats` as a person or a script calls them."""

from __future__ import annotations

import csv
import io
import json

import pytest

from chatbuilder import pipeline
from chatbuilder.chats import Message, Part
from chatbuilder.cli import figures, output
from chatbuilder.errors import ExitCode
from chatbuilder.library.chats import ChatStore, Incoming, opened
from chatbuilder.paths import locate
from tests.helpers import complete
from tests.unit.library.makers import chat, conversation, export, said

PROJECT = {"gizmo_id": "g-p-77", "gizmo_type": "snorlax"}
HOSTILE = "[bold red]x[/] \x1b[31m \u202egnp.exe {0} %s"


@pytest.fixture
def place(tmp_path):
    return export(
        tmp_path,
        conversation("aaa-1", "How do I bake an apple pie?", "Peel the apples [first].", **PROJECT),
        conversation("aaa-2", HOSTILE, "Fine", title=HOSTILE, is_archived=True, at=1_782_000_000),
        conversation("bbb", "人工智能的未来", "很好", at=1_784_000_000),
    )  # fmt: skip


@pytest.fixture
def library(run_cli, place):
    assert run_cli("import", place).code == 0
    return run_cli


def test_an_import_reports_to_people_and_to_scripts(run_cli, place):
    done = run_cli("import", place, "--dry-run")
    assert done.code == 0
    assert "3 would be new" in done.out
    assert "Nothing was written" in done.out
    assert "Last activity" in done.out
    done = run_cli("import", place, "--json")
    assert done.code == 0
    wanted = {"found": 3, "imported": 3, "updated": 0, "unchanged": 0, "quarantined": 0, "messages": 6, "problems": []}
    assert {key: done.data[key] for key in wanted} == wanted
    assert set(done.data["sources"]) == {"chatgpt"}
    done = run_cli("import", place)
    assert "3 unchanged" in done.out
    assert not done.err  # short work needs no word on how far it is


def test_bad_chats_make_it_partly_done(run_cli, tmp_path):
    place = export(tmp_path, conversation("a", "Hello"), {"id": "b", "mapping": {"x": {"message": {}}}, "title": "Bad"})
    done = run_cli("import", place, "--json")
    assert done.code == ExitCode.PARTLY
    assert (done.data["found"], done.data["imported"], done.data["quarantined"]) == (2, 1, 1)
    done = run_cli("import", place)
    assert done.code == ExitCode.PARTLY
    reason = run_cli("import", "--problems", "--json").data[0]["reason"]
    assert reason in done.out
    assert reason in run_cli("import", "--problems").out
    assert "1 chat quarantined by imports" in run_cli("stats").out


def test_a_file_that_is_not_recognised_is_invalid_input(run_cli, tmp_path, place):
    other = tmp_path / "notes.txt"
    other.write_text("Dear diary", "utf-8")
    done = run_cli("import", other, "--json")
    assert done.code == ExitCode.INPUT
    assert done.data["found"] == 0
    assert "Nothing imported" in done.err
    assert run_cli("import", tmp_path / "missing.zip").code == ExitCode.INPUT
    done = run_cli("import", other, place)
    assert done.code == ExitCode.PARTLY
    assert "3 new" in done.out


def test_an_answer_decides_about_what_was_discovered(run_cli, home, monkeypatch):
    folder = home.parent / ".claude" / "projects" / "x"
    folder.mkdir(parents=True)
    lines = [
        {"type": kind, "uuid": kind, "sessionId": "s1", "timestamp": "2026-03-01T10:00:00Z", "cwd": "/w",
         "parentUuid": None if kind == "user" else "user", "message": {"role": kind, "content": f"from {kind}"}}
        for kind in ("user", "assistant")
    ]  # fmt: skip
    (folder / "s1.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    monkeypatch.setattr(output, "is_terminal", lambda stream: True)
    for answer, found in (("n", 0), ("y", 1)):
        monkeypatch.setattr("sys.stdin", io.StringIO(answer + "\n"))
        done = run_cli("import", "--discover")
        assert done.code == 0
        assert "Import all of these?" in done.err
        assert len(pipeline.chats().chats) == found
    assert "\r\x1b[K1 chat, 1 new" in done.err
    monkeypatch.setattr("sys.stdin", io.StringIO("no\n"))
    done = run_cli("chats", "rm", "s1")
    assert "Nothing was deleted" in done.err
    assert len(pipeline.chats().chats) == 1


@pytest.mark.parametrize("argv", [(), ("x.zip", "--discover")])
def test_import_needs_paths_or_discover(run_cli, argv):
    done = run_cli("import", *argv)
    assert done.code == ExitCode.USAGE
    assert complete(done.err)


def test_discovered_logs_are_shown_first_and_imported_with_yes(run_cli, home):
    done = run_cli("import", "--discover", "--yes", "--json")
    assert done.code == 0
    assert done.data["found"] == 0
    assert "No agent keeps chats" in done.err
    folder = home.parent / ".claude" / "projects" / "x"
    folder.mkdir(parents=True)
    (folder / "1.jsonl").write_text("not a log", "utf-8")
    done = run_cli("import", "--discover")
    assert done.code == ExitCode.USAGE
    assert "Claude Code" in done.err
    assert "--yes" in done.err
    done = run_cli("import", "--discover", "--dry-run")
    assert done.code == 0
    assert "No chats were recognised" in done.err


def test_ctrl_c_says_what_is_kept(run_cli, place, monkeypatch):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "import_chats", stopped)
    done = run_cli("import", place)
    assert done.code == ExitCode.INTERRUPTED
    assert "kept" in done.err


def test_chats_are_listed_as_the_contract_says(library):
    data = library("chats", "--json").data
    assert [chat["key"] for chat in data] == ["chatgpt:bbb", "chatgpt:aaa-2", "chatgpt:aaa-1"]
    assert set(data[0]) == {
        "key", "source", "title", "started", "last_activity", "human", "assistant", "model", "project", "url",
        "branches", "archived",
    }  # fmt: skip
    assert data[0]["started"] == "2026-07-14T03:33:20Z"
    assert (data[0]["human"], data[0]["assistant"], data[0]["model"]) == (1, 1, "gpt-5")
    assert [c["key"] for c in library("chats", "--json", "--archived").data] == ["chatgpt:aaa-2"]
    assert len(library("chats", "--json", "--no-archived", "--limit", 1).data) == 1
    assert len(library("chats", "--json", "--before", "2026-07").data) == 2
    out = library("chats", "--limit", 2)
    assert "About bbb" in out.out
    assert "2 of 3" in out.err


def test_an_empty_library_says_how_to_fill_it(run_cli):
    assert "chatbuilder import" in run_cli("chats").out
    assert "chatbuilder import" in run_cli("stats").out
    assert run_cli("chats", "--json").data == []
    assert run_cli("search", "x", "--json").data == []
    assert "No chat has these words" in run_cli("search", "x").out
    assert "No import has left" in run_cli("import", "--problems").out
    assert "No chat belongs" in run_cli("chats", "projects").out


@pytest.mark.parametrize(
    "argv",
    [
        ("chats", "--after", "soon"), ("chats", "--assistant", "Eliza"), ("search", "--", "-x"), ("search", "..."),
        ("chats", "show", "nothing"), ("chats", "show", "aaa"), ("chats", "rm", "zzz", "--yes"),
        ("chats", "restore", "chatgpt:bbb"), ("chats", "project", "unknown", "Name"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_says_what_to_do(library, argv):
    done = library(*argv)
    assert done.code == ExitCode.INPUT
    assert complete(done.err)


def test_a_limit_is_a_number(run_cli):
    done = run_cli("chats", "--limit", "-1")
    assert done.code == ExitCode.USAGE
    assert "number" in done.err


def test_a_search_shows_where_the_words_are(library):
    done = library("search", "apple", "pie")
    assert "How do I bake an [apple] [pie]?" in done.out
    data = library("search", "未来", "--json").data
    assert [hit["key"] for hit in data] == ["chatgpt:bbb"]
    start, end = data[0]["spans"][0]
    assert data[0]["snippet"][start:end] == "未来"
    assert library("search", "fine", "--no-archived", "--json").data == []
    done = library("search", "a*", "--limit", 1)
    assert "of 2 chats" in done.err or "of 3 chats" in done.err


def test_a_chat_is_printed_as_text_and_in_whole_for_scripts(library):
    done = library("chats", "show", "aaa-1")
    assert "-- You, 2026-05-28 20:26 UTC\nHow do I bake an apple pie?" in done.out
    assert "Peel the apples [first]." in done.out
    data = library("chats", "show", "chatgpt:bb", "--json").data
    assert [m["parts"] for m in data["messages"]] == [
        [{"kind": "typed", "text": "人工智能的未来", "name": None}], [{"kind": "answer", "text": "很好", "name": None}],
    ]  # fmt: skip
    assert data["messages"][1]["parent"] == data["messages"][0]["id"]


@pytest.mark.parametrize(
    "argv", [("chats",), ("search", "gnp"), ("chats", "show", "aaa-2"), ("chats", "show", "aaa-2", "--all"), ("stats",)]
)
def test_what_a_chat_says_is_text_and_no_command(library, argv):
    out = library(*argv).out
    assert "\x1b" not in out
    assert "\u202e" not in out
    if argv != ("stats",):
        assert "[bold red]x[/]" in out


def test_a_project_is_named_once(library):
    assert "g-p-77" in library("chats", "projects").out
    done = library("chats", "project", "g-p-77", "  My\nGarden ")
    assert done.code == 0
    assert library("chats", "--json", "--project", "garden").data[0]["project"] == "My Garden"
    assert library("chats", "projects", "--json").data[0]["name"] == "My Garden"
    assert library("chats", "project", "g-p-77", "Yard", "--json").data["chats"] == 1


def test_a_deleted_chat_stays_away_until_it_is_restored(library, place):
    assert library("chats", "rm", "bbb").code == ExitCode.USAGE
    assert library("chats", "rm", "bbb", "--yes", "--json").data == {"deleted": ["chatgpt:bbb"]}
    assert "aaa-1 is deleted" in library("chats", "rm", "aaa-1", "-y").out
    assert library("import", place, "--json").data["unchanged"] == 3
    assert len(library("chats", "--json").data) == 1
    assert library("chats", "restore", "chatgpt:bbb", "--json").data == {"restored": "chatgpt:bbb"}
    assert "no longer kept out" in library("chats", "restore", "chatgpt:aaa-1").out
    assert library("import", place, "--json").data["imported"] == 2


def test_stats_are_a_chart_and_data(library):
    out = library("stats").out
    assert "3 chats, 3 prompts, 3 answers, from 2026-05-28 to 2026-07-14." in out
    assert "2026-06  ████████" in out
    assert "██ ChatGPT" in out
    assert "gpt-5" in out
    assert "1 chat archived" in out
    data = library("stats", "--json").data
    assert [(m["month"], m["chats"]) for m in data["months"]] == [("2026-05", 1), ("2026-06", 1), ("2026-07", 1)]
    assert json.dumps(data["assistants"]) == '[{"name": "ChatGPT", "chats": 3, "human": 3, "assistant": 3}]'
    assert library("stats", "--tag", "none", "--json").data["chats"] == 0


def put(*sessions):
    with opened(locate().library) as connection:
        ChatStore(connection).write([Incoming(session, 1.0) for session in sessions])


def test_noise_is_left_out_of_a_printed_chat_unless_it_is_asked_for(run_cli):
    parts = (Part("thinking", "hm"), Part("answer", "See this."), Part("reference", "https://x.org", "Page"))
    other = Message("b", "m0", "assistant", (Part("answer", "Other branch"),), None, None, False)
    attached = (Part("typed", "Read it"), Part("attachment", "cells", "table.csv"))
    messages = (said(0, "", parts=attached), Message("a", "m0", "assistant", parts), other)
    put(chat("a", messages=messages, branches=1, title=None, started=None, last_activity=None))
    done = run_cli("chats", "show", "a")
    assert done.out.splitlines()[0] == "(no title)"
    assert "[attachment] table.csv\n" in done.out
    assert "[reference] Page" in done.out
    assert "thinking" not in done.out
    assert "Other branch" not in done.out
    assert "forks at 1 place;" in done.err
    everything = run_cli("chats", "show", "a", "--all").out
    assert "[thinking] hm" in everything
    assert "[attachment] table.csv cells" in everything
    assert "unknown" in run_cli("chats").out


def test_many_assistants_and_names_fit_a_chart(run_cli, monkeypatch):
    sources = ("chatgpt", "claude", "grok", "deepseek", "mistral", "codex")
    put(
        *(chat(f"{s}{n}", source=s, model=f"{s}-{n}-{'x' * 40}") for at, s in enumerate(sources) for n in range(6 - at))
    )
    monkeypatch.setattr(figures, "SIGNS", figures.PLAIN_SIGNS)
    out = run_cli("stats").out
    assert "## ChatGPT   == Claude   ++ Grok   .. others" in out
    assert "and 13 more" in out
    assert max(map(len, out.splitlines())) < 100
    assert next(line for line in out.splitlines() if "2026-03 " in line).endswith(" 21")


def test_signs_are_plain_where_the_terminal_cannot_show_others(monkeypatch):
    for encoding, signs in (
        ("ascii", figures.PLAIN_SIGNS),
        ("utf-8", figures.SIGNS),
        ("nonsense", figures.PLAIN_SIGNS),
    ):
        monkeypatch.setattr("sys.stdout", type("Out", (), {"encoding": encoding})())
        assert figures._signs() == signs


def test_more_problems_than_fit_are_counted(run_cli, tmp_path):
    broken = [{"id": f"b{at}", "mapping": {"x": {"message": {}}}} for at in range(30)]
    done = run_cli("import", export(tmp_path, conversation("a", "Hello"), *broken))
    assert "and 10 more" in done.out


def test_a_hit_only_in_the_title_or_in_an_odd_place_is_shown(run_cli):
    put(chat("a", "nothing", title="Zebra"), chat("b", "x " * 300 + "zebra" + " y" * 300, title="Long"))
    out = run_cli("search", "zebra").out
    assert "[Zebra]" in out
    assert "x [zebra] y" in out


FORMULAS = ("=HYPERLINK(1)", "+1", "-1+1", "@SUM(A1)", " =1", "\t=1", "\r=1", "＝1", "=cmd|' /C calc'!A0")


def test_the_list_as_csv_holds_no_formula(run_cli, tmp_path):
    chats = [chat(f"f{n}", title=text, model=text, project=text, tags=(text,)) for n, text in enumerate(FORMULAS)]
    with opened(locate().library) as db:
        ChatStore(db).write([Incoming(one, 1.0) for one in [*chats, chat("fine", title='Say "hi", 人工')]])
    file = tmp_path / "chats.csv"
    done = run_cli("chats", "--csv", file)
    assert done.code == 0
    assert "10 chats written to" in done.out
    text = file.read_bytes().decode("utf-8-sig")
    head, *rows = csv.reader(io.StringIO(text, newline=""))
    assert head[:2] == ["Title", "Assistant"]
    assert len(rows) == 10
    assert 'Say "hi", 人工' in [row[0] for row in rows]
    for row in rows:
        for cell in row:
            assert not cell.startswith(("=", "+", "-", "@", "＝", " ", "\t", "\r"))
    assert "'=HYPERLINK(1)" in [row[0] for row in rows]


def test_the_csv_can_be_printed(library, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "chats.csv"
    assert library("chats", "--sort", "title", "--csv", file).code == 0
    printed = library("chats", "--sort", "title", "--csv", "-")
    assert printed.code == 0
    assert printed.out.encode() == file.read_bytes().removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
    assert [place.name for place in tmp_path.iterdir() if place.name == "-"] == []
    both = library("chats", "--csv", "-", "--json")
    assert both.code == ExitCode.USAGE
    assert complete(both.err)


def test_the_csv_takes_the_filters_and_never_a_file_that_is_there(library, tmp_path):
    file = tmp_path / "chats.csv"
    done = library("chats", "--archived", "--csv", file, "--json")
    assert done.data == {"file": str(file), "chats": 1}
    done = library("chats", "--csv", file)
    assert done.code == 3
    assert "is already there" in done.err
    assert complete(done.err)
    done = library("chats", "--csv", tmp_path / "nowhere" / "x.csv")
    assert done.code == 3
    assert complete(done.err)
