"""People for whom places are taken: create, find within one's territories, read what is sealed, erase."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import delete, text
from sqlmodel import Session, col

from availability.actions import tell
from availability.claims import readable
from availability.errors import InvalidRequest, NotAllowed, NotFound
from availability.history import Act, consulted, record
from availability.places import communes_in, locate, time_of_commune
from availability.rights import REQUESTERS, Actor
from availability.sealing import House, seal, unseal
from booking.models import Person, PersonKey
from booking.person_models import PersonFollowing
from booking.person_phones import first_phone, phone_for_messages
from booking.phones import read_phone, region_of, regions_for
from booking.sealing import key_of, new_key

LANGUAGES = frozenset({"fr", "ar", "en", "es", "pt", "ro", "ru", "uk", "tr", "zh", "sq", "ka", "bn", "ln"})  # ISO 639-1
MOST_ALIASES = 20
# Letters that have no accent to take off, written as they are typed on another keyboard.
SPELLED_OUT = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th"})

# One letter wrong in a name of six: Morau for Moreau is 0.444, Marchand for Martin 0.429.
FORGIVE = text("SELECT set_config('pg_trgm.word_similarity_threshold', '0.44', true)")


def _seen_in(territories: str) -> str:
    """Return the condition, on `p`, that a file is held in these territories, or its person followed there."""
    return f"""(p.territory_id = ANY(:{territories}) OR EXISTS (
        SELECT FROM person_following n
        WHERE n.person_id = p.id AND n.until_on IS NULL AND n.territory_id = ANY(:{territories})))"""


SEEN = _seen_in("territories")
NAMED = _seen_in("files")  # beside a booking: who may see the file reads the name
FIND = text(f"""
    SELECT p.id, p.family_name, p.given_name, p.birth_on, p.sex, p.file_number FROM person p
    WHERE p.merged_into IS NULL AND {SEEN}
      AND (p.search_name LIKE :part OR p.search_name %> :wanted OR lower(p.file_number) = :file_number
           OR p.id IN (SELECT n.person_id FROM person_file n WHERE lower(n.number) = :file_number))
    ORDER BY word_similarity(:wanted, p.search_name) DESC, p.search_name, p.birth_on
    LIMIT :limit""")  # noqa: S608 - constants only
FOLLOWED = text("""
    SELECT 1 FROM person_following WHERE person_id = :id AND until_on IS NULL AND territory_id = ANY(:territories)""")
HAS_PLACES = text("""
    SELECT 1 FROM booking WHERE person_id = :person_id AND state IN ('held', 'requested', 'booked')
      AND (ends_at > :now OR (first_on IS NOT NULL AND coalesce(until_on, 'infinity') > CAST(:now AS date)))
    UNION ALL
    SELECT 1 FROM fitting_request f WHERE f.person_id = :person_id AND f.closed_at IS NULL AND NOT EXISTS (
        SELECT FROM fitting_visit v JOIN booking b ON b.id = v.booking_id
        WHERE v.request_id = f.id AND b.state = 'honoured')
    UNION ALL
    SELECT 1 FROM waiting_entry WHERE person_id = :person_id AND state IN ('waiting', 'offered')
    LIMIT 1""")
# Where they live goes with them; the order of locks is that of booking/fitting_actions.py.
FORGET_HOMES = text("DELETE FROM fitting_request WHERE person_id = :person_id")
SERVICE = text("""
    SELECT s.postcode FROM site s WHERE s.territory_id = ANY(:territories)
    ORDER BY s.territory_id = :home DESC, s.id LIMIT 1""")
HOLDER = text("SELECT t.name FROM person p JOIN territory t ON t.id = p.territory_id WHERE p.id = :id")
# A court of appeal has no place of its own: any one does, for pages that list people hear of all.
ANY_PLACE = text("""
    SELECT DISTINCT coalesce(
        (SELECT r.id FROM site s JOIN resource r ON r.site_id = s.id WHERE s.territory_id = t.id LIMIT 1),
        (SELECT id FROM resource LIMIT 1)) AS id
    FROM unnest(CAST(:territories AS bigint[])) AS t(id)""")
KEEP = text("SELECT 1 FROM person WHERE id = :id AND merged_into IS NULL FOR KEY SHARE")
# Whoever a file was merged into, however often; themselves when it was not.
LIVING = text("""
    WITH RECURSIVE chain AS (
        SELECT id, merged_into FROM person WHERE id = :id
        UNION SELECT p.id, p.merged_into FROM person p JOIN chain ON p.id = chain.merged_into)
    SELECT id FROM chain WHERE merged_into IS NULL""")
ABSORBED = text("""
    WITH RECURSIVE files AS (
        SELECT id, 0 AS depth FROM person WHERE merged_into = :id
        UNION ALL SELECT p.id, files.depth + 1 FROM person p JOIN files ON p.merged_into = files.id)
    SELECT id FROM files ORDER BY depth DESC""")


@dataclass(frozen=True, kw_only=True)
class NewPerson:
    """What is asked to open a file. Contact details are optional and end sealed."""

    family_name: str
    given_name: str
    birth_on: date
    sex: str
    file_number: str = ""
    language: str = "fr"
    phone: str = ""
    address: str = ""
    usage_name: str = ""
    aliases: tuple[str, ...] = ()
    sex_unsaid: bool = False  # it may be: a list said nothing of it


@dataclass(frozen=True)
class PersonLine:
    """A person in a list of choices."""

    id: UUID
    family_name: str
    given_name: str
    birth_on: date
    sex: str
    file_number: str

    @property
    def initials(self) -> str:
        """Return what is shown where a name is too much."""
        return "".join(f"{part[0]}." for part in (self.given_name, self.family_name) if part)


@dataclass(frozen=True)
class Profile:
    """What of a person matters to find them a place."""

    line: PersonLine
    age: int
    address: str


def search_name_of(*names: str) -> str:
    """Return names as they are searched: no accent, lower case, one space."""
    letters = unicodedata.normalize("NFKD", " ".join(names).lower())
    bare = (letter if letter.isalnum() else " " for letter in letters if not unicodedata.combining(letter))
    return " ".join("".join(bare).translate(SPELLED_OUT).split())


def create_person(
    session: Session,
    actor: Actor,
    new: NewPerson,
    *,
    house: House,
    now: datetime,
    fiction: bool,
    regions: Sequence[str] = ("FR",),
) -> Person:
    """Open a file in the actor's home territory; `regions` says where the phone may be from, see `booking.phones`.

    Whether they are known already is asked before: see booking/duplicates.py. Raises: InvalidRequest, AmbiguousNumber,
    NotAllowed.
    """
    if actor.home_territory_id not in actor.territories(REQUESTERS):
        raise NotAllowed(act="create-person")
    for name, broken in problems_of(new, today=now.date(), fiction=fiction, regions=regions).items():
        if name != "phone":  # read below, which says between which numbers to choose
            raise InvalidRequest(name, broken)
    phone = read_phone(new.phone, regions, fiction=fiction) if new.phone.strip() else ""
    aliases = [one.strip() for one in new.aliases if one.strip()]
    time_zone, holiday_zone = time_at(new.address)
    person = Person(
        territory_id=actor.home_territory_id,
        family_name=new.family_name.strip(),
        given_name=new.given_name.strip(),
        usage_name=new.usage_name.strip(),
        aliases=aliases,
        birth_on=new.birth_on,
        sex=new.sex,
        language=new.language,
        file_number=new.file_number.strip(),
        search_name=search_name_of(new.family_name, new.given_name, new.usage_name, *aliases),
        time_zone=time_zone,
        holiday_zone=holiday_zone,
        created_at=now,
    )
    person_key = new_key(session, house, person.id)
    if address := new.address.strip():
        person.address_sealed = seal(person_key, address)
        best = locate(address).best  # offline: nobody waits for a network to open a file
        person.point_sealed = seal(person_key, f"{best.lat},{best.lon},{best.source}") if best else None
    session.add(person)
    session.flush()
    if phone:
        session.add(first_phone(person.id, phone, person_key, house=house, now=now))
    session.add(
        PersonFollowing(
            person_id=person.id,
            territory_id=person.territory_id,
            organisation_id=actor.organisation_id,
            officer_id=actor.account_id,
            since_on=now.date(),
        )
    )
    record(
        session,
        actor,
        Act(act="person-created", subject="person", subject_id=person.id, person_id=person.id, at=now, facts={}),
    )
    tell_person(session, person.territory_id)
    return person


def holder_of(session: Session, person_id: UUID) -> str:
    """Return the service that holds a file, for one that has something booked for its person; nothing once erased."""
    return str(session.execute(HOLDER, {"id": person_id}).scalar() or "")


def tell_person(session: Session, *territory_ids: int) -> None:
    """Have open pages told of somebody's file, by any place of the services that hold it: pages hear of places."""
    found = session.execute(ANY_PLACE, {"territories": list(territory_ids)}).scalars()
    tell(session, [one for one in found if one is not None])


