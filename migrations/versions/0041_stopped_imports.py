"""Imports and watched folders that stop when their account may no longer do them, until another takes them over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0043"
branch_labels = None
depends_on = None

STATES = "'open', 'running', 'done', 'undoing', 'undone'"
STOPS = "'', 'account-closed', 'rights-lost'"


def _states(states: str) -> None:
    op.drop_constraint("state_known", "people_import")
    op.create_check_constraint("state_known", "people_import", f"state IN ({states})")


def _text(table: str, column: str) -> None:
    op.add_column(table, sa.Column(column, sa.String(), nullable=False, server_default=""))


def upgrade() -> None:
    """Apply."""
    _states(f"{STATES}, 'stopped'")
    _text("people_import", "stopped_while")
    for table in ("people_import", "import_matching"):
        _text(table, "stopped_why")
        op.create_check_constraint(f"{table}_stop_known", table, f"stopped_why IN ({STOPS})")
    op.create_check_constraint(
        "people_import_stopped_while",
        "people_import",
        "CASE state WHEN 'stopped' THEN stopped_while IN ('running', 'undoing') AND stopped_why <> ''"
        " ELSE stopped_while = '' END",
    )


def downgrade() -> None:
    """Undo: what is stopped is under way again."""
    op.drop_constraint("people_import_stopped_while", "people_import")
    op.execute("UPDATE people_import SET state = stopped_while WHERE state = 'stopped'")
    for table in ("import_matching", "people_import"):
        op.drop_constraint(f"{table}_stop_known", table)
        op.drop_column(table, "stopped_why")
    op.drop_column("people_import", "stopped_while")
    _states(STATES)
