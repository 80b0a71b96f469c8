"""Imports of people and hearings; a file may be opened from a list that says no sex."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
OUTCOMES = "'new', 'changed', 'moved', 'known', 'doubtful', 'refused', 'cancelled'"


def _object(name: str) -> sa.Column[object]:
    return sa.Column(name, postgresql.JSONB, nullable=False, server_default=sa.text("'{}'::jsonb"))


def upgrade() -> None:
    """Apply."""
    op.drop_constraint("sex_known", "person")
    op.create_check_constraint("sex_known", "person", "sex IN ('F', 'M', '')")
    op.create_table(
        "import_matching",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("territory_id", sa.BigInteger, sa.ForeignKey("territory.id"), nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("what", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        _object("columns"),
        _object("options"),
        sa.Column("by", sa.Uuid, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.CheckConstraint("what IN ('people', 'hearings')", name="what_known"),
        sa.CheckConstraint("name <> '' AND source <> ''", name="import_matching_named"),
        sa.UniqueConstraint("territory_id", "name", "version", name="import_matching_version_once"),
    )
    op.create_table(
        "people_import",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("territory_id", sa.BigInteger, sa.ForeignKey("territory.id"), nullable=False),
        sa.Column("by", sa.Uuid, nullable=False),
        sa.Column("origin", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("what", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("matching_id", sa.Uuid, sa.ForeignKey("import_matching.id")),
        _object("columns"),
        _object("options"),
        _object("decisions"),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("data_sealed", sa.LargeBinary),
        sa.Column("lines", sa.Integer, nullable=False),
        sa.Column("dropped_as", sa.String, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("approved_at", INSTANT),
        sa.Column("ended_at", INSTANT),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.CheckConstraint("what IN ('people', 'hearings')", name="what_known"),
        sa.CheckConstraint("state IN ('open', 'running', 'done', 'undoing', 'undone')", name="state_known"),
        sa.CheckConstraint("origin IN ('page', 'folder', 'api')", name="import_origin_known"),
    )
    op.create_index("people_import_territory", "people_import", ["territory_id", "created_at"])
    to_do = sa.text("state IN ('running', 'undoing')")
    op.create_index("people_import_to_do", "people_import", ["created_at"], postgresql_where=to_do)
    kept = sa.text("data_sealed IS NOT NULL")
    op.create_index("people_import_to_forget", "people_import", ["expires_at"], postgresql_where=kept)
    op.create_table(
        "import_known",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("territory_id", sa.BigInteger, sa.ForeignKey("territory.id"), nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("person.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("booking_id", sa.Uuid),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.UniqueConstraint("territory_id", "source", "key", name="import_known_once"),
    )
    booked = sa.text("booking_id IS NOT NULL")
    op.create_index("import_known_booking", "import_known", ["booking_id"], postgresql_where=booked)
    op.create_table(
        "import_line",
        sa.Column("import_id", sa.Uuid, sa.ForeignKey("people_import.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("line", sa.Integer, primary_key=True),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("known_id", sa.Uuid, sa.ForeignKey("import_known.id", ondelete="SET NULL"), index=True),
        sa.Column("column", sa.String, nullable=False),
        sa.Column("problem", sa.String, nullable=False),
        _object("changed"),
        sa.Column("made_person", sa.Boolean, nullable=False),
        sa.Column("person_revision", sa.Integer, nullable=False),
        sa.Column("booking_id", sa.Uuid),
        sa.Column("booking_revision", sa.Integer, nullable=False),
        sa.Column("needs_letter", sa.Boolean, nullable=False),
        sa.Column("undone", sa.String, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.CheckConstraint(f"outcome IN ({OUTCOMES})", name="outcome_known"),
        sa.CheckConstraint("undone IN ('', 'undone', 'kept')", name="import_line_undone_known"),
    )


def downgrade() -> None:
    """Undo; files opened without a sex stop this until somebody says it."""
    op.drop_table("import_line")
    op.drop_table("import_known")
    op.drop_table("people_import")
    op.drop_table("import_matching")
    op.drop_constraint("sex_known", "person")
    op.create_check_constraint("sex_known", "person", "sex IN ('F', 'M')")
