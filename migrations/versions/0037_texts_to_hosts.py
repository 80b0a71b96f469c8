"""Texts of what hosts are told by SMS are written by administrators, as those to people."""

from __future__ import annotations

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

TO_PEOPLE = "'offer', 'confirmation', 'reminder', 'change', 'cancellation', 'missed', 'earlier'"
TO_HOSTS = "'host-offer', 'host-reminder', 'host-cancellation'"


def _known(kinds: str) -> None:
    op.drop_constraint("message_kind_known", "message_text")
    op.create_check_constraint("message_kind_known", "message_text", f"message_kind IN ({kinds})")


def upgrade() -> None:
    """Apply."""
    _known(f"{TO_PEOPLE}, {TO_HOSTS}")


def downgrade() -> None:
    """Undo: what was written for hosts is forgotten; their SMS leave in the standard words."""
    op.execute(f"DELETE FROM message_text WHERE message_kind IN ({TO_HOSTS})")
    _known(TO_PEOPLE)
