"""The shell's tables: accounts and their rights, sign-ins, programs and their tokens, the clock."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
ROLES = (
    "'probation_officer', 'sentence_judge', 'family_judge', 'registry', 'monitoring_agent', 'partner', 'administrator'"
)


def upgrade() -> None:
    """Apply."""
    _accounts()
    _programs()
    op.create_table(
        "clock",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("offset_s", sa.Double, nullable=False, server_default="0"),
        sa.CheckConstraint("id = 1", name="clock_is_one_row"),
    )


def _accounts() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("login", sa.String, nullable=False, unique=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("title", sa.String, nullable=False, server_default=""),
        sa.Column("password_hash", sa.String),
        sa.Column("organisation_id", sa.BigInteger, sa.ForeignKey("organisation.id")),
        sa.Column("is_active", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.CheckConstraint("login = lower(login)", name="account_login_is_lower_case"),
    )
    op.create_table(
        "account_right",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        _account_id(),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("territory_id", sa.BigInteger, sa.ForeignKey("territory.id"), nullable=False),
        sa.Column("kind_id", sa.BigInteger, sa.ForeignKey("kind.id")),
        sa.CheckConstraint(f"role IN ({ROLES})", name="role_known"),
        sa.UniqueConstraint(
            "account_id",
            "role",
            "territory_id",
            "kind_id",
            name="account_right_once",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "sign_in",
        sa.Column("token_hash", sa.LargeBinary, primary_key=True),
        _account_id(),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("last_seen_at", INSTANT, nullable=False),
    )
    op.create_index("ix_sign_in_account_id", "sign_in", ["account_id"])


def _account_id() -> sa.Column:
    return sa.Column("account_id", sa.Uuid, sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False)


def _programs() -> None:
    op.create_table(
        "api_client",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("actor_id", sa.Uuid, nullable=False, unique=True),
        sa.Column("secret_hash", sa.LargeBinary, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("territory_id", sa.BigInteger, sa.ForeignKey("territory.id"), nullable=False),
        sa.Column("is_active", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.CheckConstraint(f"role IN ({ROLES})", name="role_known"),
    )
    op.create_table(
        "api_token",
        sa.Column("token_hash", sa.LargeBinary, primary_key=True),
        sa.Column("client_id", sa.String, sa.ForeignKey("api_client.id", ondelete="CASCADE"), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
    )
    op.create_index("ix_api_token_client_id", "api_token", ["client_id"])


def downgrade() -> None:
    """Take back."""
    for table in ("clock", "api_token", "api_client", "sign_in", "account_right", "account"):
        op.drop_table(table)
