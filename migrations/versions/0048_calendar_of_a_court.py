"""The calendar of a court: who sits how much and of what, and who replaces whom."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0048"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "work_share",
        sa.Column("resource_id", sa.BigInteger(), sa.ForeignKey("resource.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.CheckConstraint("percent BETWEEN 1 AND 100", name="work_share_percent"),
    )
    op.create_table(
        "skill",
        sa.Column("resource_id", sa.BigInteger(), sa.ForeignKey("resource.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("kind_id", sa.BigInteger(), sa.ForeignKey("kind.id"), primary_key=True),
        sa.Column("formation", sa.String(10), primary_key=True),
        sa.CheckConstraint("formation IN ('single', 'panel')", name="formation_known"),
    )
    op.create_table(
        "reduction",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("resource_id", sa.BigInteger(), sa.ForeignKey("resource.id", ondelete="CASCADE"), nullable=False),
        sa.Column("days", postgresql.DATERANGE(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(120), nullable=False, server_default=""),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("percent BETWEEN 1 AND 99", name="reduction_percent"),
        sa.CheckConstraint("NOT isempty(days) AND NOT lower_inf(days) AND NOT upper_inf(days)", name="reduction_dated"),
    )
    op.create_index("ix_reduction_resource_id", "reduction", ["resource_id"])
    op.create_table(
        "replacement",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column(
            "hearing_id",
            sa.BigInteger(),
            sa.ForeignKey("hearing_session.resource_id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("absent_id", sa.BigInteger(), sa.ForeignKey("resource.id"), nullable=False),
        sa.Column("by_id", sa.BigInteger(), sa.ForeignKey("resource.id"), nullable=False),
        sa.Column("was_by_hand", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.create_index(
        "replacement_standing_once",
        "replacement",
        ["hearing_id", "absent_id"],
        unique=True,
        postgresql_where=sa.text("undone_at IS NULL"),
    )


def downgrade() -> None:
    """Undo."""
    for name in ("replacement", "reduction", "skill", "work_share"):
        op.drop_table(name)
