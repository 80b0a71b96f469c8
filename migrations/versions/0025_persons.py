"""People with several phones, file numbers and services that follow them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
# What was sealed stays sealed, byte for byte: no key is needed to move it.
PHONES = """
    INSERT INTO person_phone (id, person_id, kind, number_sealed, number_index, since_on, is_for_messages, created_at)
    SELECT gen_random_uuid(), id, 'mobile', phone_sealed, phone_index, CAST(created_at AT TIME ZONE 'UTC' AS date),
           true, created_at
    FROM person WHERE phone_sealed IS NOT NULL AND phone_index IS NOT NULL"""
FOLLOWINGS = """
    INSERT INTO person_following (id, person_id, territory_id, since_on)
    SELECT gen_random_uuid(), id, territory_id, CAST(created_at AT TIME ZONE 'UTC' AS date) FROM person"""
PHONES_BACK = """
    UPDATE person p SET phone_sealed = t.number_sealed, phone_index = t.number_index
    FROM person_phone t WHERE t.person_id = p.id AND t.is_for_messages"""


def _of_person() -> sa.Column[object]:
    return sa.Column("person_id", sa.Uuid, sa.ForeignKey("person.id", ondelete="CASCADE"), nullable=False, index=True)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "person_phone",
        sa.Column("id", sa.Uuid, primary_key=True),
        _of_person(),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("number_sealed", sa.LargeBinary, nullable=False),
        sa.Column("number_index", sa.LargeBinary, nullable=False, index=True),
        sa.Column("since_on", sa.Date, nullable=False),
        sa.Column("until_on", sa.Date),
        sa.Column("is_for_messages", sa.Boolean, nullable=False),
        sa.Column("consent_at", INSTANT),
        sa.Column("consent_how", sa.String(20), nullable=False, server_default=""),
        sa.Column("refused_at", INSTANT),
        sa.Column("refused_how", sa.String(20), nullable=False, server_default=""),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("kind IN ('mobile', 'fixed', 'relative', 'educator', 'other')", name="kind_known"),
        sa.CheckConstraint("until_on IS NULL OR NOT is_for_messages", name="phone_over_receives_nothing"),
        sa.CheckConstraint("(consent_at IS NULL) = (consent_how = '')", name="phone_consent_dated"),
        sa.CheckConstraint("(refused_at IS NULL) = (refused_how = '')", name="phone_refusal_dated"),
        sa.CheckConstraint("consent_how IN ('', 'oral', 'written', 'link')", name="phone_consent_how_known"),
        sa.CheckConstraint("refused_how IN ('', 'oral', 'written', 'stop', 'link')", name="phone_refusal_how_known"),
    )
    op.create_index(
        "person_phone_for_messages_once",
        "person_phone",
        ["person_id"],
        unique=True,
        postgresql_where=sa.text("is_for_messages"),
    )
    op.create_table(
        "person_file",
        sa.Column("id", sa.Uuid, primary_key=True),
        _of_person(),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "kind IN ('appi', 'prosecution', 'investigation', 'enforcement', 'prison', 'civil', 'other')",
            name="kind_known",
        ),
        sa.CheckConstraint("number <> ''", name="file_number_given"),
    )
    op.create_index("person_file_number", "person_file", [sa.text("lower(number)")])
    op.create_table(
        "person_following",
        sa.Column("id", sa.Uuid, primary_key=True),
        _of_person(),
        sa.Column("territory_id", sa.BigInteger, sa.ForeignKey("territory.id"), nullable=False),
        sa.Column("organisation_id", sa.BigInteger, sa.ForeignKey("organisation.id")),
        sa.Column("officer_id", sa.Uuid),
        sa.Column("since_on", sa.Date, nullable=False),
        sa.Column("until_on", sa.Date),
        sa.CheckConstraint("until_on IS NULL OR until_on >= since_on", name="following_ends_after_start"),
    )
    op.create_index(
        "person_following_running",
        "person_following",
        ["territory_id", "person_id"],
        postgresql_where=sa.text("until_on IS NULL"),
    )
    op.add_column("person", sa.Column("usage_name", sa.String(200), nullable=False, server_default=""))
    aliases = sa.Column("aliases", postgresql.ARRAY(sa.String(200)), nullable=False, server_default=sa.text("'{}'"))
    op.add_column("person", aliases)
    op.add_column("person", sa.Column("point_sealed", sa.LargeBinary))
    op.add_column("person", sa.Column("revision", sa.Integer, nullable=False, server_default="1"))
    op.create_index("person_born_on", "person", ["birth_on"])
    op.execute(PHONES)
    op.execute(FOLLOWINGS)
    op.drop_column("person", "phone_index")
    op.drop_column("person", "phone_sealed")


def downgrade() -> None:
    """Undo; a person keeps the number that receives messages."""
    op.add_column("person", sa.Column("phone_sealed", sa.LargeBinary))
    op.add_column("person", sa.Column("phone_index", sa.LargeBinary))
    op.create_index("ix_person_phone_index", "person", ["phone_index"])
    op.execute(PHONES_BACK)
    op.drop_index("person_born_on", "person")
    for column in ("revision", "point_sealed", "aliases", "usage_name"):
        op.drop_column("person", column)
    for table in ("person_following", "person_file", "person_phone"):
        op.drop_table(table)
