"""The waiting list: who waits, what was offered, who was passed over and why, what just freed up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0016"
branch_labels = None
depends_on = None

LIVING = sa.text("state IN ('waiting', 'offered')")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "waiting_entry",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("kind_id", sa.BigInteger(), sa.ForeignKey("kind.id"), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), sa.ForeignKey("territory.id"), nullable=False, index=True),
        sa.Column("organisation_id", sa.BigInteger(), sa.ForeignKey("organisation.id")),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), index=True),
        sa.Column("case_ref", sa.String(64), nullable=False),
        sa.Column("resource_id", sa.BigInteger(), sa.ForeignKey("resource.id")),
        sa.Column("site_id", sa.BigInteger(), sa.ForeignKey("site.id")),
        sa.Column("query", postgresql.JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb")),
        sa.Column("label", sa.String(200), nullable=False),
        sa.Column("lat", sa.Float()),
        sa.Column("lon", sa.Float()),
        sa.Column("reach_km", sa.Float()),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer()),
        sa.Column("deadline_on", sa.Date()),
        sa.Column("deadline_source", sa.String(200), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("state IN ('waiting', 'offered', 'served', 'withdrawn', 'expired')", name="state_known"),
        sa.CheckConstraint("until_on > first_on", name="waiting_window"),
        sa.CheckConstraint("days BETWEEN 1 AND until_on - first_on", name="waiting_days_in_window"),
        sa.CheckConstraint("person_id IS NOT NULL OR case_ref <> ''", name="waiting_for_somebody"),
        sa.CheckConstraint("resource_id IS NULL OR site_id IS NULL", name="waiting_one_place"),
    )
    op.create_index(
        "waiting_entry_once", "waiting_entry", ["territory_id", "digest"], unique=True, postgresql_where=LIVING
    )
    op.create_index("waiting_entry_living", "waiting_entry", ["kind_id"], postgresql_where=LIVING)
    op.create_table(
        "waiting_offer",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("entry_id", sa.Uuid(), sa.ForeignKey("waiting_entry.id"), nullable=False),
        sa.Column("booking_id", sa.Uuid(), sa.ForeignKey("booking.id"), nullable=False, unique=True),
        sa.Column("resource_id", sa.BigInteger(), sa.ForeignKey("resource.id"), nullable=False),
        sa.Column("freeing_id", sa.Uuid(), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String()),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("outcome IN ('taken', 'declined', 'lapsed')", name="outcome_known"),
        sa.CheckConstraint("(outcome IS NULL) = (ended_at IS NULL)", name="offer_ended_or_not"),
    )
    op.create_index(
        "waiting_offer_open_once",
        "waiting_offer",
        ["entry_id"],
        unique=True,
        postgresql_where=sa.text("outcome IS NULL"),
    )
    op.create_index("waiting_offer_freeing_once", "waiting_offer", ["entry_id", "freeing_id"], unique=True)
    op.create_table(
        "waiting_skip",
        sa.Column("entry_id", sa.Uuid(), sa.ForeignKey("waiting_entry.id"), primary_key=True),
        sa.Column("resource_id", sa.BigInteger(), sa.ForeignKey("resource.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("why", sa.String(), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "freed_place",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("freeing_id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False, index=True),
        sa.Column("resource_id", sa.BigInteger(), sa.ForeignKey("resource.id"), nullable=False),
        sa.Column("freed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    """Undo."""
    for table in ("freed_place", "waiting_skip", "waiting_offer", "waiting_entry"):
        op.drop_table(table)
