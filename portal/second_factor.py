"""The second proof of who signs in: a code that changes every thirty seconds, or a recovery code that serves once.

Time-based one-time passwords of RFC 6238: six digits, SHA-1, steps of thirty seconds, as every application reads them.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

import pyotp
from sqlalchemy import BigInteger, Column, ForeignKey, Identity, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, Session, SQLModel

from availability.errors import Refusal
from availability.models import instant
from availability.rights import Role
from availability.sealing import House, seal, unseal
from availability.statements import run as execute
from portal.settings import settings

ISSUER = "PlaceJuste"
STEP_S = 30
STEPS_AROUND = 1  # a clock that is half a minute off is not wrong. Source: RFC 6238, section 5.2
RECOVERY_CODES = 10
RECOVERY_BYTES = 10  # 80 bits: 16 letters and digits
SECRETS, RECOVERIES = "second-factors", "recovery-codes"  # what is derived from the key of the house for each
# A code serves once: the step that it proves grows, whoever comes first. Source: RFC 6238, section 5.2
USE_STEP = text("""
    UPDATE second_factor SET last_step = :step, confirmed_at = coalesce(confirmed_at, :now)
    WHERE account_id = :account_id AND last_step < :step""")
USE_RECOVERY = text("""
    UPDATE recovery_code SET used_at = :now WHERE account_id = :account_id AND digest = :digest AND used_at IS NULL""")
FORGET_CODES = text("DELETE FROM recovery_code WHERE account_id = :account_id")
OTHERS = [Role.PARTNER.value, Role.LAWYER.value]
IS_AGENT = text("SELECT EXISTS (SELECT FROM account_right WHERE account_id = :account_id AND role <> ALL(:others))")
LEFT = text("SELECT count(*) FROM recovery_code WHERE account_id = :account_id AND used_at IS NULL")


class SecondFactor(SQLModel, table=True):
    """The secret that an account shares with an application. Before it is confirmed it proves nothing."""

    __tablename__ = "second_factor"

    account_id: UUID = Field(sa_column=Column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    last_step: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    created_at: datetime = instant()
    confirmed_at: datetime | None = instant(nullable=True)


class RecoveryCode(SQLModel, table=True):
    """A code for whoever lost their phone, kept as a keyed hash."""

    __tablename__ = "recovery_code"
    __table_args__ = (UniqueConstraint("account_id", "digest", name="recovery_code_once"),)

    id: int = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    account_id: UUID = Field(sa_column=Column(ForeignKey("account.id", ondelete="CASCADE"), nullable=False))
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    used_at: datetime | None = instant(nullable=True)


class WrongCode(Refusal):
    """The code is not the one of now, was used already, or is unknown."""


@dataclass(frozen=True)
class Enrolment:
    """What an application needs: the address of the drawing, and the same typed by hand."""

    address: str
    secret: str


class SecondStep(StrEnum):
    """What comes after the password: the address of it."""

    GIVE = "/auth/code"
    SET_UP = "/auth/second-facteur"


def second_step(session: Session, account_id: UUID) -> SecondStep | None:
    """Return what somebody who knows the password must do still, None when that is enough.

    A factor that an account has is always asked for. Agents must have one; a partner or a lawyer may.
    """
    if has_factor(session, account_id):
        return SecondStep.GIVE
    is_agent = session.execute(IS_AGENT, {"account_id": account_id, "others": OTHERS}).scalar_one()
    return SecondStep.SET_UP if is_agent and settings().requires_second_factor else None


def has_factor(session: Session, account_id: UUID) -> bool:
    """Say whether an account has a factor that proves something."""
    factor = session.get(SecondFactor, account_id)
    return factor is not None and factor.confirmed_at is not None


def begin(session: Session, house: House, account_id: UUID, login: str, *, now: datetime) -> Enrolment:
    """Return a secret to enter in an application; one that is confirmed already stays until `renew` takes it away.

    Asked again before it is confirmed, it is the same: the page may be read twice.
    """
    factor = session.get(SecondFactor, account_id)
    if factor is None:
        sealed = seal(house.derived(SECRETS), pyotp.random_base32())
        factor = SecondFactor(account_id=account_id, sealed=sealed, created_at=now)
        session.add(factor)
        session.flush()
    if factor.confirmed_at is not None:
        raise WrongCode
    secret = unseal(house.derived(SECRETS), factor.sealed)
    return Enrolment(pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER), secret)


def confirm(session: Session, house: House, account_id: UUID, code: str, *, now: datetime) -> list[str]:
    """Prove that the application works; return the recovery codes, shown once. Raises: WrongCode."""
    factor = session.get(SecondFactor, account_id)
    if factor is None or factor.confirmed_at is not None:
        raise WrongCode
    _prove(session, house, factor, code, now)
    return renew_codes(session, house, account_id)


def prove(session: Session, house: House, account_id: UUID, typed: str, *, now: datetime) -> int | None:
    """Check a code of the application, or a recovery code, each of which serves once.

    Returns how many recovery codes are left when one was used, else None. Raises: WrongCode.
    """
    factor = session.get(SecondFactor, account_id)
    if factor is None or factor.confirmed_at is None:
        raise WrongCode
    code = plain(typed)
    if code.isdigit():
        _prove(session, house, factor, code, now)
        return None
    used = {"account_id": account_id, "digest": _digest(house, account_id, code), "now": now}
    if execute(session, USE_RECOVERY, used).rowcount != 1:
        raise WrongCode
    left: int = session.execute(LEFT, {"account_id": account_id}).scalar_one()
    return left


def renew_codes(session: Session, house: House, account_id: UUID) -> list[str]:
    """Return new recovery codes in the place of all others."""
    session.execute(FORGET_CODES, {"account_id": account_id})
    codes = [base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode() for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(account_id=account_id, digest=_digest(house, account_id, one)) for one in codes)
    session.flush()
    return ["-".join(one[start : start + 4] for start in range(0, len(one), 4)) for one in codes]


def take_away(session: Session, account_id: UUID) -> None:
    """Forget the factor of an account and its recovery codes: the next sign-in begins another one."""
    factor = session.get(SecondFactor, account_id)
    if factor is not None:
        session.delete(factor)
    session.execute(FORGET_CODES, {"account_id": account_id})
    session.flush()


def plain(typed: str) -> str:
    """Return a code without the spaces and dashes that make it readable."""
    return "".join(one for one in typed.upper() if one.isascii() and one.isalnum())[:32]


def _prove(session: Session, house: House, factor: SecondFactor, code: str, now: datetime) -> None:
    totp = pyotp.TOTP(unseal(house.derived(SECRETS), factor.sealed), interval=STEP_S)
    here = int(now.timestamp()) // STEP_S
    for step in range(here - STEPS_AROUND, here + STEPS_AROUND + 1):
        if hmac.compare_digest(totp.generate_otp(step), plain(code)):
            asked = {"step": step, "account_id": factor.account_id, "now": now}
            if execute(session, USE_STEP, asked).rowcount == 1:
                session.refresh(factor)
                return
    raise WrongCode


def _digest(house: House, account_id: UUID, code: str) -> bytes:
    return hmac.new(house.derived(RECOVERIES), account_id.bytes + plain(code).encode(), sha256).digest()
