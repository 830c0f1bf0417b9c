"""Google AI Studio: a prompt saved in Google Drive. It has no id and no title of its own: the file's name is both."""

from __future__ import annotations

from chatbuilder.chats import ChatSession, Message, Part
from chatbuilder.importers.common.session import attachment, part, session, straight
from chatbuilder.importers.common.shape import Context, each, items
from chatbuilder.importers.common.values import Json, joined, mapping, mappings, moment, name, string

SOURCE = "aistudio"


def _matches(item: Json) -> bool:
    return isinstance(mapping(item.get("chunkedPrompt")).get("chunks"), list)


def _parse(prompt: Json, context: Context) -> ChatSession:
    chunks = mappings(mapping(prompt.get("chunkedPrompt")).get("chunks"))
    read = [found for number, chunk in enumerate(chunks) if (found := _read_message(chunk, number, context))]
    instruction = mapping(prompt.get("systemInstruction"))
    words = string(instruction.get("text")) or joined(string(p.get("text")) for p in mappings(instruction.get("parts")))
    told = part("context", words)
    if told and read:
        read.insert(0, Message("system", None, "system", tuple(told)))
    model = name(mapping(prompt.get("runSettings")).get("model"))
    return session(
        SOURCE,
        name(context.stem),
        title=name(context.stem),
        messages=straight(read),
        derived=("source_id", "title"),
        model=model.removeprefix("models/") if model else None,
    )


def _read_message(chunk: Json, number: int, context: Context) -> Message | None:
    human = chunk.get("role") == "user"
    if not human and chunk.get("role") != "model":
        context.unknown(f"role {chunk.get('role')}")
        return None
    text = string(chunk.get("text"))
    if not text:
        pieces = [piece for piece in mappings(chunk.get("parts")) if not piece.get("thought")]
        text = joined((string(piece.get("text")) for piece in pieces), "")
    parts: list[Part] = part("thinking" if chunk.get("isThought") else "typed" if human else "answer", text)
    parts += [attachment(key) for key in chunk if key.startswith(("drive", "inline"))]
    if not parts:
        return None
    return Message(str(number), None, "human" if human else "assistant", tuple(parts), moment(chunk.get("createTime")))


SHAPES = (items(SOURCE, _matches, each(_parse)),)
