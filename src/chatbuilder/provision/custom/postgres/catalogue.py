"""What there is in a PostgreSQL schema, each thing with its definition as the server tells it.

A name is only unique within its kind, so things are called “view recent” and “trigger sessions_file”.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from chatbuilder.provision.custom.database import quote
from chatbuilder.provision.custom.postgres.server import Connection

META = "chatbuilder_meta"
_NAME = r'"((?:[^"]|"")+)"'
_CREATED = re.compile(rf"CREATE (TABLE|VIEW|INDEX|FUNCTION|TRIGGER|POLICY) {_NAME}")
_ADDED = re.compile(rf"ALTER TABLE {_NAME} ADD COLUMN {_NAME}")
_SHARED = ("table", "view", "index")  # kinds that take names from one another (“pg_class”)


@dataclass(frozen=True, slots=True)
class Thing:
    """One entry of the catalogue: its kind and name, the table it belongs to ("" none), and its definition."""

    kind: str
    name: str
    table: str
    definition: str

    @property
    def key(self) -> str:
        """Return what it is called here."""
        return f"{self.kind} {self.name}"

    def drop(self) -> str:
        """Return the statement that drops it, and nothing that needs it."""
        if self.kind == "column":
            return f"ALTER TABLE {quote(self.table)} DROP COLUMN {quote(self.name.partition('.')[2])} RESTRICT"
        if self.kind in ("trigger", "policy"):
            return f"DROP {self.kind.upper()} {quote(self.name)} ON {quote(self.table)}"
        return f"DROP {self.kind.upper()} {quote(self.name)} RESTRICT"


# Generated columns, row security and comments are left out of what a table is: other steps give it those.
_QUERY = r"""
WITH here AS (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
SELECT 'table', c.relname::text, c.relname::text, concat_ws(E'\n',
  (SELECT string_agg(concat_ws(' ', quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
      CASE WHEN a.attnotnull THEN 'NOT NULL' END, nullif('IDENTITY ' || a.attidentity::text, 'IDENTITY '),
      'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid)), E'\n' ORDER BY a.attnum)
    FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''),
  (SELECT string_agg(quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid), E'\n' ORDER BY k.conname)
    FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype IN ('c', 'f', 'p', 'u')))
FROM pg_class c JOIN here h ON c.relnamespace = h.oid WHERE c.relkind IN ('r', 'p', 'f')
UNION ALL
SELECT 'view', c.relname, '', pg_get_viewdef(c.oid) || coalesce(c.reloptions::text, '')
FROM pg_class c JOIN here h ON c.relnamespace = h.oid WHERE c.relkind IN ('v', 'm')
UNION ALL
SELECT 'index', c.relname, t.relname, pg_get_indexdef(c.oid)
FROM pg_class c JOIN here h ON c.relnamespace = h.oid JOIN pg_index i ON i.indexrelid = c.oid
  JOIN pg_class t ON t.oid = i.indrelid
WHERE c.relkind IN ('i', 'I') AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid)
UNION ALL
SELECT 'function', p.proname, '', pg_get_functiondef(p.oid)
FROM pg_proc p JOIN here h ON p.pronamespace = h.oid WHERE p.prokind = 'f'
UNION ALL
SELECT 'trigger', g.tgname, c.relname, pg_get_triggerdef(g.oid)
FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN here h ON c.relnamespace = h.oid WHERE NOT g.tgisinternal
UNION ALL
SELECT 'policy', y.polname, c.relname, concat_ws(' / ', y.polcmd::text, pg_get_expr(y.polqual, y.polrelid),
  pg_get_expr(y.polwithcheck, y.polrelid))
FROM pg_policy y JOIN pg_class c ON c.oid = y.polrelid JOIN here h ON c.relnamespace = h.oid
UNION ALL
SELECT 'column', c.relname || '.' || a.attname, c.relname, pg_get_expr(d.adbin, d.adrelid)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN here h ON c.relnamespace = h.oid
  JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attgenerated <> '' AND NOT a.attisdropped
"""


def catalogue(connection: Connection) -> dict[str, Thing]:
    """Return everything in the schema that new things go to, by what it is called here."""
    things = (Thing(*row) for row in connection.execute(_QUERY))
    return {thing.key: thing for thing in things}


def columns(connection: Connection, table: str) -> dict[str, str | None]:
    """Return the columns of a table that is there, but generated ones, each with the SQL of its default."""
    rows = connection.execute(
        "SELECT a.attname, pg_get_expr(d.adbin, d.adrelid) FROM pg_attribute a"
        " LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
        " WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''"
        " ORDER BY a.attnum",
        (quote(table),),
    )
    return dict(rows.fetchall())


def exists(connection: Connection, table: str) -> bool:
    """Tell whether a table is there."""
    return bool(_one(connection.execute("SELECT to_regclass(%s) IS NOT NULL", (quote(table),)).fetchone()))


def _one(row: tuple[Any, ...] | None) -> Any:
    return row[0] if row else None


def created(statement: str) -> tuple[str, str] | None:
    """Return the kind and name of what one of our statements creates, None when it does something else."""
    if found := _CREATED.match(statement):
        return found[1].lower(), found[2].replace('""', '"')
    if found := _ADDED.match(statement):
        return "column", f"{found[1]}.{found[2]}".replace('""', '"')
    return None


def clashes(planned: set[tuple[str, str]], present: dict[str, Thing], ours: set[str]) -> list[str]:
    """Return what is there, not ours, and has a name that one of the planned things needs."""
    wanted = {("shared" if kind in _SHARED else kind, name) for kind, name in planned}
    return [
        f"{thing.kind} {thing.name}"
        for key, thing in present.items()
        if key not in ours and ("shared" if thing.kind in _SHARED else thing.kind, thing.name) in wanted
        and thing.kind != "trigger"
    ]  # fmt: skip
