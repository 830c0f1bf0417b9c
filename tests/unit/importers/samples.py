"""One small export of every source, written by hand: (source, form, what is in it)."""

from datetime import datetime, timedelta

BEGAN = 1_750_000_000


def node(key, parent, role, text, **message):
    content = text if isinstance(text, dict) else {"content_type": "text", "parts": [text]}
    body = {"id": key, "author": {"role": role}, "create_time": BEGAN + 1.5, "content": content, "recipient": "all"}
    return {"id": key, "parent": parent, "message": {**body, **message}}


def chatgpt(*nodes, key="c1", **fields):
    """A conversation as exported since 2026: parents only. The last node is the current one."""
    nodes = nodes or (node("u", "root", "user", "How far is the moon?"), node("a", "u", "assistant", "384,400 km."))
    mapping = {"root": {"id": "root", "parent": None, "message": None}} | {one["id"]: one for one in nodes}
    return {
        "conversation_id": key,
        "id": key,
        "title": "The moon",
        "create_time": BEGAN,
        "update_time": BEGAN + 60.5,
        "mapping": mapping,
        "current_node": nodes[-1]["id"],
        "default_model_slug": "gpt-5",
        **fields,
    }


def claude_message(key, sender, said, **fields):
    return {
        "uuid": key,
        "sender": sender,
        "text": "poisoned",
        "content": [{"type": "text", "text": said}],
        "created_at": "2026-01-02T03:04:05.000006Z",
        "attachments": [],
        "files": [],
        **fields,
    }


def claude(*messages, key="k1", **fields):
    messages = messages or (claude_message("m1", "human", "Name a bird"), claude_message("m2", "assistant", "Wren"))
    return {
        "uuid": key,
        "name": "Birds",
        "summary": "",
        "created_at": "2026-01-02T03:04:00Z",
        "updated_at": "2026-01-02T03:05:00Z",
        "account": {"uuid": "acc"},
        "chat_messages": list(messages),
        **fields,
    }


def takeout(title, minutes, answer="", **fields):
    time = (datetime(2026, 7, 1, 12) + timedelta(minutes=minutes)).isoformat() + ".120Z"
    entry = {"header": "Gemini Apps", "title": title, "time": time, "products": ["Gemini Apps"], **fields}
    return entry | ({"safeHtmlItem": [{"html": f"<p>{answer}</p>"}]} if answer else {})


def grok(*responses, **fields):
    responses = responses or (
        {"_id": "r1", "sender": "human", "message": "Why is the sky blue?", "model": "wrong", "create_time": mongo(0)},
        {"_id": "r2", "sender": "ASSISTANT", "message": "Rayleigh.", "model": "grok-4", "create_time": mongo(5)},
    )
    about = {"id": "g1", "title": "Sky", "summary": "", "create_time": "2026-02-01T10:00:00Z", "starred": True}
    return {"conversation": {**about, **fields}, "responses": [{"response": one} for one in responses]}


def mongo(seconds):
    return {"$date": {"$numberLong": str((BEGAN + seconds) * 1000)}}


def mistral(key, role, content, time, **fields):
    body = {"id": key, "version": 0, "chatId": "le-1", "role": role, "content": content, "contentChunks": None}
    return {**body, "createdAt": f"2025-09-19T16:18:{time}Z", **fields}