def time_at(address: str) -> tuple[str, str]:
    """Return the time zone and the holiday zone of an address, two empty texts when its commune is not sure. Offline.

    "Saint-Denis" alone is near Paris and on La Réunion: not sure.
    """
    times = {time_of_commune(commune.insee) for commune in communes_in(address)} if address.strip() else set()
    return times.pop() if len(times) == 1 else ("", "")


def point_of(person: Person, person_key: bytes) -> tuple[float, float, str] | None:
    """Return where somebody lives, and who said so; None when nobody knows."""
    if person.point_sealed is None:
        return None
    lat, lon, source = unseal(person_key, person.point_sealed).split(",", 2)
    return float(lat), float(lon), source


def region_at(address: str) -> str:
    """Return the phone region of an address, empty when its commune is not sure. Offline."""
    found = {region_of(commune.insee) for commune in communes_in(address)} if address.strip() else set()
    return found.pop() if len(found) == 1 else ""


def regions_of(session: Session, actor: Actor, address: str = "") -> tuple[str, ...]:
    """Return the regions in which to read a phone: where the person lives, then the actor's service, then the rest."""
    territories = sorted(actor.territories())
    postcode = session.execute(SERVICE, {"territories": territories, "home": actor.home_territory_id}).scalar()
    service = region_of(postcode) if postcode else "FR"
    home = region_at(address)
    return regions_for(home, service) if home else regions_for(service)


