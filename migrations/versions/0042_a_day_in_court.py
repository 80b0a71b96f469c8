"""A day in court: where each case of a hearing stands, and the screens of a court."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "case_call",
        sa.Column(
            "hearing_id",
            sa.BigInteger(),
            sa.ForeignKey("hearing_session.resource_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("booking_id", sa.Uuid(), sa.ForeignKey("booking.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("stage", sa.String(), nullable=False, server_default="waiting"),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("moved_to", sa.BigInteger(), sa.ForeignKey("hearing_session.resource_id"), nullable=True),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("stage IN ('waiting', 'called', 'running', 'done', 'postponed')", name="stage_known"),
        sa.CheckConstraint("(stage = 'postponed') = (moved_to IS NOT NULL)", name="case_call_postponed_somewhere"),
        sa.CheckConstraint("stage <> 'running' OR began_at IS NOT NULL", name="case_call_running_since"),
        sa.UniqueConstraint("hearing_id", "rank", name="case_call_one_a_rank", deferrable=True, initially="DEFERRED"),
    )
    op.create_index("ix_case_call_booking_id", "case_call", ["booking_id"])
    op.create_index(
        "case_call_one_running",
        "case_call",
        ["hearing_id"],
        unique=True,
        postgresql_where=sa.text("stage = 'running'"),
    )
    op.create_table(
        "hearing_publicity",
        sa.Column("territory_id", sa.BigInteger(), sa.ForeignKey("territory.id"), primary_key=True),
        sa.Column("kind_id", sa.BigInteger(), sa.ForeignKey("kind.id"), primary_key=True),
        sa.Column("shown", sa.String(), nullable=False),
        sa.CheckConstraint("shown IN ('number', 'name')", name="shown_known"),
    )
    op.create_table(
        "screen",
        sa.Column("id", sa.BigInteger(), autoincrement=False, primary_key=True),
        sa.Column("territory_id", sa.BigInteger(), sa.ForeignKey("territory.id"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("room_ids", sa.ARRAY(sa.BigInteger()), nullable=False, server_default=sa.text("'{}'")),
        sa.Column("link_version", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("name <> ''", name="screen_named"),
    )
    op.create_index("ix_screen_territory_id", "screen", ["territory_id"])


def downgrade() -> None:
    """Undo."""
    op.drop_table("screen")
    op.drop_table("hearing_publicity")
    op.drop_table("case_call")
