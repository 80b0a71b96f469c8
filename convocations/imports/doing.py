"""One line of an import, done in one transaction with the row that says what it became; and undone.

Locks: the key of the line (advisory) before anything else, so that two imports of one file never do a line twice; then
as docs/locking.md says: the booking that moves, the person, its place, the convocation, its messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, text, update
from sqlmodel import Session, col, select

from availability.claims import CaseClaim, SlotClaim
from availability.errors import NotFound, Refusal
from availability.rights import Actor
from availability.running import is_run_by
from availability.sealing import House
from booking.actions import Beneficiary, book
from booking.duplicates import open_alone
from booking.models import Booking, Person, State
from booking.moving import move
from booking.person_changes import NewPhone, add_file, add_phone, change_person
from booking.person_models import FileKind, PhoneKind
from booking.persons import create_person, erase_person
from booking.phones import can_receive_sms
from booking.transitions import locked_for
from convocations.actions import summon, withdraw
from convocations.import_models import ImportKnown, ImportLine, LineOutcome, PeopleImport, What
from convocations.imports import fields as at
from convocations.imports.comparing import Compared, chosen, compare
from convocations.imports.known import Known, known_to
from convocations.imports.lines import Line, Trouble
from convocations.imports.options import Options
from convocations.imports.previewing import reading_of
from convocations.models import Convocation

ONE_KEY_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
OTHERS = text("""
    SELECT EXISTS (SELECT FROM booking b WHERE b.person_id = :person AND b.id <> ALL(:own))
        OR EXISTS (SELECT FROM series WHERE person_id = :person)
        OR EXISTS (SELECT FROM waiting_entry WHERE person_id = :person)
        OR EXISTS (SELECT FROM fitting_request WHERE person_id = :person)
        OR EXISTS (SELECT FROM divestment WHERE person_id = :person)
        OR EXISTS (SELECT FROM person WHERE merged_into = :person)
        OR EXISTS (SELECT FROM convocation c WHERE c.person_id = :person AND c.standing <> 'withdrawn')""")


@dataclass(frozen=True, kw_only=True)
class Ways:
    """How lines are done: with which keys, whether fictional numbers are read, and when."""

    house: House
    fiction: bool
    now: datetime


def do_line(session: Session, actor: Actor, import_id: UUID, line: Line, ways: Ways) -> ImportLine:
    """Do a line, or return what became of it already. Raises: Refusal, nothing being done."""
    found = session.get_one(PeopleImport, import_id)
    key = f"import {found.territory_id} {found.source} {line.key}"
    session.execute(ONE_KEY_AT_A_TIME, {"key": key})
    if (before := session.get(ImportLine, (import_id, line.number))) is not None:
        return before
    options = Options.of(found.options)
    # Compared as things are now, under the lock: what the page showed may be minutes old.
    known, compared = _looked_at(session, actor, found, line, ways)
    if compared.outcome is LineOutcome.NEW and compared.person is None and line.birth_on is not None:
        open_alone(session, actor, line.birth_on)  # whoever opened their file meanwhile is found
        known, compared = _looked_at(session, actor, found, line, ways)
    row = ImportLine(
        import_id=import_id,
        line=line.number,
        outcome=compared.outcome,
        changed=dict.fromkeys(compared.changes, True),
        at=ways.now,
    )
    if compared.outcome is LineOutcome.DOUBTFUL:
        row.problem = "doubtful"
    elif compared.outcome is LineOutcome.REFUSED:
        _blame(row, compared.trouble)
    else:
        if compared.remark is not None:
            _blame(row, compared.remark)
        _Doing(session, actor, found, compared, ways, row).do(known.index(line.key), options)
    session.add(row)
    session.flush()
    return row


def _looked_at(session: Session, actor: Actor, found: PeopleImport, line: Line, ways: Ways) -> tuple[Known, Compared]:
    options, what = Options.of(found.options), What(found.what)
    known = known_to(session, actor, [line], source=found.source, options=options, what=what, house=ways.house)
    decided, _ = chosen(found.decisions)
    (compared,) = compare(known, [line], reading_of(session, actor, fiction=ways.fiction, now=ways.now), decided)
    return known, compared


def refuse_line(session: Session, import_id: UUID, number: int, refusal: Refusal, *, now: datetime) -> None:
    """Write down that a line was refused at the moment of doing it."""
    if session.get(ImportLine, (import_id, number)) is not None:
        return
    problem = str(refusal.facts.get("problem") or _code(type(refusal).__name__))
    row = ImportLine(import_id=import_id, line=number, outcome=LineOutcome.REFUSED, problem=problem, at=now)
    row.column = str(refusal.facts.get("field", ""))
    session.add(row)


def call_off_line(
    session: Session, actor: Actor, import_id: UUID, number: int, known_id: UUID, *, now: datetime
) -> None:
    """Call off a hearing that its whole list no longer has, since somebody said so. Raises: Refusal."""
    if session.get(ImportLine, (import_id, number)) is not None:
        return
    kept = session.get(ImportKnown, known_id)
    if kept is None or kept.booking_id is None:
        raise NotFound(known_id=str(known_id))
    made = session.exec(select(Convocation).where(Convocation.booking_id == kept.booking_id)).one()
    withdraw(session, actor, made.id, now=now)
    session.add(ImportLine(import_id=import_id, line=number, outcome=LineOutcome.CANCELLED, known_id=known_id, at=now))


def undo_booking(session: Session, actor: Actor, row: ImportLine, *, now: datetime) -> bool:
    """Withdraw what a line convened, when nobody touched it since; say whether it was. Raises: Refusal."""
    booking = session.get(Booking, row.booking_id, populate_existing=True)
    if booking is None or booking.starts_at is None or booking.starts_at <= now:
        return False
    if (booking.state, booking.revision) != (State.BOOKED, row.booking_revision):
        return False
    made = session.exec(select(Convocation).where(Convocation.booking_id == booking.id)).one_or_none()
    if made is None or made.acts or made.confirmed_at is not None:
        return False
    withdraw(session, actor, made.id, now=now)
    forgotten = update(ImportKnown).where(col(ImportKnown.booking_id) == booking.id)
    session.execute(forgotten.values(booking_id=None))  # the same file again convenes again
    return True


def undo_person(session: Session, actor: Actor, row: ImportLine, own: Sequence[UUID], *, now: datetime) -> bool:
    """Erase whom a line opened a file for, when nobody touched it since; `own`: bookings of the same import.

    Raises: Refusal.
    """
    kept = session.get(ImportKnown, row.known_id) if row.known_id else None
    if kept is None:
        return False
    person = session.get(Person, kept.person_id, with_for_update=True, populate_existing=True)
    if person is None or person.revision != row.person_revision:
        return False
    if session.execute(OTHERS, {"person": person.id, "own": list(own)}).scalar():
        return False
    session.execute(delete(ImportKnown).where(col(ImportKnown.person_id) == person.id))
    erase_person(session, actor, person.id, now=now)
    return True


@dataclass
class _Doing:
    """A line being done."""

    session: Session
    actor: Actor
    found: PeopleImport
    compared: Compared
    ways: Ways
    row: ImportLine

    def do(self, index: bytes, options: Options) -> None:
        compared = self.compared
        if compared.outcome is LineOutcome.MOVED and compared.booking and compared.claim:  # first of the locks
            locked_for(self.session, self.actor, compared.booking.id, wanting=[compared.claim.resource_id])
        if compared.person is None:
            person_id = self._open(options)
        else:
            person_id = compared.person.id
            self._change(person_id)
        booking_id = self._hearing(person_id, options) if compared.claim is not None else None
        self.row.known_id = self._remember(index, person_id, booking_id)
        self.row.needs_letter = compared.needs_letter and booking_id is not None

    def _open(self, options: Options) -> UUID:
        line = self.compared.line
        new = line.new(language=options.language)
        values = {name: getattr(new, name) for name in new.__dataclass_fields__} | {"phone": self.compared.number}
        person = create_person(
            self.session,
            self.actor,
            type(new)(**values),
            house=self.ways.house,
            now=self.ways.now,
            fiction=self.ways.fiction,
        )
        if line.prosecution:
            self._add_file(person.id, FileKind.PROSECUTION, line.prosecution)
        self.row.made_person = True
        self.session.refresh(person, ["revision"])
        self.row.person_revision = person.revision
        return person.id

    def _change(self, person_id: UUID) -> None:
        line, changes, person = self.compared.line, self.compared.changes, self.compared.person
        assert person is not None  # noqa: S101 - of somebody known
        wanted: dict[str, Any] = {}
        if at.USAGE in changes:
            wanted["usage_name"] = line.usage_name
        if at.ALIASES in changes:
            wanted["aliases"] = (*person.aliases, *(one for one in line.aliases if one not in person.aliases))
        if at.ADDRESS in changes:
            wanted["address"] = line.address
        if at.FILE in changes and not person.file_number:
            wanted["file_number"] = line.file_number
        if wanted:
            change_person(self.session, self.actor, person_id, wanted, house=self.ways.house, now=self.ways.now)
        if at.FILE in changes and person.file_number:
            self._add_file(person_id, FileKind.APPI, line.file_number)
        if at.PROSECUTION in changes:
            self._add_file(person_id, FileKind.PROSECUTION, line.prosecution)
        if at.PHONE in changes:
            self._add_phone(person_id, receives=not person.has_messages)

    def _add_file(self, person_id: UUID, kind: FileKind, number: str) -> None:
        add_file(self.session, self.actor, person_id, kind, number, now=self.ways.now)

    def _add_phone(self, person_id: UUID, *, receives: bool) -> None:
        number = self.compared.number
        is_mobile = can_receive_sms(number)
        new = NewPhone(
            kind=PhoneKind.MOBILE if is_mobile else PhoneKind.FIXED,
            typed=number,
            since_on=self.ways.now.date(),
            is_for_messages=is_mobile and receives,  # one that somebody typed here stays that of messages
        )
        add_phone(
            self.session,
            self.actor,
            person_id,
            new,
            house=self.ways.house,
            now=self.ways.now,
            fiction=self.ways.fiction,
        )

    def _hearing(self, person_id: UUID, options: Options) -> UUID | None:
        compared, now, claim = self.compared, self.ways.now, self.compared.claim
        if not isinstance(claim, (SlotClaim, CaseClaim)):
            return None
        if compared.booking is not None:
            booking = compared.booking
            if compared.outcome is LineOutcome.MOVED:
                for_the_place = is_run_by(self.session, self.actor, booking.resource_id)
                move(self.session, self.actor, booking.id, claim, now=now, for_the_place=for_the_place)
            is_to_come = booking.state is State.BOOKED and booking.starts_at is not None and booking.starts_at > now
            if booking.convocation_id is None and (is_to_come or compared.outcome is LineOutcome.MOVED):
                summon(self.session, self.actor, booking.id, now=now, reminder_hours=options.reminder_hours)
            return booking.id
        beneficiary = Beneficiary(person_id=person_id, case_ref=compared.line.case_ref)
        made = book(self.session, self.actor, claim, now=now, beneficiary=beneficiary)
        summon(self.session, self.actor, made.id, now=now, reminder_hours=options.reminder_hours)
        self.row.booking_id, self.row.booking_revision = made.id, made.revision
        if self.row.outcome in (LineOutcome.KNOWN, LineOutcome.CHANGED):
            self.row.outcome = LineOutcome.NEW  # of the person nothing is new, and the appointment is
        return made.id

    def _remember(self, index: bytes, person_id: UUID, booking_id: UUID | None) -> UUID:
        same = select(ImportKnown).where(
            ImportKnown.territory_id == self.found.territory_id,
            ImportKnown.source == self.found.source,
            ImportKnown.key == index,
        )
        kept = self.session.exec(same).one_or_none()
        if kept is None:
            kept = ImportKnown(
                territory_id=self.found.territory_id,
                source=self.found.source,
                key=index,
                person_id=person_id,
                seen_at=self.ways.now,
            )
            self.session.add(kept)
        kept.person_id, kept.seen_at = person_id, self.ways.now
        kept.booking_id = booking_id or kept.booking_id
        self.session.flush()
        return kept.id


def _blame(row: ImportLine, trouble: Trouble | None) -> None:
    if trouble is not None:
        row.column, row.problem = trouble.field, trouble.problem


def _code(name: str) -> str:
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("-")
