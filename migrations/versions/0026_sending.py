"""Who surely refused a message, what it cost, who was called in its place."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
COLUMNS = (
    sa.Column("refused_by", postgresql.ARRAY(sa.String()), nullable=False, server_default="{}"),
    sa.Column("region", sa.String(), nullable=False, server_default=""),
    sa.Column("price_micros", sa.BigInteger(), nullable=False, server_default="0"),
    sa.Column("paid_segments", sa.Integer(), nullable=False, server_default="0"),
    sa.Column("cost_micros", sa.BigInteger(), nullable=False, server_default="0"),
    sa.Column("offered", postgresql.ARRAY(INSTANT), nullable=True),
    sa.Column("calls", sa.Integer(), nullable=False, server_default="0"),
    sa.Column("called_at", INSTANT, nullable=True),
    sa.Column("call_outcome", sa.String(), nullable=False, server_default=""),
)


def upgrade() -> None:
    """Apply."""
    for column in COLUMNS:
        op.add_column("message", column)
    op.create_check_constraint("message_call_known", "message", "call_outcome IN ('', 'told', 'unreached')")
    unsaid = sa.text(
        "handled_at IS NULL AND (state IN ('failed', 'undelivered', 'flagged', 'outdated')"
        " OR state = 'withheld' AND kind IN ('change', 'cancellation') OR state = 'planned' AND attempts > 0)"
    )
    op.create_index("message_to_call", "message", ["useful_until"], postgresql_where=unsaid)
    op.create_index("message_left", "message", ["sent_at"], postgresql_where=sa.text("paid_segments > 0"))


def downgrade() -> None:
    """Undo."""
    op.drop_index("message_left", "message")
    op.drop_index("message_to_call", "message")
    op.drop_constraint("message_call_known", "message")
    for column in reversed(COLUMNS):
        op.drop_column("message", column.name)
