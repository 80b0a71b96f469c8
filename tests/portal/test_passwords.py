"""Passwords: long, and none of those that an attacker tries first."""

from __future__ import annotations

import pytest

from availability.errors import InvalidRequest
from portal.passwords import MOST, checked


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "too-short"),
        ("Xk9!vQ2#pL", "too-short"),
        ("a" * (MOST + 1), "too-long"),
        ("password1234", "too-easy"),
        ("azertyuiopqs", "too-easy"),
        ("aaaaaaaaaaaaaaaa", "too-easy"),
        ("placejuste2026", "too-easy"),
        ("camille.exemple", "too-easy"),
        ("Camille Exemple 1", "too-easy"),
    ],
)
def test_a_weak_password_is_refused_and_says_why(password: str, why: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        checked(password, about=("camille.exemple", "Camille Exemple"))

    assert (refused.value.field, refused.value.problem) == ("password", why)


@pytest.mark.parametrize(
    "password", ["trois loutres jonglent mal", "q7Rz-vole-Bnt4-sobre", "été à Bâle, n’est-ce pas ?"]
)
def test_a_strong_one_is_kept_whatever_it_is_made_of(password: str) -> None:
    assert checked(password) == password


def test_the_same_keys_on_two_machines_give_one_password() -> None:
    assert checked("e\u0301te\u0301 a\u0300 Ba\u0302le, fanfare") == checked("été à Bâle, fanfare")
