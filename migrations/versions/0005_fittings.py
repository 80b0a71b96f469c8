"""Bracelet fittings: the settings of a kind of fittings, the requests, and the visits booked for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "fitting_rule",
        sa.Column("kind_id", sa.BigInteger, sa.ForeignKey("kind.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("reach_km", sa.Float, nullable=False),
        sa.Column("practical_from_days", sa.Integer, nullable=False),
        sa.Column("practical_until_days", sa.Integer, nullable=False),
        sa.Column("measures", postgresql.JSONB, nullable=False),
        sa.CheckConstraint("reach_km > 0", name="fitting_reach_positive"),
        sa.CheckConstraint("practical_until_days >= practical_from_days", name="fitting_practice_in_order"),
        sa.CheckConstraint("practical_from_days >= 0", name="fitting_practice_not_negative"),
        sa.CheckConstraint("jsonb_typeof(measures) = 'array'", name="fitting_measures_listed"),
    )
    op.create_table(
        "fitting_request",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("kind_id", sa.BigInteger, sa.ForeignKey("kind.id"), nullable=False),
        sa.Column("territory_id", sa.BigInteger, sa.ForeignKey("territory.id"), nullable=False),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("measure", sa.String, nullable=False),
        sa.Column("address_sealed", sa.LargeBinary, nullable=False),
        sa.Column("lat", sa.Float, nullable=False),
        sa.Column("lon", sa.Float, nullable=False),
        sa.Column("is_exact", sa.Boolean, nullable=False),
        sa.Column("time_zone", sa.String, nullable=False),
        sa.Column("holiday_zone", sa.String, nullable=False),
        sa.Column("windows", postgresql.JSONB, nullable=False),
        sa.Column("ordered_on", sa.Date, nullable=False),
        sa.Column("deadline_on", sa.Date),
        sa.Column("requested_by", sa.Uuid, nullable=False),
        sa.Column("closed_at", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("lat BETWEEN -90 AND 90 AND lon BETWEEN -180 AND 180", name="fitting_home_on_earth"),
        sa.CheckConstraint("deadline_on >= ordered_on", name="fitting_deadline_after_order"),
        sa.CheckConstraint(
            "jsonb_typeof(windows) = 'array' AND windows <> CAST('[]' AS jsonb)", name="fitting_windows_given"
        ),
    )
    op.create_index("fitting_request_territory_deadline", "fitting_request", ["territory_id", "deadline_on"])
    op.create_index("fitting_request_person", "fitting_request", ["person_id"])
    op.create_table(
        "fitting_visit",
        sa.Column("booking_id", sa.Uuid, sa.ForeignKey("booking.id"), primary_key=True),
        sa.Column("request_id", sa.Uuid, sa.ForeignKey("fitting_request.id", ondelete="CASCADE"), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    op.create_index("fitting_visit_request", "fitting_visit", ["request_id", "at"])


def downgrade() -> None:
    """Take back."""
    for table in ("fitting_visit", "fitting_request", "fitting_rule"):
        op.drop_table(table)
