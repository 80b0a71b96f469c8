"""People who must not sleep in one establishment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "kept_apart",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("group_id", sa.Uuid, nullable=False),
        sa.Column("territory_id", sa.BigInteger, sa.ForeignKey("territory.id"), nullable=False),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
        sa.Column("by", sa.Uuid, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("group_id", "person_id", name="kept_apart_once"),
    )
    op.create_index("ix_kept_apart_group_id", "kept_apart", ["group_id"])
    op.create_index("ix_kept_apart_person_id", "kept_apart", ["person_id"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("kept_apart")
