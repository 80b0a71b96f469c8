"""Texts of messages that administrators write, and kinds with several reminders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
SCOPE = ["message_kind", "language", "kind_id", "organisation_id"]
WAITS = sa.text("state IN ('planned', 'sending')")


def _said_once(*columns: str) -> None:
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
        "message_text",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("message_kind", sa.String, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("kind_id", sa.BigInteger, sa.ForeignKey("kind.id")),
        sa.Column("organisation_id", sa.BigInteger, sa.ForeignKey("organisation.id")),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("body", sa.String, nullable=False),
        sa.Column("confirmed", sa.ARRAY(sa.String), nullable=False, server_default=sa.text("'{}'")),
        sa.Column("written_by", sa.Uuid, nullable=False),
        sa.Column("written_at", INSTANT, nullable=False),
        sa.Column("used_by", sa.Uuid),
        sa.Column("used_at", INSTANT),
        sa.Column("ended_at", INSTANT),
        sa.Column("broken_at", INSTANT),
        sa.CheckConstraint(
            "message_kind IN ('offer', 'confirmation', 'reminder', 'change', 'cancellation', 'missed')",
            name="message_kind_known",
        ),
        sa.CheckConstraint("state IN ('draft', 'in_use', 'past')", name="state_known"),
        sa.CheckConstraint("body <> ''", name="text_says_something"),
        sa.CheckConstraint("(state = 'draft') = (used_at IS NULL)", name="text_used_is_dated"),
    )
    for name, state in (("message_text_in_use_once", "in_use"), ("message_text_drafted_once", "draft")):
        where = sa.text(f"state = '{state}'")
        op.create_index(
            name, "message_text", SCOPE, unique=True, postgresql_where=where, postgresql_nulls_not_distinct=True
        )
    op.create_index("message_text_scope", "message_text", [*SCOPE, "number"])
    op.create_table(
        "service_naming",
        sa.Column(
            "organisation_id",
            sa.BigInteger,
            sa.ForeignKey("organisation.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("by", sa.Uuid, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    op.create_table(
        "language_review",
        sa.Column("language", sa.String, primary_key=True),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("by", sa.Uuid, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    op.create_table(
        "kind_reminders",
        sa.Column("kind_id", sa.BigInteger, sa.ForeignKey("kind.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("hours", sa.ARRAY(sa.Integer), nullable=False),
    )
    op.add_column("message", sa.Column("text_id", sa.Uuid))
    op.add_column("message", sa.Column("hours_before", sa.Integer))
    op.drop_index("message_said_once", "message")
    _said_once("convocation_id", "kind", "about_at", "hours_before")


def downgrade() -> None:
    """Undo; only the last reminder of each appointment is kept."""
    op.execute("DELETE FROM message WHERE hours_before IS NOT NULL AND state IN ('planned', 'sending')")
    op.drop_index("message_said_once", "message")
    _said_once("convocation_id", "kind", "about_at")
    op.drop_column("message", "hours_before")
    op.drop_column("message", "text_id")
    for table in ("kind_reminders", "language_review", "service_naming", "message_text"):
        op.drop_table(table)
