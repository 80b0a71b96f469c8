"""Programs of partners belong to an organisation; files sent to be imported, and what their columns were."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0012"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "api_client",
        sa.Column("organisation_id", sa.BigInteger(), sa.ForeignKey("organisation.id"), nullable=True),
    )
    op.create_table(
        "sent_file",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("at", INSTANT, nullable=False, index=True),
    )
    op.create_table(
        "import_column",
        sa.Column("actor_id", sa.Uuid(), primary_key=True),
        sa.Column("heading", sa.String(), primary_key=True),
        sa.Column("field", sa.String(), nullable=False),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("import_column")
    op.drop_table("sent_file")
    op.drop_column("api_client", "organisation_id")
