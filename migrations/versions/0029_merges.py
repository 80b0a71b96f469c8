"""Files of one person that are merged, and files that pass from one service to another."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
STATES = "'asked', 'accepted', 'refused', 'automatic', 'withdrawn'"


def upgrade() -> None:
    """Apply."""
    op.add_column("person", sa.Column("merged_into", sa.Uuid, sa.ForeignKey("person.id")))
    is_merged = sa.text("merged_into IS NOT NULL")
    op.create_index("person_merged", "person", ["merged_into"], postgresql_where=is_merged)
    op.create_table(
        "person_merge",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("kept_id", sa.Uuid, nullable=False, index=True),
        sa.Column("absorbed_id", sa.Uuid, nullable=False),
        sa.Column("address_index", sa.LargeBinary),
        sa.Column("by", sa.Uuid, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("undone_by", sa.Uuid),
        sa.Column("undone_at", INSTANT),
        sa.CheckConstraint("kept_id <> absorbed_id", name="merge_of_two"),
        sa.CheckConstraint("(undone_at IS NULL) = (undone_by IS NULL)", name="merge_undone_by_somebody"),
    )
    op.create_index(
        "person_merge_standing_once",
        "person_merge",
        ["absorbed_id"],
        unique=True,
        postgresql_where=sa.text("undone_at IS NULL"),
    )
    op.create_table(
        "person_merge_move",
        sa.Column("merge_id", sa.Uuid, sa.ForeignKey("person_merge.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("table_name", sa.String, primary_key=True),
        sa.Column("row_id", sa.String, primary_key=True),
        sa.Column("before", postgresql.JSONB, nullable=False, server_default=sa.text("'{}'::jsonb")),
    )
    ours = [("first_id", False), ("second_id", True)]
    op.create_table(
        "person_distinct",
        *[
            sa.Column(
                name,
                sa.Uuid,
                sa.ForeignKey("person.id", ondelete="CASCADE"),
                primary_key=True,
                index=index,
            )
            for name, index in ours
        ],
        sa.Column("by", sa.Uuid, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.CheckConstraint("first_id < second_id", name="distinct_in_order"),
    )
    op.create_table(
        "divestment",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("person.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("from_territory_id", sa.BigInteger, sa.ForeignKey("territory.id"), nullable=False),
        sa.Column("to_territory_id", sa.BigInteger, sa.ForeignKey("territory.id"), nullable=False),
        sa.Column("asks_territory_id", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("why_sealed", sa.LargeBinary),
        sa.Column("answer_sealed", sa.LargeBinary),
        sa.Column("asked_by", sa.Uuid, nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("reminded_at", INSTANT),
        sa.Column("ended_by", sa.Uuid),
        sa.Column("ended_at", INSTANT),
        sa.CheckConstraint(f"state IN ({STATES})", name="state_known"),
        sa.CheckConstraint("from_territory_id <> to_territory_id", name="divestment_between_two"),
        sa.CheckConstraint("(state = 'asked') = (ended_at IS NULL)", name="divestment_ended_or_not"),
        sa.CheckConstraint("asks_territory_id IN (from_territory_id, to_territory_id)", name="divestment_asked_by_one"),
    )
    is_open = sa.text("state = 'asked'")
    op.create_index("divestment_open_once", "divestment", ["person_id"], unique=True, postgresql_where=is_open)
    op.create_index("divestment_due", "divestment", ["due_at"], postgresql_where=is_open)


def downgrade() -> None:
    """Undo; whoever was merged stays so, and is found no more."""
    op.drop_table("divestment")
    op.drop_table("person_distinct")
    op.drop_table("person_merge_move")
    op.drop_table("person_merge")
    op.drop_index("person_merged", "person")
    op.drop_column("person", "merged_into")
