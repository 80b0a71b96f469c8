"""Double convocations, conflicts of interest, and what kinds say when a judge designates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("kind", sa.Column("hearing_kind_id", sa.BigInteger(), sa.ForeignKey("kind.id"), nullable=True))
    op.add_column(
        "kind", sa.Column("wording", postgresql.JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb"))
    )
    op.create_table(
        "double_convocation",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("designation_id", sa.Uuid(), sa.ForeignKey("booking.id"), nullable=False, index=True),
        sa.Column("meeting_id", sa.Uuid(), sa.ForeignKey("booking.id"), nullable=False, unique=True),
        sa.Column("hearing_id", sa.Uuid(), sa.ForeignKey("booking.id"), nullable=False, unique=True),
        sa.Column("meeting_ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hearing_starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_with", sa.Uuid(), nullable=True),
        sa.CheckConstraint("hearing_starts_at > meeting_ends_at", name="hearing_after_meeting"),
        sa.CheckConstraint("meeting_id <> hearing_id", name="double_of_two"),
    )
    op.create_index(
        "double_convocation_one_at_a_time",
        "double_convocation",
        ["designation_id"],
        unique=True,
        postgresql_where=sa.text("cancelled_at IS NULL"),
    )
    op.create_table(
        "conflict_of_interest",
        sa.Column("territory_id", sa.BigInteger(), sa.ForeignKey("territory.id"), primary_key=True),
        sa.Column("case_ref", sa.String(64), primary_key=True),
        sa.Column("resource_id", sa.BigInteger(), sa.ForeignKey("resource.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("declared_by", sa.Uuid(), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("case_ref <> ''", name="conflict_of_a_case"),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("conflict_of_interest")
    op.drop_table("double_convocation")
    op.drop_column("kind", "wording")
    op.drop_column("kind", "hearing_kind_id")
