"""Who may be known already: typing errors and accents forgiven, families and homonyms told apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from availability.history import Consultation
from booking.duplicates import Sought, alike, elsewhere, near, pairs
from booking.merging import merge, say_distinct
from booking.models import Person
from booking.person_changes import add_file
from booking.person_models import FileKind
from booking.persons import create_person
from tests.booking.test_persons import HOUSE, ZEBULON
from tests.factories import NOW, World

KNOWN = replace(ZEBULON, family_name="Moreau-Fictif", given_name="Éléonore", sex="F")
BORN = KNOWN.birth_on


def open_file(session: Session, world: World, **changes: Any) -> Person:
    """Return somebody known."""
    person = create_person(session, world.officer, replace(KNOWN, **changes), house=HOUSE, now=NOW, fiction=True)
    session.flush()
    return person


def sought(family_name: str, given_name: str, birth_on: date = BORN, **more: Any) -> Sought:
    """Return who is typed; `phone` is in E.164."""
    phone = more.pop("phone", "")
    index = HOUSE.blind_index(phone) if phone else b""
    return Sought(family_name=family_name, given_name=given_name, birth_on=birth_on, number_index=index, **more)


SAME = "+33639984242"


@pytest.mark.parametrize(
    ("typed", "is_found"),
    [
        (sought("Moreau-Fictif", "Éléonore"), True),
        (sought("MOREAU FICTIF", "eleonore"), True),  # accents, case, hyphen
        (sought("Éléonore", "Moreau-Fictif"), True),  # exchanged
        (sought("Morau-Fictif", "Eleonor"), True),  # slips
        (sought("Moreau", "Éléonore"), True),  # a part of the name
        (sought("Durand-Exemple", "Moreau-Fictif", usage_name="Éléonore"), True),
        (sought("Moreau-Fictif", "Éléonore", date(1990, 1, 4)), True),  # day and month exchanged
        (sought("Moreau-Fictif", "Éléonore", date(1991, 4, 1)), True),  # one figure
        (sought("Moreau-Fictif", "Éléonore", date(1990, 4, 11)), True),
        (sought("Moreau-Fictif", "Éléonore", date(1971, 8, 23)), False),  # a homonym
        (sought("Durand-Exemple", "Sidonie"), False),  # born the same day
        (sought("Durand-Exemple", "Sidonie", phone=SAME), True),  # same day, same number: a married name
        (sought("Moreau-Fictif", "Eleonore", date(1971, 8, 23), phone=SAME), True),  # a wrong date
        (sought("Moreau-Fictif", "Anatole", date(1971, 8, 23), phone=SAME), False),  # a relative
        (sought("Durand-Exemple", "Sidonie", date(1971, 8, 23), phone=SAME), False),  # they share a phone
        (sought("Durand-Exemple", "Sidonie", file_number="ecrou-4242"), True),
        (sought("Durand-Exemple", "Sidonie", file_number="PARQUET-1"), True),
        (sought("Durand-Exemple", "Sidonie", date(1971, 8, 23), file_number="PARQUET-1"), False),
    ],
)
def test_whoever_may_be_the_same_is_told_and_a_homonym_or_a_relative_is_not(
    session: Session, world: World, typed: Sought, is_found: bool
) -> None:
    known = open_file(session, world)
    add_file(session, world.officer, known.id, FileKind.PROSECUTION, "parquet-1", now=NOW)
    session.flush()

    assert [one.id for one in alike(session, world.officer, typed)] == ([known.id] if is_found else [])
    assert alike(session, world.stranger, typed) == []


def test_beyond_the_ressort_only_the_service_is_told_for_the_very_same_names_and_day_and_it_is_logged(
    session: Session, world: World
) -> None:
    known = open_file(session, world)

    (found,) = elsewhere(session, world.stranger, sought("Éléonore", "MOREAU FICTIF"), now=NOW)

    assert (found.person_id, found.service) == (known.id, world.here.name)
    (look,) = session.exec(select(Consultation)).all()
    assert (look.actor_id, look.reason) == (world.stranger.account_id, "known-elsewhere")
    for other in (sought("Moreau", "Éléonore"), sought("Moreau-Fictif", "Éléonore", date(1990, 1, 4))):
        assert elsewhere(session, world.stranger, other, now=NOW) == []
    assert elsewhere(session, world.officer, sought("Éléonore", "MOREAU FICTIF"), now=NOW) == []


def test_pairs_are_listed_until_they_are_merged_or_said_distinct(session: Session, world: World) -> None:
    first, second = open_file(session, world), open_file(session, world, family_name="Morau-Fictif", phone="")
    third = open_file(session, world, birth_on=date(1971, 8, 23))  # the same phone as the first
    open_file(session, world, family_name="Quelconque", given_name="Sidonie", phone="")

    listed = {frozenset((a.id, b.id)) for a, b in pairs(session, world.officer)}
    assert listed == {frozenset((first.id, second.id)), frozenset((first.id, third.id))}
    assert pairs(session, world.stranger) == []
    say_distinct(session, world.officer, third.id, first.id, now=NOW)
    merge(session, world.officer, first.id, second.id, house=HOUSE, now=NOW)
    session.flush()

    assert pairs(session, world.officer) == []


def test_a_slip_in_a_date_is_near_and_two_slips_are_not() -> None:
    found = near(date(1990, 4, 1))

    assert found[0] == date(1990, 4, 1)
    assert {date(1990, 1, 4), date(1989, 4, 1), date(1990, 5, 1), date(1990, 4, 30)} < set(found)
    assert date(1991, 5, 1) not in found
    assert date(2023, 2, 28) in near(date(2024, 2, 28))
    assert near(date(2024, 2, 29))  # no such day the year before


def test_among_ten_thousand_files_a_duplicate_is_found_at_once(session: Session, world: World) -> None:
    session.execute(
        text("""
            INSERT INTO person (id, territory_id, family_name, given_name, birth_on, sex, language, file_number,
                                search_name, time_zone, holiday_zone, created_at)
            SELECT gen_random_uuid(), :here, 'Fictif', 'Modele', date '1950-01-01' + n % 18000, 'M', 'fr', '',
                   'fictif ' || md5(n::text), '', '', now() FROM generate_series(1, 10000) n"""),
        {"here": world.here.id},
    )
    known = open_file(session, world)
    session.execute(text("ANALYZE person"))
    plan = session.execute(text("SHOW statement_timeout")).scalar()

    session.execute(text("SET LOCAL statement_timeout = '2s'"))
    found = alike(session, world.officer, sought("Morau-Fictif", "Eleonore"))
    assert len(pairs(session, world.officer)) == 0
    session.execute(text(f"SET LOCAL statement_timeout = '{plan}'"))

    assert [one.id for one in found] == [known.id]
