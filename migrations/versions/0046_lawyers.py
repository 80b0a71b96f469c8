"""Lawyers: their accounts, cases and dates, what courts let them take; investigators who read dates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import DATERANGE

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

ROLES = (
    "'probation_officer', 'sentence_judge', 'family_judge', 'guardianship_judge', 'childrens_judge', 'registry',"
    " 'monitoring_agent', 'partner', 'administrator'"
)
WHATS = "'judgment', 'host-agreement', 'other'"
MAILS = "'request', 'warning', 'lapsed', 'given-up', 'agreed', 'declined'"
LAWYERS = "'lawyer-set', 'lawyer-moved', 'lawyer-over', 'lawyer-reminder', 'lawyer-released'"
PROCEDURES = "procedure IN ('merits', 'summary', 'fast')"


def _listed(table: str, column: str, values: str) -> None:
    op.drop_constraint(f"{column}_known", table)
    op.create_check_constraint(f"{column}_known", table, f"{column} IN ({values})")


def _roles(values: str) -> None:
    for table in ("kind_right", "account_right", "api_client"):
        _listed(table, "role", values)


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True)


def _to(name: str, target: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), sa.ForeignKey(target), nullable=nullable)


def _at(name: str, *, nullable: bool = False) -> sa.Column[sa.DateTime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _short(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False, server_default="")


def _people() -> None:
    op.create_table(
        "lawyer_profile",
        sa.Column("account_id", sa.Uuid(), primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        _short("bar", 120),
        _short("firm", 120),
        _at("created_at"),
    )
    op.create_table(
        "lawyer_invitation",
        sa.Column("id", sa.BigInteger(), autoincrement=False, primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        _to("territory_id", "territory.id"),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        _short("bar", 120),
        _short("firm", 120),
        sa.Column("invited_by", sa.Uuid(), nullable=False),
        _at("created_at"),
        _at("expires_at"),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        _at("withdrawn_at", nullable=True),
    )
    op.create_index("ix_lawyer_invitation_territory_id", "lawyer_invitation", ["territory_id"])
    op.create_table(
        "lawyer_case",
        _id(),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        _to("territory_id", "territory.id"),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        _short("case_ref", 64),
        sa.Column("named_by", sa.Uuid(), nullable=False),
        _at("since_at"),
        _at("ended_at", nullable=True),
        sa.CheckConstraint("(person_id IS NULL) <> (case_ref = '')", name="lawyer_case_of_one_thing"),
    )
    op.create_index(
        "lawyer_case_once",
        "lawyer_case",
        ["account_id", "territory_id", "person_id", "case_ref"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_index("lawyer_case_ref", "lawyer_case", ["case_ref"], postgresql_where=sa.text("case_ref <> ''"))
    op.create_index(
        "lawyer_case_person", "lawyer_case", ["person_id"], postgresql_where=sa.text("person_id IS NOT NULL")
    )


def _courts() -> None:
    op.create_table(
        "lawyer_rule",
        _id(),
        _to("site_id", "site.id"),
        _to("kind_id", "kind.id"),
        _to("line_id", "hearing_template.id", nullable=True),
        sa.Column("procedure", sa.String(), nullable=False),
        _short("family", 10),
        sa.Column("with_date", sa.Boolean(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("min_delay_days", sa.Integer(), nullable=False),
        sa.Column("change_before_days", sa.Integer(), nullable=False),
        sa.CheckConstraint(PROCEDURES, name="procedure_known"),
        sa.CheckConstraint("minutes BETWEEN 1 AND 1440", name="lawyer_rule_minutes"),
        sa.CheckConstraint("min_delay_days BETWEEN 0 AND 365", name="lawyer_rule_delay"),
        sa.CheckConstraint("change_before_days BETWEEN 0 AND 365", name="lawyer_rule_change"),
        sa.UniqueConstraint(
            "site_id",
            "procedure",
            "family",
            "kind_id",
            "line_id",
            name="lawyer_rule_once",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "lawyer_convention",
        _id(),
        _to("site_id", "site.id"),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        _short("firm", 120),
        _short("bar", 120),
        sa.Column("per", sa.String(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.CheckConstraint("per IN ('session', 'month')", name="per_known"),
        sa.CheckConstraint("most BETWEEN 0 AND 500", name="lawyer_convention_most"),
        sa.CheckConstraint(
            "CAST(account_id IS NOT NULL AS int) + CAST(firm <> '' AS int) + CAST(bar <> '' AS int) = 1",
            name="lawyer_convention_with_one",
        ),
        sa.UniqueConstraint(
            "site_id",
            "account_id",
            "firm",
            "bar",
            "per",
            name="lawyer_convention_once",
            postgresql_nulls_not_distinct=True,
        ),
    )


def _dates() -> None:
    op.create_table(
        "lawyer_date",
        sa.Column("booking_id", sa.Uuid(), sa.ForeignKey("booking.id"), primary_key=True),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        _to("site_id", "site.id"),
        sa.Column("procedure", sa.String(), nullable=False),
        sa.Column("nature", sa.String(10), nullable=False),
        sa.Column("parties_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("summons_due_on", sa.Date(), nullable=False),
        sa.Column("change_until", sa.Date(), nullable=False),
        _at("confirmed_at", nullable=True),
        _at("released_at", nullable=True),
        sa.CheckConstraint(PROCEDURES, name="procedure_known"),
    )
    op.create_index("lawyer_date_account", "lawyer_date", ["account_id"])
    op.create_table(
        "lawyer_attempt",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        _to("site_id", "site.id"),
        sa.Column("procedure", sa.String(), nullable=False),
        sa.Column("nature", sa.String(10), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("sessions", sa.Integer(), nullable=False),
        sa.Column("full", sa.Integer(), nullable=False),
        sa.Column("too_short", sa.Integer(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=True),
        _at("at"),
        sa.CheckConstraint(PROCEDURES, name="procedure_known"),
        sa.CheckConstraint(
            "why IN ('not-configured', 'full', 'too-short', 'without-date', 'convention')", name="why_known"
        ),
    )
    op.create_index("lawyer_attempt_account", "lawyer_attempt", ["account_id"])
    op.create_table(
        "lawyer_away",
        _id(),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("days", DATERANGE(), nullable=False),
        sa.CheckConstraint(
            "NOT isempty(days) AND NOT lower_inf(days) AND NOT upper_inf(days)", name="lawyer_away_dated"
        ),
    )
    op.create_index("lawyer_away_account", "lawyer_away", ["account_id"])


def upgrade() -> None:
    """Apply."""
    _roles(f"{ROLES}, 'lawyer', 'investigator'")
    _listed("attachment", "what", f"{WHATS}, 'summons'")
    _listed("host_mail", "kind", f"{MAILS}, {LAWYERS}")
    op.add_column("calendar_link", sa.Column("of_lawyer", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.drop_constraint("calendar_link_of_one_thing", "calendar_link")
    op.create_check_constraint(
        "calendar_link_of_one_thing",
        "calendar_link",
        "CASE WHEN of_lawyer THEN resource_id IS NULL AND site_id IS NULL"
        " ELSE (resource_id IS NULL) <> (site_id IS NULL) END",
    )
    op.create_index("booking_case_ref", "booking", ["case_ref"], postgresql_where=sa.text("case_ref <> ''"))
    _people()
    _courts()
    _dates()


def downgrade() -> None:
    """Undo: accounts of lawyers and investigators have no role any more; a summons is another document."""
    for table in ("away", "attempt", "date", "convention", "rule", "case", "invitation", "profile"):
        op.drop_table(f"lawyer_{table}")
    op.drop_index("booking_case_ref", "booking")
    op.execute("DELETE FROM calendar_link WHERE of_lawyer")
    op.drop_constraint("calendar_link_of_one_thing", "calendar_link")
    op.create_check_constraint(
        "calendar_link_of_one_thing", "calendar_link", "(resource_id IS NULL) <> (site_id IS NULL)"
    )
    op.drop_column("calendar_link", "of_lawyer")
    op.execute("DELETE FROM host_mail WHERE kind LIKE 'lawyer-%'")
    _listed("host_mail", "kind", MAILS)
    op.execute("UPDATE attachment SET what = 'other' WHERE what = 'summons'")
    _listed("attachment", "what", WHATS)
    for table in ("kind_right", "account_right", "api_client"):
        op.execute(f"DELETE FROM {table} WHERE role IN ('lawyer', 'investigator')")
    _roles(ROLES)
