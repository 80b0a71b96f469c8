"""A person's file as it is kept: each change is one line of history, and holds nothing in clear."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound
from availability.sealing import unseal
from booking.person_changes import (
    FileChanged,
    NewPhone,
    add_file,
    add_phone,
    change_person,
    end_phone,
    note_choice,
    remove_file,
    reopen_phone,
    use_for_messages,
)
from booking.person_models import FileKind, PersonPhone, PhoneKind, Said
from booking.person_phones import opened, phone_for_messages, phones_of
from booking.persons import create_person, find_persons, regions_of
from booking.phones import AmbiguousNumber
from booking.sealing import key_of
from tests.availability.scarce import refused
from tests.booking.test_persons import HOUSE, ZEBULON, open_file
from tests.factories import NOW, TODAY, World, in_days

MAYOTTE = "12 rue de la Fiction, 97600 Mamoudzou"
KEPT = {"house": HOUSE, "now": NOW}
READ = KEPT | {"fiction": True}


def phone(typed: str, **more: Any) -> NewPhone:
    """Return a number as it is typed."""
    return NewPhone(**{"kind": PhoneKind.MOBILE, "typed": typed, "since_on": TODAY} | more)


def numbers(session: Session, person_id: Any) -> list[str]:
    """Return the numbers of somebody, in the order in which they are shown."""
    key = key_of(session, HOUSE, person_id)
    assert key is not None
    return [opened(one, key).number for one in phones_of(session, person_id)]


def test_a_change_says_which_fields_and_keeps_what_they_were_sealed(session: Session, world: World) -> None:
    person = open_file(session, world)
    changes = {"usage_name": "Silhouette", "aliases": ["Zéb", " "], "address": MAYOTTE, "sex": "M"}

    change_person(session, world.officer, person.id, changes, **KEPT, revision=1)
    session.flush()

    assert (person.usage_name, person.aliases, person.revision) == ("Silhouette", ["Zéb"], 2)
    assert (person.time_zone, person.holiday_zone) == ("Indian/Mayotte", "976")
    assert [one.id for one in find_persons(session, world.officer, "silhouette zeb")] == [person.id]
    last = text("SELECT facts, sealed FROM history WHERE act = 'person-changed' AND person_id = :id")
    facts, sealed = session.execute(last, {"id": person.id}).one()
    assert facts == {"fields": ["address", "aliases", "usage_name"]}
    key = key_of(session, HOUSE, person.id)
    assert key is not None
    assert json.loads(unseal(key, bytes(sealed)))["address"] == ZEBULON.address
    assert person.point_sealed is not None
    assert unseal(key, person.point_sealed).startswith("-12.")
    with refused(session, FileChanged) as refusal:
        change_person(session, world.officer, person.id, {"sex": "F"}, **KEPT, revision=1)
    assert refusal.value.facts["revision"] == 2
    change_person(session, world.officer, person.id, {"sex": "M"}, **KEPT)
    assert person.revision == 2  # nothing changed, nothing to tell


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"family_name": " "}, "family_name"),
        ({"birth_on": in_days(1)}, "birth_on"),
        ({"aliases": ["x"] * 21}, "aliases"),
        ({"aliases": ["x" * 201]}, "aliases"),
        ({"usage_name": "x" * 201}, "usage_name"),
    ],
)
def test_a_change_that_cannot_be_is_refused_with_its_field(
    session: Session, world: World, changes: dict[str, Any], field: str
) -> None:
    person = open_file(session, world)

    with refused(session, InvalidRequest) as refusal:
        change_person(session, world.officer, person.id, changes, **KEPT)

    assert refusal.value.field == field
    with refused(session, NotFound):
        change_person(session, world.stranger, person.id, {"sex": "F"}, **KEPT)


def test_of_several_phones_one_receives_and_an_old_one_receives_nothing(session: Session, world: World) -> None:
    person, officer = open_file(session, world), world.officer
    first = phones_of(session, person.id)[0]
    sister = phone("06 39 98 55 55", kind=PhoneKind.RELATIVE, is_for_messages=True)

    second = add_phone(session, officer, person.id, sister, **READ)
    session.flush()
    assert numbers(session, person.id) == ["+33639985555", "+33639984242"]
    with refused(session, InvalidRequest) as refusal:
        add_phone(session, officer, person.id, replace(sister, typed="+33 6 39 98 55 55"), **READ)
    assert refusal.value.problem == "already-there"
    end_phone(session, officer, person.id, second.id, until_on=TODAY, now=NOW)
    session.flush()
    assert phone_for_messages(session, person.id) is None
    with refused(session, InvalidRequest) as refusal:
        use_for_messages(session, officer, person.id, second.id, **KEPT)
    assert refusal.value.problem == "over"
    reopen_phone(session, officer, person.id, second.id, receives=True, now=NOW)
    assert phone_for_messages(session, person.id) == second
    end_phone(session, officer, person.id, second.id, until_on=TODAY, now=NOW)
    use_for_messages(session, officer, person.id, first.id, **KEPT)
    session.flush()

    assert numbers(session, person.id) == ["+33639984242", "+33639985555"]
    fixed = add_phone(session, officer, person.id, phone("01 44 77 60 60", kind=PhoneKind.FIXED), **READ)
    with refused(session, InvalidRequest) as refusal:
        use_for_messages(session, officer, person.id, fixed.id, **KEPT)
    assert refusal.value.problem == "not-mobile"
    for until in (in_days(1), in_days(-1)):
        with refused(session, InvalidRequest):
            end_phone(session, officer, person.id, fixed.id, until_on=until, now=NOW)
    with refused(session, NotFound):
        end_phone(session, officer, person.id, open_file(session, world).id, until_on=TODAY, now=NOW)


def test_what_was_said_of_a_number_is_dated_and_the_last_word_counts(session: Session, world: World) -> None:
    person = open_file(session, world)
    (only,) = phones_of(session, person.id)
    say = {"on": TODAY, "now": NOW}

    note_choice(session, world.officer, person.id, only.id, agrees=True, how=Said.ORAL, **say)
    note_choice(session, world.officer, person.id, only.id, agrees=False, how=Said.STOP, **say)
    session.flush()
    kept = session.get_one(PersonPhone, only.id)
    assert (kept.consent_at, kept.consent_how, kept.refused_at, kept.refused_how) == (NOW, "oral", NOW, "stop")
    note_choice(session, world.officer, person.id, only.id, agrees=True, how=Said.WRITTEN, **say)
    session.flush()

    assert (kept.consent_how, kept.refused_at, kept.refused_how) == ("written", None, "")
    for how, on in ((Said.STOP, TODAY), (Said.ORAL, in_days(1)), (Said.ORAL, in_days(-1))):
        with refused(session, InvalidRequest):
            note_choice(session, world.officer, person.id, only.id, agrees=True, how=how, on=on, now=NOW)


def test_a_number_typed_there_is_read_where_the_person_lives_first(session: Session, world: World) -> None:
    person = create_person(
        session, world.officer, replace(ZEBULON, phone="", address="98800 Nouméa"), house=HOUSE, now=NOW, fiction=True
    )
    session.flush()

    assert regions_of(session, world.officer, MAYOTTE)[:2] == ("YT", "FR")
    assert regions_of(session, world.officer, "Saint-Denis")[0] == "FR"  # near Paris, or on La Réunion: not sure
    with refused(session, AmbiguousNumber) as refusal:
        add_phone(session, world.officer, person.id, phone("75 12 34"), **READ)
    assert [one.region for one in refusal.value.readings] == ["NC", "PM"]


def test_file_numbers_are_found_in_any_case_once_each_and_can_be_removed(session: Session, world: World) -> None:
    person = open_file(session, world)
    for typed in ("Parquet  24/001", "PARQUET 24/001 "):
        file = add_file(session, world.officer, person.id, FileKind.PROSECUTION, typed, now=NOW)
        session.flush()
    assert [one.id for one in find_persons(session, world.officer, "parquet 24/001")] == [person.id]

    remove_file(session, world.officer, person.id, file.id, now=NOW)
    session.flush()

    assert find_persons(session, world.officer, "parquet 24/001") == []
    for typed in (" ", "x" * 65, "a\x00"):
        with refused(session, InvalidRequest):
            add_file(session, world.officer, person.id, FileKind.APPI, typed, now=NOW)


def test_a_day_that_has_begun_where_one_works_is_not_to_come(session: Session, world: World) -> None:
    person, tomorrow = open_file(session, world), in_days(1)
    new = phone("06 39 98 55 55", since_on=tomorrow)
    with refused(session, InvalidRequest) as refusal:
        add_phone(session, world.officer, person.id, new, **READ | {"now": NOW.replace(hour=8)})
    assert refusal.value.field == "since_on"

    in_reunion = NOW.replace(hour=22)  # two in the morning there
    added = add_phone(session, world.officer, person.id, new, **READ | {"now": in_reunion})
    session.flush()
    agreed = {"agrees": True, "how": Said.ORAL, "on": tomorrow, "now": in_reunion}
    noted = note_choice(session, world.officer, person.id, added.id, **agreed)  # type: ignore[arg-type]

    assert (noted.since_on, noted.consent_at) == (tomorrow, in_reunion)
