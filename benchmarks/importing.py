"""A large ChatGPT export, from JSON and from ZIP: time against `json.load` of the same file, and the peak of memory."""

from __future__ import annotations

import json
import random
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Figure, pair, python

CHATS = 10_000
TURNS = 10  # of a prompt and an answer each
SIZE = 200_000_000  # bytes, about
ROUNDS = 3
PEAK_MIB = 64.0
ENGLISH = (
    "the of and to in is that for it as with be on not this are or by from at which you an have use can will function "
    'value returns table list error "quoted" <tag> {brace} [bracket] file.py 2026 `code` question answer'
)
OTHER = "café résumé naïve größer 日本語 質問 вопрос ответ emoji 🙂 C:\\path"
WORDS = (*ENGLISH.split(), "line\nbreak")
OTHER_WORDS = (*WORDS, *OTHER.split())

IDLE = "import chatbuilder.importers.registry"
LOAD = "with open(sys.argv[1], 'rb') as file: json.load(file)"
READ = """
chats = messages = 0
for found in open_source(Path(sys.argv[1])):
    chats += 1
    messages += len(found.messages)
    {more}
assert (chats, messages) == (int(sys.argv[2]), int(sys.argv[3])), (chats, messages)
"""
# Seconds of the processor, which other programs on the machine disturb least; importing modules is not in them.
REPORT = """
import json, sys, time
from pathlib import Path
from chatbuilder.importers import open_source
import chatbuilder.importers.registry
code = sys.argv.pop(1)
start = time.process_time()
exec(code)
seconds = time.process_time() - start
status = dict(line.split(":", 1) for line in open("/proc/self/status"))  # getrusage would count the parent, too
print(seconds, int(status["VmHWM"].split()[0]) / 1024)
"""


def message(key: str, parent: str, role: str, time: float, text: str) -> dict[str, object]:
    """Return one node as the export of 2026 writes it, without `children`."""
    metadata = {"model_slug": "gpt-5", "request_id": key[::-1], "finish_details": {"type": "stop"}}
    return {
        "id": key, "parent": parent,
        "message": {
            "id": key, "author": {"role": role, "name": None, "metadata": {}}, "create_time": time,
            "update_time": None, "content": {"content_type": "text", "parts": [text]},
            "status": "finished_successfully", "end_turn": True, "weight": 1.0,
            "metadata": metadata if role == "assistant" else {}, "recipient": "all", "channel": None,
        },
    }  # fmt: skip


def chat(number: int, chance: random.Random, characters: int) -> dict[str, object]:
    """Return one chat of `TURNS` turns, texts of `characters` each."""
    started = 1.7e9 + number * 3600
    nodes: dict[str, object] = {"client-created-root": {"id": "client-created-root", "parent": None, "message": None}}
    parent = "client-created-root"
    words = WORDS if number % 5 else OTHER_WORDS
    for turn in range(2 * TURNS):
        key = f"{number:08x}-{turn:04x}-4000-8000-{chance.getrandbits(48):012x}"
        text = " ".join(chance.choices(words, k=characters // 6))
        nodes[key] = message(key, parent, "user" if turn % 2 == 0 else "assistant", started + turn * 30, text)
        parent = key
    own = f"{number:08x}-aaaa-4000-8000-000000000000"
    return {
        "title": f"Chat {number}", "create_time": started, "update_time": started + 600, "mapping": nodes,
        "moderation_results": [], "current_node": parent, "conversation_id": own, "gizmo_id": None,
        "is_archived": False, "is_starred": None, "default_model_slug": "gpt-5", "id": own,
    }  # fmt: skip


def export(path: Path, chats: int, characters: int) -> None:
    """Write a conversations.json chat by chat."""
    chance = random.Random(7)
    with path.open("w", encoding="utf-8") as file:
        for number in range(chats):
            file.write("[" if number == 0 else ",")
            json.dump(chat(number, chance, characters), file, ensure_ascii=False, separators=(",", ":"))
        file.write("]")


def run(code: str, *args: object) -> tuple[float, float]:
    """Return (seconds inside, peak MiB) of a fresh interpreter that runs this code."""
    command = python("-c", REPORT, code, *map(str, args))
    seconds, peak = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(seconds), float(peak)


def figures() -> Iterator[Figure]:
    """Write the files, then measure; the files go when it is done."""
    with tempfile.TemporaryDirectory() as folder:
        large, small, packed = (Path(folder, name) for name in ("large.json", "small.json", "large.zip"))
        export(large, CHATS, 800)
        characters = int(800 * (SIZE / large.stat().st_size)) if not 0.9 < large.stat().st_size / SIZE < 1.1 else 0
        if characters:
            export(large, CHATS, characters)
        export(small, CHATS // 10, characters or 800)
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            archive.write(large, "conversations.json")
        yield from measured(large, small, packed)


def measured(large: Path, small: Path, packed: Path) -> Iterator[Figure]:
    """Compare in turn, each in its own process."""
    size = f"{large.stat().st_size / 1e6:.0f} MB, {CHATS:,} chats"
    idle = run(IDLE)[1]
    plain = READ.format(more="")
    hashed = READ.format(more="found.content_hash()")
    for name, code, goal in (("parse", plain, 0.35), ("parse and hash", hashed, 0.35)):
        ours, theirs, ratio = pair(
            lambda code=code: run(code, large, CHATS, CHATS * TURNS * 2)[0], lambda: run(LOAD, large)[0], ROUNDS
        )
        yield Figure(f"ChatGPT JSON, {name} / json.load", ratio, goal, f"{ours:.2f} s / {theirs:.2f} s, {size}")
    few = run(hashed, small, CHATS // 10, CHATS * TURNS * 2 // 10)[1]
    many = run(hashed, large, CHATS, CHATS * TURNS * 2)[1]
    from_zip, peak = run(hashed, packed, CHATS, CHATS * TURNS * 2)
    yield Figure("peak above idle, from JSON", many - idle, PEAK_MIB, f"idle {idle:.0f} MiB", " MiB")
    yield Figure("peak above idle, from ZIP", peak - idle, PEAK_MIB, f"{from_zip:.2f} s", " MiB")
    yield Figure("peak with 10,000 chats / with 1,000", many / few, 1.2, f"{many:.1f} / {few:.1f} MiB")
