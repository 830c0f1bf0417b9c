"""Every source: recognised by shape alone, with its chats, messages by role, titles, times and links."""

import json
from pathlib import Path

import pytest

from chatbuilder.chats import SOURCES
from chatbuilder.importers.registry import SHAPES
from tests.unit.importers import samples
from tests.unit.importers.reading import Result, at, kinds, read_json, read_lines, says

EXPECTED = {
    # source: (key, title, started, prompts, answers, model, url)
    "chatgpt": ("c1", "The moon", "2025-06-15T15:06:40", 1, 1, "gpt-5", "https://chatgpt.com/c/c1"),
    "claude": ("k1", "Birds", "2026-01-02T03:04:00", 1, 1, None, "https://claude.ai/chat/k1"),
    "gemini": (None, "Plan a trip", "2026-07-01T12:00:00.120", 1, 1, None, None),
    "aistudio": ("anything", "anything", None, 1, 1, "gemini-3-pro", None),
    "gemini-cli": ("s-1", "List files", "2026-01-16T18:34:00", 1, 1, "gemini-3", None),
    "perplexity": ("p1", "Boots", "2026-03-01T10:00:00", 1, 1, None, "https://www.perplexity.ai/search/p1"),
    "mistral": ("le-1", "How are you?", "2025-09-19T16:18:19.200", 1, 1, None, "https://chat.mistral.ai/chat/le-1"),
    "grok": ("g1", "Sky", "2026-02-01T10:00:00", 1, 1, "grok-4", "https://grok.com/c/g1"),
    "deepseek": (
        "d1",
        "Herbs",
        "2026-03-10T12:00:00.123",
        1,
        1,
        "deepseek-reasoner",
        "https://chat.deepseek.com/a/chat/s/d1",
    ),
    "vscode-copilot": ("request_1", "Explain this", "2025-06-15T15:06:40", 1, 1, "copilot/gpt-5", None),
    "open-webui": ("ow-1", "Rivers", "2025-06-15T15:06:40", 1, 1, "llama", None),
    "librechat": ("lc-1", "Story", "2024-05-29T00:33:03.661", 1, 1, "gpt-4o", None),
    "lm-studio": ("anything", "Local", "2025-06-15T15:06:40", 1, 1, "qwen", None),
    "claude-code": ("cc-1", "Fixing the parser", "2026-01-01T00:00:01", 1, 2, "claude-5", None),
    "codex": ("cx-1", "Add a test", "2026-01-01T00:00:00", 1, 1, "gpt-5-codex", None),
    "copilot-cli": ("cp-1", "Test run", "2026-01-01T00:00:00", 1, 1, "gpt-5", None),
}


def sample(source, tmp_path):
    if source in samples.LOGS:
        return read_lines(tmp_path, samples.LOGS[source])
    return read_json(tmp_path, samples.DOCUMENTS[source])


@pytest.mark.parametrize("source", EXPECTED)
def test_each_source_is_recognised_and_read(source, tmp_path):
    own_id, title, started, prompts, answers, model, url = EXPECTED[source]
    found = sample(source, tmp_path)
    chat = found.chat
    assert (found.sources, found.problems) == ({source}, [])
    assert chat.source == source
    assert own_id in (None, chat.source_id)
    assert (chat.title, chat.human, chat.answers, chat.model, chat.url) == (title, prompts, answers, model, url)
    assert chat.started == (at(started) if started else None)
    assert (found.roles["human"], found.roles["assistant"]) == (prompts, answers)
    assert chat.assistant == SOURCES[source].assistant


@pytest.mark.parametrize("source", EXPECTED)
def test_what_a_source_fills_is_what_the_coverage_table_says(source, tmp_path):
    chat, known = sample(source, tmp_path).chat, SOURCES[source]
    for field in ("title", "started", "last_activity", "model", "project", "url", "command", "account", "summary"):
        told = chat.project_id or chat.project if field == "project" else getattr(chat, field)
        if told:
            allowed = {*known.fills, *known.derives} if field in chat.derived else known.fills
            assert field in allowed, field


def test_every_source_of_the_design_has_a_shape_and_a_description():
    assert {shape.source for shape in SHAPES} == set(SOURCES)


