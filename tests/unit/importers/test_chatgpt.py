"""ChatGPT: order by parents, content of every type, what is hidden, what is not known."""

import pytest

from tests.unit.importers.reading import at, kinds, read_json, says
from tests.unit.importers.samples import BEGAN, chatgpt, node


def only(tmp_path, *nodes, **fields):
    return read_json(tmp_path, [chatgpt(*nodes, **fields)])


def test_order_is_the_parents_not_the_clock_nor_the_children(tmp_path):
    found = only(
        tmp_path,
        node("a2", "u2", "assistant", "four", create_time=BEGAN - 10),
        node("u1", "root", "user", "one", create_time=BEGAN + 30),
        node("u2", "a1", "user", "three", create_time=None),
        node("a1", "u1", "assistant", "two", create_time="1750000000.5"),
        current_node="a2",
    )
    assert [text for _, text in says(found.chat)] == ["one", "two", "three", "four"]
    assert [message.parent for message in found.chat.messages] == [None, "u1", "a1", "u2"]
    assert (found.chat.branches, found.chat.derived) == (0, ())


def test_an_edited_prompt_is_a_branch_that_is_kept_apart(tmp_path):
    nodes = [
        node("u1", "root", "user", "first try"),
        node("a1", "u1", "assistant", "old answer"),
        node("u2", "root", "user", "second try"),
        node("a2", "u2", "assistant", "new answer"),
    ]
    found = only(tmp_path, *nodes)
    assert says(found.chat) == [("human", "second try"), ("assistant", "new answer")]
    assert [(one.id, one.parent, one.active) for one in found.chat.messages[2:]] == [
        ("u1", None, False),
        ("a1", "u1", False),
    ]
    assert (found.chat.branches, found.roles["branches"], found.chat.human) == (1, 2, 1)


def test_without_a_current_node_the_newest_leaf_is_taken_and_marked(tmp_path):
    nodes = [
        node("u", "root", "user", "q"),
        node("a", "u", "assistant", "newer", create_time=BEGAN + 90.0),
        node("b", "u", "assistant", "older", create_time=BEGAN + 9.0),
    ]
    chat = only(tmp_path, *nodes, current_node=None).chat
    assert says(chat)[1] == ("assistant", "newer")
    assert chat.derived == ("path",)
    straight = only(tmp_path, *nodes[:2], current_node="gone").chat
    assert straight.derived == ()


def test_links_in_a_circle_end(tmp_path):
    found = only(tmp_path, node("u", "a", "user", "q"), node("a", "u", "assistant", "r"))
    assert found.chat.human == found.chat.answers == 1


def test_ids_titles_and_times_are_optional(tmp_path):
    chat = chatgpt(title=None, create_time=None, update_time="not a time")
    del chat["conversation_id"]
    found = read_json(tmp_path, [chat]).chat
    assert (found.key, found.title) == ("chatgpt:c1", "How far is the moon?")
    assert found.started == found.last_activity == at("2025-06-15T15:06:41.5")
    assert found.derived == ("last_activity", "started", "title")


@pytest.mark.parametrize(
    ("fields", "project", "mode", "url"),
    [
        ({"gizmo_id": "g-p-1", "gizmo_type": "snorlax"}, "g-p-1", None, "https://chatgpt.com/g/g-p-1/c/c1"),
        ({"conversation_template_id": "g-p-2"}, "g-p-2", None, "https://chatgpt.com/g/g-p-2/c/c1"),
        ({"gizmo_id": "g-abc", "gizmo_type": "gpt"}, None, "g-abc", "https://chatgpt.com/c/c1"),
        ({"gizmo_id": "g-p-/../x"}, "g-p-/../x", None, "https://chatgpt.com/g/g-p-%2F..%2Fx/c/c1"),
    ],
)
def test_projects_are_told_from_custom_gpts(tmp_path, fields, project, mode, url):
    chat = only(tmp_path, **fields).chat
    assert (chat.project_id, chat.project, chat.mode, chat.url) == (project, None, mode, url)


@pytest.mark.parametrize(
    ("fields", "archived", "starred"),
    [
        ({}, None, None),
        ({"is_archived": True, "is_starred": None, "pinned_time": None}, True, None),
        ({"is_archived": False, "is_starred": False, "pinned_time": BEGAN}, False, True),
    ],
)
def test_archived_and_starred_are_none_where_not_told(tmp_path, fields, archived, starred):
    chat = only(tmp_path, **fields).chat
    assert (chat.archived, chat.starred) == (archived, starred)


CONTENTS = [
    ("user", {"content_type": "text", "parts": ["a", {"x": 1}, "b"]}, [("typed", "a\n\nb")]),
    (
        "user",
        {
            "content_type": "multimodal_text",
            "parts": [
                "see",
                {"content_type": "image_asset_pointer", "asset_pointer": "sediment://file_1"},
                {"content_type": "audio_transcription", "text": "spoken"},
                {
                    "content_type": "real_time_user_audio_video_asset_pointer",
                    "audio_asset_pointer": {"asset_pointer": "sediment://f2"},
                },
                {"content_type": "hologram", "text": "shine"},
                7,
            ],
        },
        [("typed", "see"), ("attachment", ""), ("typed", "spoken"), ("attachment", ""), ("typed", "shine")],
    ),
    ("assistant", {"content_type": "code", "language": "python", "text": "1+1"}, [("answer", "```python\n1+1\n```")]),
    ("assistant", {"content_type": "thoughts", "thoughts": [{"summary": "S", "content": "C"}]}, [("thinking", "S\nC")]),
    ("assistant", {"content_type": "reasoning_recap", "content": "Thought for 7 s"}, [("thinking", "Thought for 7 s")]),
    ("tool", {"content_type": "execution_output", "text": "2"}, [("tool", "2")]),
    (
        "tool",
        {"content_type": "tether_quote", "url": "https://a.example", "title": "A", "text": "q"},
        [("tool", "q"), ("reference", "https://a.example")],
    ),
    ("tool", {"content_type": "tether_browsing_display", "result": "r"}, [("tool", "r")]),
    ("tool", {"content_type": "system_error", "name": "E", "text": "failed"}, [("tool", "failed")]),
    ("assistant", {"content_type": "poem", "parts": ["roses"]}, [("answer", "roses")]),
    ("assistant", {"content_type": "poem"}, [("other", "")]),
    ("assistant", {"content_type": "text", "parts": ["A\ue200cite\ue202turn0\ue201 b\ue203"]}, [("answer", "A b")]),
]


