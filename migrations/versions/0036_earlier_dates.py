"""An entry of the waiting list may be for an earlier date than that of an appointment, told by an SMS of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

BEFORE = "'offer', 'confirmation', 'reminder', 'change', 'cancellation', 'missed'"
KINDS = (("message", "kind"), ("message_text", "message_kind"))


def _kinds(listed: str) -> None:
    for table, column in KINDS:
        op.drop_constraint(f"{column}_known", table)
        op.create_check_constraint(f"{column}_known", table, f"{column} IN ({listed})")


def upgrade() -> None:
    """Apply."""
    op.add_column("waiting_entry", sa.Column("booking_id", sa.Uuid(), nullable=True))
    op.add_column("waiting_entry", sa.Column("resource_ids", sa.ARRAY(sa.BigInteger()), nullable=True))
    op.create_check_constraint(
        "waiting_earlier_somewhere", "waiting_entry", "(booking_id IS NULL) = (resource_ids IS NULL)"
    )
    op.create_index(
        "waiting_entry_earlier", "waiting_entry", ["booking_id"], postgresql_where=sa.text("booking_id IS NOT NULL")
    )
    _kinds(f"{BEFORE}, 'earlier'")


def downgrade() -> None:
    """Undo: nobody waits for an earlier date any more, and what was told of one is forgotten."""
    op.execute("DELETE FROM message WHERE kind = 'earlier'")
    op.execute("DELETE FROM message_text WHERE message_kind = 'earlier'")
    _kinds(BEFORE)
    for table in ("waiting_skip", "waiting_offer"):
        op.execute(f"DELETE FROM {table} o USING waiting_entry w WHERE w.id = o.entry_id AND w.booking_id IS NOT NULL")
    op.execute("DELETE FROM waiting_entry WHERE booking_id IS NOT NULL")
    op.drop_index("waiting_entry_earlier", "waiting_entry")
    op.drop_constraint("waiting_earlier_somewhere", "waiting_entry")
    op.drop_column("waiting_entry", "resource_ids")
    op.drop_column("waiting_entry", "booking_id")
