"""Video links: how many the country carries at once, and when each is held."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

SHIPPED = 40  # what the ministry's network carried at any moment; a national administrator says otherwise


def upgrade() -> None:
    """Apply."""
    ceiling = op.create_table(
        "video_ceiling",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, primary_key=True),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id = 1", name="video_ceiling_alone"),
        sa.CheckConstraint("most BETWEEN 0 AND 10000", name="video_ceiling_sane"),
    )
    op.bulk_insert(ceiling, [{"id": 1, "most": SHIPPED}])
    op.create_table(
        "video_link",
        sa.Column("holder_id", sa.Uuid(), primary_key=True),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
    )
    op.create_index("video_link_during", "video_link", ["during"], postgresql_using="gist")


def downgrade() -> None:
    """Undo."""
    op.drop_table("video_link")
    op.drop_table("video_ceiling")
