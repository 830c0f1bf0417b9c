"""What people set on a view or function of ours, and would lose when it is made anew: rights, owner, comment."""

from __future__ import annotations

from collections.abc import Sequence

from chatbuilder.provision.custom.postgres.catalogue import Thing
from chatbuilder.provision.custom.postgres.server import Connection

# Statements by the key of the thing, in an order in which they may be said: rights first, for only an owner gives them.
# A function that nobody set rights on has none noted (proacl is NULL) and may be used by all; else by those named.
_QUERY = """
WITH here AS (SELECT oid FROM pg_namespace WHERE nspname = current_schema()),
things AS (
  SELECT c.oid, 'pg_class'::regclass AS class, 'view ' || c.relname AS key, 'TABLE ' || quote_ident(c.relname) AS named,
    'VIEW ' || quote_ident(c.relname) AS whole, c.relowner AS owner, c.relacl AS acl, false AS closed
  FROM pg_class c JOIN here h ON c.relnamespace = h.oid WHERE c.relkind = 'v'
  UNION ALL
  SELECT p.oid, 'pg_proc'::regclass, 'function ' || p.proname, 'FUNCTION ' || p.oid::regprocedure::text,
    'FUNCTION ' || p.oid::regprocedure::text, p.proowner, p.proacl, p.proacl IS NOT NULL
  FROM pg_proc p JOIN here h ON p.pronamespace = h.oid WHERE p.prokind = 'f'),
said AS (
  SELECT key, 1 AS place, format('REVOKE ALL ON %%s FROM PUBLIC', named) AS statement FROM things WHERE closed
  UNION ALL
  SELECT t.key, 2, format('GRANT %%s ON %%s TO %%s%%s', a.privilege_type, t.named,
      coalesce(quote_ident(r.rolname), 'PUBLIC'), CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
  FROM things t CROSS JOIN aclexplode(t.acl) a LEFT JOIN pg_roles r ON r.oid = a.grantee WHERE a.grantee <> t.owner
  UNION ALL
  SELECT t.key, 3, format('GRANT %%s (%%I) ON %%s TO %%s%%s', a.privilege_type, c.attname, t.named,
      coalesce(quote_ident(r.rolname), 'PUBLIC'), CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
  FROM things t JOIN pg_attribute c ON c.attrelid = t.oid AND t.class = 'pg_class'::regclass
    CROSS JOIN aclexplode(c.attacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee WHERE a.grantee <> t.owner
  UNION ALL
  SELECT t.key, 4, format('COMMENT ON %%s IS %%L', t.whole, d.description)
  FROM things t JOIN pg_description d ON d.objoid = t.oid AND d.classoid = t.class AND d.objsubid = 0
  UNION ALL
  SELECT t.key, 5, format('ALTER %%s OWNER TO %%I', t.whole, r.rolname)
  FROM things t JOIN pg_roles r ON r.oid = t.owner WHERE r.rolname <> current_user)
SELECT key, statement FROM said WHERE key = ANY(%s) ORDER BY key, place, statement
"""


def rights(connection: Connection, things: Sequence[Thing]) -> list[tuple[str, str]]:
    """Return statements that give each thing, made anew, what it has now: (its key, the statement)."""
    return list(connection.execute(_QUERY, ([thing.key for thing in things],)).fetchall())
