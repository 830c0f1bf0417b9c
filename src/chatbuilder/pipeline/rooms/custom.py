"""A database to fill: a row a chat."""

from __future__ import annotations

from chatbuilder.generators.common.rows import RowMaker
from chatbuilder.generators.custom.chats import TRANSCRIPTS, PostgresRows, Rows, postgres_transcripts
from chatbuilder.paths import typed
from chatbuilder.pipeline import passwords
from chatbuilder.pipeline.rooms import Ground, Room
from chatbuilder.servers import is_server


def open_room(ground: Ground) -> Room:
    """Return the room of a database."""
    # A trigger files new rows by the rules that stand in the database, which the person may have changed.
    maker = RowMaker(ground.blueprint, rules=(), strict=True)
    return _server(ground, maker) if is_server(ground.config.target.database) else _file(ground, maker)


def _file(ground: Ground, maker: RowMaker) -> Room:
    from chatbuilder.provision.custom.filling import SqliteRows

    dialect = Rows(ground.blueprint)
    file = typed(str(ground.config.target.database).removeprefix("sqlite:///")).absolute()
    return Room(
        maker, dialect, SqliteRows(file, dialect.columns, TRANSCRIPTS if ground.transcripts else ""), portable=True
    )


def _server(ground: Ground, maker: RowMaker) -> Room:
    from chatbuilder.provision.custom import driver_told

    with driver_told():
        from chatbuilder.provision.custom.postgres.filling import PostgresStore

    dialect, url = PostgresRows(ground.blueprint), str(ground.config.target.database)
    told = postgres_transcripts(ground.blueprint) if ground.transcripts else ()
    return Room(maker, dialect, PostgresStore(url, passwords.find(url), dialect.columns, told), portable=True)
