"""Claude: content before text, branches, artifacts, what the export withholds."""

from tests.unit.importers.reading import kinds, read_json, read_zip, says, zipped
from tests.unit.importers.samples import claude, claude_message

PLACEHOLDER = "```\nThis block is not supported on your current device yet.\n```"


def test_blocks_are_what_was_said_and_text_is_only_a_fallback(tmp_path):
    messages = [
        claude_message("1", "human", "typed"),
        claude_message(
            "2", "assistant", "", text=f"Before\n{PLACEHOLDER}\nafter", content=[{"type": "tool_use", "name": "web"}]
        ),
        claude_message("3", "human", "", text="old export", content=[]),
        claude_message("4", "assistant", "", text="", content=[]),
    ]
    found = read_json(tmp_path, [claude(*messages)])
    assert says(found.chat) == [("human", "typed"), ("assistant", "Before\n\nafter"), ("human", "old export")]
    assert found.skipped["message without content"] == 1


def test_blocks_of_every_kind(tmp_path):
    content = [
        {"type": "thinking", "thinking": "hm"},
        {"type": "tool_use", "name": "web_search", "input": {"query": "wren"}},
        {
            "type": "tool_result",
            "name": "web_search",
            "content": [{"type": "text", "text": "r", "url": "https://w.example"}],
        },
        {"type": "tool_use", "name": "artifacts", "input": {"command": "create", "title": "Poem", "content": "Roses"}},
        {"type": "tool_use", "name": "artifacts", "input": {"command": "update", "old_str": "a", "new_str": "b"}},
        {"type": "tool_use", "name": "create_file", "input": {"path": "/a.py", "file_text": "x = 1"}},
        {"type": "text", "text": "Done", "citations": [{"details": {"url": "https://c.example"}, "title": "C"}]},
        {"type": "token_budget"},
        {"type": "voice_note", "text": "spoken"},
        {"type": "hologram"},
    ]
    files = {
        "attachments": [{"file_name": "n.txt", "extracted_content": "notes"}],
        "files": [{"file_name": "n.txt"}, {"file_name": "p.png"}],
    }
    found = read_json(
        tmp_path,
        [claude(claude_message("1", "human", "?", **files), claude_message("2", "assistant", "", content=content))],
    )
    asked, told = found.chat.messages
    assert [(part.kind, part.name, part.text) for part in asked.parts[1:]] == [
        ("attachment", "n.txt", "notes"),
        ("attachment", "p.png", ""),
    ]
    assert kinds(told) == [
        "thinking",
        "tool",
        "tool",
        "reference",
        "attachment",
        "tool",
        "attachment",
        "answer",
        "reference",
        "answer",
        "other",
    ]
    assert told.text == "Done\n\nspoken"
    assert found.unknown == {"content type hologram": 1}
    assert found.chat.model is None


def test_branches_follow_parent_links_and_the_newest_leaf(tmp_path):
    root = "00000000-0000-4000-8000-000000000000"

    def linked(key, sender, text, parent, minute):
        return claude_message(key, sender, text, parent_message_uuid=parent, created_at=f"2026-01-02T03:{minute}:00Z")

    messages = [
        linked("u1", "human", "first", root, "01"),
        linked("a1", "assistant", "one", "u1", "02"),
        linked("u2", "human", "second", root, "03"),
        linked("a2", "assistant", "two", "u2", "04"),
    ]
    found = read_json(tmp_path, [claude(*messages)])
    assert says(found.chat) == [("human", "second"), ("assistant", "two")]
    assert (found.chat.branches, found.chat.derived, found.roles["branches"]) == (1, ("path",), 2)
    chosen = read_json(tmp_path, [claude(*messages, current_leaf_message_uuid="a1")]).chat
    assert says(chosen) == [("human", "first"), ("assistant", "one")]
    assert chosen.derived == ()


def test_fields_of_browser_exports(tmp_path):
    extra = {
        "model": "claude-opus",
        "project_uuid": "p",
        "project": {"uuid": "p", "name": "Book"},
        "is_starred": True,
        "summary": " S ",
    }
    chat = read_json(tmp_path, [claude(**extra)]).chat
    assert (chat.model, chat.project_id, chat.project, chat.starred, chat.summary) == (
        "claude-opus",
        "p",
        "Book",
        True,
        "S",
    )
    assert (chat.account, chat.url) == ("acc", "https://claude.ai/chat/k1")


def test_messages_that_do_not_say_who_wrote_them_are_quarantined(tmp_path):
    found = read_json(tmp_path, [claude(), {"title": "Odd", "chat_messages": [{"text": "\ue203a"}, {"text": "b"}]}])
    assert (found.problem.reason, found.problem.code) == ("none of its 2 messages says who wrote what", "malformed")
    assert found.unknown["sender None"] == 2


def test_several_zips_with_a_list_of_them(tmp_path):
    manifest = {
        "files": [{"name": "conversations-000.zip"}, {"name": "conversations-001.zip"}, {"name": "projects-000.zip"}]
    }
    found = read_zip(
        tmp_path,
        {
            "manifest-abc.json": manifest,
            "conversations-000.zip": zipped({"conversations.json": [claude()]}),
            "projects-000.zip": zipped({"projects.json": [{"uuid": "p", "name": "Book", "docs": []}]}),
        },
    )
    assert found.chat.source == "claude"
    assert (found.problem.where, found.problem.code) == ("conversations-001.zip", "missing-part")
