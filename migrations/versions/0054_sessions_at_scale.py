"""What is in a session is counted from an index alone, not from as many pages as it has cases; ways to rooms; what follows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index(
        "session_case_counted",
        "session_case",
        ["resource_id"],
        postgresql_include=["minutes", "family", "expires_at"],
    )
    op.drop_index("ix_session_case_resource_id", table_name="session_case")
    op.create_table(
        "room_way",
        sa.Column("room_id", sa.BigInteger(), autoincrement=False, primary_key=True),
        sa.Column("words", sa.String(160), nullable=False),
        sa.ForeignKeyConstraint(["room_id"], ["resource.id"], ondelete="CASCADE"),
        sa.CheckConstraint("words <> ''", name="room_way_said"),
    )
    op.add_column("case_call", sa.Column("next_booking_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        "case_call_next_booking_id_fkey", "case_call", "booking", ["next_booking_id"], ["id"], ondelete="SET NULL"
    )


def downgrade() -> None:
    """Take back."""
    op.drop_column("case_call", "next_booking_id")
    op.drop_table("room_way")
    op.create_index("ix_session_case_resource_id", "session_case", ["resource_id"])
    op.drop_index("session_case_counted", table_name="session_case")