def find_persons(session: Session, actor: Actor, typed: str, *, limit: int = 8) -> list[PersonLine]:
    """Return people of the actor's territories by name (accents and typing slips forgiven) or file number."""
    wanted = search_name_of(typed)
    territories = actor.territories(REQUESTERS)
    if len(wanted) < 2 or not territories:
        return []
    asked = {
        "wanted": wanted,
        "part": f"%{wanted}%",  # normalised: letters, digits and spaces only
        "file_number": typed.strip().lower() if typed.isprintable() else "",
        "territories": sorted(territories),
        "limit": limit,
    }
    session.execute(FORGIVE)
    return [PersonLine(*row) for row in session.execute(FIND, asked)]


def person_for(session: Session, actor: Actor, person_id: UUID) -> Person:
    """Return a person of the actor's territories. Raises: NotFound, the same for "elsewhere" and "nobody"."""
    person = session.get(Person, person_id)
    if person is None or person.merged_into is not None or not may_see(session, actor, person):
        raise NotFound(person_id=person_id)
    return person


def may_see(session: Session, actor: Actor, person: Person) -> bool:
    """Say whether the file is held in the actor's territories, or the person followed there."""
    territories = actor.territories(REQUESTERS)
    asked = {"id": person.id, "territories": sorted(territories)}
    return person.territory_id in territories or session.execute(FOLLOWED, asked).first() is not None


def living_id(session: Session, person_id: UUID) -> UUID | None:
    """Return the file that has everything of somebody: theirs, or that into which it was merged; None once erased."""
    found = session.execute(LIVING, {"id": person_id}).scalar()
    return UUID(str(found)) if found else None


def keep_living(session: Session, person_id: UUID) -> UUID | None:
    """Return the file that has everything of somebody, kept from being erased or merged; None once erased.

    One that was merged while it was waited for is locked all the same, though nothing is returned: it is let go before
    the next one is waited for. Who merges takes both in the order of their numbers, and would wait for it.
    """
    found = living_id(session, person_id)
    while found is not None:
        kept = session.begin_nested()
        if session.execute(KEEP, {"id": found}).first() is not None:
            kept.commit()
            return found
        kept.rollback()
        found = living_id(session, found)
    return None


def keep_person(session: Session, person_id: UUID) -> None:
    """Keep somebody from being erased or merged until the end of the transaction.

    Raises: NotFound when they just were.
    """
    if session.execute(KEEP, {"id": person_id}).first() is None:
        raise NotFound(person_id=person_id)


