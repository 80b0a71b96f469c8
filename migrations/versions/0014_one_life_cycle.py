"""What the whole life cycle needs of a booking and of its kind: latest cancellation, offers, quotas, series, revision."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

CHECKS = {
    "cancel_notice_sane": "cancel_notice_min BETWEEN 0 AND 43200",
    "offer_hours_sane": "offer_hours BETWEEN 1 AND 720",
}


def upgrade() -> None:
    """Apply."""
    op.add_column("kind", sa.Column("cancel_notice_min", sa.Integer, nullable=False, server_default="0"))
    op.add_column("kind", sa.Column("offer_hours", sa.Integer, nullable=False, server_default="24"))
    for name, check in CHECKS.items():
        op.create_check_constraint(name, "kind", check)
    op.create_table(
        "kind_quota",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("kind_id", sa.BigInteger, sa.ForeignKey("kind.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("organisation_id", sa.BigInteger, sa.ForeignKey("organisation.id")),
        sa.Column("territory_id", sa.BigInteger, sa.ForeignKey("territory.id")),
        sa.Column("per", sa.String, nullable=False),
        sa.Column("most", sa.Integer, nullable=False),
        sa.CheckConstraint("per IN ('day', 'week', 'month', 'year')", name="per_known"),
        sa.CheckConstraint("most >= 0", name="quota_not_negative"),
        sa.CheckConstraint("organisation_id IS NULL OR territory_id IS NULL", name="quota_of_one_thing"),
        sa.UniqueConstraint(
            "kind_id", "organisation_id", "territory_id", "per", name="quota_once", postgresql_nulls_not_distinct=True
        ),
    )
    op.add_column("booking", sa.Column("organisation_id", sa.BigInteger, sa.ForeignKey("organisation.id")))
    op.add_column("booking", sa.Column("series_id", sa.Uuid))
    op.create_index("ix_booking_series_id", "booking", ["series_id"])
    op.add_column("booking", sa.Column("revision", sa.Integer, nullable=False, server_default="1"))


def downgrade() -> None:
    """Undo."""
    for column in ("revision", "series_id", "organisation_id"):
        op.drop_column("booking", column)
    op.drop_table("kind_quota")
    for name in CHECKS:
        op.drop_constraint(name, "kind")
    for column in ("offer_hours", "cancel_notice_min"):
        op.drop_column("kind", column)
