"""Runs of four problems: what is asked, from which plan, with which wishes, and prices before and after."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

PROBLEMS = "'hearings', 'rounds', 'beds', 'shares'"
MANNERS = "'plan', 'repair', 'better', 'by-hand'"
NOTHING = sa.text("'{}'::jsonb")


def upgrade() -> None:
    """Apply."""
    # What was proposed before is not of the new form, and was applied or not: only what came of it is kept.
    op.execute("UPDATE optimizer_run SET plan = NULL, progress = '[]'::jsonb")
    op.add_column("optimizer_run", sa.Column("problem", sa.String, nullable=False, server_default="hearings"))
    op.add_column("optimizer_run", sa.Column("manner", sa.String, nullable=False, server_default="plan"))
    op.alter_column("optimizer_run", "problem", server_default=None)
    op.alter_column("optimizer_run", "manner", server_default=None)
    op.alter_column("optimizer_run", "requested_by", nullable=True)
    op.add_column("optimizer_run", sa.Column("based_on", sa.Uuid, nullable=True))
    op.add_column("optimizer_run", sa.Column("settings", postgresql.JSONB, nullable=False, server_default=NOTHING))
    op.add_column("optimizer_run", sa.Column("prices", postgresql.JSONB, nullable=False, server_default=NOTHING))
    op.create_foreign_key(
        "optimizer_run_based_on_fkey", "optimizer_run", "optimizer_run", ["based_on"], ["id"], ondelete="SET NULL"
    )
    op.create_check_constraint("run_problem_known", "optimizer_run", f"problem IN ({PROBLEMS})")
    op.create_check_constraint("manner_known", "optimizer_run", f"manner IN ({MANNERS})")
    _one_per("territory_id", "problem")


def downgrade() -> None:
    """Take back."""
    op.execute("DELETE FROM optimizer_run WHERE problem <> 'hearings' OR requested_by IS NULL")
    op.execute("UPDATE optimizer_run SET plan = NULL, progress = '[]'::jsonb")
    _one_per("territory_id")
    op.drop_constraint("manner_known", "optimizer_run")
    op.drop_constraint("run_problem_known", "optimizer_run")
    for column in ("based_on", "settings", "prices", "problem", "manner"):
        op.drop_column("optimizer_run", column)
    op.alter_column("optimizer_run", "requested_by", nullable=False)


def _one_per(*columns: str) -> None:
    op.drop_index("optimizer_run_one_per_court", table_name="optimizer_run")
    op.create_index(
        "optimizer_run_one_per_court",
        "optimizer_run",
        list(columns),
        unique=True,
        postgresql_where="state IN ('queued', 'running')",
    )
