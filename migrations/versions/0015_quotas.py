"""What is counted for the quotas of a kind is found by kind, service and day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

BEGINS_ON = sa.text("COALESCE(first_on, (starts_at AT TIME ZONE 'UTC'::text)::date)")


def upgrade() -> None:
    """Apply."""
    op.create_index("booking_counted_by_territory", "booking", ["kind_id", "territory_id", BEGINS_ON])
    op.create_index(
        "booking_counted_by_organisation",
        "booking",
        ["kind_id", "organisation_id", BEGINS_ON],
        postgresql_where=sa.text("organisation_id IS NOT NULL"),
    )


def downgrade() -> None:
    """Undo."""
    for name in ("booking_counted_by_organisation", "booking_counted_by_territory"):
        op.drop_index(name, "booking")
