"""The first site of a territory is found without reading all of them: every message that leaves asks for it."""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index("site_territory", "site", ["territory_id", "id"])
    op.drop_index("ix_site_territory_id", "site")


def downgrade() -> None:
    """Undo."""
    op.create_index("ix_site_territory_id", "site", ["territory_id"])
    op.drop_index("site_territory", "site")