def test_no_two_sources_claim_the_same_export():
    for source, document in samples.DOCUMENTS.items():
        objects = document if isinstance(document, list) else [document, *document.get("conversations", [])]
        claims = {shape.source for shape in SHAPES if shape.form == "items" for one in objects if shape.matches(one)}
        assert claims == {source}
    for source, lines in samples.LOGS.items():
        assert {shape.source for shape in SHAPES if shape.form == "lines" and shape.matches(lines)} == {source}


def test_the_file_name_says_nothing(tmp_path):
    found = read_json(tmp_path, [samples.claude()], "chatgpt-conversations.json")
    assert found.sources == {"claude"}


def test_gemini_groups_prompts_by_half_an_hour_and_says_so(tmp_path):
    entries = [
        samples.takeout("Prompted third", 90, "3"),
        samples.takeout("Used Gemini Apps", 31),
        samples.takeout("Prompted ", 30, "A fern", imageFile="image.png"),
        samples.takeout("Created Gemini Canvas titled List", 2),
        samples.takeout("Prompted first", 0, "1"),
    ]
    found = read_json(tmp_path, entries)
    late, early = found.chats
    assert says(early) == [("human", "first"), ("assistant", "1"), ("human", ""), ("assistant", "A fern")]
    assert [kinds(message) for message in early.messages][2] == ["attachment"]
    assert early.messages[3].parts[0].name == "image.png"
    assert {"thread", "source_id", "title"} <= set(early.derived)
    assert late.title == "third"
    assert found.skipped["activity Used"] == 1


def test_gemini_entries_of_one_address_are_one_chat_however_far_apart(tmp_path):
    address = {"titleUrl": "https://gemini.google.com/app/abc123def456"}
    entries = [
        samples.takeout("Prompted later", 6000, "2", **address),
        samples.takeout("Prompted now", 0, "1", **address),
    ]
    chat = read_json(tmp_path, entries).chat
    assert says(chat)[0] == ("human", "now")
    assert (chat.source_id, chat.url) == ("abc123def456", address["titleUrl"])
    assert "thread" not in chat.derived


def test_gemini_reads_prompts_in_a_language_it_does_not_know(tmp_path):
    found = read_json(tmp_path, [samples.takeout("Ha preguntado: ¿Qué hora es?", 0, "Las dos")])
    assert says(found.chat)[1] == ("assistant", "Las dos")
    assert found.unknown["verb Ha"] == 1


def cell(prompt, time, answer, product="Gemini Apps"):
    return (
        f'<div class="outer-cell"><div class="header-cell"><p>{product}<br></p></div>'
        f'<div class="content-cell">{prompt}<br>{time}<br>{answer}</div>'
        f'<div class="content-cell text-right"></div><div class="content-cell caption">Products: {product}</div></div>'
    )


def page(tmp_path, *cells):
    path = tmp_path / "page.bin"
    path.write_text(f"<html><body>{''.join(cells)}</body></html>", "utf-8")
    return Result(path)


def test_gemini_html_and_json_of_one_account_agree_on_the_key(tmp_path):
    shown = page(
        tmp_path,
        cell("Prompted&nbsp;And <b>then</b>?", "Jul 1, 2026, 5:10:00\u202fAM PDT", "<p>Rest</p>"),
        cell("Watched&nbsp;a film", "Jul 1, 2026, 5:05:00 AM PDT", "", "YouTube"),
        cell(
            "Prompted&nbsp;Plan &lt;a&gt; trip",
            "Jul 1, 2026, 5:00:00\u202fAM PDT",
            "<ul><li>Kyoto</li><li>Nara</li></ul>",
        ),
    )
    told = read_json(tmp_path, [samples.takeout("Prompted Plan <a> trip", 0, "Kyoto")])
    assert shown.chat.key == told.chat.key
    assert shown.chat.started == at("2026-07-01T12:00:00")
    assert says(shown.chat) == [
        ("human", "Plan <a> trip"),
        ("assistant", "- Kyoto\n- Nara"),
        ("human", "And then?"),
        ("assistant", "Rest"),
    ]
    assert shown.skipped["other product"] == 1


