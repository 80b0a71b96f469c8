"""The number of a host, and messages to one: of a request instead of a convocation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0033"
branch_labels = None
depends_on = None

WAITS = sa.text("state IN ('planned', 'sending')")


def _said_once(*columns: str) -> None:
    op.drop_index("message_said_once", "message")
    op.create_index(
        "message_said_once",
        "message",
        list(columns),
        unique=True,
        postgresql_where=WAITS,
        postgresql_nulls_not_distinct=True,
    )


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "host_phone",
        sa.Column("site_id", sa.BigInteger(), sa.ForeignKey("site.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("number_mark", sa.LargeBinary(), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=False),
    )
    op.create_index("ix_host_phone_number_mark", "host_phone", ["number_mark"])
    op.alter_column("message", "convocation_id", nullable=True)
    op.add_column("message", sa.Column("host_request_id", sa.Uuid(), sa.ForeignKey("host_request.id"), nullable=True))
    op.create_check_constraint("message_to_one", "message", "(convocation_id IS NULL) <> (host_request_id IS NULL)")
    op.create_index(
        "message_to_host", "message", ["host_request_id"], postgresql_where=sa.text("host_request_id IS NOT NULL")
    )
    op.create_index(
        "message_due_to_host",
        "message",
        ["due_at"],
        postgresql_where=sa.text("state = 'planned' AND host_request_id IS NOT NULL"),
    )
    _said_once("convocation_id", "host_request_id", "kind", "about_at", "hours_before")


def downgrade() -> None:
    """Undo: what was told to hosts is forgotten."""
    op.execute("DELETE FROM message WHERE host_request_id IS NOT NULL")
    _said_once("convocation_id", "kind", "about_at", "hours_before")
    for index in ("message_due_to_host", "message_to_host"):
        op.drop_index(index, "message")
    op.drop_constraint("message_to_one", "message")
    op.drop_column("message", "host_request_id")
    op.alter_column("message", "convocation_id", nullable=False)
    op.drop_table("host_phone")
