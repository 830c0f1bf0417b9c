"""Full-text search over Chat Sessions, and the trigger that files a new session by the rules.

SQLite keeps two indexes outside the table (FTS5 "external content"): one by words, one by three-letter pieces for
scripts that put no spaces between words. Three triggers keep both true. SQLite runs several triggers of one event in no
defined order, so filing is the first part of the insert trigger; its own updates find the row not indexed yet and leave
the index alone, which would be damaged by taking out what is not in it. The table of document sizes is where FTS5 says
which rows it holds (https://sqlite.org/fts5.html, "FTS5 Data Structures").
"""

from __future__ import annotations

from chatbuilder.blueprint import Blueprint
from chatbuilder.generators.common.schema import quote, searchable
from chatbuilder.generators.custom.filing import filing_statements

WORDS = "sessions_fts"
PIECES = "sessions_trigram"
_TOKENIZERS = {WORDS: "unicode61 remove_diacritics 2", PIECES: "trigram"}

# A tsvector holds at most 1,048,575 bytes. A character takes at most 4 of them and a word 4 more for its place, so
# 200,000 characters always fit ("Limitations" of PostgreSQL's text search).
_INDEXED_CHARACTERS = 200_000


def sqlite_search(blueprint: Blueprint) -> list[str]:
    """Return the FTS5 tables, the three triggers, and the filling of the index from rows that exist already."""
    columns = [quote(name) for name in searchable(blueprint.sessions)]
    listed = ", ".join(columns)
    made = [
        f'CREATE VIRTUAL TABLE {quote(name)} USING fts5({listed}, content="sessions", content_rowid="id", '
        f'tokenize="{tokenizer}")'
        for name, tokenizer in _TOKENIZERS.items()
    ]
    old = ", ".join(f"old.{c}" for c in ('"id"', *columns))
    now = f'SELECT "id", {listed} FROM "sessions" WHERE "id" = new."id"'
    add = [f'INSERT INTO {quote(t)} ("rowid", {listed}) {now}' for t in _TOKENIZERS]
    drop = [f"INSERT INTO {quote(t)} ({quote(t)}, \"rowid\", {listed}) VALUES ('delete', {old})" for t in _TOKENIZERS]
    changed = ", ".join(('"id"', *columns))
    indexed = f'WHEN EXISTS (SELECT 1 FROM {quote(f"{WORDS}_docsize")} WHERE "id" = old."id")'
    return [
        *made,
        _trigger("sessions_search_insert", 'AFTER INSERT ON "sessions"', [*filing_statements(blueprint), *add]),
        _trigger("sessions_search_delete", f'AFTER DELETE ON "sessions" {indexed}', drop),
        _trigger("sessions_search_update", f'AFTER UPDATE OF {changed} ON "sessions" {indexed}', [*drop, *add]),
        *(f"INSERT INTO {quote(t)} ({quote(t)}) VALUES ('rebuild')" for t in _TOKENIZERS),
    ]


def _trigger(name: str, event: str, statements: list[str]) -> str:
    body = "".join(f"  {statement};\n" for statement in statements)
    return f"CREATE TRIGGER {quote(name)} {event} BEGIN\n{body}END"


def sqlite_search_views() -> dict[str, str]:
    """Return views to search with, by name: SELECT * FROM search_sessions WHERE words MATCH 'index'."""
    shown = 's."id", s."title", s."status", s."last_activity", s."link"'
    views = {"search_sessions": WORDS, "search_any_script": PIECES}
    return {
        name: f'CREATE VIEW {quote(name)} AS\nSELECT f.{quote(index)} AS "words", f."rank" AS "rank", {shown}\n'
        f'FROM {quote(index)} f JOIN "sessions" s ON s."id" = f."rowid"\nORDER BY f."rank"'
        for name, index in views.items()
    }


