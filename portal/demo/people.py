"""People for whom places are taken: visibly fictional, with what is confidential sealed as for anybody."""

from __future__ import annotations

import secrets
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from uuid import UUID, uuid5

from cryptography.hazmat.primitives.keywrap import aes_key_wrap

from availability.places import time_of_commune
from availability.sealing import House, seal
from booking.person_models import PhoneKind
from booking.persons import search_name_of
from portal.demo.accounts import Member
from portal.demo.catalogue import FICTION_NUMBERS, STREETS, fiction_phone, short_name
from portal.demo.names import family_name, given_name
from portal.demo.sheets import Sheet
from portal.demo.territories import Court

LANGUAGES = ("fr",) * 16 + ("ar", "en", "pt", "ro", "es", "uk", "tr", "it")
TRIES = 12  # known people tried before somebody new is needed


@dataclass
class Somebody:
    """A person, and the days on which they are somewhere already."""

    id: UUID
    birth_on: date
    busy: list[tuple[date, date]] = field(default_factory=list)

    def is_free(self, first: date, until: date) -> bool:
        return all(end <= first or until <= start for start, end in self.busy)

    def has_age(self, day: date, least: int, most: int) -> bool:
        return least <= (day - self.birth_on).days // 365.2425 <= most


@dataclass(frozen=True, kw_only=True)
class Profile:
    """Who suits a place during civil days `[first, until)`."""

    court: Court
    sex: str  # "F", "M" or "any"
    least_age: int
    most_age: int
    first: date
    until: date


class People:
    """The rows of people and of their keys; somebody suitable and free for each booking."""

    def __init__(self, rng: Random, house: House, now: datetime) -> None:
        self.rng = rng
        self.house = house
        self.now = now
        self.wrapping_key = house.derived("person-keys")
        self.numbers = rng.sample(range(FICTION_NUMBERS), FICTION_NUMBERS)
        self.persons = Sheet(
            "person",
            "id territory_id family_name given_name birth_on sex language file_number search_name"
            " address_sealed created_at time_zone holiday_zone",
            numbered=False,
        )
        self.phones = Sheet(
            "person_phone",
            "id person_id kind number_sealed number_index since_on is_for_messages created_at",
            numbered=False,
        )
        self.followings = Sheet("person_following", "id person_id territory_id officer_id since_on", numbered=False)
        self.keys = Sheet("person_key", "person_id wrapped", numbered=False)
        self.opened: list[tuple[UUID, datetime, Member]] = []  # person, when their file was opened, by whom
        self._known: defaultdict[tuple[str, str], list[Somebody]] = defaultdict(list)

    def suitable(self, profile: Profile, by: Member) -> UUID:
        """Return somebody of the same court who is free then, known already or new; note that they are taken."""
        sex = self.rng.choice("MMMMMF") if profile.sex == "any" else profile.sex
        known = self._known[profile.court.code, sex]
        for _ in range(min(TRIES, len(known))):
            somebody = self.rng.choice(known)
            of_age = somebody.has_age(profile.first, profile.least_age, profile.most_age)
            if of_age and somebody.is_free(profile.first, profile.until):
                break
        else:
            somebody = self._new(profile, sex, by)
            known.append(somebody)
        somebody.busy.append((profile.first, profile.until))
        return somebody.id

    def anybody(self, court: Court, by: Member) -> UUID:
        """Return an adult of the court, known if possible, whatever they do meanwhile: an appointment is short."""
        known = self._known[court.code, "M"] + self._known[court.code, "F"]
        adults = [one for one in known if one.has_age(self.now.date(), 19, 120)]
        if adults:
            return self.rng.choice(adults).id
        today = self.now.date()
        profile = Profile(court=court, sex="any", least_age=20, most_age=60, first=today, until=today)
        return self.suitable(profile, by)

    def _new(self, profile: Profile, sex: str, by: Member) -> Somebody:
        rng, court = self.rng, profile.court
        age = rng.randint(profile.least_age, min(profile.most_age, profile.least_age + 42))
        # Half a year inside of the age at both ends: the age asked holds for the whole stay.
        birth_on = profile.first - timedelta(days=round(age * 365.2425) + rng.randint(20, 150))
        number = UUID(int=rng.getrandbits(128), version=4)
        family, given = family_name(rng), given_name(rng, sex)
        person_key = secrets.token_bytes(32)
        time_zone, holiday_zone = time_of_commune(court.commune.insee)
        phone = fiction_phone(self.numbers[len(self.persons) % FICTION_NUMBERS])
        created_at = datetime.combine(self.now.date(), time(8), UTC) - timedelta(
            days=rng.randint(180, 260), minutes=rng.randrange(480)
        )
        self.keys.add(person_id=number, wrapped=aes_key_wrap(self.wrapping_key, person_key))
        self.persons.add(
            id=number,
            territory_id=court.id,
            family_name=family,
            given_name=given,
            birth_on=birth_on,
            sex=sex,
            language=rng.choice(LANGUAGES),
            file_number=f"D{court.id:03}-{len(self.persons) + 1:05}",
            search_name=search_name_of(family, given),
            address_sealed=seal(person_key, self._address(court)),
            created_at=created_at,
            time_zone=time_zone,
            holiday_zone=holiday_zone,
        )
        self.phones.add(
            id=uuid5(number, "phone"),
            person_id=number,
            kind=PhoneKind.MOBILE,
            number_sealed=seal(person_key, phone),
            number_index=self.house.blind_index(phone),
            since_on=created_at.date(),
            is_for_messages=True,
            created_at=created_at,
        )
        self.followings.add(
            id=uuid5(number, "following"),
            person_id=number,
            territory_id=court.id,
            officer_id=by.id,
            since_on=created_at.date(),
        )
        self.opened.append((number, created_at, by))
        return Somebody(number, birth_on)

    def _address(self, court: Court) -> str:
        commune = court.commune
        postcode = commune.postcodes[0] if commune.postcodes else ""
        return f"{self.rng.randint(1, 90)} {self.rng.choice(STREETS)}, {postcode} {short_name(commune)}".strip()
