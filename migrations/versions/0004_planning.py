"""Planning of hearings: cabinets, waiting cases, who holds a hearing, runs of the solver."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
STATES = "'queued', 'running', 'stopped', 'done', 'failed', 'interrupted'"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "cabinet",
        sa.Column("judge_id", sa.BigInteger, sa.ForeignKey("resource.id"), primary_key=True, autoincrement=False),
        sa.Column("clerk_id", sa.BigInteger, sa.ForeignKey("resource.id"), nullable=False, unique=True),
    )
    op.create_table(
        "waiting_case",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("territory_id", sa.BigInteger, sa.ForeignKey("territory.id"), nullable=False),
        sa.Column("kind_id", sa.BigInteger, sa.ForeignKey("kind.id"), nullable=False),
        sa.Column("case_ref", sa.String(64), nullable=False),
        sa.Column("family", sa.String, nullable=False),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.Column("received_on", sa.Date, nullable=False),
        sa.Column("ready_on", sa.Date, nullable=False),
        sa.Column("deadline_on", sa.Date),
        sa.Column("refused_judges", sa.ARRAY(sa.BigInteger), nullable=False, server_default=sa.text("'{}'")),
        sa.Column("booking_id", sa.Uuid, sa.ForeignKey("booking.id"), unique=True),
        sa.UniqueConstraint("territory_id", "kind_id", "case_ref", name="waiting_case_once"),
        sa.CheckConstraint("minutes BETWEEN 1 AND 1440", name="waiting_case_lasts"),
        sa.CheckConstraint("case_ref <> ''", name="waiting_case_named"),
        sa.CheckConstraint("ready_on >= received_on", name="waiting_case_ready_once_received"),
    )
    op.create_table(
        "hearing_staffing",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column(
            "hearing_id",
            sa.BigInteger,
            sa.ForeignKey("hearing_session.resource_id"),
            nullable=False,
        ),
        *(
            sa.Column(name, sa.BigInteger, sa.ForeignKey("resource.id"), nullable=False)
            for name in ("judge_id", "clerk_id", "room_id")
        ),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.UniqueConstraint("hearing_id", name="hearing_staffing_hearing_id_key"),
    )
    _runs()


def _runs() -> None:
    op.create_table(
        "optimizer_run",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("territory_id", sa.BigInteger, sa.ForeignKey("territory.id"), nullable=False),
        sa.Column("kind_id", sa.BigInteger, sa.ForeignKey("kind.id"), nullable=False),
        sa.Column("requested_by", sa.Uuid, nullable=False),
        sa.Column("first_on", sa.Date, nullable=False),
        sa.Column("until_on", sa.Date, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("progress", postgresql.JSONB, nullable=False, server_default=sa.text("'[]'::jsonb")),
        sa.Column("plan", postgresql.JSONB(none_as_null=True)),
        sa.Column("applied", postgresql.JSONB, nullable=False, server_default=sa.text("'{}'::jsonb")),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("heartbeat_at", INSTANT, nullable=False),
        sa.Column("stop_asked_at", INSTANT),
        sa.Column("ended_at", INSTANT),
        sa.Column("applied_at", INSTANT),
        sa.CheckConstraint(f"state IN ({STATES})", name="state_known"),
    )
    op.create_index(
        "optimizer_run_one_per_court",
        "optimizer_run",
        ["territory_id"],
        unique=True,
        postgresql_where="state IN ('queued', 'running')",
    )
    op.create_index("optimizer_run_territory_created", "optimizer_run", ["territory_id", "kind_id", "created_at"])


def downgrade() -> None:
    """Take back."""
    for table in ("optimizer_run", "hearing_staffing", "waiting_case", "cabinet"):
        op.drop_table(table)
