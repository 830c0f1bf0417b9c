"""Rules that file a new session by its words: a table of rules that people edit, and SQL that applies them once."""

from __future__ import annotations

from chatbuilder.blueprint import Automation, Blueprint, Field
from chatbuilder.generators.common.schema import Column, Dialect, SqlTable, literal, quote, stored_name

RULES = "tag_rules"
_READ = ("title", "first_prompt", "keywords")
# Sample rows stay as the design shows them.
_NEW = "new.\"auto_filed\" = 0 AND coalesce(new.\"source_id\", '') NOT LIKE 'sample:%'"


def tagging(blueprint: Blueprint) -> Automation | None:
    """Return the automation with the rules, when there is one."""
    return next((a for a in blueprint.automations if a.kind == "tagging" and a.rules), None)


def _targets(blueprint: Blueprint) -> list[Field]:
    rules = tagging(blueprint)
    keys = {rule.field for rule in rules.rules} if rules else set()
    return [field for field in blueprint.sessions.fields if field.key in keys]


def rules_table(blueprint: Blueprint) -> SqlTable:
    """Return the table of rules: one row for each word."""
    return SqlTable(
        RULES, "When a new session contains the word, the value goes into the field. Edit the rows freely.",
        (
            Column("id", "id", "The first rule that fits wins, where only one value fits."),
            Column("word", "text", "Looked for in title, first prompt and keywords; A is a.", required=True),
            Column("field", "text", "Where the value goes.", tuple(f.key for f in _targets(blueprint)), required=True),
            Column("value", "text", "What goes there.", required=True),
        ),
    )  # fmt: skip


def rules_rows(blueprint: Blueprint, dialect: Dialect) -> list[str]:
    """Return one INSERT for each word."""
    rules = tagging(blueprint)
    return [
        f'INSERT INTO {quote(RULES)} ("word", "field", "value") VALUES '
        f"({literal(word, dialect)}, {literal(rule.field, dialect)}, {literal(rule.value, dialect)})"
        for rule in (rules.rules if rules else ())
        for word in rule.words
    ]


def _text(blueprint: Blueprint, newline: str) -> str:
    """Return the text of the new row as one row n; LIMIT makes SQLite work it out once, not for every rule."""
    parts = [f"coalesce(new.{quote(key)}, '')" for key in _READ if blueprint.sessions.has(key)]
    return f'(SELECT lower({f" || {newline} || ".join(parts)}) AS "text" LIMIT 1) n'


def _fitting(field: Field, text: str, contains: str, dialect: Dialect) -> str:
    """Return FROM … WHERE over the rules r of a field that fit, and the linked rows o that they name."""
    join = f' JOIN {quote(field.relation.table)} o ON o."name" = r."value"' if field.relation else ""
    where = f"r.\"field\" = '{field.key}' AND {contains}"
    if field.type == "select":
        where += f' AND r."value" IN ({", ".join(literal(n, dialect) for n in field.option_names())})'
    return f"FROM {text} CROSS JOIN {quote(RULES)} r{join} WHERE {where}"


def filing_statements(blueprint: Blueprint) -> list[str]:
    """Return the statements of SQLite's insert trigger. They fill what is empty and add tags; nothing is replaced."""
    text, contains = _text(blueprint, "char(10)"), f'instr(n."text", lower(r."word")) > 0 AND {_NEW}'
    return [_statement(field, _fitting(field, text, contains, "sqlite")) for field in _targets(blueprint)]


def _statement(field: Field, fitting: str) -> str:
    column = quote(stored_name(field))
    free = f"new.{column} IS NULL AND " if field.relation else f"coalesce(new.{column}, '') = '' AND "
    if field.type == "multi_select":
        free, found = "", _union(column, fitting)
    elif field.type == "long_text":
        found = f'(SELECT group_concat("v", \', \') FROM (SELECT DISTINCT r."value" AS "v" {fitting} ORDER BY r."id"))'
    else:
        value = 'o."id"' if field.relation else 'r."value"'
        found = f'(SELECT {value} {fitting} ORDER BY r."id" LIMIT 1)'
    return (
        f'UPDATE "sessions" SET {column} = {found}, "auto_filed" = 1\n'
        f'    WHERE "id" = new."id" AND {free}EXISTS (SELECT 1 {fitting})'
    )


def _union(column: str, fitting: str) -> str:
    """The entries that are there, in their order, then the new ones."""
    return (
        '(SELECT json_group_array("v") FROM (SELECT "v", min("n") AS "n" FROM ('
        f'SELECT j."value" AS "v", j."key" AS "n" FROM json_each(new.{column}) j '
        f'UNION ALL SELECT r."value", 1000 + r."id" {fitting}) GROUP BY "v" ORDER BY 2))'
    )


def postgres_filing(blueprint: Blueprint) -> list[str]:
    """Return a function and a trigger that set the fields before the row is written."""
    text, contains = _text(blueprint, "chr(10)"), 'position(lower(r."word") in n."text") > 0'
    body = "".join(_assignment(field, _fitting(field, text, contains, "postgresql")) for field in _targets(blueprint))
    if not body:
        return []
    return [
        'CREATE FUNCTION "file_session"() RETURNS trigger LANGUAGE plpgsql AS '
        + dollar_quoted(
            "\nDECLARE\n  found_text text;\n  found_id bigint;\nBEGIN\n"
            '  IF new."auto_filed" OR new."source_id" LIKE \'sample:%\' THEN RETURN new; END IF;\n'
            f"{body}  RETURN new;\nEND\n"
        ),
        'CREATE TRIGGER "sessions_file" BEFORE INSERT ON "sessions" FOR EACH ROW EXECUTE FUNCTION "file_session"()',
    ]


def _assignment(field: Field, fitting: str) -> str:
    column, into = quote(stored_name(field)), "found_id" if field.relation else "found_text"
    if field.type == "multi_select":
        old = f"SELECT e.v, e.n FROM jsonb_array_elements_text(new.{column}) WITH ORDINALITY AS e(v, n)"
        both = f'{old} UNION ALL SELECT r."value", 1000 + r."id" {fitting}'
        each = f"SELECT a.v, min(a.n) AS n FROM ({both}) AS a(v, n) GROUP BY a.v"
        return (
            f"  IF jsonb_typeof(new.{column}) = 'array' AND EXISTS (SELECT 1 {fitting}) THEN\n"
            f"    new.{column} := (SELECT jsonb_agg(b.v ORDER BY b.n) FROM ({each}) AS b);\n"
            '    new."auto_filed" := true;\n  END IF;\n'
        )
    free = f"new.{column} IS NULL" if field.relation else f"coalesce(new.{column}, '') = ''"
    if field.type == "long_text":
        first = f'SELECT r."value" AS v, min(r."id") AS n {fitting} GROUP BY r."value"'
        query = f"string_agg(a.v, ', ' ORDER BY a.n) FROM ({first}) AS a"
    else:
        query = f'{"o.id" if field.relation else "r.value"} {fitting} ORDER BY r."id" LIMIT 1'
    return (
        f"  {into} := (SELECT {query});\n"
        f'  IF {into} IS NOT NULL AND {free} THEN new.{column} := {into}; new."auto_filed" := true; END IF;\n'
    )


def dollar_quoted(body: str) -> str:
    """Return a PostgreSQL dollar-quoted string; its tag is one that the body, which may hold foreign text, lacks."""
    tag = "$chatbuilder$"
    while tag in body:
        tag = f"{tag[:-1]}_$"
    return f"{tag}{body}{tag}"
