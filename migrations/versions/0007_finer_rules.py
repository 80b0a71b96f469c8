"""Recurrences, recesses, temporary capacities, finer kinds, and the judges of guardianship and of children."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

OLD_ROLES = (
    "probation_officer", "sentence_judge", "family_judge", "registry", "monitoring_agent", "partner", "administrator",
)  # fmt: skip
NEW_ROLES = (*OLD_ROLES[:3], "guardianship_judge", "childrens_judge", *OLD_ROLES[3:])
WITH_A_ROLE = ("kind_right", "account_right", "api_client")
KIND_COLUMNS = (
    ("min_notice_min", sa.Integer(), "0"),
    ("ignores_weekends", sa.Boolean(), "true"),
    ("closes_in_recess", sa.Boolean(), "false"),
    ("buffer_before_min", sa.Integer(), "0"),
    ("fresh_days", sa.Integer(), "30"),
    ("is_designated", sa.Boolean(), "false"),
    ("refused_if_violence", sa.Boolean(), "false"),
    ("is_active", sa.Boolean(), "true"),
)
KIND_CHECKS = {
    "min_notice_min_sane": "min_notice_min BETWEEN 0 AND 10080",
    "slot_step_sane": "slot_step_min BETWEEN 1 AND 1440",
    "slot_duration_sane": "slot_duration_min BETWEEN 1 AND 10080",
    "buffers_sane": "buffer_before_min BETWEEN 0 AND 1440 AND buffer_after_min BETWEEN 0 AND 1440",
    "fresh_days_sane": "fresh_days BETWEEN 1 AND 366",
    "designated_is_a_place": "NOT is_designated OR shape = 'places'",
}
RESOURCE_CHECKS = {
    "resource_step_sane": "slot_step_min BETWEEN 1 AND 1440",
    "resource_duration_sane": "slot_duration_min BETWEEN 1 AND 10080",
    "resource_buffers_sane": "buffer_before_min BETWEEN 0 AND 1440 AND buffer_after_min BETWEEN 0 AND 1440",
}
FINER = ("slot_step_min", "slot_duration_min", "buffer_before_min", "buffer_after_min")
TO_RRULE = """
    UPDATE opening_rule SET anchor_on = valid_from,
        rrule = 'FREQ=WEEKLY;BYDAY=' || (ARRAY['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'])[weekday + 1]"""
# What is finer than a week has no place in the older table.
TO_WEEKDAY = """
    UPDATE opening_rule SET
        weekday = array_position(ARRAY['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'], substring(rrule FROM 'BYDAY=(..)$')) - 1
    WHERE rrule ~ '^FREQ=WEEKLY;BYDAY=..$'"""


def upgrade() -> None:
    """Apply."""
    _roles(NEW_ROLES)
    op.alter_column("kind", "slot_buffer_min", new_column_name="buffer_after_min")
    for name, type_, default in KIND_COLUMNS:
        op.add_column("kind", sa.Column(name, type_, nullable=False, server_default=sa.text(default)))
        op.alter_column("kind", name, server_default=None)
    op.add_column("kind", sa.Column("meeting_kind_id", sa.BigInteger(), sa.ForeignKey("kind.id"), nullable=True))
    for name, check in KIND_CHECKS.items():
        op.create_check_constraint(name, "kind", check)
    for name in FINER:
        op.add_column("resource", sa.Column(name, sa.Integer(), nullable=True))
    for name, check in RESOURCE_CHECKS.items():
        op.create_check_constraint(name, "resource", check)
    _recurrences()
    op.create_table(
        "recess",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("territory_id", sa.BigInteger(), sa.ForeignKey("territory.id"), nullable=False, index=True),
        sa.Column("days", postgresql.DATERANGE(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint("NOT isempty(days)", name="recess_not_empty"),
    )
    op.create_table(
        "capacity_period",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("resource_id", sa.BigInteger(), sa.ForeignKey("resource.id", ondelete="CASCADE"), nullable=False),
        sa.Column("days", postgresql.DATERANGE(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint("capacity >= 0", name="temporary_capacity_not_negative"),
        sa.CheckConstraint(
            "NOT isempty(days) AND NOT lower_inf(days) AND NOT upper_inf(days)", name="capacity_period_dated"
        ),
        postgresql.ExcludeConstraint(
            ("resource_id", "="), ("days", "&&"), using="gist", name="capacity_period_no_overlap"
        ),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("capacity_period")
    op.drop_table("recess")
    op.add_column("opening_rule", sa.Column("weekday", sa.Integer(), nullable=True))
    op.execute(TO_WEEKDAY)
    op.execute("DELETE FROM opening_rule WHERE weekday IS NULL")
    op.alter_column("opening_rule", "weekday", nullable=False)
    op.create_check_constraint("weekday_known", "opening_rule", "weekday BETWEEN 0 AND 6")
    for name in ("rrule", "anchor_on", "except_on", "extra_on"):
        op.drop_column("opening_rule", name)
    for name in RESOURCE_CHECKS:
        op.drop_constraint(name, "resource")
    for name in FINER:
        op.drop_column("resource", name)
    for name in KIND_CHECKS:
        op.drop_constraint(name, "kind")
    op.drop_column("kind", "meeting_kind_id")
    for name, _, _ in KIND_COLUMNS:
        op.drop_column("kind", name)
    op.alter_column("kind", "buffer_after_min", new_column_name="slot_buffer_min")
    for table in WITH_A_ROLE:
        op.execute(f"DELETE FROM {table} WHERE role IN ('guardianship_judge', 'childrens_judge')")
    _roles(OLD_ROLES)


def _roles(names: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{name}'" for name in names)
    for table in WITH_A_ROLE:
        op.drop_constraint("role_known", table)
        op.create_check_constraint("role_known", table, f"role IN ({listed})")


def _recurrences() -> None:
    op.add_column("opening_rule", sa.Column("rrule", sa.String(), nullable=True))
    op.add_column("opening_rule", sa.Column("anchor_on", sa.Date(), nullable=True))
    op.execute(TO_RRULE)
    op.alter_column("opening_rule", "rrule", nullable=False)
    op.alter_column("opening_rule", "anchor_on", nullable=False)
    op.drop_constraint("weekday_known", "opening_rule")
    op.drop_column("opening_rule", "weekday")
    for name in ("except_on", "extra_on"):
        op.add_column(
            "opening_rule", sa.Column(name, postgresql.ARRAY(sa.Date()), nullable=False, server_default=sa.text("'{}'"))
        )
