"""Whose agenda is whose, by number rather than by name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

# What names said until now stays true, where they say it of one account and of one agenda.
BY_NAME = """
    INSERT INTO own_agenda (account_id, resource_id)
    SELECT (array_agg(a.id))[1], min(r.id)
    FROM account a JOIN resource r ON r.name = a.name JOIN kind k ON k.id = r.kind_id
    WHERE k.shape = 'slots' AND r.is_active AND a.is_active
    GROUP BY a.name HAVING count(*) = 1"""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "own_agenda",
        sa.Column("account_id", sa.Uuid(), primary_key=True),
        sa.Column(
            "resource_id",
            sa.BigInteger(),
            sa.ForeignKey("resource.id", ondelete="CASCADE"),
            nullable=False,
            unique=True,
        ),
    )
    op.execute(BY_NAME)


def downgrade() -> None:
    """Take back."""
    op.drop_table("own_agenda")
