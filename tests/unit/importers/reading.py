"""Write an export as a product would, read it through the door, and look at what came out."""

import io
import json
import zipfile
from collections import Counter
from datetime import UTC, datetime

from chatbuilder.chats import ChatSession
from chatbuilder.importers import open_source


class Result:
    """All that one reading gave."""

    def __init__(self, path, **options):
        self.reading = open_source(path, **options)
        found = list(self.reading)
        self.chats = [one for one in found if isinstance(one, ChatSession)]
        self.problems = [one for one in found if not isinstance(one, ChatSession)]
        self.sources = {report.source for report in self.reading.files}
        self.roles = sum((report.messages for report in self.reading.files), Counter())
        self.unknown = sum((report.unknown for report in self.reading.files), Counter())
        self.skipped = sum((report.skipped for report in self.reading.files), Counter())
        assert sum(report.chats for report in self.reading.files) == len(self.chats)
        assert sum(report.quarantined for report in self.reading.files) == sum(one.chat for one in self.problems)
        for chat in self.chats:
            check(chat)

    @property
    def chat(self):
        [chat] = self.chats
        return chat

    @property
    def problem(self):
        [problem] = self.problems
        return problem


def check(chat):
    """What every chat promises, whatever it came from."""
    ids = [message.id for message in chat.messages]
    assert len(set(ids)) == len(ids) > 0
    seen = set()
    active = [message for message in chat.messages if message.active]
    for message in chat.messages:
        assert message.parent is None or message.parent in seen
        assert message.parts
        seen.add(message.id)
        for text in (part.text for part in message.parts):
            assert "\0" not in text
            text.encode()
    assert list(chat.messages[: len(active)]) == active
    for moment in (chat.started, chat.last_activity, *(message.time for message in chat.messages)):
        assert moment is None or moment.utcoffset().total_seconds() == 0
    assert chat.source_id
    assert chat.title is None or ("\n" not in chat.title and len(chat.title) <= 2000)
    assert chat.content_hash() == chat.content_hash()


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def says(chat):
    """(role, words) of the active path, prompts and answers only."""
    return [(one.role, one.text) for one in chat.active_path() if one.is_prompt or one.is_answer]


def kinds(message):
    return [part.kind for part in message.parts]


def read_json(tmp_path, value, name="anything.bin", **options):
    path = tmp_path / name
    path.write_text(json.dumps(value), "utf-8")
    return Result(path, **options)


def read_lines(tmp_path, lines, name="log.bin", **options):
    path = tmp_path / name
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return Result(path, **options)


def zipped(entries, compression=zipfile.ZIP_DEFLATED):
    """The bytes of a zip: name -> text, bytes or JSON."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in entries.items():
            data = content if isinstance(content, bytes | str) else json.dumps(content)
            archive.writestr(name, data)
    return out.getvalue()


def read_zip(tmp_path, entries, **options):
    path = tmp_path / "export.bin"
    path.write_bytes(zipped(entries))
    return Result(path, **options)
