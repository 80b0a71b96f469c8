"""Cases for which a court is to designate somebody, as its registry lists them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "case_to_designate",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("territory_id", sa.BigInteger, sa.ForeignKey("territory.id"), nullable=False),
        sa.Column("kind_id", sa.BigInteger, sa.ForeignKey("kind.id"), nullable=False),
        sa.Column("case_ref", sa.String(64), nullable=False),
        sa.Column("communes", postgresql.ARRAY(sa.String), nullable=False, server_default=sa.text("'{}'")),
        sa.Column("competence", sa.String, nullable=False),
        sa.Column("languages", postgresql.ARRAY(sa.String), nullable=False, server_default=sa.text("'{}'")),
        sa.Column("is_urgent", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("territory_id", "kind_id", "case_ref", name="case_to_designate_once"),
        sa.CheckConstraint("case_ref <> ''", name="case_to_designate_named"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("case_to_designate")
