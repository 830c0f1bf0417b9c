"""Logs of coding agents: only what a person typed counts as typed; sessions that span files; databases."""

import json
import sqlite3

import pytest

from chatbuilder.errors import InputError
from chatbuilder.importers import open_source
from chatbuilder.importers.common.logs import slim
from tests.unit.importers import samples
from tests.unit.importers.reading import Result, at, kinds, read_json, read_lines, says
from tests.unit.importers.samples import claude_code, codex_item, codex_said


def folder(tmp_path, logs):
    base = tmp_path / "logs"
    for name, lines in logs.items():
        path = base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return Result(base)


def test_claude_code_tells_typed_prompts_from_everything_else(tmp_path):
    found = read_lines(tmp_path, samples.CLAUDE_CODE)
    chat = found.chat
    assert says(chat) == [("human", "Fix the parser"), ("assistant", "Looking."), ("assistant", "Fixed.")]
    assert [kinds(one) for one in chat.messages] == [["typed"], ["answer", "tool"], ["tool"], ["context"], ["answer"]]
    assert (chat.project_id, chat.project, chat.command) == ("/srv/app", "app", "claude --resume cc-1")
    assert (found.skipped["sub-agent's line"], found.unknown["line type brand-new-line"]) == (1, 1)
    assert "project" in chat.derived


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("<command-name>/clear</command-name>", None),
        (
            "<command-message>x</command-message>\n<command-name>/fix</command-name><command-args>it</command-args>",
            "/fix it",
        ),
        ("<local-command-stdout>ok</local-command-stdout>", None),
        ("[Request interrupted by user]", None),
        ("<b>bold</b> question", "<b>bold</b> question"),
    ],
)
def test_claude_code_commands(tmp_path, text, typed):
    chat = read_lines(tmp_path, [claude_code("user", "1", None, text), claude_code("assistant", "2", "1", "ok")]).chat
    assert chat.first_prompt == typed
    assert chat.human == (typed is not None)


def test_claude_code_titles_in_their_order(tmp_path):
    lines = [*samples.CLAUDE_CODE, {"type": "ai-title", "aiTitle": "By AI", "sessionId": "cc-1"}]
    assert read_lines(tmp_path, lines).chat.title == "By AI"
    lines.append({"type": "custom-title", "customTitle": "Mine", "sessionId": "cc-1"})
    assert read_lines(tmp_path, lines).chat.title == "Mine"
    others = [{"type": "summary", "summary": f"Other {n}", "leafUuid": f"x{n}"} for n in range(2)]
    chat = read_lines(tmp_path, [*others, *samples.CLAUDE_CODE[1:]]).chat
    assert (chat.title, chat.summary, "title" in chat.derived) == ("Fix the parser", None, True)


def test_claude_code_rewound_prompts_are_a_branch_and_parallel_tools_are_not(tmp_path):
    lines = [
        claude_code("user", "1", None, "start"),
        claude_code("assistant", "2", "1", [{"type": "tool_use", "name": "A"}], message={"id": "m"}),
        claude_code("assistant", "3", "2", [{"type": "tool_use", "name": "B"}], message={"id": "m"}),
        claude_code("user", "4", "2", [{"type": "tool_result", "content": [{"type": "text", "text": "a"}]}]),
        claude_code("user", "5", "3", [{"type": "tool_result", "content": "b"}]),
        claude_code("assistant", "6", "5", "first answer"),
        claude_code("user", "7", "6", "wrong way"),
        claude_code("assistant", "8", "7", "off"),
        claude_code("user", "9", "6", [{"type": "text", "text": "right way"}, {"type": "image"}, {"type": "new"}]),
    ]
    found = read_lines(tmp_path, lines)
    assert [text for _, text in says(found.chat)] == ["start", "first answer", "right way"]
    assert (found.chat.branches, found.roles["branches"], found.roles["tool"]) == (1, 2, 3)
    assert found.unknown["content type new"] == 1