@pytest.mark.parametrize(
    ("written", "utc", "known"),
    [
        ("25 Jul 2026, 23:09:01 CEST", "2026-07-25T21:09:01", True),
        ("25.07.2026, 23:09:01 MESZ", "2026-07-25T21:09:01", True),
        ("2026-07-25 23:09:01 GMT-03:30", "2026-07-26T02:39:01", True),
        ("Jul 25, 2026, 12:09:01 AM UTC", "2026-07-25T00:09:01", True),
        ("Jul 25, 2026, 11:09:01 PM XYZT", "2026-07-25T23:09:01", False),
    ],
)
def test_gemini_html_times(tmp_path, written, utc, known):
    chat = page(tmp_path, cell("Prompted&nbsp;Hi", written, "Hello")).chat
    assert chat.started == at(utc)
    assert ("time zone" in chat.derived) is not known


def test_gemini_html_without_a_readable_time_has_none(tmp_path):
    found = page(
        tmp_path, cell("Prompted&nbsp;Hi", "25 xyz 2026, 25:61:61 UTC", "Hello"), cell("Prompted&nbsp;B", "?", "b")
    )
    assert [chat.started for chat in found.chats] == [None, None]
    assert found.unknown["entry without a time"] == 2


def test_perplexity_thread_export(tmp_path):
    chat = read_json(tmp_path, samples.PERPLEXITY_THREAD).chat
    assert (chat.key, chat.title, chat.model) == ("perplexity:t1", "Tea", "sonar")
    assert chat.url == "https://www.perplexity.ai/search/tea-1"
    assert kinds(chat.messages[1]) == ["answer", "reference"]
    assert "time zone" not in chat.derived


def test_perplexity_thread_of_the_page_itself(tmp_path):
    entry = {
        "uuid": "e",
        "context_uuid": "ctx",
        "thread_url_slug": "tea-2",
        "query_str": "Tea?",
        "display_model": "sonar",
        "blocks": [{"plan_block": {}}, {"markdown_block": {"answer": "Yes."}}],
        "entry_created_datetime": "2026-03-01T10:00:00",
    }
    chat = read_json(tmp_path, {"status": "ok", "thread_metadata": {"title": "Tea"}, "entries": [entry, {}]}).chat
    assert (chat.source_id, chat.url) == ("ctx", "https://www.perplexity.ai/search/tea-2")
    assert says(chat) == [("human", "Tea?"), ("assistant", "Yes.")]
    assert "time zone" in chat.derived


def test_perplexity_without_a_title_takes_the_prompt(tmp_path):
    thread = {key: value for key, value in samples.PERPLEXITY.items() if key != "context_title"}
    chat = read_json(tmp_path, {"conversations": [thread]}).chat
    assert (chat.title, "title" in chat.derived, chat.project_id) == ("Which boots?", True, "col")


def test_mistral_is_put_in_order_by_time_with_tools_apart(tmp_path):
    messages = [
        samples.mistral("3", "user", "And code?", "30.0", files=[{"type": "image", "name": "p.png"}]),
        samples.mistral(
            "4",
            "assistant",
            "",
            "30.0",
            contentChunks=[
                {"type": "tool_call", "name": "web", "publicArguments": '{"q":"x"}'},
                {"type": "text", "text": "Here."},
                {"type": "image_url"},
                {"type": "thinking", "text": "hm"},
                {"type": "custom_element"},
                {"type": "news"},
                {"type": "reference", "references": [{"url": "https://a.example", "title": "A"}]},
            ],
        ),
        *samples.MISTRAL,
        samples.mistral("x", "narrator", "?", "31.0"),
        "nothing",
    ]
    found = read_json(tmp_path, messages)
    assert [message.id for message in found.chat.messages] == ["a", "b", "3", "4"]
    assert found.chat.human == found.chat.answers == 2
    assert found.unknown["content type news"] == found.unknown["role narrator"] == 1


def test_mistral_without_times_has_no_order(tmp_path):
    messages = [samples.mistral("1", "user", "Hi", "bad"), *[{**one, "chatId": "le-2"} for one in samples.MISTRAL]]
    found = read_json(tmp_path, messages)
    assert found.chat.source_id == "le-2"
    assert "order is unknown" in found.problem.reason


