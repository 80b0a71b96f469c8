"""Meetings: an hour that several people, a room and a video link keep together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "meeting",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("site_id", sa.BigInteger(), sa.ForeignKey("site.id"), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("people_ids", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("room_id", sa.BigInteger(), sa.ForeignKey("resource.id"), nullable=True),
        sa.Column("video_ids", sa.ARRAY(sa.BigInteger()), nullable=False, server_default=sa.text("'{}'")),
        sa.Column(
            "hearing_id", sa.BigInteger(), sa.ForeignKey("hearing_session.resource_id"), nullable=True, unique=True
        ),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("called_off_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("ends_at > starts_at", name="meeting_not_empty"),
        sa.CheckConstraint("name <> ''", name="meeting_named"),
        sa.CheckConstraint("people_ids <> '{}'", name="meeting_of_somebody"),
    )
    op.create_index("ix_meeting_site_id", "meeting", ["site_id"])


def downgrade() -> None:
    """Undo."""
    op.drop_table("meeting")
