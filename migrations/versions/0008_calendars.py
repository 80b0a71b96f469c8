"""Calendars both ways: feeds that make somebody busy, and links that give bookings to calendars."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "calendar_feed",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column(
            "resource_id", sa.BigInteger(), sa.ForeignKey("resource.id", ondelete="CASCADE"), nullable=False, index=True
        ),
        sa.Column("url_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("etag", sa.String(), nullable=False),
        sa.Column("last_modified", sa.String(), nullable=False),
        sa.Column("fetched_at", INSTANT, nullable=True),
        sa.Column("whole_at", INSTANT, nullable=True),
        sa.Column("good_at", INSTANT, nullable=True),
        sa.Column("next_at", INSTANT, nullable=False, index=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("unread", sa.Integer(), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=False, index=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("failures >= 0 AND events >= 0 AND unread >= 0", name="feed_counts"),
    )
    op.create_table(
        "absence",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("resource_id", sa.BigInteger(), sa.ForeignKey("resource.id", ondelete="CASCADE"), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column(
            "feed_id",
            sa.BigInteger(),
            sa.ForeignKey("calendar_feed.id", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.CheckConstraint(
            "NOT isempty(during) AND NOT lower_inf(during) AND NOT upper_inf(during)", name="absence_dated"
        ),
    )
    op.create_index("absence_resource_during", "absence", ["resource_id", "during"], postgresql_using="gist")
    op.create_table(
        "calendar_link",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False, index=True),
        sa.Column("resource_id", sa.BigInteger(), sa.ForeignKey("resource.id", ondelete="CASCADE"), nullable=True),
        sa.Column("site_id", sa.BigInteger(), sa.ForeignKey("site.id", ondelete="CASCADE"), nullable=True),
        sa.Column("has_names", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("read_at", INSTANT, nullable=True),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.CheckConstraint("(resource_id IS NULL) <> (site_id IS NULL)", name="calendar_link_of_one_thing"),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("calendar_link")
    op.drop_table("absence")
    op.drop_table("calendar_feed")
