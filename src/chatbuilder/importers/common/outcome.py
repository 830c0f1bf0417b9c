"""What reading an export yields and counts: chats, problems, and one report for each file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from chatbuilder.chats import ChatSession, tally

Code = Literal["malformed", "empty", "too-large", "truncated", "unreadable", "missing-part", "no-messages"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be read. The import goes on; nothing is lost silently.

    `where` is the place for a person: the file, the entry inside a zip, the number of the chat ("chats.zip:
    conversations.json, chat 17"). `reason` is a short sentence without a full stop. With `chat`, it stands for exactly
    one chat that was found and is quarantined; else for something about a file (a missing part, a file that cannot be
    read, a recognised file without messages).

    Codes: `malformed`, not what the source's chats look like; `empty`, a chat without any message (common in Claude's
    exports); `too-large`, over a limit; `truncated`, the file ends in the middle; `unreadable`, damaged, encrypted or
    forbidden; `missing-part`, the export's own list names a file that is not there; `no-messages`, a recognised file
    gave no message at all.
    """

    where: str
    reason: str
    code: Code = "malformed"
    source: str | None = None
    title: str | None = None
    chat: bool = False


@dataclass(slots=True)
class FileReport:
    """What one recognised file held; complete once the iteration has passed it.

    `messages` counts by role ("human" and "assistant": prompts and answers on the active path, "tool": everything else
    on it, "branches": messages off it). `unknown` counts what this version does not know: "content type foo",
    "field bar". `skipped`
    counts what is known and not a chat: "sub-agent", "other product", "copied line", "never used".
    """

    where: str
    source: str
    chats: int = 0
    quarantined: int = 0
    messages: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)

    def add(self, found: ChatSession | Problem) -> None:
        """Count one thing that the file yielded."""
        if isinstance(found, Problem):
            self.quarantined += found.chat
            return
        self.chats += 1
        human, assistant, branches = tally(found.messages)
        rest = len(found.messages) - human - assistant - branches
        counts = {"human": human, "assistant": assistant, "tool": rest, "branches": branches}
        self.messages.update({role: count for role, count in counts.items() if count})
