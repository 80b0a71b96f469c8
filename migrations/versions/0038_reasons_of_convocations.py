"""Why a convocation was withdrawn when nothing was booked yet: a code, and sealed words beside "other"."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("convocation", sa.Column("reason", sa.String(20), nullable=False, server_default=""))
    op.add_column("convocation", sa.Column("reason_sealed", sa.LargeBinary(), nullable=True))
    op.create_check_constraint(
        "convocation_words_beside_other", "convocation", "reason_sealed IS NULL OR reason = 'other'"
    )


def downgrade() -> None:
    """Undo."""
    op.drop_constraint("convocation_words_beside_other", "convocation")
    op.drop_column("convocation", "reason_sealed")
    op.drop_column("convocation", "reason")
