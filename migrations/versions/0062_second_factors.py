"""Second factors, and codes for whoever lost theirs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "second_factor",
        sa.Column("account_id", sa.Uuid, primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("last_step", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], ondelete="CASCADE"),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], ondelete="CASCADE"),
        sa.UniqueConstraint("account_id", "digest", name="recovery_code_once"),
    )

    op.add_column("sign_in", sa.Column("needs_factor", sa.Boolean, nullable=False, server_default=sa.false()))
    op.alter_column("sign_in", "needs_factor", server_default=None)


def downgrade() -> None:
    """Take back."""
    op.execute("DELETE FROM sign_in WHERE needs_factor")
    op.drop_column("sign_in", "needs_factor")
    op.drop_table("recovery_code")
    op.drop_table("second_factor")
