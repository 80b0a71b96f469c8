"""Requests to be called, tries of a year of birth, and links opened with somebody's help."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "callback_request",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("convocation_id", sa.Uuid(), sa.ForeignKey("convocation.id"), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("withdrawn_at", INSTANT, nullable=True),
        sa.Column("done_at", INSTANT, nullable=True),
        sa.Column("done_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("part IN ('morning', 'afternoon')", name="part_known"),
        sa.CheckConstraint("done_at IS NULL OR withdrawn_at IS NULL", name="callback_request_ends_once"),
        sa.CheckConstraint("(done_at IS NULL) = (done_by IS NULL)", name="callback_request_done_by_somebody"),
    )
    op.create_index(
        "callback_request_one_open",
        "callback_request",
        ["convocation_id"],
        unique=True,
        postgresql_where=sa.text("done_at IS NULL AND withdrawn_at IS NULL"),
    )
    op.create_index("callback_request_of", "callback_request", ["convocation_id", "asked_at"])
    op.create_table(
        "link_try",
        sa.Column("convocation_id", sa.Uuid(), sa.ForeignKey("convocation.id"), primary_key=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
    )
    op.create_table(
        "link_help",
        sa.Column("mark", sa.LargeBinary(), primary_key=True),
        sa.Column("convocation_id", sa.Uuid(), sa.ForeignKey("convocation.id"), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=False),
    )
    op.create_index("ix_link_help_convocation_id", "link_help", ["convocation_id"])


def downgrade() -> None:
    """Undo."""
    for table in ("link_help", "link_try", "callback_request"):
        op.drop_table(table)
