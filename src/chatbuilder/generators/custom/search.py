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


def postgres_search(blueprint: Blueprint) -> list[str]:
    """Return the generated tsvector, kept true by PostgreSQL itself, and its GIN index."""
    lists = {f.key for f in blueprint.sessions.fields if f.type == "multi_select"}
    parts = [
        f"coalesce({quote(name)}{'::text' if name in lists else ''}, '')" for name in searchable(blueprint.sessions)
    ]
    text = " || ' ' || ".join(parts)
    return [
        'ALTER TABLE "sessions" ADD COLUMN "search_vector" tsvector GENERATED ALWAYS AS '
        f"(to_tsvector('simple', left({text}, {_INDEXED_CHARACTERS}))) STORED",
        'CREATE INDEX "sessions_search_index" ON "sessions" USING gin ("search_vector")',
    ]


def postgres_search_functions(blueprint: Blueprint) -> dict[str, str]:
    """Return a function to search with, by name: SELECT * FROM search_sessions('slow "full table" -wal')."""
    shown = [quote(name) for name in searchable(blueprint.sessions) if name in ("title", "summary", "first_prompt")]
    text = " || ' ' || ".join(f"coalesce(s.{name}, '')" for name in shown)
    words = "websearch_to_tsquery('simple', $1)"
    return {
        "search_sessions": 'CREATE FUNCTION "search_sessions"("query" text) RETURNS TABLE '
        '("id" bigint, "title" text, "status" text, "last_activity" timestamptz, "link" text, "found" text)\n'
        "LANGUAGE sql STABLE AS $chatbuilder$\n"
        '  SELECT s."id", s."title", s."status", s."last_activity", s."link",\n'
        f"    ts_headline('simple', left({text}, 20000), {words})\n"
        '  FROM "sessions" s\n'
        f'  WHERE s."search_vector" @@ {words}\n'
        f"     OR position(lower($1) in lower({text})) > 0\n"
        f'  ORDER BY ts_rank(s."search_vector", {words}) DESC, s."id"\n'
        "$chatbuilder$"
    }
