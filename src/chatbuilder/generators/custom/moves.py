"""What becomes of values when answers change a field from a choice to a link or back: they move along.

Columns are never dropped from a person's table. When the old column is still there, these statements copy its values
into the new one. The provisioner runs them when the last answers wanted the column `had` and these do not. A link
to something that is no longer a choice stays in the old column only.
"""

from __future__ import annotations

from collections.abc import Iterator

from chatbuilder.blueprint import Table
from chatbuilder.generators.common.schema import Dialect, column_name, columns_of, literal, quote, stored_name

# Which table a choice becomes when it turns into a link: the keys of the fields that can be either.
_EITHER = {"topic": "topics", "project": "projects"}


def moves(table: Table, dialect: Dialect) -> list[dict[str, object]]:
    """Return the moves of a table: {"had": column, "needs": another table, "statements"}; run when both exist."""
    return list(_moves(table, dialect))


def _moves(table: Table, dialect: Dialect) -> Iterator[dict[str, object]]:
    for field in columns_of(table):
        other = _EITHER.get(field.key)
        if other is None:
            continue
        name, plain, here = quote(stored_name(field)), quote(column_name(field.key)), quote(table.key)
        if field.relation:
            new = f"SELECT DISTINCT {plain} FROM {here} WHERE coalesce({plain}, '') <> ''"
            known = f'SELECT "name" FROM {quote(other)}'
            statements = [
                f'INSERT INTO {quote(other)} ("name") {new} AND {plain} NOT IN ({known}) ORDER BY 1',
                f'UPDATE {here} SET {name} = (SELECT min("id") FROM {quote(other)} WHERE "name" = {here}.{plain})',
            ]
            yield {"had": column_name(field.key), "needs": other, "statements": statements}
        else:
            had = f"{column_name(field.key)}_id"
            title = f'SELECT o."name" FROM {quote(other)} o WHERE o."id" = {here}.{quote(had)}'
            fill = f"UPDATE OR IGNORE {here} SET {name} = ({title})"
            if dialect == "postgresql":
                choices = ", ".join(literal(choice, dialect) for choice in field.option_names())
                known = f" WHERE ({title}) IN ({choices})" if choices else ""
                fill = f"UPDATE {here} SET {name} = ({title}){known}"
            yield {"had": had, "needs": other, "statements": [f"UPDATE {here} SET {name} = NULL", fill]}
