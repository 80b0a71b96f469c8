"""Bounds of kinds, now that they are typed in a page."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0009"
branch_labels = None
depends_on = None

CHECKS = {
    "request_days_sane": "request_days BETWEEN 1 AND 366",
    "min_notice_days_sane": "min_notice_days BETWEEN 0 AND 365",
    "max_days_sane": "max_days BETWEEN 1 AND 3660",
}


def upgrade() -> None:
    """Apply."""
    for name, check in CHECKS.items():
        op.create_check_constraint(name, "kind", check)


def downgrade() -> None:
    """Undo."""
    for name in CHECKS:
        op.drop_constraint(name, "kind")
