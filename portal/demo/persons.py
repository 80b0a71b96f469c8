"""Around Lyon: a file opened twice with a slip, a relative's phone, files that pass from one service to another."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap

from availability.sealing import seal
from booking.person_models import FileKind, PhoneKind
from booking.persons import search_name_of
from portal.demo.people import People
from portal.demo.sheets import Sheet
from portal.demo.territories import Court

WHY = "A déménagé : hébergé chez un proche fictif"


class PersonsOfLyon:
    """Rows that make the screens of people worth a look."""

    def __init__(self, people: People, now: datetime) -> None:
        self.people, self.now = people, now
        self.files = Sheet("person_file", "id person_id kind number created_at", numbered=False)
        self.divestments = Sheet(
            "divestment",
            "id person_id from_territory_id to_territory_id asks_territory_id state why_sealed asked_by asked_at"
            " due_at",
            numbered=False,
        )

    def fill(self, here: Court, there: Court) -> None:
        """Give the first people of `here` what the demonstration shows, and let one of `there` be asked for."""
        ours, theirs = self._of(here, 4), self._of(there, 1)
        self._double(ours[0])
        self._relative(ours[1])
        self._passes(ours[2], to=there, asks=there, days_ago=8)
        for one in theirs:
            self._passes(one, to=here, asks=there, days_ago=2)

    def _of(self, court: Court, count: int) -> list[dict[str, Any]]:
        persons = self.people.persons
        rows = (dict(zip(persons.columns, row, strict=True)) for row in persons.rows)
        return [row for row in rows if row["territory_id"] == court.id][:count]

    def _double(self, row: dict[str, Any]) -> None:
        number, by, key = uuid5(row["id"], "double"), self._opener(row["id"]), secrets.token_bytes(32)
        family = row["family_name"].replace("-", " ", 1)
        slipped = family[:2] + family[3:]
        at = self.now - timedelta(days=3)
        self.people.keys.add(person_id=number, wrapped=aes_key_wrap(self.people.wrapping_key, key))
        same = {
            "id": number,
            "family_name": slipped,
            "search_name": search_name_of(slipped, row["given_name"]),
            "file_number": "",
            "address_sealed": None,
            "created_at": at,
        }
        self.people.persons.add(**row | same)
        self.people.followings.add(
            id=uuid5(number, "following"),
            person_id=number,
            territory_id=row["territory_id"],
            officer_id=by.id,
            since_on=at.date(),
        )
        self.people.opened.append((number, at, by))

    def _relative(self, row: dict[str, Any]) -> None:
        number = "+33639980001"
        self.people.phones.add(
            id=uuid5(row["id"], "relative"),
            person_id=row["id"],
            kind=PhoneKind.RELATIVE,
            number_sealed=seal(self._key(row["id"]), number),
            number_index=self.people.house.blind_index(number),
            since_on=(self.now - timedelta(days=30)).date(),
            is_for_messages=False,
            created_at=self.now - timedelta(days=30),
        )
        for kind, file_number in ((FileKind.APPI, "FICTIF-2026-0042"), (FileKind.PROSECUTION, "26000000042")):
            self.files.add(
                id=uuid5(row["id"], kind),
                person_id=row["id"],
                kind=kind,
                number=file_number,
                created_at=self.now - timedelta(days=30),
            )

    def _passes(self, row: dict[str, Any], *, to: Court, asks: Court, days_ago: int) -> None:
        asked_at = self.now - timedelta(days=days_ago)
        self.divestments.add(
            id=uuid5(row["id"], "divestment"),
            person_id=row["id"],
            from_territory_id=row["territory_id"],
            to_territory_id=to.id,
            asks_territory_id=asks.id,
            state="asked",
            why_sealed=seal(self._key(row["id"]), WHY),
            asked_by=self._opener(row["id"]).id,
            asked_at=asked_at,
            due_at=asked_at + timedelta(days=10),
        )

    def _key(self, person_id: UUID) -> bytes:
        return aes_key_unwrap(self.people.wrapping_key, dict(self.people.keys.rows)[person_id])

    def _opener(self, person_id: UUID) -> Any:
        return next(by for number, _, by in self.people.opened if number == person_id)

    def sheets(self) -> tuple[Sheet, ...]:
        """Return the rows to write, in order."""
        return self.files, self.divestments