PERPLEXITY = {
    "context_uuid": "p1",
    "context_title": "Boots",
    "created_at": "2026-03-01T10:00:00",
    "mode": "COPILOT",
    "updated_at": "2026-03-01T10:05:00",
    "collection_uuid": "col",
    "entries": [
        {"entry_uuid": "e1", "query": "Which boots?", "answer": "Brown [1].", "created_at": "2026-03-01T10:00:00"}
    ],
}
PERPLEXITY_THREAD = {
    "metadata": {"thread_id": "t1", "thread_title": "Tea", "thread_url": "https://www.perplexity.ai/search/tea-1"},
    "conversations": [
        {
            "uuid": "q1",
            "query": "Green or black?",
            "answer": "Green.",
            "model": "sonar",
            "timestamp": "2026-03-01T10:00:00Z",
            "sources": [{"url": "https://tea.example/", "name": "Tea"}],
        }
    ],
}
DEEPSEEK = {
    "id": "d1",
    "title": "Herbs",
    "inserted_at": "2026-03-10T20:00:00.123000+08:00",
    "updated_at": "2026-03-10T20:05:00+08:00",
    "mapping": {
        "root": {"id": "root", "parent": None, "children": ["1"], "message": None},
        "1": {
            "id": "1",
            "parent": "root",
            "message": {
                "files": [{"file_name": "plan.pdf"}],
                "inserted_at": "2026-03-10T20:00:05+08:00",
                "fragments": [{"type": "REQUEST", "content": "Which herbs?"}],
            },
        },
        "2": {
            "id": "2",
            "parent": "1",
            "message": {
                "files": [],
                "model": "deepseek-reasoner",
                "inserted_at": "2026-03-10T20:00:04+08:00",
                "fragments": [
                    {"type": "THINK", "content": "Sun…"},
                    {"type": "SEARCH", "content": "", "results": [{"url": "https://herbs.example", "title": "Herbs"}]},
                    {"type": "RESPONSE", "content": "Thyme."},
                ],
            },
        },
    },
}
DEEPSEEK_SHARED = {
    "data": {
        "biz_data": {
            "title": "Shared",
            "messages": [
                {
                    "message_id": 1,
                    "parent_id": None,
                    "role": "USER",
                    "inserted_at": BEGAN + 0.01,
                    "fragments": [{"type": "REQUEST", "content": "Hi"}],
                },
                {
                    "message_id": 2,
                    "parent_id": 1,
                    "role": "ASSISTANT",
                    "inserted_at": BEGAN,
                    "fragments": [{"type": "RESPONSE", "content": "Hello"}],
                },
            ],
        }
    }
}
AISTUDIO = {
    "runSettings": {"model": "models/gemini-3-pro"},
    "systemInstruction": {"text": "Be brief."},
    "chunkedPrompt": {
        "chunks": [
            {"role": "user", "text": "Two plus two?"},
            {"role": "model", "text": "Sum them.", "isThought": True},
            {"role": "model", "text": "Four."},
        ]
    },
}
GEMINI_CLI = {
    "sessionId": "s-1",
    "projectHash": "abc",
    "startTime": "2026-01-16T18:34:00.000Z",
    "lastUpdated": "2026-01-16T18:35:00Z",
    "messages": [
        {"id": "1", "timestamp": "2026-01-16T18:34:01Z", "type": "user", "content": "List files"},
        {"id": "2", "timestamp": "2026-01-16T18:34:02Z", "type": "info", "content": "Update available"},
        {
            "id": "3",
            "timestamp": "2026-01-16T18:34:03Z",
            "type": "gemini",
            "content": "a.txt",
            "model": "gemini-3",
            "thoughts": [{"subject": "Plan", "description": "Use ls"}],
            "toolCalls": [{"name": "ls", "args": {"path": "."}}],
        },
    ],
}
VSCODE = {
    "requesterUsername": "ada",
    "responderUsername": "GitHub Copilot",
    "initialLocation": "panel",
    "requests": [
        {
            "requestId": "request_1",
            "responseId": "response_1",
            "timestamp": BEGAN * 1000,
            "modelId": "copilot/gpt-5",
            "message": {"text": "Explain this", "parts": []},
            "variableData": {"variables": [{"kind": "file", "name": "main.py"}]},
            "response": [
                {"value": "It is "},
                {"kind": "inlineReference", "inlineReference": {"name": "main"}},
                {"value": " here."},
                {"kind": "undoStop"},
                {"kind": "toolInvocationSerialized", "toolId": "read", "invocationMessage": "Reading"},
                {"value": "Done."},
            ],
        }
    ],
}
COPILOT_CLI = [
    {
        "type": "session.start",
        "id": "1",
        "data": {
            "sessionId": "cp-1",
            "copilotVersion": "1.0",
            "startTime": "2026-01-01T00:00:00Z",
            "selectedModel": "gpt-5",
            "context": {"cwd": "/srv/app", "repository": "ada/app", "branch": "main"},
        },
    },
    {"type": "user.message", "id": "2", "timestamp": "2026-01-01T00:00:01Z", "data": {"content": "Run the tests"}},
    {
        "type": "user.message",
        "id": "3",
        "timestamp": "2026-01-01T00:00:02Z",
        "data": {"content": "injected", "source": "skill"},
    },
    {
        "type": "assistant.message",
        "id": "4",
        "timestamp": "2026-01-01T00:00:03Z",
        "data": {
            "messageId": "m1",
            "content": "Running.",
            "toolRequests": [{"name": "shell", "arguments": "pytest"}],
            "model": "gpt-5",
        },
    },
    {
        "type": "tool.execution_complete",
        "id": "5",
        "timestamp": "2026-01-01T00:00:04Z",
        "data": {"toolName": "shell", "result": {"content": "ok"}},
    },
    {"type": "assistant.message", "id": "6", "data": {"messageId": "m1", "content": "Running."}},
    {"type": "assistant.message", "id": "7", "agentId": "x", "data": {"messageId": "m2", "content": "sub"}},
    {"type": "session.title_changed", "id": "8", "data": {"title": "Test run"}},
]


