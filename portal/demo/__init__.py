"""The demonstration: a whole fictional country that looks real, the same for the same seed and the same instant.

Courts and communes are real, so that the map is; people, services, beds, cases and phones are not.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random

from sqlalchemy import text
from sqlmodel import Session

from availability.errors import Refusal
from availability.periods import Period
from availability.publishing import HORIZON, publish_openings
from availability.sealing import House
from availability.slots import Grid, cut
from portal.demo.accounts import GUEST_LOGINS, Accounts
from portal.demo.bookings import BUSY, DAYS_TAKEN_AHEAD, HELD_NOW, Bookings, free_beds, is_full
from portal.demo.catalogue import Catalogue, Place
from portal.demo.community_work import community_work
from portal.demo.convocations import Convocations
from portal.demo.court_day import CourtDay, hearing_of_today
from portal.demo.fittings import Fittings
from portal.demo.groups import GROUPS, group_of_lyon, people_of_groups
from portal.demo.hearing_templates import templates_of_lyon
from portal.demo.hearings import family_hearings
from portal.demo.hosting import HostRequests
from portal.demo.kinds import kind_sheets
from portal.demo.lawyers import lawyers_of_lyon
from portal.demo.ledger import Ledger, occupy
from portal.demo.measures import designated, measures
from portal.demo.meetings import meetings_of_lyon
from portal.demo.people import People
from portal.demo.persons import PersonsOfLyon
from portal.demo.places import bracelet_teams, mediation, probation_services, semi_liberty, sentence_judges
from portal.demo.planning import registry_of_lyon, waiting_cases
from portal.demo.quotas import quota_sheet
from portal.demo.series import SERIES_POST, SeriesOfLyon, places_of_series
from portal.demo.shares import cases_to_designate
from portal.demo.shelters import associations, legal_advice
from portal.demo.sittings import SittingsOfLyon
from portal.demo.stays import announce_closure
from portal.demo.territories import JudicialMap
from portal.demo.video import linked_with_lyon
from portal.demo.waiting import WaitingList
from portal.demo.wards import HouseOfSites, house_of_sites, is_of_sites
from portal.settings import settings

__all__ = ["GUEST_LOGINS", "DemoSummary", "NotEmpty", "load"]

DAYS_BEHIND, DAYS_AHEAD = 5, HORIZON.days
DAYS_OF_SERIES = 70  # visits every second week go further, both ways
ARRIVALS = 2  # today, around Lyon
SOON = text(
    "SELECT resource_id, starts_at, ends_at FROM opening WHERE starts_at < :end ORDER BY resource_id, starts_at"
)
FILLED = ("territory", "organisation", "kind", "site", "person", "booking", "account")
# Starts that bookings take: one an hour for a fitting, so that its buffer is kept.
GRIDS = {
    "bracelet": Grid(step=timedelta(minutes=60), duration=timedelta(minutes=45)),
    "spip-rdv": Grid(step=timedelta(minutes=30), duration=timedelta(minutes=30)),
    "jap-rdv": Grid(step=timedelta(minutes=30), duration=timedelta(minutes=30)),
    "point-justice": Grid(step=timedelta(minutes=30), duration=timedelta(minutes=30)),
    GROUPS.code: Grid(step=timedelta(minutes=60), duration=timedelta(minutes=60)),
}


class NotEmpty(Refusal):
    """The database has rows already: the demonstration only fills an empty one. `table` names one that has."""


@dataclass(frozen=True, kw_only=True)
class DemoSummary:
    """How much was written."""

    territories: int
    sites: int
    resources: int
    beds: int
    openings: int
    hearings: int
    people: int
    bookings: int
    occupancies: int
    history: int
    accounts: int

    def in_french(self) -> str:
        """Return the summary as the command line prints it."""
        told = (
            (self.territories, "ressorts"),
            (self.sites, "lieux"),
            (self.resources, "ressources"),
            (self.beds, "lits"),
            (self.hearings, "audiences"),
            (self.people, "personnes fictives"),
            (self.bookings, "réservations"),
            (self.accounts, "comptes"),
        )
        return "Pays fictif : " + ", ".join(f"{_grouped(count)} {name}" for count, name in told) + "."


def load(session: Session, *, seed: int, now: datetime, house: House) -> DemoSummary:
    """Fill an empty database with the country, in the caller's transaction.

    The same `seed` and `now` give the same rows, but for what is sealed, whose keys are random on purpose.
    Raises: NotEmpty.
    """
    _refuse_full(session)
    judicial_map = JudicialMap()
    kinds, rights, kind_ids = kind_sheets()
    catalogue = Catalogue(judicial_map, kind_ids)
    _furnish(catalogue, seed, now)
    for sheet in (judicial_map.sheet, kinds, rights, quota_sheet(kind_ids), *catalogue.sheets):
        sheet.write(session)
    places = _by_kind(catalogue)
    slotted = [place for kind in GRIDS for place in places[kind]]
    openings = _publish(session, [*slotted, *places["mediation-information"]], now)
    openings += _publish(session, places["visite"], now, behind=DAYS_OF_SERIES, ahead=3 * DAYS_OF_SERIES)
    hearings_opened = templates_of_lyon(session, catalogue, now)
    accounts = Accounts(catalogue, _dice(seed, "accounts"))
    people = People(_dice(seed, "people"), house, now)
    ledger = Ledger(_dice(seed, "ledger"), accounts, kind_ids, now)
    bookings = Bookings(_dice(seed, "bookings"), accounts, people, ledger, now)
    _book(session, bookings, catalogue, places)
    Bookings(_dice(seed, "designations"), accounts, people, ledger, now).measures(designated(catalogue.places))
    Bookings(_dice(seed, "outside"), accounts, people, ledger, now).asked_outside(places["placement-exterieur"])
    fittings = Fittings(_dice(seed, "fittings"), people, ledger, now)
    fittings.fill(places["bracelet"], kind_ids["bracelet"])
    series = SeriesOfLyon(_dice(seed, "series"), accounts, people, ledger, now)
    series.fill(places["tig"], places["visite"])
    waiting = WaitingList(_dice(seed, "waiting-list"), accounts, people, ledger, now)
    in_pieces = HouseOfSites(_dice(seed, "house-of-sites"), people, ledger, waiting)
    _wait(waiting, in_pieces, places["semi-liberte"], catalogue)
    known = PersonsOfLyon(people, now)
    known.fill(judicial_map.by_code["TGILYON"], judicial_map.by_code["TGIGRENOBL"])
    court_day = CourtDay(_dice(seed, "court-day"), accounts, ledger, house, now)
    held = catalogue.hearing_of[catalogue.places[-1].id]
    court_day.fill(catalogue.places[-1], held)
    expected = _slots(session, places[GROUPS.code], now)
    people_of_groups(_dice(seed, "groups"), people, ledger, places[GROUPS.code], expected)
    for opened in people.opened:
        ledger.person_created(*opened)
    for place in catalogue.places:
        ledger.declared(place)
    of_accounts = (accounts.people, accounts.rights, accounts.agendas)
    of_people = (people.persons, people.keys, ledger.bookings, people.phones, people.followings, *known.sheets())
    for sheet in (*of_accounts, *of_people):
        sheet.write(session)
    for rows in (fittings, series, waiting, in_pieces, cases_to_designate(accounts, _dice(seed, "shares"), now)):
        rows.write(session)
    ledger.copy_history(session)
    waiting_cases(session, catalogue, _dice(seed, "waiting"), now)
    # What was just copied is unknown to the planner: without this it may join whole tables row by row, for minutes.
    session.execute(text("ANALYZE booking, person, resource, site, kind, territory"))
    Convocations(session, _dice(seed, "convocations"), house, origin=settings().origin, now=now).write()
    occupancies = occupy(session)
    court_day.write(session, catalogue, held)
    SittingsOfLyon(session, catalogue, _dice(seed, "sittings"), now).fill(held).write()
    proposed = HostRequests(session, _dice(seed, "hosts"), house, origin=settings().origin, now=now).write()
    dates = lawyers_of_lyon(session, _dice(seed, "lawyers"), house, now)
    meetings = meetings_of_lyon(session, catalogue, _dice(seed, "meetings"), house, now)
    return DemoSummary(
        territories=len(judicial_map.sheet),
        sites=len(catalogue.sites),
        resources=len(catalogue.resources) + hearings_opened,
        beds=len(catalogue.units),
        openings=openings,
        hearings=len(catalogue.hearings) + hearings_opened,
        people=len(people.persons),
        bookings=len(ledger.bookings) + dates,
        occupancies=occupancies + dates,
        history=len(ledger.history) + proposed + 2 * dates + meetings,
        accounts=len(accounts.people),
    )


def _furnish(catalogue: Catalogue, seed: int, now: datetime) -> None:
    """Add everything that exists. Each subject has its own dice: changing one leaves the others as they were."""
    today = now.astimezone(UTC).date()
    semi_liberty(catalogue, _dice(seed, "semi-liberty"), today)
    announce_closure(catalogue, today)
    associations(catalogue, _dice(seed, "shelters"), today)
    house_of_sites(catalogue, _dice(seed, "house-of-sites"), today)
    community_work(catalogue, _dice(seed, "community-work"))
    mediation(catalogue, _dice(seed, "mediation"), today)
    bracelet_teams(catalogue, _dice(seed, "bracelet"), today)
    probation_services(catalogue, _dice(seed, "probation"), today)
    family_hearings(catalogue, _dice(seed, "hearings"), now)
    sentence_judges(catalogue, _dice(seed, "sentence-judges"), today)
    registry_of_lyon(catalogue, _dice(seed, "planning"), now)
    measures(catalogue, _dice(seed, "measures"), today)
    legal_advice(catalogue, _dice(seed, "legal-advice"), today)
    places_of_series(catalogue, now)
    group_of_lyon(catalogue, today)
    linked_with_lyon(catalogue, _dice(seed, "video"))
    hearing_of_today(catalogue, now)


def _book(session: Session, bookings: Bookings, catalogue: Catalogue, places: dict[str, list[Place]]) -> None:
    """Write every booking, from those that make people known to those that reuse them."""
    beds = [place for place in places["semi-liberte"] if place.id not in catalogue.closed and not is_of_sites(place)]
    posts = [post for post in places["tig"] if post.name != SERIES_POST]
    slotted = [place for kind in BUSY for place in places[kind]]
    held_posts = [post for post in posts if post.host.court.code == "TGILYON" and post.lanes][:HELD_NOW]
    bookings.stays(beds)
    bookings.placements(post for post in posts if post not in held_posts)
    bookings.mediations(places["mediation-familiale"])
    bookings.hearings(places["audience-jaf"], catalogue.hearing_of)
    bookings.stays(places["chrs"])
    bookings.appointments(slotted, _slots(session, slotted, bookings.now))
    around_lyon = [place for place in beds if place.host.court.appeal == "CALYON" and not is_full(place)]
    held_beds = islice(free_beds(around_lyon, bookings.ledger, bookings.now.date()), HELD_NOW)
    bookings.holds(held_beds, held_posts)
    bookings.arrivals(islice(free_beds(around_lyon, bookings.ledger, bookings.now.date()), ARRIVALS))


def _wait(waiting: WaitingList, in_pieces: HouseOfSites, beds: list[Place], catalogue: Catalogue) -> None:
    """Put on the list those who wait for a bed."""
    kind_id = catalogue.kinds["semi-liberte"]
    waiting.fill(*_awaited([place for place in beds if not is_of_sites(place)], catalogue), kind_id)
    in_pieces.fill(next(place for place in beds if is_of_sites(place)), kind_id)


def _awaited(beds: list[Place], catalogue: Catalogue) -> tuple[list[Place], list[Place]]:
    """Return the sections around Lyon: those that are full, then the others."""
    around_lyon = [place for place in beds if place.host.court.appeal == "CALYON" and place.id not in catalogue.closed]
    return [place for place in around_lyon if is_full(place)], [place for place in around_lyon if not is_full(place)]


def _publish(
    session: Session, places: list[Place], now: datetime, *, behind: int = DAYS_BEHIND, ahead: int = DAYS_AHEAD
) -> int:
    today = now.astimezone(UTC).date()
    return publish_openings(
        session,
        [place.id for place in places],
        first=today - timedelta(days=behind),
        until=today + timedelta(days=ahead),
    )


def _slots(session: Session, places: list[Place], now: datetime) -> dict[int, list[tuple[datetime, datetime]]]:
    """Return the slots of the published openings, as far ahead as some are taken, by resource."""
    grids = {place.id: GRIDS[place.kind] for place in places}
    found: defaultdict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    soon = {"end": now + timedelta(days=DAYS_TAKEN_AHEAD)}
    for resource_id, start, end in session.execute(SOON, soon):
        if resource_id not in grids:
            continue  # an information meeting: judges set them
        found[resource_id] += [(slot.start, slot.end) for slot in cut(Period(start, end), grids[resource_id])]
    return found


def _dice(seed: int, subject: str) -> Random:
    return Random(f"{seed}-{subject}")  # noqa: S311 - fiction, and the same for the same seed


def _by_kind(catalogue: Catalogue) -> dict[str, list[Place]]:
    found: defaultdict[str, list[Place]] = defaultdict(list)
    for place in catalogue.places:
        found[place.kind].append(place)
    return found


def _refuse_full(session: Session) -> None:
    for table in FILLED:
        if session.execute(text(f"SELECT 1 FROM {table} LIMIT 1")).first():  # noqa: S608 - names of a constant
            raise NotEmpty(table=table)


def _grouped(count: int) -> str:
    return f"{count:,}".replace(",", "\u202f")
