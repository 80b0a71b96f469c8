"""Seals over what happened and who looked: each is bound to the one before it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "audit_seal",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("log", sa.String, nullable=False),
        sa.Column("first_id", sa.BigInteger, nullable=False),
        sa.Column("last_id", sa.BigInteger, nullable=False),
        sa.Column("lines", sa.Integer, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("log IN ('history', 'consultation')", name="log_known"),
        sa.UniqueConstraint("log", "first_id", name="audit_seal_follows_one"),
    )
    op.execute("""
        CREATE TRIGGER audit_seal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seal
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()""")


def downgrade() -> None:
    """Take back."""
    op.drop_table("audit_seal")
