"""Tables of availability."""

from __future__ import annotations

from alembic import op
from sqlmodel import SQLModel

import availability.models

revision = "0001_availability"
down_revision = None
branch_labels = None
depends_on = None


def _tables() -> list:
    return [
        table
        for table in SQLModel.metadata.sorted_tables
        if any(
            getattr(model, "__table__", None) is table and model.__module__ == availability.models.__name__
            for model in vars(availability.models).values()
            if isinstance(model, type)
        )
    ]


def upgrade() -> None:
    """Apply."""
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    SQLModel.metadata.create_all(op.get_bind(), tables=_tables())


def downgrade() -> None:
    """Take back."""
    SQLModel.metadata.drop_all(op.get_bind(), tables=_tables())
