"""Temporary capacities are found by resource, by each search of places."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index("capacity_period_resource", "capacity_period", ["resource_id"])


def downgrade() -> None:
    """Undo."""
    op.drop_index("capacity_period_resource", "capacity_period")
