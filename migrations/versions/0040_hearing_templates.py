"""Templates of hearing sessions, the sessions that they opened, and the last day for taking a date in one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0040"
down_revision = "0038"
branch_labels = None
depends_on = None

IDS = postgresql.ARRAY(sa.BigInteger())
DAYS = postgresql.ARRAY(sa.Date())


def upgrade() -> None:
    """Apply."""
    op.add_column("hearing_session", sa.Column("last_take_on", sa.Date(), nullable=True))
    op.create_table(
        "hearing_template",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("line_id", sa.BigInteger(), sa.ForeignKey("hearing_template.id"), nullable=True),
        sa.Column("replaces_id", sa.BigInteger(), sa.ForeignKey("hearing_template.id"), nullable=True),
        sa.Column("replaced_until", sa.Date(), nullable=True),
        sa.Column("site_id", sa.BigInteger(), sa.ForeignKey("site.id"), nullable=False),
        sa.Column("kind_id", sa.BigInteger(), sa.ForeignKey("kind.id"), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("formation", sa.String(), nullable=False),
        sa.Column("room_id", sa.BigInteger(), sa.ForeignKey("resource.id"), nullable=True),
        sa.Column("rrule", sa.String(), nullable=False),
        sa.Column("anchor_on", sa.Date(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("except_on", DAYS, nullable=False, server_default=sa.text("'{}'")),
        sa.Column("extra_on", DAYS, nullable=False, server_default=sa.text("'{}'")),
        sa.Column("starts", sa.Time(), nullable=False),
        sa.Column("max_minutes", sa.Integer(), nullable=False),
        sa.Column("max_cases", sa.Integer(), nullable=False),
        sa.Column("quotas", postgresql.JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb")),
        sa.Column("horizon_days", sa.Integer(), nullable=False),
        sa.Column("take_before_days", sa.Integer(), nullable=False),
        sa.Column("sits_on_holidays", sa.Boolean(), nullable=False),
        sa.Column("sits_in_recess", sa.Boolean(), nullable=False),
        sa.Column("judges", sa.Integer(), nullable=False),
        sa.Column("clerks", sa.Integer(), nullable=False),
        sa.Column("prosecutors", sa.Integer(), nullable=False),
        sa.Column("interpreters", sa.Integer(), nullable=False),
        sa.Column("named_ids", IDS, nullable=False, server_default=sa.text("'{}'")),
        sa.Column("needs_video", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("formation IN ('single', 'panel')", name="formation_known"),
        sa.CheckConstraint("valid_until IS NULL OR valid_until > valid_from", name="hearing_template_valid"),
        sa.CheckConstraint(
            "max_cases BETWEEN 1 AND 500 AND max_minutes BETWEEN 1 AND 1440", name="hearing_template_holds"
        ),
        sa.CheckConstraint("horizon_days BETWEEN 7 AND 400", name="hearing_template_horizon"),
        sa.CheckConstraint("take_before_days BETWEEN 0 AND 365", name="hearing_template_last_day"),
        sa.CheckConstraint(
            "judges BETWEEN 0 AND 9 AND clerks BETWEEN 0 AND 9 AND prosecutors BETWEEN 0 AND 9"
            " AND interpreters BETWEEN 0 AND 9",
            name="hearing_template_people",
        ),
    )
    op.create_index("ix_hearing_template_site_id", "hearing_template", ["site_id"])
    op.create_index("ix_hearing_template_line_id", "hearing_template", ["line_id"])
    op.create_table(
        "template_session",
        sa.Column(
            "resource_id",
            sa.BigInteger(),
            sa.ForeignKey("hearing_session.resource_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("template_id", sa.BigInteger(), sa.ForeignKey("hearing_template.id"), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False, unique=True),
        sa.Column("held_ids", IDS, nullable=False, server_default=sa.text("'{}'")),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("template_id", "on_day", name="template_session_once"),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("template_session")
    op.drop_table("hearing_template")
    op.drop_column("hearing_session", "last_take_on")