def claude_code(kind, key, parent, content, **fields):
    message = {"role": kind, "content": content, **fields.pop("message", {})}
    line = {"type": kind, "uuid": key, "parentUuid": parent, "sessionId": "cc-1", "cwd": "/srv/app", "message": message}
    return {**line, "timestamp": "2026-01-01T00:00:01.000Z", **fields}


CLAUDE_CODE = [
    {"type": "summary", "summary": "Fixing the parser", "leafUuid": "4"},
    claude_code("user", "1", None, "Fix the parser"),
    claude_code(
        "assistant", "2", "1", [{"type": "text", "text": "Looking."}], message={"id": "msg_1", "model": "claude-5"}
    ),
    claude_code(
        "assistant",
        "3",
        "2",
        [{"type": "tool_use", "name": "Read", "input": {"path": "p.py"}}],
        message={"id": "msg_1", "model": "claude-5"},
    ),
    claude_code("user", "4", "3", [{"type": "tool_result", "content": "text"}], toolUseResult={}),
    claude_code("user", "5", "4", [{"type": "text", "text": "side"}], isSidechain=True),
    claude_code("user", "6", "4", "meta", isMeta=True),
    {"type": "brand-new-line", "uuid": "7", "sessionId": "cc-1"},
    claude_code(
        "assistant", "8", "4", [{"type": "text", "text": "Fixed."}], message={"id": "msg_2", "model": "claude-5"}
    ),
]


def codex_item(**payload):
    return {"timestamp": "2026-01-01T00:00:02.000Z", "type": "response_item", "payload": payload}


def codex_said(role, text):
    kind = "output_text" if role == "assistant" else "input_text"
    return codex_item(type="message", role=role, content=[{"type": kind, "text": text}])


CODEX = [
    {
        "timestamp": "2026-01-01T00:00:00Z",
        "type": "session_meta",
        "payload": {"id": "cx-1", "timestamp": "2026-01-01T00:00:00Z", "cwd": "/srv/app", "git": {"branch": "main"}},
    },
    codex_said("developer", "Be good"),
    codex_said("user", "<environment_context>linux</environment_context>"),
    {
        "timestamp": "2026-01-01T00:00:01Z",
        "type": "turn_context",
        "payload": {"model": "gpt-5-codex", "cwd": "/srv/app"},
    },
    {
        "timestamp": "2026-01-01T00:00:02Z",
        "type": "event_msg",
        "payload": {"type": "user_message", "message": "Add a test"},
    },
    codex_said("user", "Add a test"),
    codex_item(type="reasoning", summary=[{"type": "summary_text", "text": "Thinking"}], content=None),
    codex_item(type="function_call", name="shell", arguments='{"command":"ls"}'),
    codex_item(type="function_call_output", output="a.py"),
    codex_said("assistant", "Added."),
]


