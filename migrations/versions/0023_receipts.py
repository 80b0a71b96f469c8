"""What a provider says became of the messages that it took."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
BEFORE = ("planned", "sending", "sent", "failed", "flagged", "outdated", "withheld", "cancelled")


def _states(*states: str) -> None:
    op.drop_constraint("state_known", "message")
    op.create_check_constraint("state_known", "message", f"state IN ({', '.join(repr(one) for one in states)})")


def _dated(condition: str) -> None:
    op.drop_constraint("message_sent_is_dated", "message")
    op.create_check_constraint("message_sent_is_dated", "message", f"({condition}) = (sent_at IS NOT NULL)")


def _to_handle(states: str) -> None:
    op.drop_index("message_to_handle", "message")
    where = sa.text(f"state IN ({states}) AND handled_at IS NULL")
    op.create_index("message_to_handle", "message", ["due_at"], postgresql_where=where)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "message_receipt",
        sa.Column("provider", sa.String(), primary_key=True),
        sa.Column("provider_id", sa.String(), primary_key=True),
        sa.Column("status", sa.String(), primary_key=True),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("applied_at", INSTANT, nullable=True),
        sa.CheckConstraint("status IN ('sent', 'delivered', 'undelivered', 'failed')", name="status_known"),
    )
    waiting = sa.text("applied_at IS NULL")
    op.create_index("message_receipt_to_apply", "message_receipt", ["at"], postgresql_where=waiting)
    op.add_column("message", sa.Column("delivered_at", INSTANT, nullable=True))
    op.create_index("message_by_provider_id", "message", ["provider_id"], postgresql_where=sa.text("provider_id <> ''"))
    _states(*BEFORE, "undelivered")
    _dated("state IN ('sent', 'undelivered')")
    op.create_check_constraint("message_delivered_was_sent", "message", "delivered_at IS NULL OR state = 'sent'")
    _to_handle("'failed', 'undelivered', 'flagged', 'outdated'")


def downgrade() -> None:
    """Undo."""
    op.execute("UPDATE message SET state = 'failed', sent_at = NULL WHERE state = 'undelivered'")
    op.drop_constraint("message_delivered_was_sent", "message")
    op.drop_column("message", "delivered_at")
    op.drop_index("message_by_provider_id", "message")
    _to_handle("'failed', 'flagged', 'outdated'")
    _dated("state = 'sent'")
    _states(*BEFORE)
    op.drop_table("message_receipt")
