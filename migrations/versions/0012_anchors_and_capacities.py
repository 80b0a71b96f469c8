"""Temporary capacities are found by resource; recurrences begin on a day that can be expanded."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0007"
branch_labels = None
depends_on = None

# What is older than this migration comes every week: where it began changes nothing.
BOUND = "UPDATE opening_rule SET anchor_on = least(greatest(anchor_on, '2000-01-01'), '2069-12-31')"


def upgrade() -> None:
    """Apply."""
    op.create_index("capacity_period_resource", "capacity_period", ["resource_id"])
    op.execute(BOUND)
    op.create_check_constraint(
        "opening_rule_anchored", "opening_rule", "anchor_on BETWEEN '2000-01-01' AND '2069-12-31'"
    )


def downgrade() -> None:
    """Undo."""
    op.drop_constraint("opening_rule_anchored", "opening_rule")
    op.drop_index("capacity_period_resource", "capacity_period")