def webui_message(key, parent, role, content, **fields):
    return {"id": key, "parentId": parent, "role": role, "content": content, "timestamp": BEGAN, **fields}


REASONED = '<details type="reasoning" done="true"><summary>Thought</summary>hm</details>\nThe Nile.'
OPEN_WEBUI = {
    "id": "ow-1",
    "user_id": "me",
    "title": "Rivers",
    "archived": False,
    "pinned": True,
    "folder_id": "f1",
    "meta": {"tags": ["geography"]},
    "created_at": BEGAN,
    "updated_at": BEGAN + 60,
    "chat": {
        "title": "Rivers",
        "models": ["llama"],
        "history": {
            "currentId": "3",
            "messages": {
                "1": webui_message("1", None, "user", "Longest river?"),
                "2": webui_message("2", "1", "assistant", "The Amazon?", model="llama"),
                "3": webui_message("3", "1", "assistant", REASONED, model="llama"),
            },
        },
    },
}
LIBRECHAT = {
    "conversationId": "lc-1",
    "endpoint": "openAI",
    "title": "Story",
    "exportAt": "20:33 o'clock",
    "branches": True,
    "options": {"model": "gpt-4o"},
    "messages": [
        {
            "messageId": "1",
            "parentMessageId": "00000000-0000-0000-0000-000000000000",
            "isCreatedByUser": True,
            "text": "A story",
            "createdAt": "2024-05-29T00:33:03.661Z",
        },
        {
            "messageId": "2",
            "parentMessageId": "1",
            "isCreatedByUser": False,
            "text": "Once…",
            "model": "gpt-4o",
            "createdAt": "2024-05-29T00:33:03.661Z",
        },
    ],
}
LM_STUDIO = {
    "name": "Local",
    "createdAt": BEGAN * 1000,
    "pinned": False,
    "messages": [
        {
            "versions": [{"type": "singleStep", "role": "user", "content": [{"type": "text", "text": "Hello"}]}],
            "currentlySelected": 0,
        },
        {
            "versions": [
                {
                    "type": "multiStep",
                    "role": "assistant",
                    "steps": [{"type": "contentBlock", "content": [{"type": "text", "text": "No"}]}],
                },
                {
                    "type": "multiStep",
                    "role": "assistant",
                    "senderInfo": {"senderName": "qwen"},
                    "steps": [
                        {
                            "type": "contentBlock",
                            "style": {"type": "thinking"},
                            "content": [{"type": "text", "text": "hm"}],
                        },
                        {"type": "contentBlock", "content": [{"type": "text", "text": "Hi"}]},
                    ],
                },
            ],
            "currentlySelected": 1,
        },
    ],
}

MISTRAL = [
    mistral("b", "assistant", "", "20.5", contentChunks=[{"type": "text", "text": "Fine."}]),
    mistral("a", "user", "How are you?", "19.2"),
]

# Exports in JSON: source -> document.
DOCUMENTS = {
    "chatgpt": [chatgpt()],
    "claude": [claude()],
    "gemini": [takeout("Prompted Plan a trip", 0, "Go to Kyoto")],
    "aistudio": AISTUDIO,
    "gemini-cli": GEMINI_CLI,
    "perplexity": {"conversations": [PERPLEXITY]},
    "mistral": MISTRAL,
    "grok": {"conversations": [grok()], "projects": [], "tasks": [], "media_posts": []},
    "deepseek": [DEEPSEEK],
    "vscode-copilot": VSCODE,
    "open-webui": [OPEN_WEBUI],
    "librechat": LIBRECHAT,
    "lm-studio": LM_STUDIO,
}
LOGS = {"claude-code": CLAUDE_CODE, "codex": CODEX, "copilot-cli": COPILOT_CLI}