def test_grok_follows_parents_and_counts_retries(tmp_path):
    answer = {"sender": "assistant", "model": "grok-4", "create_time": samples.mongo(3)}
    responses = (
        {
            "_id": "q",
            "sender": "human",
            "message": "Why?",
            "create_time": samples.mongo(9),
            "file_attachments": ["f-1"],
        },
        {"_id": "a1", "parent_response_id": "q", "message": "", **answer},
        {
            "_id": "a2",
            "parent_response_id": "q",
            "message": "Because.",
            **answer,
            "create_time": samples.mongo(4),
            "thinking_trace": "hm",
            "steps": [{"text": "searching"}],
            "web_search_results": [{"url": "https://sky.example", "title": "Sky"}],
        },
        {"_id": "z", "sender": "narrator", "message": "?"},
    )
    found = read_json(tmp_path, {"conversations": [samples.grok(*responses, title="", summary="About the sky")]})
    assert says(found.chat) == [("human", "Why?"), ("assistant", "Because.")]
    assert kinds(found.chat.messages[1]) == ["thinking", "tool", "answer", "reference"]
    assert (found.chat.title, found.chat.summary, found.chat.starred) == ("About the sky", "About the sky", True)
    assert found.skipped["aborted answer"] == 1
    assert {"title", "path"} <= set(found.chat.derived)


def test_grok_of_june_2025(tmp_path):
    entry = {
        "conversation": {
            "conversation_id": "old",
            "title": "Old",
            "create_time": "2025-06-01T00:00:00Z",
            "leaf_response_id": "2",
        },
        "responses": [
            {"response_id": "1", "sender": "human", "message": "Hi", "create_time": "2025-06-01T00:00:00Z"},
            {"response_id": "2", "parent_response_id": "1", "sender": "assistant", "message": "Yo"},
            {"response_id": "3", "parent_response_id": "1", "sender": "assistant", "message": "Other"},
        ],
    }
    chat = read_json(tmp_path, {"conversations": [entry]}).chat
    assert (chat.source_id, chat.branches, says(chat)[1][1], "path" in chat.derived) == ("old", 1, "Yo", False)


def test_deepseek_knows_the_person_by_the_request_and_orders_by_parents(tmp_path):
    chat = read_json(tmp_path, [samples.DEEPSEEK]).chat
    assert says(chat) == [("human", "Which herbs?"), ("assistant", "Thyme.")]
    assert [kinds(message) for message in chat.messages] == [
        ["typed", "attachment"],
        ["thinking", "tool", "reference", "answer"],
    ]
    shared = read_json(tmp_path, samples.DEEPSEEK_SHARED, "share.json").chat
    assert says(shared) == [("human", "Hi"), ("assistant", "Hello")]
    assert (shared.title, shared.source_id, shared.url) == ("Shared", "share", None)
    assert "source_id" in shared.derived


def test_deepseek_content_of_other_kinds(tmp_path):
    fragments = [
        {"type": "FILE", "file_name": "a.txt", "content": "text"},
        {"type": "POEM", "content": "verse"},
        {"type": "?"},
    ]
    raw = {"fragments": fragments}
    chat = json.loads(json.dumps(samples.DEEPSEEK))
    chat["mapping"]["1"]["message"] = raw
    chat["mapping"]["2"]["message"] = {"role": "ASSISTANT", "content": "Words", "thinking_content": "hm"}
    found = read_json(tmp_path, [chat])
    assert [kinds(message) for message in found.chat.messages] == [
        ["attachment", "typed", "other"],
        ["answer", "thinking"],
    ]
    assert found.unknown["content type POEM"] == 1


CSV = (
    '\ufeffConversation,Time,Author,Message\r\n"Git, again",2026-07-26T23:20:56,AI,"Use ""tags"".\nReally"\r\n'
    '"Git, again",2026-07-26T23:20:56,Human,What is a tag?\r\nOld,2026-07-25T09:00:10,AI,Second\r\n'
    "Old,2026-07-25T09:00:10,Human,Two?\r\nOld,2026-07-20T08:00:00,AI,First\r\nOld,2026-07-20T08:00:00,Human,One?\r\n"
)


