"""Who may do what, for a PostgreSQL server that a team shares; run once by its administrator."""

from __future__ import annotations

from collections.abc import Iterator

from chatbuilder.blueprint import Blueprint
from chatbuilder.generators.common.schema import quote, sql_tables
from chatbuilder.generators.custom.expressions import POSTGRES
from chatbuilder.generators.custom.filing import RULES, tagging
from chatbuilder.generators.custom.rows import META, SETTINGS, TEMPLATES
from chatbuilder.generators.custom.upkeep import jobs
from chatbuilder.generators.custom.views import dashboard, overview_name

OWNER, EDITOR, READER = "chats_owner", "chats_editor", "chats_reader"


def roles_sql(blueprint: Blueprint) -> str:
    """Return the script: small teams share one role, larger ones have three, and large ones private sessions."""
    about = (
        "-- Roles and what they may do. Run it as the administrator, after schema.sql:\n"
        "--   psql -v ON_ERROR_STOP=1 -d YOUR_DATABASE -f sql/postgresql/roles.sql\n"
        f"-- Then give each person a role: GRANT {EDITOR} TO sam;\n\nBEGIN;\n\n"
    )
    return about + "".join(f"{statement};\n" for statement in statements(blueprint)) + "\nCOMMIT;\n"


def statements(blueprint: Blueprint) -> Iterator[str]:
    """Yield the statements of the script; each may be said again."""
    tables = [t.name for group in sql_tables(blueprint) for t in group]
    tables += [TEMPLATES] if blueprint.templates else []
    tables += [RULES] if tagging(blueprint) else []
    views = [*(overview_name(t) for t in blueprint.tables), *(v.key for v in blueprint.views)]
    views += [name for name, _ in dashboard(blueprint, POSTGRES)] + [job.view for job in jobs(blueprint, POSTGRES)]
    yield from (*_roles(blueprint), *_grants(blueprint, tables, views), *_owners(blueprint), *_private(blueprint))


def names(blueprint: Blueprint) -> tuple[str, ...]:
    """Return the roles of a team."""
    return (EDITOR,) if blueprint.team_size == "small" else (OWNER, EDITOR, READER)


def transcripts_rights(blueprint: Blueprint) -> list[str]:
    """Return who may do what with transcripts: as with the session that each belongs to. For roles that are there."""
    if blueprint.team_size == "solo":
        return []
    writers = ", ".join(name for name in names(blueprint) if name != READER)
    table, done = quote("transcripts"), [f"GRANT SELECT ON transcripts TO {', '.join(names(blueprint))}"]
    done.append(f"GRANT INSERT, UPDATE, DELETE ON transcripts TO {writers}")
    grants = "".join(f"    {statement};\n" for statement in done)
    found = [
        f"DO $$ BEGIN\n  IF (SELECT count(*) FROM pg_roles WHERE rolname IN ({_texts(names(blueprint))})) ="
        f" {len(names(blueprint))} THEN\n{grants}  END IF;\nEND $$"
    ]
    if blueprint.team_size == "large":
        seen = f'EXISTS (SELECT 1 FROM "sessions" s WHERE s."source_id" = {table}."source_id")'
        found.append(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        found.append(f'CREATE POLICY "transcripts_private" ON {table} USING ({seen}) WITH CHECK ({seen})')
    return found


def _texts(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def _roles(blueprint: Blueprint) -> Iterator[str]:
    for name in names(blueprint):
        yield (
            f"DO $$ BEGIN\n  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') THEN\n"
            f"    CREATE ROLE {name} NOLOGIN;\n  END IF;\nEND $$"
        )


def _grants(blueprint: Blueprint, tables: list[str], views: list[str]) -> Iterator[str]:
    roles = names(blueprint)
    everyone = ", ".join(roles)
    yield f"GRANT USAGE ON SCHEMA public TO {everyone}"
    # Whoever joins a system looks up what of it is there: its steps are read by all.
    yield f"GRANT SELECT ON {_list([*tables, *views, SETTINGS, META])} TO {everyone}"
    writers = ", ".join(name for name in roles if name != READER)
    yield f"GRANT INSERT, UPDATE, DELETE ON {_list(tables)} TO {writers}"
    if OWNER in roles:
        # Rules and settings decide for everyone, so an editor only reads them.
        yield from (f"REVOKE INSERT, UPDATE, DELETE ON {quote(RULES)} FROM {EDITOR}",) if RULES in tables else ()
        yield f"GRANT UPDATE ON {quote(SETTINGS)} TO {OWNER}"


def _list(names: list[str]) -> str:
    return ",\n  ".join(quote(name) for name in names)


def _owners(blueprint: Blueprint) -> Iterator[str]:
    """Make a new session that of whoever adds it, by hand or by sync, where nobody else is named."""
    if blueprint.sessions.has("owner"):
        yield 'ALTER TABLE "sessions" ALTER COLUMN "owner" SET DEFAULT current_user'


def _private(blueprint: Blueprint) -> Iterator[str]:
    """Let a private session be seen and changed by its owner only; owners of the system see all."""
    if blueprint.team_size != "large":
        return
    mine = f"\"owner\" = current_user OR pg_has_role(current_user, '{OWNER}', 'member')"
    seen = f"\"access\" IS DISTINCT FROM 'Private' OR {mine}"
    yield 'ALTER TABLE "sessions" ENABLE ROW LEVEL SECURITY'
    yield 'DROP POLICY IF EXISTS "sessions_private" ON "sessions"'
    yield f'CREATE POLICY "sessions_private" ON "sessions" USING ({seen}) WITH CHECK ({seen})'
