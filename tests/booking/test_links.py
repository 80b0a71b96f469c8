"""The token of a link: derived, unguessable, one spelling only."""

from __future__ import annotations

import secrets

from hypothesis import given
from hypothesis import strategies as st

from booking.links import TOKEN_LENGTH, LinkName, read_token, token_of

KEY = b"k" * 32
names = st.builds(LinkName, st.integers(0, 2**63 - 1), st.integers(0, 255))


@given(names)
def test_a_token_says_which_link_it_is(name: LinkName) -> None:
    token = token_of(KEY, name)

    assert len(token) == TOKEN_LENGTH
    assert read_token(KEY, token) == name
    assert token_of(KEY, name) == token


@given(names, st.integers(0, TOKEN_LENGTH - 1), st.sampled_from("ABCxyz019-_"))
def test_a_token_with_one_letter_changed_is_no_token(name: LinkName, place: int, letter: str) -> None:
    token = token_of(KEY, name)
    altered = token[:place] + letter + token[place + 1 :]

    assert read_token(KEY, altered) == (name if altered == token else None)


@given(st.text(max_size=60))
def test_whatever_is_typed_is_read_without_failing(typed: str) -> None:
    assert read_token(KEY, typed) is None


def test_a_thousand_guesses_find_nothing() -> None:
    assert not any(read_token(KEY, secrets.token_urlsafe(25)) for _ in range(1000))


def test_another_key_or_another_version_is_another_token() -> None:
    first, second = LinkName(7, 1), LinkName(7, 2)

    assert read_token(b"l" * 32, token_of(KEY, first)) is None
    assert token_of(KEY, first) != token_of(KEY, second)
