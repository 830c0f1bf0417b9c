"""GitHub Copilot in VS Code: "Chat: Export Chat…", and the sessions VS Code stores for each workspace."""

from __future__ import annotations

from collections.abc import Sequence

from chatbuilder.chats import ChatSession, Message, Part
from chatbuilder.importers.common.session import attachment, part, session, straight, tool
from chatbuilder.importers.common.shape import Context, Found, Log, each, items, lines
from chatbuilder.importers.common.values import (
    Json,
    identifier,
    joined,
    mapping,
    mappings,
    moment,
    name,
    names,
    sequence,
    string,
    title,
)

SOURCE = "vscode-copilot"
_SILENT = names(
    "undoStop codeblockUri prepareToolInvocation mcpServersStarting progressTask progressTaskSerialized command "
    "confirmation elicitation warning clearToPreviousToolInvocation"
)


def _matches(item: Json) -> bool:
    return isinstance(item.get("requests"), list) and ("responderUsername" in item or "requesterUsername" in item)


def _matches_lines(head: Sequence[Json]) -> bool:
    return head[0].get("kind") == 0 and _matches(mapping(head[0].get("v")))


def _read(logs: Sequence[Log]) -> Found:
    for log in logs:
        yield from _one(log)


def _one(log: Log) -> Found:
    return log.context.attempt(lambda: _parse(_replayed(log), log.context), log.context.place())


def _replayed(log: Log) -> Json:
    """Sessions stored as lines: the state first (kind 0), then values to set (1) or lists to extend (2) by path."""
    state: Json = {}
    for element in log.lines():
        line = mapping(element.value)
        path = [key for key in sequence(line.get("k")) if isinstance(key, str | int)]
        if line.get("kind") == 0:
            state = mapping(line.get("v"))
        elif line.get("kind") in (1, 2) and path:
            _change(state, path, line)
        else:
            log.context.unknown(f"line of kind {line.get('kind')}")
    return state


def _change(state: Json, path: list[str | int], line: Json) -> None:
    at: object = state
    for key in path[:-1]:
        at = _inside(at, key)
    last, value = path[-1], line.get("v")
    if line["kind"] == 2:
        target = _inside(at, last)
        if isinstance(target, list):
            if isinstance(line.get("i"), int):
                del target[line["i"] :]
            target.extend(sequence(value))
        elif isinstance(at, dict):
            at[last] = sequence(value)
    elif isinstance(at, dict) or (isinstance(at, list) and isinstance(last, int) and -1 < last < len(at)):
        at[last] = value  # type: ignore[index]  # a key of the object, or an index within the list


def _inside(value: object, key: str | int) -> object:
    if isinstance(value, dict):
        return value.get(key)
    return value[key] if isinstance(value, list) and isinstance(key, int) and -1 < key < len(value) else None


def _parse(chat: Json, context: Context) -> ChatSession:
    requests = mappings(chat.get("requests"))
    messages = [message for request in requests for message in _turn(request, context)]
    own_id = identifier(chat.get("sessionId"))
    first = identifier(requests[0].get("requestId")) if requests else None
    return session(
        SOURCE,
        own_id or first,
        title=title(chat.get("customTitle")),
        started=moment(chat.get("creationDate")),
        last_activity=moment(chat.get("lastMessageDate")),
        messages=straight(messages),
        derived=() if own_id else ("source_id",),
        account=name(chat.get("requesterUsername")),
        mode=name(chat.get("initialLocation")),
    )


def _turn(request: Json, context: Context) -> list[Message]:
    time = moment(request.get("timestamp"))
    asked = mapping(request.get("message"))
    words = string(asked.get("text")) or joined((string(p.get("text")) for p in mappings(asked.get("parts"))), "")
    typed: list[Part] = part("typed", words or string(request.get("message")))
    for variable in mappings(mapping(request.get("variableData")).get("variables")):
        if variable.get("kind") in ("file", "image", "directory"):
            typed.append(attachment(variable.get("name")))
    found = [Message(identifier(request.get("requestId")), None, "human", tuple(typed), time)] if typed else []
    told = _response(sequence(request.get("response")), context)
    problem = mapping(mapping(request.get("result")).get("errorDetails"))
    told += part("tool", string(problem.get("message")))
    if told:
        model = name(request.get("modelId"))
        found.append(Message(identifier(request.get("responseId")), None, "assistant", tuple(told), time, model))
    return found


def _response(pieces: list[object], context: Context) -> list[Part]:
    """Words come in pieces, with references to code inside the sentence and tools between."""
    found: list[Part] = []
    words: list[str] = []
    for raw in pieces:
        piece = mapping(raw)
        kind = piece.get("kind")
        if kind is None or kind in ("markdownContent", "inlineReference"):
            words.append(_words(piece, kind))
            continue
        if kind not in _SILENT and kind != "thinking":
            found += part("answer", "".join(words))
            words = []
        found += _piece(piece, kind, context)
    return found + part("answer", "".join(words))


def _words(piece: Json, kind: object) -> str:
    if kind == "inlineReference":
        inner = mapping(piece.get("inlineReference"))
        label = string(piece.get("name")) or string(inner.get("name")) or string(inner.get("path")).rpartition("/")[2]
        return f"`{label}`" if label else ""
    return string(mapping(piece.get("content")).get("value")) or string(piece.get("value"))


def _piece(piece: Json, kind: object, context: Context) -> list[Part]:
    if kind in _SILENT:
        return []
    if kind == "thinking":
        value = piece.get("value")
        return part("thinking", value if isinstance(value, str) else joined(map(string, sequence(value))))
    if kind in ("toolInvocation", "toolInvocationSerialized"):
        return [tool(piece.get("toolId"), piece.get("pastTenseMessage") or piece.get("invocationMessage"))]
    if kind in ("textEditGroup", "notebookEditGroup"):
        return [tool("edit", mapping(piece.get("uri")).get("path"))]
    if kind in ("progressMessage", "reference", "codeCitation", "agentDetection"):
        return part("tool", string(mapping(piece.get("content")).get("value")))
    context.unknown(f"response kind {kind}")
    return [Part("other", "", name(kind))]


SHAPES = (items(SOURCE, _matches, each(_parse)), lines(SOURCE, _matches_lines, _read))
