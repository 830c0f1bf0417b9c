"""Properties read and changed as a person left them, and foreign text made harmless."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq

from chatbuilder.generators.obsidian import transcript
from chatbuilder.generators.obsidian.chats import source_id
from chatbuilder.generators.obsidian.front_matter import FrontMatter
from chatbuilder.generators.obsidian.transcript import harmless
from chatbuilder.generators.obsidian.yaml import front_matter
from tests.unit.library.makers import said

texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=40)
values = st.one_of(st.none(), st.booleans(), st.integers(-5, 10**9), texts, st.lists(texts, max_size=4))
properties = st.dictionaries(st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True), values, min_size=1, max_size=6)


def as_cell(value):
    if isinstance(value, list):
        return tuple(value)
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


@given(properties)
def test_what_we_write_is_what_we_read(given_values):
    found = FrontMatter(front_matter(given_values) + "body")
    for key, value in given_values.items():
        assert found.value(key) == as_cell(value)


@example({"a": ["\xa00"]}, 40, True)  # no space to YAML, though one to Python
@given(properties, st.sampled_from([40, 80, 4096]), st.booleans())
def test_what_another_program_writes_is_what_we_read(given_values, width, flow):
    """The same values as a YAML library spells them: folded, quoted in its own way, lists in a row."""
    import io

    out = io.StringIO()
    writer = YAML()
    writer.width, writer.default_flow_style = width, False
    lists = {key: CommentedSeq(value) for key, value in given_values.items() if isinstance(value, list)}
    for value in lists.values() if flow else ():
        value.fa.set_flow_style()
    writer.dump({**given_values, **lists}, out)
    found = FrontMatter(f"---\n{out.getvalue()}---\nbody")
    for key, value in given_values.items():
        read = found.value(key)
        assert read is None or read == as_cell(value), (out.getvalue(), key)


@given(properties, properties, texts)
def test_a_change_touches_nothing_else(old, new, body):
    text = front_matter(old).replace("---\n", "---\n# mine\n", 1) + body
    lines = {key: front_matter({key: value})[4:-5] for key, value in new.items()}
    changed = FrontMatter(text).with_values(lines)
    found = FrontMatter(changed)
    for key, value in {**old, **new}.items():
        assert found.value(key) == as_cell(value)
    assert changed.endswith("---\n" + body)
    assert changed.startswith("---\n# mine\n")
    kept = [line for key in old if key not in new for line in front_matter({key: old[key]})[4:-5].split("\n")]
    assert all(line in changed.split("\n") for line in kept)


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        ("a: plain text # comment", "plain text"), ("a: 'it''s' # c", "it's"), ('a: "x\\x41\\e\\_y"', "xA\x1b\xa0y"),
        ("a:", ""), ("a: ~", ""), ("a: null", ""), ("a:\n  - x\n  - 'y'", ("x", "y")), ("a:\n- x\n\n- y", ("x", "y")),
        ("a: [x, \"y, z\", 'w']", ("x", "y, z", "w")), ("a: []", ()), ("a: >-\n  one\n  two", "one two"),
        ("a: |-\n  one\n  two", "one\ntwo"), ("a: one\n  two", "one two"), ('a: "one\n  two"', "one two"),
        ("a: {b: c}", None), ("a: *x", None), ("a: [x, [y]]", None), ("a: # only a comment", ""), ("a: x: y", None),
        ('"a": 1', "1"), ("a: 10:30", "10:30"), ("a: [[Note]]", None), ("a:\n  b: c", None),
    ],
)  # fmt: skip
def test_what_a_person_may_write(lines, value):
    assert FrontMatter(f"---\n{lines}\nother: 1\n---\n").value("a") == value


@pytest.mark.parametrize(
    "text", ["", "body", "---\na: 1", "---\na: 1\na: 2\n---\n", "---\n{x\n---\n", "---\n%YAML\n---\n"]
)
def test_what_is_no_block_of_properties(text):
    with pytest.raises(ValueError, match="it"):
        FrontMatter(text)


def test_line_ends_and_comments_stay():
    text = "---\r\na: 1 # why\r\nb: 'x' # how\r\nc: [1] # what\r\n---\r\nbody\r\n"
    changed = FrontMatter(text).with_values({"a": "a: 2", "b": 'b: "y"', "n": "n:\n  - 1"})
    assert changed == '---\r\na: 2 # why\r\nb: "y" # how\r\nc: [1] # what\r\nn:\r\n  - 1\r\n---\r\nbody\r\n'


@pytest.mark.parametrize(
    ("head", "key"),
    [
        ('---\ntitle: x\nsource_id: "a:b"\n---\n', "a:b"), ("\ufeff---\nsource_id: a:b\n---\n", "a:b"),
        ("---\ntitle: x\n---\nsource_id: a:b\n", None), ("source_id: a:b\n", None), ("---\nsource_id:\n---\n", None),
        ("---\r\nsource_id: 'a:b'\r\n---\r\n", "a:b"),
    ],
)  # fmt: skip
def test_the_key_of_a_note(head, key):
    assert source_id(head) == key


@pytest.mark.parametrize(
    ("given_text", "wanted"),
    [
        ("see [[x]] and ![[y]]", "see \\[\\[x]] and !\u200b\\[\\[y]]"), ("#tag and C# a&#38;", "\\#tag and C# a&#38;"),
        ("# Title", "#### Title"), ("`[[x]]` `= dv` `a::b` `<%`", "`[\u200b[x]]` `\u200b= dv` `a:\u200b:b` `<\u200b%`"),
        ("key:: v", "key:\\: v"), ("<% x %> <b>", "&lt;% x %> &lt;b>"), ("- [ ] do", "- \\[ ] do"),
        ("[a](javascript:x) [b](https://y)", "[a]\\(javascript:x) [b](https://y)"), ("x ^id", "x \\^id"),
        ("```dataviewjs\n<% x\n```", "```text\n<\u200b% x\n```"), ("~~~py\n```\n~~~", "````py\n```\n````"),
        ("1. do\n    ```sh\n    ls\n    ```", "1. do\n```sh\nls\n```"), ("> ~~~query", "> \\~~~query"),
        ("said\n^id", "said\n\\^id"), ("> - [ ] do", "> - \\[ ] do"), ("- 1.  [x] do", "- 1.  \\[x] do"),
        ("a [ ] b", "a [ ] b"), ("```query```", "\u200b```query```"), ("## a\n####### b", "##### a\n####### b"),
        ("- ```tasks", "- \\`\\`\\`tasks"), ("a < b * c_d **bold**", "a < b * c_d **bold**"),
    ],
)  # fmt: skip
def test_foreign_markdown(given_text, wanted):
    assert harmless(given_text) == wanted


MARKS = ["```", "~~~", "`", "[[x]]", "<%", "%%", "::", "#t", "\n", " ", "\\", "    ", "- ", "> ", "js", "---", "w"]


@given(st.lists(st.sampled_from([*MARKS, transcript.BEGIN, transcript.END]), max_size=25).map("".join))
def test_no_mix_of_marks_comes_through(text):
    out = harmless(text)
    assert "<%" not in out
    outside, fence = [], ""
    for line in out.split("\n"):
        if not fence and re.match(r"`{3,}", line):
            fence = re.match(r"`+", line)[0]
            assert line[len(fence) :] in ("text", "js")
        elif fence and line == fence:
            fence = ""
        elif not fence:
            outside.append(line)
    assert not fence
    plain = "\n".join(outside)
    assert "[[" not in plain
    assert not re.search(r"(?<!\\)::", plain)
    assert not re.search(r"(?m)^\s*(`{3}|~{3})", plain)
    note = f"---\na: 1\n---\n{transcript.block(out)}tail"
    place = transcript.find(note)
    assert place is not None
    assert note[place[0] : place[1]] == out.rstrip("\n") or note[place[0] : place[1]] == out


def test_a_transcript_says_who_and_when():
    inside = transcript.transcript((said(0, "Hello"), said(1, "Hi")), "Chat <b>GPT")
    assert inside == "### You · 2026-03-01 12:00\n\nHello\n\n### Chat \\<b\\>GPT · 2026-03-01 12:01\n\nHi"
    assert transcript.transcript((), "x") == ""
