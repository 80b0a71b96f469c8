"""Alembic environment: one transaction for all the revisions, one process at a time."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, text
from sqlmodel import SQLModel

import portal.clock
import portal.identity  # noqa: F401 - importing the tables describes them to SQLModel
from portal.database import database_url, make_engine

MIGRATING = 7_305_001  # advisory lock: two hosts that start together migrate one after the other


def upgrade_on(connection: Connection) -> None:
    """Apply the wanted revisions on an open connection."""
    context.configure(connection=connection, target_metadata=SQLModel.metadata, compare_type=True)
    with context.begin_transaction():
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATING})
        context.run_migrations()


url = context.config.attributes.get("url") or database_url()
engine = make_engine(url, pool_size=1)
with engine.connect() as connection:
    upgrade_on(connection)
    connection.commit()
engine.dispose()
