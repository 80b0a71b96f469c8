"""Files linked to a booking."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "attachment",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("booking_id", sa.Uuid(), sa.ForeignKey("booking.id"), nullable=False),
        sa.Column("person_id", sa.Uuid()),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("by", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("what IN ('judgment', 'host-agreement', 'other')", name="what_known"),
        sa.CheckConstraint("size > 0", name="attachment_not_empty"),
    )
    op.create_index("ix_attachment_booking_id", "attachment", ["booking_id"])


def downgrade() -> None:
    """Undo."""
    op.drop_table("attachment")
