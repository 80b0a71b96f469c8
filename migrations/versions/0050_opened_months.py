"""Months that a registry opens: their sessions are written however far, even by templates that open none ahead."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "opened_month",
        sa.Column(
            "line_id", sa.BigInteger(), sa.ForeignKey("hearing_template.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("month_on", sa.Date(), primary_key=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("extract(day FROM month_on) = 1", name="opened_month_first"),
    )
    op.drop_constraint("hearing_template_horizon", "hearing_template", type_="check")
    op.create_check_constraint("hearing_template_horizon", "hearing_template", "horizon_days BETWEEN 0 AND 400")


def downgrade() -> None:
    """Undo."""
    op.execute("UPDATE hearing_template SET horizon_days = 7 WHERE horizon_days < 7")
    op.drop_constraint("hearing_template_horizon", "hearing_template", type_="check")
    op.create_check_constraint("hearing_template_horizon", "hearing_template", "horizon_days BETWEEN 7 AND 400")
    op.drop_table("opened_month")
