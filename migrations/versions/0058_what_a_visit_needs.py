"""What a visit asks of its team: how many agents, which skills, to fit or to remove, and the break of their day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

OF_REQUESTS = ("purpose", "is_urgent", "agents", "skills")
OF_RULES = ("skills", "pause_minutes", "pause_from", "pause_until")


def upgrade() -> None:
    """Apply."""
    add = op.add_column
    add("fitting_request", sa.Column("purpose", sa.String, nullable=False, server_default="fitting"))
    add("fitting_request", sa.Column("is_urgent", sa.Boolean, nullable=False, server_default=sa.text("false")))
    add("fitting_request", sa.Column("agents", sa.SmallInteger, nullable=False, server_default="1"))
    add("fitting_request", sa.Column("skills", sa.ARRAY(sa.String), nullable=False, server_default=sa.text("'{}'")))
    op.create_check_constraint("purpose_known", "fitting_request", "purpose IN ('fitting', 'removal')")
    op.create_check_constraint("fitting_agents_possible", "fitting_request", "agents BETWEEN 1 AND 4")
    empty = sa.text("'{}'::jsonb")
    add("fitting_rule", sa.Column("skills", postgresql.JSONB, nullable=False, server_default=empty))
    add("fitting_rule", sa.Column("pause_minutes", sa.SmallInteger, nullable=False, server_default="45"))
    add("fitting_rule", sa.Column("pause_from", sa.Time, nullable=False, server_default="11:30"))
    add("fitting_rule", sa.Column("pause_until", sa.Time, nullable=False, server_default="14:00"))
    op.create_check_constraint(
        "fitting_pause_in_order", "fitting_rule", "pause_minutes BETWEEN 0 AND 180 AND pause_from < pause_until"
    )


def downgrade() -> None:
    """Take back."""
    op.drop_constraint("fitting_pause_in_order", "fitting_rule")
    op.drop_constraint("fitting_agents_possible", "fitting_request")
    op.drop_constraint("purpose_known", "fitting_request")
    for column in OF_RULES:
        op.drop_column("fitting_rule", column)
    for column in OF_REQUESTS:
        op.drop_column("fitting_request", column)
