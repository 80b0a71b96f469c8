"""Why a place was given back or an absence excused: a code, and sealed words beside "other"."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("booking", sa.Column("reason", sa.String(20), nullable=False, server_default=""))
    op.add_column("booking", sa.Column("reason_sealed", sa.LargeBinary(), nullable=True))
    op.create_check_constraint("booking_words_beside_other", "booking", "reason_sealed IS NULL OR reason = 'other'")


def downgrade() -> None:
    """Undo."""
    op.drop_constraint("booking_words_beside_other", "booking")
    op.drop_column("booking", "reason_sealed")
    op.drop_column("booking", "reason")
