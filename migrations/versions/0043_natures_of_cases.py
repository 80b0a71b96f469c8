"""Natures of cases: the nomenclature des affaires civiles that an administrator imported."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "case_nature",
        sa.Column("code", sa.String(10), primary_key=True),
        sa.Column("label", sa.String(300), nullable=False),
        sa.Column("in_force", sa.Boolean(), nullable=False),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("case_nature")
