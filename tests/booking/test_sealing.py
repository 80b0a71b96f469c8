"""Sealed values: read with the person's key, with nothing else, and not at all once altered."""

from __future__ import annotations

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from availability.sealing import NONCE_BYTES, House, Unreadable, seal, unseal
from booking.models import PersonKey
from booking.sealing import key_of, new_key

HOUSE = House(b"a secret of the tests, long enough")
OTHER_HOUSE = House(b"another secret, just as long as that")
KEY = bytes(range(32))


@given(st.text(max_size=300))
def test_what_is_sealed_is_read_again_with_its_key(value: str) -> None:
    assert unseal(KEY, seal(KEY, value)) == value


@given(st.text(max_size=40), st.data())
def test_one_bit_altered_anywhere_makes_it_unreadable(value: str, data: st.DataObject) -> None:
    sealed = bytearray(seal(KEY, value))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= 1 << data.draw(st.integers(0, 7))

    with pytest.raises(Unreadable):
        unseal(KEY, bytes(sealed))


@given(st.text(max_size=40), st.data())
def test_a_value_cut_short_is_unreadable(value: str, data: st.DataObject) -> None:
    sealed = seal(KEY, value)
    kept = data.draw(st.integers(0, len(sealed) - 1))

    with pytest.raises(Unreadable):
        unseal(KEY, sealed[:kept])


def test_another_key_reads_nothing() -> None:
    with pytest.raises(Unreadable):
        unseal(bytes(32), seal(KEY, "06 39 98 00 00"))


def test_the_same_value_sealed_twice_does_not_look_the_same() -> None:
    once, twice = seal(KEY, "+33639980000"), seal(KEY, "+33639980000")

    assert once != twice
    assert once[:NONCE_BYTES] != twice[:NONCE_BYTES]
    assert b"639980000" not in once


def test_the_key_of_a_person_is_stored_wrapped_and_found_again(session: Session) -> None:
    person_id = uuid4()

    person_key = new_key(session, HOUSE, person_id)
    session.flush()

    stored = session.get_one(PersonKey, person_id).wrapped
    assert person_key not in stored
    assert len(stored) == len(person_key) + 8  # RFC 3394
    assert key_of(session, HOUSE, person_id) == person_key


def test_two_persons_have_two_keys(session: Session) -> None:
    assert new_key(session, HOUSE, uuid4()) != new_key(session, HOUSE, uuid4())


def test_a_key_wrapped_by_another_house_is_unreadable(session: Session) -> None:
    person_id = uuid4()
    new_key(session, HOUSE, person_id)
    session.flush()

    with pytest.raises(Unreadable):
        key_of(session, OTHER_HOUSE, person_id)


def test_whoever_has_no_key_has_been_erased(session: Session) -> None:
    assert key_of(session, HOUSE, uuid4()) is None


@pytest.mark.parametrize(("length", "is_enough"), [(0, False), (15, False), (16, True), (64, True)])
def test_the_secret_of_a_house_has_at_least_sixteen_bytes(length: int, is_enough: bool) -> None:
    if is_enough:
        assert House(b"x" * length)
    else:
        with pytest.raises(ValueError, match="at least 16 bytes"):
            House(b"x" * length)


def test_a_blind_index_finds_equal_values_and_tells_nothing_else() -> None:
    phone = "+33639980000"

    assert HOUSE.blind_index(phone) == House(HOUSE.secret).blind_index(phone)
    assert HOUSE.blind_index(phone) != HOUSE.blind_index("+33639980001")
    assert HOUSE.blind_index(phone) != OTHER_HOUSE.blind_index(phone)
    assert len(HOUSE.blind_index(phone)) == 16


def test_each_purpose_has_its_own_secret() -> None:
    assert HOUSE.derived("person-keys") != HOUSE.derived("blind-index")
    assert HOUSE.secret not in HOUSE.derived("person-keys")


def test_a_secret_is_not_shown_when_a_house_is_printed() -> None:
    assert "secret of the tests" not in repr(HOUSE)
