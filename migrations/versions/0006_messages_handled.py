"""Messages that somebody dealt with by hand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("message", sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "message_to_handle",
        "message",
        ["due_at"],
        postgresql_where=sa.text("state IN ('failed', 'flagged', 'outdated') AND handled_at IS NULL"),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index("message_to_handle", "message")
    op.drop_column("message", "handled_at")
