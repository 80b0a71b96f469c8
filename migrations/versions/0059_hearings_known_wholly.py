"""What planning knows of cases and hearings: formation, priority, languages, detention, panels, prosecutors."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

NOBODY = sa.text("'{}'")


def upgrade() -> None:
    """Apply."""
    op.add_column("waiting_case", sa.Column("formation", sa.String(10)))
    op.add_column("waiting_case", sa.Column("priority", sa.Integer, nullable=False, server_default="1"))
    op.add_column("waiting_case", sa.Column("due_on", sa.Date))
    op.add_column("waiting_case", sa.Column("language", sa.String(8)))
    op.add_column("waiting_case", sa.Column("held_at_id", sa.BigInteger, sa.ForeignKey("site.id")))
    op.add_column("waiting_case", sa.Column("by_video", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_check_constraint("waiting_case_formation_known", "waiting_case", "formation IN ('single', 'panel')")
    op.create_check_constraint("waiting_case_priority", "waiting_case", "priority BETWEEN 1 AND 9")
    op.create_check_constraint(
        "waiting_case_seen_from_somewhere", "waiting_case", "NOT by_video OR held_at_id IS NOT NULL"
    )
    op.create_check_constraint("waiting_case_spoken", "waiting_case", "language <> ''")
    op.add_column(
        "hearing_staffing", sa.Column("panel", sa.ARRAY(sa.BigInteger), nullable=False, server_default=NOBODY)
    )
    op.add_column("hearing_staffing", sa.Column("prosecutor_id", sa.BigInteger, sa.ForeignKey("resource.id")))


def downgrade() -> None:
    """Take back."""
    op.drop_column("hearing_staffing", "prosecutor_id")
    op.drop_column("hearing_staffing", "panel")
    for name in ("spoken", "seen_from_somewhere", "priority", "formation_known"):
        op.drop_constraint(f"waiting_case_{name}", "waiting_case")
    for column in ("by_video", "held_at_id", "language", "due_on", "priority", "formation"):
        op.drop_column("waiting_case", column)
