"""Saved searches and their alerts; answers of the address base."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "saved_search",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("kind_id", sa.BigInteger(), sa.ForeignKey("kind.id"), nullable=False, index=True),
        sa.Column("query", postgresql.JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb")),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.String(120), nullable=False),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("reach_km", sa.Float(), nullable=True),
        sa.Column("suited", postgresql.ARRAY(sa.BigInteger()), nullable=False, server_default=sa.text("'{}'")),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=True),
        sa.UniqueConstraint("account_id", "digest", name="saved_search_once"),
    )
    op.create_table(
        "search_alert",
        sa.Column("saved_search_id", sa.Uuid(), sa.ForeignKey("saved_search.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("turn", sa.Integer(), primary_key=True),
        sa.Column("resource_id", sa.BigInteger(), sa.ForeignKey("resource.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("freed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.create_table(
        "touched_resource",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("resource_id", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "geocode",
        sa.Column("key", sa.LargeBinary(), primary_key=True),
        sa.Column("places", postgresql.JSONB(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, index=True),
    )


def downgrade() -> None:
    """Undo."""
    for table in ("geocode", "touched_resource", "search_alert", "saved_search"):
        op.drop_table(table)
