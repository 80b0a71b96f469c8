"""Files linked to a booking (judgment, host agreement): added, removed, put back, read by those entitled, swept.

Only those who reserve for the territory of the booking see them: not the host, not an administrator. See
docs/decisions/0027-files-beside-the-database.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.actions import tell
from availability.claims import readable
from availability.errors import InvalidRequest, NotFound
from availability.history import Act, consulted, record
from availability.rights import REQUESTERS, Actor
from availability.sealing import House, seal, unseal
from booking.attachment_models import Attachment, What
from booking.file_types import FileRefused, media_type_of
from booking.models import Booking, State
from booking.persons import keep_person
from booking.queries import booking_for
from booking.sealing import key_of
from booking.transitions import locked_for
from booking.vault import Vault

MOST_NAME = 200
MOST_FILES = 20  # of a booking
PUT_BACK_WITHIN = timedelta(minutes=10)
KEPT_UNKNOWN = timedelta(hours=1)  # longer than any act lasts between its file and its row
FILES = "booking-files"  # what the installation's own key is derived for

# Neither removed for good, nor of somebody whose key is gone.
LIVING = text("""
    SELECT a.id FROM attachment a WHERE a.id = ANY(:ids) AND coalesce(a.removed_at, 'infinity') > :before
      AND (a.person_id IS NULL OR EXISTS (SELECT FROM person_key k WHERE k.person_id = a.person_id))""")


@dataclass(frozen=True)
class Sent:
    """A file as somebody sends it, of a type that is kept."""

    name: str
    what: What
    data: bytes
    media_type: str

    @classmethod
    def checked(cls, name: str, what: What, data: bytes, *, most_bytes: int) -> Sent:
        """Return the file, if it can be kept. Raises: FileRefused, InvalidRequest."""
        last = readable("name", name).replace("\\", "/").rpartition("/")[2]
        # Neither a line break nor what turns the reading: "a<RLO>fdp.exe.pdf" reads as another file than it is.
        shown = " ".join("".join(letter if letter.isprintable() else " " for letter in last).split())
        if not shown:
            raise InvalidRequest("name", "required")
        if len(shown) > MOST_NAME:
            raise InvalidRequest("name", "too-long", most=MOST_NAME)
        if len(data) > most_bytes:
            raise FileRefused(name=shown, why="too-large", most_bytes=most_bytes)
        return cls(shown, what, data, media_type_of(shown, data))


@dataclass(frozen=True, kw_only=True)
class FileLine:
    """A file in the list of those of a booking."""

    id: UUID
    what: What
    name: str
    media_type: str
    size: int
    by: UUID
    at: datetime


def attach(
    session: Session,
    actor: Actor,
    booking_id: UUID,
    sent: Sent,
    *,
    house: House,
    vault: Vault,
    now: datetime,
    is_held: bool = False,
) -> FileLine:
    """Link a file to a booking: on the disk first, so that no row ever names what is not there.

    `is_held`: it may be of what is only held, whose case is known from the start. A file whose transaction does not
    commit is swept. Raises: NotFound, NotAllowed, FileRefused.
    """
    booking, _ = locked_for(session, actor, booking_id)
    if (
        booking.state == State.HELD and not is_held
    ):  # nobody knows yet for whom it is, nor whose key would seal the file
        raise FileRefused(name=sent.name, why="not-confirmed")
    if len(_rows(session, booking_id)) >= MOST_FILES:
        raise FileRefused(name=sent.name, why="too-many", most=MOST_FILES)
    if booking.person_id is not None:
        keep_person(session, booking.person_id)
    file_id, owner_key = uuid4(), _key(session, house, booking.person_id)
    row = Attachment(
        id=file_id,
        booking_id=booking_id,
        person_id=booking.person_id,
        what=sent.what,
        name_sealed=seal(owner_key, sent.name),
        media_type=sent.media_type,
        size=len(sent.data),
        digest=vault.write(owner_key, file_id, sent.data),
        by=actor.account_id,
        at=now,
    )
    session.add(row)
    _write_down(session, actor, booking, row, done="added", now=now)
    return _line(row, sent.name)


def detach(session: Session, actor: Actor, booking_id: UUID, file_id: UUID, *, now: datetime) -> Attachment:
    """Remove a file; it can be put back for ten minutes. Raises: NotFound, NotAllowed."""
    booking, row = _locked(session, actor, booking_id, file_id)
    if row.removed_at is None:
        row.removed_at = now
        _write_down(session, actor, booking, row, done="removed", now=now)
    return row


def put_back(session: Session, actor: Actor, booking_id: UUID, file_id: UUID, *, now: datetime) -> Attachment:
    """Put back a file just removed. Raises: NotFound, also when it was removed too long ago, NotAllowed."""
    booking, row = _locked(session, actor, booking_id, file_id)
    if row.removed_at is not None:
        if row.removed_at + PUT_BACK_WITHIN < now:
            raise NotFound(file_id=file_id)
        row.removed_at = None
        _write_down(session, actor, booking, row, done="put-back", now=now)
    return row


def files_of(session: Session, actor: Actor, booking_id: UUID, *, house: House, now: datetime) -> list[FileLine]:
    """Return the files of a booking, oldest first; none of somebody who was erased. Raises: NotFound."""
    _seen(session, actor, booking_id, now)
    keys: dict[UUID | None, bytes | None] = {}
    lines = []
    for row in _rows(session, booking_id):
        if row.person_id not in keys:
            keys[row.person_id] = key_of(session, house, row.person_id) if row.person_id else house.derived(FILES)
        if owner_key := keys[row.person_id]:
            lines.append(_line(row, unseal(owner_key, row.name_sealed)))
    return lines


def open_file(
    session: Session, actor: Actor, booking_id: UUID, file_id: UUID, *, house: House, vault: Vault, now: datetime
) -> tuple[FileLine, Iterator[bytes]]:
    """Return a file and its content, chunk by chunk, and log that it was looked at. Raises: NotFound."""
    _seen(session, actor, booking_id, now)
    row = session.get(Attachment, file_id)
    if row is None or row.booking_id != booking_id or row.removed_at is not None:
        raise NotFound(file_id=file_id)
    owner_key = _key(session, house, row.person_id)
    try:
        content = vault.read(owner_key, file_id)
    except FileNotFoundError as error:
        raise NotFound(file_id=file_id) from error
    consulted(session, actor, subject="booking-file", subject_id=file_id, reason="file-read", at=now)
    return _line(row, unseal(owner_key, row.name_sealed)), content


def sweep(session: Session, vault: Vault, *, now: datetime) -> int:
    """Remove from the disk what no act kept, what was removed for good, and what nobody can open; return how many."""
    old = list(vault.older_than(now - KEPT_UNKNOWN))
    asked = {"ids": [file_id for _, file_id in old if file_id], "before": now - PUT_BACK_WITHIN}
    living = set(session.execute(LIVING, asked).scalars())
    dead = [path for path, file_id in old if file_id not in living]
    for path in dead:
        path.unlink(missing_ok=True)
    return len(dead)


def _seen(session: Session, actor: Actor, booking_id: UUID, now: datetime) -> None:
    """Accept whoever sees the booking because they reserve for its territory, and nobody else. Raises: NotFound."""
    as_requester = replace(actor, rights=tuple(right for right in actor.rights if right.role in REQUESTERS))
    booking_for(session, as_requester, booking_id, now=now)


def _locked(session: Session, actor: Actor, booking_id: UUID, file_id: UUID) -> tuple[Booking, Attachment]:
    booking, _ = locked_for(session, actor, booking_id)
    row = session.get(Attachment, file_id, with_for_update=True)
    if row is None or row.booking_id != booking_id:
        raise NotFound(file_id=file_id)
    return booking, row


def _key(session: Session, house: House, person_id: UUID | None) -> bytes:
    owner_key = house.derived(FILES) if person_id is None else key_of(session, house, person_id)
    if owner_key is None:
        raise NotFound(person_id=person_id)
    return owner_key


def _rows(session: Session, booking_id: UUID) -> list[Attachment]:
    query = select(Attachment).where(Attachment.booking_id == booking_id, col(Attachment.removed_at).is_(None))
    return list(session.exec(query.order_by(col(Attachment.at), col(Attachment.id))))


def _line(row: Attachment, name: str) -> FileLine:
    return FileLine(
        id=row.id,
        what=What(row.what),
        name=name,
        media_type=row.media_type,
        size=row.size,
        by=row.by,
        at=row.at,
    )


def _write_down(session: Session, actor: Actor, booking: Booking, row: Attachment, *, done: str, now: datetime) -> None:
    act = Act(
        act=f"booking-file-{done}",
        subject="booking",
        subject_id=row.booking_id,
        person_id=row.person_id,
        at=now,
        facts={"file_id": str(row.id), "what": row.what},
    )
    record(session, actor, act)
    tell(session, [booking.resource_id])  # sheets of this booking that are open