def read_csv(tmp_path, text):
    path = tmp_path / "activity.bin"
    path.write_bytes(text.encode())
    return Result(path)


def test_microsoft_copilot_reads_backwards_and_splits_equal_titles(tmp_path):
    found = read_csv(tmp_path, CSV)
    assert sorted((chat.title, chat.human, chat.answers) for chat in found.chats) == [
        ("Git, again", 1, 1),
        ("Old", 1, 1),
        ("Old", 1, 1),
    ]
    git = next(chat for chat in found.chats if chat.title == "Git, again")
    assert says(git) == [("human", "What is a tag?"), ("assistant", 'Use "tags".\nReally')]
    assert {"thread", "source_id", "time zone"} <= set(git.derived)
    assert len({chat.key for chat in found.chats}) == 3


def test_microsoft_copilot_other_tables(tmp_path):
    chat = read_csv(
        tmp_path, "CreatedAt,MessageContent,Author,ChatName\n7/4/2026 1:02:03 PM -02:00,Hi,User,Fourth\n"
    ).chat
    assert (chat.title, chat.started, chat.human) == ("Fourth", at("2026-07-04T15:02:03"), 1)
    assert "time zone" not in chat.derived
    chat = read_csv(tmp_path, "Timestamp,ClientApp,Prompt\n2026-07-04T10:00:00Z,Word,Make it shorter\n").chat
    assert (chat.title, chat.human, chat.answers) == ("Word", 1, 0)


def test_microsoft_copilot_bad_rows(tmp_path):
    found = read_csv(
        tmp_path, CSV + "only one cell\r\n,,,\r\nX,13/45/2026 1:00:00,Human,When?\r\nX,now,Robot,?\r\nX,now,AI,\r\n"
    )
    assert found.problem.where.endswith("row 8")
    assert next(chat for chat in found.chats if chat.title == "X").started is None
    assert (found.unknown["author robot"], found.skipped["message without content"]) == (1, 1)


def test_aistudio_thoughts_files_and_instructions(tmp_path):
    prompt = json.loads(json.dumps(samples.AISTUDIO))
    prompt["systemInstruction"] = {"parts": [{"text": "Be"}, {"text": "kind"}]}
    prompt["chunkedPrompt"]["chunks"] += [
        {"role": "user", "driveImage": {"id": "x"}},
        {"role": "model", "parts": [{"text": "hm", "thought": True}, {"text": "Nice."}]},
        {"role": "model"},
        {"role": "critic", "text": "?"},
    ]
    found = read_json(tmp_path, prompt, "My prompt.json")
    assert (found.chat.title, found.chat.human, found.chat.answers) == ("My prompt", 2, 2)
    assert found.chat.messages[0].role == "system"
    assert found.unknown["role critic"] == 1
    assert says(found.chat)[-1] == ("assistant", "Nice.")


def test_open_webui_branches_reasoning_and_tags(tmp_path):
    found = read_json(tmp_path, [samples.OPEN_WEBUI])
    chat = found.chat
    assert says(chat) == [("human", "Longest river?"), ("assistant", "The Nile.")]
    assert kinds(chat.messages[1]) == ["thinking", "answer"]
    assert (chat.branches, chat.tags, chat.archived, chat.starred) == (1, ("geography",), False, True)
    assert (chat.project_id, chat.account, found.roles["branches"]) == ("f1", "me", 1)


def test_open_webui_single_chat_without_an_id(tmp_path):
    document = {**samples.OPEN_WEBUI["chat"], "id": "", "tags": [{"name": "x"}, 3], "timestamp": samples.BEGAN * 1000}
    document["history"] = {
        "messages": {
            "1": samples.webui_message("1", None, "user", [{"type": "text", "text": "Hi"}], files=[{"name": "f"}]),
            "2": samples.webui_message("2", "1", "assistant", "Yo", sources=[{"source": {"url": "https://x.example"}}]),
            "3": samples.webui_message("3", "2", "oracle", "?"),
            "4": samples.webui_message("4", "2", "user", ""),
        }
    }
    found = read_json(tmp_path, document)
    assert (found.chat.source_id, found.chat.tags, "source_id" in found.chat.derived) == ("1", ("x", "3"), True)
    assert found.unknown["role oracle"] == 1