# Texts and queries are folded alike before PostgreSQL looks for words, so that it finds what SQLite's "unicode61
# remove_diacritics 2" finds: marks go from Latin letters, and what is no part of a word becomes a space (PostgreSQL's
# own parser would keep example.com, a/b and well-known in one piece). Double quotes and a leading minus are left to the
# query, where they mean something.
_MARKS = "!#$%&''()*+,./:;<=>?@[\\]^_`{|}~“”„‘’‚«»‹›…–—·•¿¡、。，！？：；（）「」『』【】"
# What keeps a phrase, or a part of a word, from being found half in one column and half in the next: a word that nobody
# writes, and a character that no text holds.
_END = "' endoffield '"
# Thai, Lao, Burmese, Khmer, Chinese and Japanese.
_SPACELESS = r"[\u0E00-\u0EFF\u1000-\u109F\u1780-\u17FF\u3040-\u30FF\u3400-\u9FFF\uF900-\uFAFF]"
_BLANKS = " " * len(_MARKS.replace("''", "'"))


def _folded(text: str) -> str:
    """Return SQL for a text as words are looked for in it; every function in it is IMMUTABLE."""
    plain = f"regexp_replace(normalize({text}, NFD), '([A-Za-z])[\\u0300-\\u036F]+', '\\1', 'g')"
    return f"translate(normalize({plain}, NFC), '{_MARKS}', '{_BLANKS}')"


def _texts(blueprint: Blueprint, row: str, between: str) -> str:
    """Return SQL for everything that search covers in a row, as one text with something between the columns."""
    lists = {f.key for f in blueprint.sessions.fields if f.type == "multi_select"}
    names = searchable(blueprint.sessions)
    return f" || {between} || ".join(f"coalesce({row}{quote(n)}{'::text' if n in lists else ''}, '')" for n in names)


def postgres_search(blueprint: Blueprint) -> list[str]:
    """Return the generated tsvector, kept true by PostgreSQL itself, and its GIN index."""
    text = _folded(f"left({_texts(blueprint, '', _END)}, {_INDEXED_CHARACTERS})")
    return [
        'ALTER TABLE "sessions" ADD COLUMN "search_vector" tsvector GENERATED ALWAYS AS '
        f"(to_tsvector('simple', translate({text}, '-', ' '))) STORED",
        'CREATE INDEX "sessions_search_index" ON "sessions" USING gin ("search_vector")',
    ]


def postgres_search_functions(blueprint: Blueprint) -> dict[str, str]:
    """Return functions to search with, by name.

    SELECT * FROM search_sessions('slow "full table" -wal') finds words, search_any_script('ndex') parts of words.
    Scripts that put no spaces between words have no words to be found by, so there parts are looked for at once.
    """
    words = f"websearch_to_tsquery('simple', regexp_replace({_folded('$1')}, '(\\S)-', '\\1 ', 'g'))"
    part = f"position(lower($1) in lower({_texts(blueprint, 's.', 'chr(31)')})) > 0"
    found = f's."search_vector" @@ {words}'
    spaceless = f"$1 ~ '{_SPACELESS}'"
    return {
        "search_sessions": _function("search_sessions", blueprint, words, f"{found} OR ({spaceless} AND {part})"),
        "search_any_script": _function("search_any_script", blueprint, words, f"$1 <> '' AND {part}"),
    }


def _function(name: str, blueprint: Blueprint, words: str, where: str) -> str:
    told = [n for n in searchable(blueprint.sessions) if n in ("title", "summary", "first_prompt")]
    text = " || ' ' || ".join(f"coalesce(s.{quote(n)}, '')" for n in told)
    return (
        f'CREATE FUNCTION {quote(name)}("query" text) RETURNS TABLE '
        '("id" bigint, "title" text, "status" text, "last_activity" timestamptz, "link" text, "found" text)\n'
        "LANGUAGE sql STABLE AS $chatbuilder$\n"
        '  SELECT s."id", s."title", s."status", s."last_activity", s."link",\n'
        f"    ts_headline('simple', left({text}, 20000), {words})\n"
        '  FROM "sessions" s\n'
        f"  WHERE {where}\n"
        f'  ORDER BY ts_rank(s."search_vector", {words}) DESC, s."id"\n'
        "$chatbuilder$"
    )