def test_claude_code_resumed_sessions_count_each_line_once(tmp_path):
    first = [claude_code("user", "1", None, "one"), claude_code("assistant", "2", "1", "two")]
    more = {"sessionId": "cc-2", "timestamp": "2026-02-01T00:00:00Z"}
    again = [{**line, "sessionId": "cc-2"} for line in first]
    second = [*again, claude_code("user", "3", "2", "three", **more)]
    kept = [*first, claude_code("user", "4", "2", "four", sessionId="cc-3", timestamp="2026-03-01T00:00:00Z")]
    side = [claude_code("user", "9", None, "task", isSidechain=True)]
    found = folder(tmp_path, {"p/b.jsonl": second, "p/a.jsonl": kept, "p/c.jsonl": first, "p/s/agent-1.jsonl": side})
    assert {chat.source_id: [text for _, text in says(chat)] for chat in found.chats} == {
        "cc-1": ["one", "two"],
        "cc-2": ["three"],
        "cc-3": ["four"],
    }
    assert found.skipped["copied line"] == 4
    assert found.skipped["sub-agent"] == 1
    assert found.problems == []


def test_waiting_logs_hold_little_of_their_first_lines():
    line = {
        "type": "session_meta",
        "payload": {"meta": {"id": "x", "deep": {"er": 1}}, "base": "y" * 9000, "tools": [1]},
    }
    assert slim(line) == {"type": "session_meta", "payload": {"meta": {"id": "x"}}}
    assert slim("text") == {}


def test_logs_that_are_being_written_or_damaged(tmp_path):
    path = tmp_path / "x.jsonl"
    text = "".join(json.dumps(line) + "\n" for line in samples.CLAUDE_CODE)
    path.write_text("\ufeff" + text + "{broken}\n\n[1]\n" + '{"type": "user", "uu', "utf-8")
    found = Result(path)
    assert (found.chat.human, found.unknown["line that is not JSON"], found.skipped["cut line"]) == (1, 2, 1)


def test_codex_takes_each_prompt_once_and_leaves_out_what_the_program_wrote(tmp_path):
    found = read_lines(tmp_path, samples.CODEX)
    chat = found.chat
    assert says(chat) == [("human", "Add a test"), ("assistant", "Added.")]
    assert [message.role for message in chat.messages] == ["system", "human", "assistant", "tool", "tool", "assistant"]
    assert (chat.command, chat.project_id, chat.project) == ("codex resume cx-1", "/srv/app", "app")
    assert found.skipped["instructions"] == 1


def test_codex_events_alone_and_kinds_not_known(tmp_path):
    lines = [
        samples.CODEX[0],
        {
            "type": "event_msg",
            "timestamp": "2026-01-01T00:00:01Z",
            "payload": {"type": "user_message", "message": "Hi"},
        },
        {
            "type": "event_msg",
            "timestamp": "2026-01-01T00:00:02Z",
            "payload": {"type": "agent_message", "message": "Yo"},
        },
        codex_item(type="message", role="user", content=[{"type": "input_image"}, {"type": "smell"}]),
        codex_item(type="message", role="oracle", content=[]),
        codex_item(type="telepathy"),
        {"type": "novelty", "payload": {"x": 1}},
        codex_item(type="tool_call", function={"name": "sh"}, arguments={"command": "ls"}),
    ]
    found = read_lines(tmp_path, lines)
    assert says(found.chat) == [("human", "Hi"), ("assistant", "Yo"), ("human", "")]
    assert found.unknown == {
        "content type smell": 1,
        "role oracle": 1,
        "item type telepathy": 1,
        "line type novelty": 1,
    }


def test_codex_sessions_that_span_files_are_one_chat_with_its_name(tmp_path):
    base = tmp_path / ".codex"
    (base / "sessions/2026/01").mkdir(parents=True)
    later = [{**samples.CODEX[0], "timestamp": "2026-01-02T00:00:00Z"}, codex_said("user", "Again")]
    parts = {"sessions/2026/01/a.jsonl": later, "sessions/2026/01/b.jsonl": samples.CODEX}
    index = [{"id": "cx-1", "thread_name": "Old"}, {"id": "cx-1", "thread_name": "Tests"}]
    for name, lines in {**parts, "session_index.jsonl": index}.items():
        (base / name).write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    found = Result(base / "sessions")
    assert [text for _, text in says(found.chat)] == ["Add a test", "Added.", "Again"]
    assert found.chat.title == "Tests"
    assert "title" not in found.chat.derived