@pytest.mark.parametrize(("role", "content", "parts"), CONTENTS, ids=lambda value: str(value)[:30])
def test_content_types(tmp_path, role, content, parts):
    found = only(tmp_path, node("u", "root", "user", "q"), node("x", "u", role, content))
    assert [(part.kind, part.text) for part in found.chat.messages[-1].parts] == parts
    unknown = content["content_type"] == "poem"
    assert found.unknown[f"content type {content['content_type']}"] == unknown


def test_custom_instructions_and_hidden_texts_are_no_messages_of_the_person(tmp_path):
    context = {"content_type": "user_editable_context", "user_profile": "I am Ada", "user_instructions": "Be brief"}
    found = only(
        tmp_path,
        node("s", "root", "system", ""),
        node("c", "s", "user", context),
        node("h", "c", "user", "hidden", metadata={"is_visually_hidden_from_conversation": True}),
        node("u", "h", "user", "Hello"),
        node("t", "u", "assistant", '{"q": 1}', recipient="browser"),
        node("r", "t", "tool", "result"),
        node("m", "r", "assistant", "musing", channel="analysis"),
        node("a", "m", "assistant", "Hi", metadata={"model_slug": "o3"}),
    )
    assert says(found.chat) == [("human", "Hello"), ("assistant", "Hi")]
    assert [kinds(one)[0] for one in found.chat.messages] == ["context", "typed", "tool", "tool", "tool", "answer"]
    assert found.skipped == {"custom instructions": 1}
    assert (found.chat.model, found.roles["tool"]) == ("o3", 4)
    assert found.chat.messages[0].parent is None
    assert "Be brief" not in str(found.chat)


def test_files_and_cited_pages(tmp_path):
    picture = {
        "content_type": "multimodal_text",
        "parts": [{"content_type": "image_asset_pointer", "asset_pointer": "file-service://file-1"}, "what is it?"],
    }
    sent = {"attachments": [{"id": "file-1", "name": "moon.png"}, {"id": "file-2"}]}
    cited = {
        "content_references": [
            {"type": "webpage", "url": "https://nasa.example/moon", "title": "Moon"},
            {"type": "hidden"},
            {"url": "javascript:alert(1)"},
            {"url": "https://nasa.example/moon"},
        ]
    }
    older = {"citations": [{"metadata": {"url": "https://old.example", "title": "Old"}}]}
    chat = only(
        tmp_path,
        node("u", "root", "user", picture, metadata=sent),
        node("a", "u", "assistant", "A moon.", metadata=cited),
        node("b", "a", "assistant", "Yes.", metadata=older),
    ).chat
    assert [(part.kind, part.name) for part in chat.messages[0].parts] == [
        ("typed", None),
        ("attachment", "moon.png"),
        ("attachment", "file-2"),
    ]
    assert [part.text for part in chat.messages[1].parts] == ["A moon.", "https://nasa.example/moon"]
    assert chat.messages[2].parts[1].name == "Old"


def test_a_canvas_is_handed_over(tmp_path):
    document = '{"name": "Poem", "type": "document", "content": "Roses"}'
    chat = only(
        tmp_path,
        node("u", "root", "user", "Write"),
        node("c", "u", "assistant", {"content_type": "code", "text": document}, recipient="canmore.create_textdoc"),
        node("d", "c", "assistant", "not json", recipient="canmore.update_textdoc"),
        node("a", "d", "assistant", "Here it is."),
    ).chat
    assert chat.messages[1].parts[0] == ("attachment", "Roses", "Poem")
    assert kinds(chat.messages[2]) == ["tool"]
    assert chat.answers == 1


def test_what_is_not_known_is_counted(tmp_path):
    nodes = [
        node("u", "root", "user", "q", flavour="new"),
        node("x", "u", "critic", "boo"),
        node("a", "x", "assistant", "r"),
    ]
    found = only(tmp_path, *nodes, brand_new=1)
    assert found.unknown == {"field brand_new of a chat": 1, "field flavour of a message": 1, "role critic": 1}
    assert found.chat.human == found.chat.answers == 1


def test_a_node_that_is_no_object_is_passed_over(tmp_path):
    chat = chatgpt()
    chat["mapping"] |= {"odd": 5, "none": {"id": "none", "parent": None, "message": "text"}}
    assert read_json(tmp_path, [chat]).chat.human == 1


def test_unhashable_links_are_quarantined(tmp_path):
    chat = chatgpt()
    chat["mapping"]["u"]["parent"] = ["root"]
    found = read_json(tmp_path, [chatgpt(key="fine"), chat])
    assert "not built as chatgpt chats are" in found.problem.reason
