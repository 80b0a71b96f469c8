"""Who is summoned, what is sent to them; where a person lives, as civil time goes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply."""
    for name in ("time_zone", "holiday_zone"):
        op.add_column("person", sa.Column(name, sa.String, nullable=False, server_default=""))
    op.add_column("kind_right", sa.Column("may_set_hours", sa.Boolean, nullable=False, server_default=sa.false()))
    _convocations()
    _messages()
    op.create_table(
        "sms_refusal",
        sa.Column("person_id", sa.Uuid, primary_key=True),
        sa.Column("how", sa.String, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.CheckConstraint("how IN ('link', 'desk', 'provider')", name="sms_refusal_how_known"),
    )


def _convocations() -> None:
    op.create_table(
        "convocation",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("link_id", sa.BigInteger, nullable=False, unique=True),
        sa.Column("link_version", sa.Integer, nullable=False),
        sa.Column("acts", sa.Integer, nullable=False),
        sa.Column("territory_id", sa.BigInteger, sa.ForeignKey("territory.id"), nullable=False),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("kind_id", sa.BigInteger, sa.ForeignKey("kind.id"), nullable=False),
        sa.Column("resource_ids", sa.ARRAY(sa.BigInteger), nullable=False),
        sa.Column("standing", sa.String, nullable=False),
        sa.Column("booking_id", sa.Uuid, sa.ForeignKey("booking.id")),
        sa.Column("choose_by", sa.Date),
        sa.Column("reminder_hours", sa.Integer, nullable=False),
        sa.Column("requested_by", sa.Uuid, nullable=False),
        sa.Column("confirmed_at", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("standing IN ('choosing', 'set', 'declined', 'withdrawn')", name="standing_known"),
        sa.CheckConstraint(
            "CASE standing WHEN 'choosing' THEN booking_id IS NULL AND choose_by IS NOT NULL"
            " WHEN 'set' THEN booking_id IS NOT NULL ELSE true END",
            name="convocation_stands",
        ),
        sa.CheckConstraint("reminder_hours IN (24, 48)", name="convocation_reminded"),
    )
    op.create_index("convocation_booking_once", "convocation", ["booking_id"], unique=True)
    op.create_index("convocation_territory_created", "convocation", ["territory_id", "created_at"])
    op.create_index("ix_convocation_person_id", "convocation", ["person_id"])


def _messages() -> None:
    op.create_table(
        "message",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("convocation_id", sa.Uuid, sa.ForeignKey("convocation.id"), nullable=False),
        sa.Column("booking_id", sa.Uuid),
        sa.Column("about_at", INSTANT),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("category", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("useful_until", INSTANT, nullable=False),
        sa.Column("claimed_at", INSTANT),
        sa.Column("lease_until", INSTANT),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("sent_at", INSTANT),
        sa.Column("provider", sa.String, nullable=False),
        sa.Column("provider_id", sa.String, nullable=False),
        sa.Column("failure", sa.String, nullable=False),
        sa.Column("body_sealed", sa.LargeBinary),
        sa.Column("segments", sa.Integer),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "kind IN ('offer', 'confirmation', 'reminder', 'change', 'cancellation', 'missed')", name="kind_known"
        ),
        sa.CheckConstraint(
            "state IN ('planned', 'sending', 'sent', 'failed', 'flagged', 'outdated', 'withheld', 'cancelled')",
            name="state_known",
        ),
        sa.CheckConstraint("category IN ('information', 'notice', 'formal')", name="message_category_known"),
        sa.CheckConstraint("(state = 'sending') = (lease_until IS NOT NULL)", name="message_sending_is_leased"),
        sa.CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="message_sent_is_dated"),
    )
    op.create_index(
        "message_said_once",
        "message",
        ["convocation_id", "kind", "about_at"],
        unique=True,
        postgresql_where=sa.text("state IN ('planned', 'sending')"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_index("message_due", "message", ["due_at"], postgresql_where=sa.text("state = 'planned'"))
    op.create_index("message_lease", "message", ["lease_until"], postgresql_where=sa.text("state = 'sending'"))
    op.create_index("ix_message_convocation_id", "message", ["convocation_id"])


def downgrade() -> None:
    """Take back."""
    for table in ("sms_refusal", "message", "convocation"):
        op.drop_table(table)
    op.drop_column("kind_right", "may_set_hours")
    for name in ("time_zone", "holiday_zone"):
        op.drop_column("person", name)