def test_codex_oldest_format_and_unused_sessions(tmp_path):
    lines = [
        {"id": "old", "timestamp": "2025-04-01T00:00:00Z", "instructions": None},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
        {"record_type": "state"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Yo"}]},
    ]
    chat = read_lines(tmp_path, lines).chat
    assert (chat.key, chat.started, says(chat)) == (
        "codex:old",
        at("2025-04-01T00:00:00"),
        [("human", "Hi"), ("assistant", "Yo")],
    )
    with pytest.raises(InputError, match="not one message"):
        read_lines(tmp_path, samples.CODEX[:1])


def test_copilot_cli_leaves_out_programs_and_repeats(tmp_path):
    found = read_lines(
        tmp_path,
        [
            *samples.COPILOT_CLI,
            {"type": "future.event", "data": {}},
            5,
            {"type": "assistant.reasoning", "id": "r", "data": {"content": "hm"}},
        ],
    )
    chat = found.chat
    assert says(chat) == [("human", "Run the tests"), ("assistant", "Running.")]
    assert [kinds(one) for one in chat.messages] == [["typed"], ["answer", "tool"], ["tool"], ["thinking"]]
    assert (chat.project_id, chat.project, chat.title) == ("/srv/app", "ada/app", "Test run")
    assert found.skipped == {"prompt by a program": 1, "repeated message": 1, "sub-agent": 1}
    assert found.unknown == {"event future.event": 1, "line that is not JSON": 1}
    good = read_lines(tmp_path, samples.COPILOT_CLI[:2]).chat
    assert good.human == 1
    with pytest.raises(InputError):
        read_lines(tmp_path, samples.COPILOT_CLI[:1])


def test_gemini_cli_as_object_and_as_lines(tmp_path):
    found = read_json(tmp_path, {**samples.GEMINI_CLI, "summary": "Listing", "directories": ["/srv/app"]})
    assert [kinds(one) for one in found.chat.messages] == [["typed"], ["tool"], ["thinking", "answer", "tool"]]
    assert (found.chat.title, found.chat.project) == ("Listing", "app")
    head = {key: value for key, value in samples.GEMINI_CLI.items() if key != "messages"}
    grown = {**samples.GEMINI_CLI["messages"][0], "content": [{"text": "List all files"}]}
    lines = [
        head,
        *samples.GEMINI_CLI["messages"],
        grown,
        {"$set": {"lastUpdated": "2026-01-17T00:00:00Z"}},
        {"id": "9", "type": "oracle"},
        "odd",
    ]
    found = read_lines(tmp_path, lines)
    assert says(found.chat) == [("human", "List all files"), ("assistant", "a.txt")]
    assert found.chat.last_activity == at("2026-01-17T00:00:00")
    assert found.unknown == {"message type oracle": 1, "line that is not JSON": 1}


def test_vscode_copilot_pieces_become_one_answer(tmp_path):
    chat = read_json(tmp_path, samples.VSCODE).chat
    assert says(chat) == [("human", "Explain this"), ("assistant", "It is `main` here.\n\nDone.")]
    assert kinds(chat.messages[0]) == ["typed", "attachment"]
    assert kinds(chat.messages[1]) == ["answer", "tool", "answer"]
    assert (chat.account, chat.derived) == ("ada", ("last_activity", "source_id", "started", "title"))


def test_vscode_copilot_stored_sessions(tmp_path):
    request = json.loads(json.dumps(samples.VSCODE["requests"][0]))
    request["response"] = [
        {"kind": "thinking", "value": "hm"},
        {"kind": "markdownContent", "content": {"value": "Yes"}},
        {"kind": "novel"},
        {"kind": "textEditGroup", "uri": {"path": "/a.py"}},
        {"kind": "progressMessage", "content": {"value": "…"}},
    ]
    request["result"] = {"errorDetails": {"message": "Cut off"}}
    state = {**samples.VSCODE, "sessionId": "vs-1", "creationDate": samples.BEGAN * 1000, "requests": []}
    lines = [
        {"kind": 0, "v": state},
        {"kind": 2, "k": ["requests"], "v": [request, {"requestId": "gone"}]},
        {"kind": 1, "k": ["customTitle"], "v": "Mine"},
        {"kind": 2, "k": ["requests"], "i": 1, "v": []},
        {"kind": 1, "k": ["requests", 0, "modelId"], "v": "gpt-6"},
        {"kind": 1, "k": ["requests", 99, "x"], "v": 1},
        {"kind": 2, "k": ["newList"], "v": [1]},
        {"kind": 9},
    ]
    found = read_lines(tmp_path, lines)
    assert (found.chat.key, found.chat.title, found.chat.model) == ("vscode-copilot:vs-1", "Mine", "gpt-6")
    assert kinds(found.chat.messages[1]) == ["thinking", "answer", "other", "tool", "tool", "tool"]
    assert found.unknown == {"response kind novel": 1, "line of kind 9": 1}


def database(path, tables):
    connection = sqlite3.connect(path)
    for table, (columns, rows) in tables.items():
        connection.execute(f"CREATE TABLE {table} ({columns})")
        for row in rows:
            connection.execute(f"INSERT INTO {table} VALUES ({','.join('?' * len(row))})", row)
    connection.commit()
    connection.close()


def composer(key, bubbles, **fields):
    headers = [{"bubbleId": bubble, "type": 1} for bubble in bubbles]
    return f"composerData:{key}", json.dumps({"composerId": key, "fullConversationHeadersOnly": headers, **fields})


def test_cursor_composers(tmp_path):
    rows = [
        composer(
            "one",
            ["a", "b", "gone"],
            name="Fix",
            createdAt=samples.BEGAN * 1000,
            isArchived=True,
            modelConfig={"modelName": "claude-5"},
            unifiedMode="agent",
        ),
        ("bubbleId:one:a", json.dumps({"bubbleId": "a", "type": 1, "text": "Fix it"}).encode()),
        (
            "bubbleId:one:b",
            json.dumps(
                {
                    "bubbleId": "b",
                    "type": 2,
                    "text": "Done",
                    "thinking": {"text": "hm"},
                    "toolFormerData": {"name": "edit", "rawArgs": "x"},
                    "createdAt": "2026-01-01T00:00:00Z",
                }
            ),
        ),
        composer("empty", []),
        ("composerData:null", None),
        ("composerData:bad", "{"),
        ("other:key", "x"),
        (
            "composerData:old",
            json.dumps(
                {
                    "composerId": "old",
                    "conversation": [
                        {"type": 1, "text": "Old"},
                        {"type": 2, "text": "Way", "modelInfo": {"modelName": "gpt"}},
                        {"type": 7},
                    ],
                }
            ),
        ),
    ]
    path = tmp_path / "x.bin"
    database(path, {"cursorDiskKV": ("key TEXT UNIQUE, value BLOB", rows)})
    found = Result(path)
    old, one = sorted(found.chats, key=lambda chat: chat.source_id)
    assert says(one) == [("human", "Fix it"), ("assistant", "Done")]
    assert (one.title, one.archived, one.mode, one.model, one.started) == (
        "Fix",
        True,
        "agent",
        "claude-5",
        at("2025-06-15T15:06:40"),
    )
    assert kinds(one.messages[1]) == ["thinking", "answer", "tool"]
    assert (old.model, old.started, old.last_activity, old.title) == ("gpt", None, None, "Old")
    assert found.problem.where.endswith("composerData:bad")
    assert found.skipped["never used"] == 2
    assert found.unknown == {"bubble that is not there": 1, "bubble type 7": 1}


def test_cursor_panel_of_older_versions_and_other_databases(tmp_path):
    tabs = [
        {
            "tabId": "t",
            "chatTitle": "Tab",
            "lastSendTime": samples.BEGAN * 1000,
            "bubbles": [{"type": "user", "text": "Q"}, {"type": "ai", "rawText": "A", "modelType": "gpt-4"}],
        },
        {"tabId": "e"},
    ]
    key = "workbench.panel.aichat.view.aichat.chatdata"
    path = tmp_path / "x.vscdb"
    database(path, {"ItemTable": ("key TEXT, value BLOB", [(key, json.dumps({"tabs": tabs}))])})
    chat = Result(path).chat
    assert (chat.title, says(chat), chat.model) == ("Tab", [("human", "Q"), ("assistant", "A")], "gpt-4")
    broken = tmp_path / "y.vscdb"
    database(broken, {"ItemTable": ("key TEXT, value BLOB", [(key, "[")])})
    with open_source(broken) as reading:
        problem = next(iter(reading))
    assert (problem.where, problem.chat, problem.code) == ("y.vscdb", True, "malformed")
    assert problem.reason == "its JSON is broken (Expecting value)"
    other = tmp_path / "z.vscdb"
    database(other, {"ItemTable": ("key TEXT, value BLOB", [("x", "y")])})
    with pytest.raises(InputError, match="No chats were recognised"):
        Result(other)


LLM = {
    "conversations": ("id TEXT, name TEXT, model TEXT", [("c1", "Old", "gpt"), ("t1", "Went on", "gpt")]),
    "responses": (
        "id TEXT, model TEXT, prompt TEXT, system TEXT, response TEXT, conversation_id TEXT, datetime_utc TEXT",
        [
            ("r2", "gpt", "And?", "Be", "Two", "c1", "2025-05-01T10:01:00"),
            ("r1", "gpt", "Hi", "Be", "One", "c1", "2025-05-01T10:00:00"),
            ("r3", "gpt", "Lone", None, "Wolf", None, "2025-05-02T10:00:00"),
        ],
    ),
    "threads": (
        "id TEXT, name TEXT, tip_message_hash TEXT, forked_from TEXT, datetime_utc TEXT",
        [("t1", "New", "m3", None, "2026-08-06T12:00:00+00:00")],
    ),
    "turns": (
        "id TEXT, thread_id TEXT, parent_message_hash TEXT, tip_message_hash TEXT, model TEXT, datetime_utc TEXT",
        [("1", "t1", "m1", "m2", "m-a", "2026-08-06T12:00:01"), ("2", "t1", "m1", "m3", "m-b", "2026-08-06T12:00:02")],
    ),
    "messages": (
        "hash TEXT, parent_hash TEXT, role TEXT",
        [("m1", "m0", "user"), ("m2", "m1", "assistant"), ("m3", "m1", "assistant"), ("m0", None, "system")],
    ),
    "parts": (
        "message_hash TEXT, position INTEGER, type TEXT, text TEXT, payload TEXT",
        [
            ("m0", 0, "text", "Be kind", None),
            ("m1", 0, "text", "Q", None),
            ("m1", 1, "attachment", None, '{"path": "a.png"}'),
            ("m2", 0, "text", "first", None),
            ("m3", 0, "reasoning", "hm", None),
            ("m3", 1, "text", "second", None),
            ("m3", 2, "tool_call", None, '{"name": "t"}'),
            ("m3", 3, "novel", "x", "{"),
        ],
    ),
}


def test_llm_reads_both_generations(tmp_path):
    path = tmp_path / "x.bin"
    database(path, LLM)
    found = Result(path)
    chats = {chat.source_id: chat for chat in found.chats}
    assert says(chats["t1"]) == [("human", "Q"), ("assistant", "second")]
    assert (chats["t1"].title, chats["t1"].branches, chats["t1"].model) == ("New", 1, "m-b")
    assert [kinds(one) for one in chats["t1"].messages] == [
        ["context"],
        ["typed", "attachment"],
        ["thinking", "answer", "tool", "other"],
        ["answer"],
    ]
    assert says(chats["c1"]) == [("human", "Hi"), ("assistant", "One"), ("human", "And?"), ("assistant", "Two")]
    assert [one.role for one in chats["c1"].messages].count("system") == 1
    assert says(chats["r3"]) == [("human", "Lone"), ("assistant", "Wolf")]
    assert found.unknown["part type novel"] == 1


def test_open_webui_database(tmp_path):
    entry = samples.OPEN_WEBUI
    row = ("ow-1", "me", "Rivers", json.dumps(entry["chat"]), samples.BEGAN, samples.BEGAN, 1, None)
    tables = {
        "chat": (
            "id TEXT, user_id TEXT, title TEXT, chat TEXT, created_at INT, updated_at INT, archived INT, pinned INT",
            [row, ("bad", "me", "Bad", "{", 0, 0, 0, 0), ("none", "me", "None", None, 0, 0, 0, 0)],
        ),
        "auth": ("id TEXT", []),
    }
    path = tmp_path / "webui.bin"
    database(path, tables)
    found = Result(path)
    assert (found.chat.title, found.chat.archived, found.chat.starred) == ("Rivers", True, None)
    assert [problem.title for problem in found.problems] == ["Bad", "None"]


def test_a_database_in_use_is_read_with_its_log(tmp_path):
    path = tmp_path / "live.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE cursorDiskKV (key TEXT, value BLOB)")
    connection.execute("INSERT INTO cursorDiskKV VALUES (?, ?)", composer("one", ["a"], name="Live"))
    connection.execute("INSERT INTO cursorDiskKV VALUES ('bubbleId:one:a', ?)", (json.dumps({"type": 1, "text": "Q"}),))
    connection.commit()
    before = sorted(item.name for item in tmp_path.iterdir())
    assert Result(path).chat.title == "Live"
    assert sorted(item.name for item in tmp_path.iterdir()) == before
    connection.close()
