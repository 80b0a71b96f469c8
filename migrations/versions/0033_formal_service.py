"""What was served on paper, outside: the day and the kind."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "formal_service",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("convocation_id", sa.Uuid(), sa.ForeignKey("convocation.id"), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("noted_by", sa.Uuid(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("how IN ('hand', 'letter', 'registered', 'bailiff')", name="how_known"),
    )
    op.create_index("formal_service_once", "formal_service", ["convocation_id", "how", "on_day"], unique=True)


def downgrade() -> None:
    """Undo."""
    op.drop_table("formal_service")
