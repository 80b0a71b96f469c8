"""The second proof: a code of now, once; a recovery code, once; and nothing of it readable without the key."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from uuid import UUID

import pyotp
import pytest
from sqlalchemy import text
from sqlmodel import Session

from availability.rights import Role
from availability.sealing import House
from portal.accounts import NewAccount, create
from portal.second_factor import (
    RECOVERY_CODES,
    SecondFactor,
    WrongCode,
    begin,
    confirm,
    has_factor,
    prove,
    renew_codes,
    take_away,
)
from tests.conftest import Database
from tests.factories import NOW, make_territory
from tests.races import act, at_once, refusals

HOUSE = House(b"a secret of the tests, long enough")
LATER = NOW + timedelta(minutes=5)


def account(session: Session) -> UUID:
    new = NewAccount("alix", "Alix Essai", "", Role.REGISTRY, make_territory(session).id, "une phrase de passe")
    return create(session, new)


def code_at(secret: str, moment: object = NOW) -> str:
    return pyotp.TOTP(secret).at(moment)  # type: ignore[arg-type]


def enrolled(session: Session) -> tuple[UUID, str, list[str]]:
    """Return an account with a confirmed factor: its number, its secret and its recovery codes."""
    number = account(session)
    secret = begin(session, HOUSE, number, "alix", now=NOW).secret
    return number, secret, confirm(session, HOUSE, number, code_at(secret), now=NOW)


def test_a_factor_proves_nothing_before_its_first_right_code(session: Session) -> None:
    number = account(session)
    first = begin(session, HOUSE, number, "alix", now=NOW)

    assert first.address.startswith("otpauth://totp/PlaceJuste:alix?secret=")
    assert begin(session, HOUSE, number, "alix", now=NOW) == first
    assert not has_factor(session, number)
    with pytest.raises(WrongCode):
        prove(session, HOUSE, number, code_at(first.secret), now=NOW)
    with pytest.raises(WrongCode):
        confirm(session, HOUSE, number, "000000" if code_at(first.secret) != "000000" else "000001", now=NOW)
    assert len(set(confirm(session, HOUSE, number, code_at(first.secret), now=NOW))) == RECOVERY_CODES
    assert has_factor(session, number)


def test_a_confirmed_factor_is_neither_shown_nor_confirmed_again(session: Session) -> None:
    number, secret, _ = enrolled(session)

    with pytest.raises(WrongCode):
        begin(session, HOUSE, number, "alix", now=NOW)
    with pytest.raises(WrongCode):
        confirm(session, HOUSE, number, code_at(secret, LATER), now=LATER)


def test_a_code_serves_once_and_only_around_its_half_minute(session: Session) -> None:
    number, secret, _ = enrolled(session)

    assert (
        prove(session, HOUSE, number, f" {code_at(secret, LATER)[:3]} {code_at(secret, LATER)[3:]}", now=LATER) is None
    )
    for typed in (code_at(secret, LATER), code_at(secret, NOW), "", "12", "é", "9" * 500):
        with pytest.raises(WrongCode):
            prove(session, HOUSE, number, typed, now=LATER)
    half_minute = timedelta(seconds=30)
    assert prove(session, HOUSE, number, code_at(secret, LATER + half_minute), now=LATER) is None
    with pytest.raises(WrongCode):
        prove(session, HOUSE, number, code_at(secret, LATER + 4 * half_minute), now=LATER + 2 * half_minute)


def test_a_recovery_code_serves_once_however_it_is_typed_and_new_ones_replace_all(session: Session) -> None:
    number, _, codes = enrolled(session)

    assert prove(session, HOUSE, number, codes[0].lower().replace("-", " "), now=LATER) == RECOVERY_CODES - 1
    with pytest.raises(WrongCode):
        prove(session, HOUSE, number, codes[0], now=LATER)
    renewed = renew_codes(session, HOUSE, number)
    with pytest.raises(WrongCode):
        prove(session, HOUSE, number, codes[1], now=LATER)
    assert prove(session, HOUSE, number, renewed[1], now=LATER) == RECOVERY_CODES - 1


def test_a_factor_taken_away_is_begun_again_with_another_secret(session: Session) -> None:
    number, secret, codes = enrolled(session)
    take_away(session, number)

    for typed in (code_at(secret, LATER), codes[0]):
        with pytest.raises(WrongCode):
            prove(session, HOUSE, number, typed, now=LATER)
    assert begin(session, HOUSE, number, "alix", now=LATER).secret != secret


def test_nothing_of_it_can_be_read_in_the_database(session: Session) -> None:
    _, secret, codes = enrolled(session)
    kept = [bytes(one) for one in session.execute(text("SELECT sealed FROM second_factor")).scalars()]
    kept += [bytes(one) for one in session.execute(text("SELECT digest FROM recovery_code")).scalars()]

    for readable in (secret, *(code.replace("-", "") for code in codes)):
        assert not any(readable.encode() in one for one in kept)


def test_of_eight_who_type_one_code_at_once_one_is_let_in(database: Database) -> None:
    with Session(database.engine) as session, session.begin():
        number, secret, codes = enrolled(session)
    for typed in (code_at(secret, LATER), codes[0]):
        answers = at_once([partial(act, database.engine, prove, HOUSE, number, typed, now=LATER)] * 8)
        assert len(refusals(answers)) == 7

    with Session(database.engine) as session:
        assert session.get_one(SecondFactor, number).last_step == int(LATER.timestamp()) // 30
