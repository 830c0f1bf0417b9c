"""The page Rules: words that file a session, as the person reads and changes them, and as sync reads them again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from chatbuilder.blueprint import Blueprint, Field, Table, TagRule
from chatbuilder.filters import Cmp
from chatbuilder.generators.common.rows import design_rules
from chatbuilder.generators.logseq import code, markup, results
from chatbuilder.generators.logseq.markup import Block, block, link
from chatbuilder.generators.logseq.names import Titles
from chatbuilder.generators.logseq.queries import Clauses, edn_text, of_kind, prop

_LINE = re.compile(r"[ \t]*[-*] Words:[ \t]*(.+)\.[ \t]+Set[ \t]+\**(.+?)\**[ \t]+to[ \t]+(.+?)[ \t\r]*")
_BEGINS = re.compile(r"[ \t]*[-*] Words:")
_LINKED = re.compile(r"\[\[(.+)\]\]")


def rules_blocks(bp: Blueprint, titles: Titles) -> Iterator[Block]:
    """Yield what stands on the page."""
    yield block(
        "`chatbuilder sync` files new chats whose title, first prompt or keywords contain one of the words: it sets "
        "the field where it is still empty. Change a line that begins with Words, and sync follows it."
    )
    yield block(
        "The list below a rule shows sessions that it fits and where the field is still empty. Set it there, and the "
        "session leaves the list. The list has the words of its own, in its query."
    )
    for rule in design_rules(bp):
        yield _rule(rule, bp, titles)


def rules_of(page: str, bp: Blueprint, titles: Titles) -> tuple[TagRule, ...] | None:
    """Return the tagging rules as the person left them on the page; None when one of them cannot be read."""
    written = {_words(rule, bp, titles): rule for rule in design_rules(bp)}
    found: list[TagRule] = []
    for line in page.split("\n"):
        if _BEGINS.match(line):
            rule = written.get(line.strip()[2:]) or _read(line, bp, titles)
            if rule is None:
                return None
            found.append(rule)
    return tuple(found)


def _read(line: str, bp: Blueprint, titles: Titles) -> TagRule | None:
    parts = _LINE.fullmatch(line)
    if parts is None:
        return None
    named = markup.plain(parts[2]).casefold()
    item = next((f for f in bp.sessions.fields if named in (f.name.casefold(), f.key, prop(f))), None)
    if item is None or item.owner == "sync":
        return None
    words = tuple(word for part in parts[1].split(",") if (word := markup.plain(part.strip())))
    return TagRule(words, item.key, _value(item, parts[3], bp, titles))


def _value(item: Field, text: str, bp: Blueprint, titles: Titles) -> str:
    """Return the value of a rule: of a link to a page the name of what has that page."""
    linked = _LINKED.fullmatch(text)
    if linked is None:
        return markup.plain(text)
    if item.relation:
        table = bp.table(item.relation.table)
        names = (str(row[table.title.key]) for row in table.samples)
        known = {titles.linked(table.key, name).casefold(): name for name in names}
        if linked[1].casefold() in known:
            return known[linked[1].casefold()]
    return linked[1].rpartition("/")[2]


def _words(rule: TagRule, bp: Blueprint, titles: Titles) -> str:
    item = bp.sessions.field(rule.field)
    words = ", ".join(markup.escape(word) for word in rule.words)
    value = link(titles.linked(item.relation.table, rule.value)) if item.relation else markup.escape(rule.value)
    return f"Words: {words}. Set **{markup.escape(item.name)}** to {value}"


def _rule(rule: TagRule, bp: Blueprint, titles: Titles) -> Block:
    table = bp.sessions
    item = table.field(rule.field)
    clauses = Clauses(table, titles)
    pattern = "|".join(_regex(word) for word in rule.words)
    where = [
        of_kind(table, titles),
        *clauses.of(Cmp(rule.field, "empty")),
        "[?p :block/properties ?all]",
        "[?p :block/original-name ?title]",
        *_text_of(table),
        f"[(re-pattern {edn_text(f'(?i){pattern}')}) ?pattern]",
        "[(re-find ?pattern ?text)]",
    ]
    query = Block(
        results.datalog(f"To file: {prop(item)}", where, clauses), (), (("query-properties", f"[:page :{prop(item)}]"),)
    )
    return block(_words(rule, bp, titles), query)


def _text_of(table: Table) -> Iterable[str]:
    names = [name for name in ("first_prompt", "keywords") if table.has(name)]
    for number, name in enumerate(names):
        yield f'[(get ?all {code.key(table.field(name))} "") ?part{number}]'
    parts = " ".join(f'" " ?part{number}' for number in range(len(names)))
    yield f"[(str ?title {parts}) ?text]".replace(" )", ")")


def _regex(word: str) -> str:
    """Return a pattern for exactly this word, for JavaScript."""
    return "".join(f"\\{char}" if char in r"\^$.*+?()[]{}|/-" else char for char in word)
