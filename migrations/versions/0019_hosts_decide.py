"""Hosts decide: the link of a request, other dates proposed, e-mails to hosts and who receives them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

PROPOSALS = "'open', 'accepted', 'declined', 'withdrawn', 'over'"
MAIL_KINDS = "'request', 'warning', 'lapsed', 'given-up', 'agreed', 'declined'"
MAIL_STATES = "'planned', 'sending', 'sent', 'failed', 'flagged', 'cancelled', 'outdated'"
# What waits already gets its link; half of the identifier is random enough for a number that proves nothing.
ASKED_BEFORE = """
    INSERT INTO host_request (id, booking_id, link_id, link_version, asked_at, answer_by)
    SELECT gen_random_uuid(), id, CAST(floor(random() * 9007199254740991) AS bigint), 1, created_at, expires_at
    FROM booking WHERE state = 'requested'"""


def _instant(name: str, *, nullable: bool = False) -> sa.Column[sa.DateTime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "host_request",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("booking_id", sa.Uuid(), sa.ForeignKey("booking.id"), nullable=False, unique=True),
        sa.Column("link_id", sa.BigInteger(), nullable=False, unique=True),
        sa.Column("link_version", sa.Integer(), nullable=False),
        _instant("asked_at"),
        _instant("answer_by"),
        sa.Column("work_starts", sa.Time()),
        sa.Column("work_ends", sa.Time()),
        sa.Column("work_days", sa.ARRAY(sa.SmallInteger())),
        sa.CheckConstraint(
            "(work_starts IS NULL) = (work_ends IS NULL) AND (work_ends IS NULL) = (work_days IS NULL)",
            name="host_request_work_is_whole",
        ),
    )
    op.execute(ASKED_BEFORE)
    op.create_table(
        "host_proposal",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("booking_id", sa.Uuid(), sa.ForeignKey("booking.id"), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), sa.ForeignKey("unit.id")),
        sa.Column("first_on", sa.Date()),
        sa.Column("until_on", sa.Date()),
        _instant("starts_at", nullable=True),
        _instant("ends_at", nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        _instant("made_at"),
        _instant("ended_at", nullable=True),
        sa.CheckConstraint(f"state IN ({PROPOSALS})", name="state_known"),
        sa.CheckConstraint("(first_on IS NULL) <> (starts_at IS NULL)", name="host_proposal_dated_one_way"),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="host_proposal_ended"),
    )
    op.create_index("host_proposal_booking", "host_proposal", ["booking_id"])
    op.create_index(
        "host_proposal_open_once",
        "host_proposal",
        ["booking_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    _mails()
    op.create_table(
        "host_mailbox",
        sa.Column("site_id", sa.BigInteger(), sa.ForeignKey("site.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("email", sa.String(254), nullable=False),
        _instant("changed_at"),
        sa.Column("changed_by", sa.Uuid(), nullable=False),
    )


def _mails() -> None:
    op.create_table(
        "host_mail",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("booking_id", sa.Uuid(), sa.ForeignKey("booking.id"), nullable=False, index=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(254), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("failure", sa.String(), nullable=False),
        _instant("due_at"),
        _instant("useful_until"),
        _instant("claimed_at", nullable=True),
        _instant("lease_until", nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _instant("sent_at", nullable=True),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary()),
        _instant("created_at"),
        sa.CheckConstraint(f"kind IN ({MAIL_KINDS})", name="kind_known"),
        sa.CheckConstraint(f"state IN ({MAIL_STATES})", name="state_known"),
        sa.CheckConstraint("(state = 'sending') = (lease_until IS NOT NULL)", name="host_mail_sending_is_leased"),
        sa.CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="host_mail_sent_is_dated"),
    )
    waiting = "state IN ('planned', 'sending')"
    columns = ["booking_id", "kind", "recipient"]
    op.create_index("host_mail_said_once", "host_mail", columns, unique=True, postgresql_where=sa.text(waiting))
    op.create_index("host_mail_due", "host_mail", ["due_at"], postgresql_where=sa.text("state = 'planned'"))
    op.create_index("host_mail_lease", "host_mail", ["lease_until"], postgresql_where=sa.text("state = 'sending'"))
    op.create_index("host_mail_created", "host_mail", ["created_at"])


def downgrade() -> None:
    """Undo."""
    for table in ("host_mailbox", "host_mail", "host_proposal", "host_request"):
        op.drop_table(table)
