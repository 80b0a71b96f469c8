"""Lawyers wait for dates that are full, and are told by e-mail; so are those who are invited."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0050"
branch_labels = None
depends_on = None

MAILS = (
    "'request', 'warning', 'lapsed', 'given-up', 'agreed', 'declined', 'lawyer-set', 'lawyer-moved', 'lawyer-over',"
    " 'lawyer-reminder', 'lawyer-released'"
)
LIVING = sa.text("state IN ('waiting', 'offered')")


def _mails(values: str) -> None:
    op.drop_constraint("kind_known", "host_mail")
    op.create_check_constraint("kind_known", "host_mail", f"kind IN ({values})")


def _at(name: str, *, nullable: bool = False) -> sa.Column[sa.DateTime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "date_wait",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), sa.ForeignKey("site.id"), nullable=False),
        sa.Column("procedure", sa.String(), nullable=False),
        sa.Column("nature", sa.String(10), nullable=False),
        sa.Column("hearing_id", sa.BigInteger(), sa.ForeignKey("resource.id"), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("is_due", sa.Boolean(), nullable=False),
        _at("created_at"),
        _at("ended_at", nullable=True),
        sa.CheckConstraint("procedure IN ('merits', 'summary', 'fast')", name="procedure_known"),
        sa.CheckConstraint("state IN ('waiting', 'offered', 'served', 'withdrawn', 'expired')", name="state_known"),
        sa.CheckConstraint("(state IN ('waiting', 'offered')) = (ended_at IS NULL)", name="date_wait_ended_or_not"),
    )
    op.create_index(
        "date_wait_once",
        "date_wait",
        ["account_id", "site_id", "procedure", "nature", "hearing_id"],
        unique=True,
        postgresql_where=LIVING,
        postgresql_nulls_not_distinct=True,
    )
    op.create_index(
        "date_wait_due", "date_wait", ["created_at"], postgresql_where=sa.text("state = 'waiting' AND is_due")
    )
    op.create_index("date_wait_living", "date_wait", ["site_id"], postgresql_where=LIVING)
    op.create_table(
        "date_offer",
        sa.Column("booking_id", sa.Uuid(), sa.ForeignKey("booking.id"), primary_key=True),
        sa.Column("wait_id", sa.Uuid(), sa.ForeignKey("date_wait.id"), nullable=False),
        sa.Column("hearing_id", sa.BigInteger(), sa.ForeignKey("resource.id"), nullable=False),
        _at("offered_at"),
        _at("ends_at"),
        sa.Column("outcome", sa.String(), nullable=True),
        _at("ended_at", nullable=True),
        sa.CheckConstraint("outcome IN ('taken', 'declined', 'lapsed')", name="date_offer_outcome"),
        sa.CheckConstraint("(outcome IS NULL) = (ended_at IS NULL)", name="date_offer_ended_or_not"),
    )
    op.create_index(
        "date_offer_open_once", "date_offer", ["wait_id"], unique=True, postgresql_where=sa.text("outcome IS NULL")
    )
    op.create_index("date_offer_hearing_once", "date_offer", ["wait_id", "hearing_id"], unique=True)
    _mails(f"{MAILS}, 'lawyer-offer', 'invitation'")
    op.add_column(
        "host_mail",
        sa.Column("invitation_id", sa.BigInteger(), sa.ForeignKey("lawyer_invitation.id"), nullable=True),
    )
    op.alter_column("host_mail", "booking_id", nullable=True)
    op.create_check_constraint(
        "host_mail_about_one_thing", "host_mail", "(booking_id IS NULL) <> (invitation_id IS NULL)"
    )
    op.create_index(
        "host_mail_invites_once",
        "host_mail",
        ["invitation_id"],
        unique=True,
        postgresql_where=sa.text("invitation_id IS NOT NULL AND state IN ('planned', 'sending')"),
    )


def downgrade() -> None:
    """Undo: nobody waits any more; what is held for them ends by itself."""
    op.execute("DELETE FROM host_mail WHERE kind IN ('lawyer-offer', 'invitation')")
    op.drop_index("host_mail_invites_once", "host_mail")
    op.drop_constraint("host_mail_about_one_thing", "host_mail")
    op.drop_column("host_mail", "invitation_id")
    op.alter_column("host_mail", "booking_id", nullable=False)
    _mails(MAILS)
    op.drop_table("date_offer")
    op.drop_table("date_wait")
