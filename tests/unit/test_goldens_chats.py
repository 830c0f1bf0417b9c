"""What chats become on the platforms that keep files, held to the letter; and that what is written reads back.

`CHATBUILDER_GOLDENS=write` writes the files anew; look at the difference before you commit it.
"""

import dataclasses
import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from chatbuilder import catalog
from chatbuilder.chats import Message, Part
from chatbuilder.design import design
from chatbuilder.generators.common.rows import TRANSCRIPT, RowMaker
from chatbuilder.generators.excel.chats import Rows
from chatbuilder.generators.logseq.chats import Pages
from chatbuilder.generators.obsidian.chats import Notes
from tests.helpers import config
from tests.unit.library.makers import DAY, chat, said
from tests.unit.test_goldens import FOLDER, NOT_SIMPLE, hold

MARKDOWN = """# Steps & <b>bold</b>

1. Open [[Notes]], see #tag and ((6421b1c5-0000-4000-8000-000000000000)) {{query (task TODO)}}
   - [ ] tick `a::b` and `[[x]]` here
     * deeper *still*
2) then [a](https://x.y/z) or [b](javascript:x) ![pic](https://x.y/p.png)

> key:: value said ^block-id
TODO not a task \\ but 100%% <% tp.x %> @@html: x@@ a|b $x$

| a | b |
|---|---|
| 1 | [[2]] |

| alone |

```python
def f():\t# [[x]]
    return {"key:: value": "```"}

key:: value
```

   ```dataviewjs
   dv.pages()
   ```
~~~query
{x} <% y %> %% chatbuilder
~~~
####### seven
**bold:: x** and ``two [[ticks]]`` then `open
###### six
- DONE item
+ plus
text after a list
"""
LONG = f"{'word ' * 2_500}\n\n{'x' * 20_000}\n```text\n{'y' * 12_000}\n{'z ' * 4_000}\n```\n[[{'[[' * 5_000}"
FILES = (Part("typed", "See the file."), Part("attachment", "", "plan [[1]].pdf"), Part("attachment", "inside"))
LATER = datetime(2026, 3, 1, 13, 0, 59, tzinfo=UTC)
ADDRESS = f"https://x.y/{'a' * 2_000}"
CHATS = {
    "plain": chat(
        "p", "How do I fix an error in python?", "Like this.\n\nAnd then that.\nOn two lines.", "Thanks: bye!",
        title="Fix it: a/b [x] #1", source="claude", days=1.5, model="opus 4", project="Website",
        tags=("how-to", "mine", "a, b"), url="https://claude.ai/chat/1?a=(b)&c=[d]", summary="Two\nlines: [[link]].",
    ),
    "markdown": chat("markdown", "Show me", MARKDOWN, title="Marks", url=ADDRESS, archived=True),
    "nothing known": chat("bare", "", title=None, started=None, last_activity=None),
    "long": chat(
        "long", "p" * 3_000, LONG, title="t" * 300, command="claude --resume 1",
        tags=tuple(f"tag{n:03}" * 9 for n in range(120)),
    ),
    "files": dataclasses.replace(
        chat("files", title='"quoted"', source="codex", project="Garden (new)", model=" a\nb "),
        messages=(
            Message("1", None, "human", FILES, DAY.astimezone(timezone(timedelta(hours=2)))),
            said(1, "a\u00a0b\u2003c _x0041_ =1+1\r\nd", model="gpt [5]", time=None),
            said(2, "aside", active=False),
            Message("4", "3", "assistant", (Part("thinking", "hm"), Part("answer", "-1")), LATER),
            said(4, "  \n"),
        ),
    ),
}  # fmt: skip
DESIGNS = {
    "everything": {"features": tuple(catalog.FEATURES), "team_size": "large", "complexity": "advanced"},
    "the least": {"complexity": "simple", "features": ("projects",)},
}
DIALECTS = {"obsidian": lambda found: Notes(found, ("Work",)), "logseq": Pages, "excel": Rows}


def rows(platform, which):
    priorities = NOT_SIMPLE if which == "everything" else ("organization",)
    blueprint = design(config(platform, *priorities, **DESIGNS[which]))
    maker = RowMaker(blueprint)
    found = {name: maker.row(item, transcript=which == "everything") for name, item in CHATS.items()}
    return DIALECTS[platform](blueprint), found


def places(row):
    """Where the rows of other tables stand that a row points to; that of a topic was taken away."""
    return {("projects", row.seeds["project"][0]): "Somewhere/Project"} if row.seeds.get("project") else {}


def told(value):
    """Lines of a golden: texts line by line, and of a very long line its ends, its length and a digest."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1, default=list)
    return "\n".join(line if len(line) < 1000 else shortened(line) for line in text.split("\n"))


def shortened(line):
    return f"{line[:40]} … {len(line)}, {hashlib.sha256(line.encode()).hexdigest()[:12]} … {line[-40:]}"


@pytest.mark.parametrize("which", DESIGNS)
@pytest.mark.parametrize("platform", DIALECTS)
def test_what_a_chat_becomes(platform, which):
    dialect, found = rows(platform, which)
    parts = []
    for name, row in found.items():
        cells = dialect.cells(row)
        new = dialect.new(row, cells, places(row))
        parts += [f"=== {name}: new, {new.size} bytes", told({k: v for k, v in new.data.items() if k != "text"})]
        parts += [told(new.data.get("text", "")), "--- what sync holds it to be", told(cells)]
    for table, title in (("projects", "a/b: [[c]]"), ("topics", "Work")):
        if which == "everything":
            made = dialect.related(table, title)
            parts += [f"=== {table}: {made.size} bytes", told(dict(made.data))]
    hold(FOLDER / f"chats in {platform}, {which}.txt", "\n".join(parts) + "\n")


@pytest.mark.parametrize("platform", ["obsidian", "logseq"])
@pytest.mark.parametrize("one", CHATS)
def test_what_is_written_reads_back_and_is_changed_in_place(platform, one):
    """A new page reads as it was meant; written over with another chat it reads as that, and all else stays."""
    dialect, found = rows(platform, "everything")
    row = found[one]
    cells = dialect.cells(row)
    state = dialect.new(row, cells, places(row)).data["text"]
    wanted = {key: value for key, value in cells.items() if key != TRANSCRIPT or value}
    assert {key: value for key, value in dialect.read(state).items() if key in wanted} == wanted
    mine = state.replace("\n", "\nmine:: kept\n", 1) if platform == "logseq" else state
    for other in found.values():
        now = dialect.cells(other)
        changed = dialect.change(mine, other, now, tuple(now))
        text = changed.data["text"]
        assert changed.size == len(text.encode())
        assert {k: v for k, v in dialect.read(text).items() if now[k] or k != TRANSCRIPT} == {
            k: v for k, v in now.items() if v or k != TRANSCRIPT
        }
        back = dialect.change(text, row, cells, tuple(cells)).data["text"]
        assert dialect.read(back) == dialect.read(mine)
        assert dialect.change(mine, other, now, ()).data["text"] == mine