def test_librechat_tree_and_content(tmp_path):
    tree = {
        **samples.LIBRECHAT,
        "messagesTree": [
            {
                "messageId": "1",
                "isCreatedByUser": True,
                "text": "Q",
                "files": [{"filename": "f.txt"}],
                "children": [
                    {
                        "messageId": "2",
                        "isCreatedByUser": False,
                        "createdAt": "2024-05-29T00:33:05Z",
                        "content": [
                            {"type": "think", "think": "hm"},
                            {"type": "text", "text": {"value": "A"}},
                            {"type": "tool_call", "tool_call": {"name": "t"}},
                            {"type": "image_file", "image_file": {}},
                            {"type": "error", "error": "e"},
                            {"type": "new", "new": "words"},
                        ],
                    },
                    {"messageId": "3", "isCreatedByUser": False, "text": "B", "createdAt": "2024-05-29T00:33:04Z"},
                    {"messageId": "1", "isCreatedByUser": False, "text": "cycle"},
                    {"messageId": "5", "text": "who?"},
                ],
            }
        ],
    }
    del tree["messages"]
    found = read_json(tmp_path, tree)
    chat = found.chat
    assert (chat.human, chat.answers, chat.branches) == (1, 1, 1)
    assert says(chat)[1] == ("assistant", "A\n\nwords")
    assert found.unknown["message without an id of its own"] == found.unknown["content type new"] == 1


def test_lm_studio_shows_the_selected_version(tmp_path):
    chat = read_json(tmp_path, samples.LM_STUDIO).chat
    assert says(chat) == [("human", "Hello"), ("assistant", "Hi")]
    assert (chat.branches, chat.starred, kinds(chat.messages[1])) == (1, False, ["thinking", "answer"])
    odd = {
        "messages": [
            {"versions": [{"role": "system", "content": "Be"}]},
            {
                "versions": [
                    {
                        "role": "user",
                        "content": [{"type": "file", "name": "f"}, {"type": "x"}, {"type": "toolCallResult"}],
                    }
                ],
                "currentlySelected": 9,
            },
            {"versions": [{"role": "ghost"}]},
            {"versions": []},
        ]
    }
    found = read_json(tmp_path, odd)
    assert [kinds(message) for message in found.chat.messages] == [["context"], ["attachment", "other", "tool"]]
    assert found.unknown["role ghost"] == 1


def test_empty_and_broken_chats_are_quarantined_beside_good_ones(tmp_path):
    for source in ("chatgpt", "claude", "deepseek", "open-webui"):
        [good] = samples.DOCUMENTS[source]
        hollow = {
            key: ([] if isinstance(value, list) else {} if isinstance(value, dict) else value)
            for key, value in good.items()
        }
        nameless = {key: value for key, value in good.items() if key not in ("id", "uuid", "conversation_id")}
        found = read_json(tmp_path, [good, hollow, {"title": "Nothing"}, None, 7, [good]])
        assert len(found.chats) == 1, source
        assert len(found.problems) == 5
        assert all(problem.chat and problem.reason and problem.source == source for problem in found.problems)
        assert found.problems[1].title == "Nothing"
        if source != "open-webui":
            assert "no id" in read_json(tmp_path, [good, nameless]).problem.reason


def test_the_documents_coverage_table_is_the_one_of_the_code():
    page = (Path(__file__).parents[3] / "docs" / "sources.md").read_text("utf-8")
    columns = [
        "title",
        "started",
        "last_activity",
        "model",
        "project",
        "link",
        "account",
        "summary",
        "archived",
        "starred",
        "branches",
    ]
    for source in SOURCES.values():
        fills = {"link" if field in ("url", "command") else field for field in source.fills}
        marks = {(True, True): "◐", (True, False): "●", (False, True): "○", (False, False): "–"}
        cells = [marks[field in fills, field in source.derives] for field in columns]
        assert f"| `{source.id}` | {' | '.join(cells)} |" in page


def test_blank_instructions_are_no_message(tmp_path):
    chat = read_json(tmp_path, {**samples.AISTUDIO, "systemInstruction": {"text": " \n"}}).chat
    assert [message.role for message in chat.messages] == ["human", "assistant", "assistant"]