def consult_person(
    session: Session, actor: Actor, person_id: UUID, *, house: House, reason: str, now: datetime
) -> tuple[Person, str, str]:
    """Return a person with their phone and address in clear, and log that they were looked at. Raises: NotFound."""
    person = person_for(session, actor, person_id)
    consulted(session, actor, subject="person", subject_id=person_id, reason=reason, at=now)
    person_key = key_of(session, house, person_id)
    if person_key is None:
        return person, "", ""
    found = phone_for_messages(session, person_id)
    phone = unseal(person_key, found.number_sealed) if found else ""
    return person, phone, unseal(person_key, person.address_sealed) if person.address_sealed else ""


def profile_of(
    session: Session, actor: Actor, person_id: UUID, *, house: House, now: datetime, is_shown: bool
) -> Profile:
    """Return what of a person fills the filters of a search; logged as a consultation when it is shown to somebody.

    Raises: NotFound.
    """
    person = person_for(session, actor, person_id)
    if is_shown:
        consulted(session, actor, subject="person", subject_id=person_id, reason="search", at=now)
    person_key = key_of(session, house, person_id)
    address = unseal(person_key, person.address_sealed) if person_key and person.address_sealed else ""
    line = PersonLine(person.id, person.family_name, person.given_name, person.birth_on, person.sex, person.file_number)
    return Profile(line, age_on(person.birth_on, now.date()), address)


def age_on(birth_on: date, day: date) -> int:
    """Return an age in completed years."""
    return day.year - birth_on.year - ((day.month, day.day) < (birth_on.month, birth_on.day))


def erase_person(session: Session, actor: Actor | None, person_id: UUID, *, now: datetime) -> None:
    """Destroy a person's row and key: what was sealed about them anywhere can no longer be read.

    Raises: NotFound, NotAllowed when they still have a place or a request.
    """
    # Whoever is taking a place for them keeps the row: wait, then see the place.
    person = session.get(Person, person_id, with_for_update=True)
    if person is None:
        raise NotFound(person_id=person_id)
    if actor is not None:
        person_for(session, actor, person_id)
    if session.execute(HAS_PLACES, {"person_id": person_id, "now": now}).first():
        raise NotAllowed(act="erase-person", why="has-places")
    session.execute(FORGET_HOMES, {"person_id": person_id})
    for file_id in [*session.execute(ABSORBED, {"id": person_id}).scalars(), person_id]:  # the deepest first
        session.execute(delete(PersonKey).where(col(PersonKey.person_id) == file_id))
        session.execute(delete(Person).where(col(Person.id) == file_id))
    record(
        session,
        actor,
        Act(act="person-erased", subject="person", subject_id=person_id, person_id=person_id, at=now, facts={}),
    )
    tell_person(session, person.territory_id)


def problems_of(new: NewPerson, *, today: date, fiction: bool, regions: Sequence[str] = ("FR",)) -> dict[str, str]:
    """Return every field that cannot be used, with the rule that it breaks; empty when all is well. Pure."""
    broken = {
        "family_name": _name_problem(new.family_name),
        "given_name": _name_problem(new.given_name),
        "birth_on": "" if today.year - 120 <= new.birth_on.year and new.birth_on < today else "not-a-birth-date",
        "usage_name": _text_problem(new.usage_name, most=200),
        "aliases": next((one for one in (_text_problem(alias, most=200) for alias in new.aliases) if one), "")
        or ("too-many" if len(new.aliases) > MOST_ALIASES else ""),
        "sex": "" if new.sex in ("F", "M") or (not new.sex and new.sex_unsaid) else "unknown-choice",
        "language": "" if new.language in LANGUAGES else "unknown-choice",
        "file_number": _text_problem(new.file_number, most=64),
        "address": _text_problem(new.address, most=300),
        "phone": _phone_problem(new.phone, regions, fiction=fiction),
    }
    return {name: problem for name, problem in broken.items() if problem}


def _name_problem(name: str) -> str:
    return _text_problem(name, most=200) if name.strip() else "required"


def _text_problem(typed: str, *, most: int) -> str:
    try:
        readable("", typed)
    except InvalidRequest as refusal:
        return refusal.problem
    return "too-long" if len(typed) > most else ""


def _phone_problem(phone: str, regions: Sequence[str], *, fiction: bool) -> str:
    try:
        read_phone(phone, regions, fiction=fiction) if phone.strip() else None
    except InvalidRequest as refusal:
        return refusal.problem
    return ""
