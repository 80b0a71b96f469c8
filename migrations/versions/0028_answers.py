"""What people answer to messages, the numbers that they answer from, and on which days a link was opened."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def _how(*ways: str) -> None:
    op.drop_constraint("sms_refusal_how_known", "sms_refusal")
    op.create_check_constraint("sms_refusal_how_known", "sms_refusal", f"how IN ({', '.join(map(repr, ways))})")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "sms_number",
        sa.Column("mark", sa.LargeBinary(), primary_key=True),
        sa.Column("person_id", sa.Uuid(), sa.ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("last_at", INSTANT, nullable=False),
    )
    op.create_index("ix_sms_number_person_id", "sms_number", ["person_id"])
    op.create_table(
        "sms_answer",
        sa.Column("provider", sa.String(), primary_key=True),
        sa.Column("provider_id", sa.String(), primary_key=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("said", sa.String(), nullable=False),
        sa.Column("reply", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("convocation_id", sa.Uuid(), sa.ForeignKey("convocation.id"), nullable=True),
    )
    op.create_index("ix_sms_answer_convocation_id", "sms_answer", ["convocation_id"])
    op.create_table(
        "link_opening",
        sa.Column("convocation_id", sa.Uuid(), sa.ForeignKey("convocation.id"), primary_key=True),
        sa.Column("on_day", sa.Date(), primary_key=True),
        sa.Column("device", sa.String(), primary_key=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.CheckConstraint("device IN ('phone', 'computer')", name="link_opening_device_known"),
    )
    _how("link", "desk", "provider", "sms")


def downgrade() -> None:
    """Undo."""
    op.execute("UPDATE sms_refusal SET how = 'link' WHERE how = 'sms'")
    _how("link", "desk", "provider")
    for table in ("link_opening", "sms_answer", "sms_number"):
        op.drop_table(table)
