"""Bookings made together, and who came day by day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "series",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("kind_id", sa.BigInteger, sa.ForeignKey("kind.id"), nullable=False),
        sa.Column("resource_id", sa.BigInteger, sa.ForeignKey("resource.id"), nullable=False),
        sa.Column("territory_id", sa.BigInteger, sa.ForeignKey("territory.id"), nullable=False, index=True),
        sa.Column("person_id", sa.Uuid, index=True),
        sa.Column("case_ref", sa.String(64), nullable=False),
        sa.Column("requested_by", sa.Uuid, nullable=False),
        sa.Column("measure", sa.String, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("minutes_a_day", sa.Integer, nullable=False),
        sa.Column("rrule", sa.String, nullable=False),
        sa.Column("begins_on", sa.Date, nullable=False),
        sa.Column("ends_by", sa.Date),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("measure IN ('visits', 'minutes')", name="measure_known"),
        sa.CheckConstraint("total > 0", name="series_owes_something"),
        sa.CheckConstraint("ends_by IS NULL OR ends_by >= begins_on", name="series_ends_after_start"),
        sa.CheckConstraint("minutes_a_day BETWEEN 0 AND 720", name="series_day_sane"),
        sa.CheckConstraint("person_id IS NOT NULL OR case_ref <> ''", name="series_for_somebody"),
    )
    op.create_table(
        "attendance",
        sa.Column("booking_id", sa.Uuid, sa.ForeignKey("booking.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("came", sa.Boolean, nullable=False),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.Column("entered_by", sa.Uuid, nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False, server_default="1"),
        sa.CheckConstraint("minutes BETWEEN 0 AND 720", name="attendance_minutes_sane"),
        sa.CheckConstraint("came OR minutes = 0", name="absent_does_nothing"),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("attendance")
    op.drop_table("series")
