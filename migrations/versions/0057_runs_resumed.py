"""The best plan so far of a search, which is its proposal if its server dies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("optimizer_run", sa.Column("so_far", postgresql.JSONB, nullable=True))


def downgrade() -> None:
    """Take back."""
    op.drop_column("optimizer_run", "so_far")
