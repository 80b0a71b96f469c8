"""Beds as the planning pages have them: their words, and what the page of a court reads besides."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.models import Kind
from booking.filters import schema_of
from booking.ledger import INITIALS
from booking.models import Booking
from booking.pages import plan_beds_words as words
from booking.pages.booking_words import open_address, whom
from booking.pages.establishment_words import Column, Month, SectionRows, columns_between, months_between
from booking.pages.plan_beds_grid import Drawing, houses, place_id, place_of
from booking.pages.plan_beds_words import Chosen, Named, WayRow
from booking.pages.plans_desk import Desk, Item, Place, Shown
from booking.pages.plans_words import gains, joined, priced
from booking.plans.bed_actions import TAKEN_FOR
from booking.plans.bed_apart import Apart, kept_apart
from booking.plans.bed_hand import Move, moved
from booking.plans.bed_planner import WardReading
from booking.plans.bed_settings import WISHES, check
from booking.plans.bed_why import Spot, misfit_codes, rebased, spot_at, spots, why
from booking.plans.beds import Ward, is_planned, plan_of
from booking.plans.models import OptimizerRun
from optimizer import judge
from optimizer.beds.plan import Plan
from optimizer.beds.problem import Lock, Placement, Problem, Request
from portal.ui.dates import NBSP, day, ended, from_today, nights, plural

ADDRESS = "/attente/repartir/"
NIGHTS_SHOWN = 35
FEW_BEDS = 20  # of an establishment: all are drawn; of a larger one, those that the proposal concerns
PEOPLE = text(f"""
    SELECT id, {INITIALS} AS initials FROM person p WHERE id = ANY(CAST(:ids AS uuid[]))""")  # noqa: S608


@dataclass(frozen=True, kw_only=True)
class WardAsked:
    """What the page wants to see besides: an establishment, from a night on, and somebody looked at closely."""

    site_id: int = 0  # none: the one that is given most
    last_site_id: int = 0
    from_on: date | None = None
    all_beds: bool = False
    item: str = ""
    spot: str = ""


@dataclass(frozen=True, kw_only=True)
class WardShown:
    """What the page shows of its own."""

    sentence: str
    houses: list[Named]
    site_id: int
    first: date
    columns: list[Column]
    months: list[Month]
    sections: list[SectionRows]
    beds_left_out: int
    today: date
    resource_ids: frozenset[int]
    chosen: Chosen
    apart: list[Named] = field(default_factory=list)
    people: list[Named] = field(default_factory=list)  # those who wait, to be kept apart
    may_move: bool = False


def ward_in(shown: Shown) -> Ward:
    """Return the beds that were read."""
    reading = shown.reading
    assert isinstance(reading, WardReading)  # noqa: S101 - its planner read it
    return reading.ward


def plan_in(shown: Shown) -> Plan:
    """Return the open proposal as it still holds, or who has a bed when there is none."""
    ward = ward_in(shown)
    return rebased(ward, shown.plan) if shown.plan is not None else ward.in_force


def places(plan: Plan) -> Mapping[str, str]:
    """Return the bed and the first night of each who waits, or whose stay may move; the others stay where they are."""
    return {item: place_id(place) for item, place in plan.placed.items() if is_planned(item)}


def count(problem: Problem) -> int:
    """Return how many people the search is about."""
    return sum(one.lock is not Lock.FROZEN for one in problem.requests)


def items(session: Session, shown: Shown, ids: Collection[str]) -> Mapping[str, Item]:
    """Return people as lines show them: those who wait, and those whose stay may move."""
    ward, who = ward_in(shown), names(session, shown, ids)
    found = {}
    for item in ids:
        request = ward.problem.request_of.get(item)
        if item in ward.entries and request is not None:
            entry = ward.entries[item]
            due = f", échéance {from_today(entry.deadline_on, shown.today)}" if entry.deadline_on else ""
            when = f"{plural(request.nights, 'nuit')}, entrée du {day(request.earliest_on)} au {day(request.latest_on)}"
            found[item] = Item(label=who[item], hint=f"{when}{due}")
        elif item in ward.stays:
            line = ward.stays[item]
            href = open_address(line.booking_id) if line.booking_id else ""
            label = who.get(str(line.booking_id), "séjour réservé")
            found[item] = Item(label=label, hint=f"a {nights(line.first, line.until)}", href=href, lock="movable")
    return found | _served(session, shown, [item for item in ids if item not in found])


def wheres(_session: Session, shown: Shown, ids: Collection[str]) -> Mapping[str, Place]:
    """Return beds as lines show them."""
    beds = ward_in(shown).beds
    found = {}
    for one in ids:
        place = place_of(one)
        if place is not None and place.room_id in beds:
            bed = beds[place.room_id]
            rank = (bed.site_name, bed.section, bed.unit_id, place.first_on)
            found[one] = Place(label=words.place_words(bed, place.first_on), rank=rank, group=str(bed.site_id))
    return found


def whys(run: OptimizerRun) -> Mapping[str, str]:
    """Return who is left without a bed; why is told of one at a time, closely."""
    return dict.fromkeys((run.plan or {}).get("unplaced", ()), "")


def done(session: Session, run: OptimizerRun) -> Collection[str]:
    """Return those whom the run gave a bed, or another one, and who still have it."""
    items = {UUID(booking): entry for entry, booking in run.applied.get("bookings", {}).items()}
    items |= {UUID(booking): item for item, (booking, _) in run.applied.get("moves", {}).items()}
    standing = select(Booking).where(col(Booking.id).in_(items), col(Booking.state).in_(TAKEN_FOR))
    plan = plan_of(run.plan).placed
    rooms = {items[one.id]: str(one.unit_id) for one in session.exec(standing)}
    return [item for item, room in rooms.items() if item in plan and plan[item].room_id == room]


def refused(session: Session, shown: Shown) -> list[tuple[str, str]]:
    """Return what of the open proposal could not be applied, and why."""
    told: list[list[str]] = shown.run.applied.get("refused", []) if shown.run else []
    known = items(session, shown, [item for item, _ in told])
    return [(known[item].label if item in known else "Un séjour", words.REFUSED_WORDS[why]) for item, why in told]


def names(session: Session, shown: Shown, ids: Collection[str]) -> dict[str, str]:
    """Return who they are, with initials: those who wait by item, the stays of the court by booking."""
    ward = ward_in(shown)
    entries = {item: ward.entries[item] for item in ids if item in ward.entries}
    stays = [line for line in ward.stays.values() if line.is_own]
    people = {one.person_id for one in (*entries.values(), *stays) if one.person_id is not None}
    initials = {row.id: row.initials for row in session.execute(PEOPLE, {"ids": sorted(people)})}
    known = {
        item: whom(initials.get(entry.person_id, ""), entry.case_ref, entry.person_id)
        for item, entry in entries.items()
    }
    return known | {
        str(line.booking_id): whom(initials[line.person_id], "", None) for line in stays if line.person_id in initials
    }


def ward_shown(session: Session, shown: Shown) -> WardShown:
    """Return what the page shows of its own."""
    ward, plan = ward_in(shown), plan_in(shown)
    asked: WardAsked = shown.asked or WardAsked()
    who = names(session, shown, ward.entries)
    choices = houses(ward, plan)
    site_id = _site(asked, choices)
    first = max(asked.from_on or shown.first, shown.run.first_on if shown.run else shown.first)
    until = first + timedelta(days=NIGHTS_SHOWN)
    drawing = Drawing(ward=ward, plan=plan, who=who, first=first, until=until)
    beds = sum(bed.site_id == site_id for bed in ward.beds.values())
    sections = drawing.sections(site_id, only_changed=beds > FEW_BEDS and not asked.all_beds)
    waiting = [(item, ward.entries[item]) for item in ward.entries]
    return WardShown(
        sentence=_sentence(ward),
        houses=[Named(str(site), name) for site, name, _ in choices],
        site_id=site_id,
        first=first,
        columns=columns_between(first, until, today=ward.today),
        months=months_between(first, until),
        sections=sections,
        beds_left_out=beds - sum(len(section.beds) for section in sections),
        today=ward.today,
        resource_ids=frozenset(bed.resource_id for bed in ward.beds.values()),
        chosen=_chosen(session, shown, asked, who),
        apart=[Named(str(one.group_id), _together(one)) for one in kept_apart(session, shown.actor)],
        people=[Named(str(entry.person_id), who[item]) for item, entry in waiting if entry.person_id is not None],
        may_move=check(shown.run.settings).may_move if shown.run else False,
    )


def _site(asked: WardAsked, choices: list[tuple[int, str, int]]) -> int:
    """Return the establishment that is shown: the one that was chosen, the one that is given most, the last one."""
    known = {site for site, _, _ in choices}
    if asked.site_id in known:
        return asked.site_id
    if asked.last_site_id in known and not choices[0][2]:
        return asked.last_site_id
    return choices[0][0] if choices else 0


def _sentence(ward: Ward) -> str:
    waiting = plural(len(ward.entries), "personne attend", "personnes attendent")
    beds = plural(len(ward.beds), "lit est à portée", "lits sont à portée")
    later = f" {plural(len(ward.later), 'autre attend', 'autres attendent')} pour plus tard." if ward.later else ""
    if not ward.entries:
        return f"Personne n’attend de lit sur cette période.{later}"
    return f"{waiting} un lit sur cette période{NBSP}; {beds}.{later}"


def sentence(_session: Session, shown: Shown) -> str:
    """Return what may be tried next, of a proposal that gives nobody a bed; nothing of another."""
    ward, run = ward_in(shown), shown.run
    is_idle = ward.entries and not plan_in(shown).placed.keys() & ward.entries.keys()
    if run is None or run.applied_at is not None or not is_idle:
        return ""
    return words.nobody_words(may_move=check(run.settings).may_move)


def _together(one: Apart) -> str:
    return " et ".join(whom(initials, "", None) for initials in one.initials)


def _served(session: Session, shown: Shown, ids: Collection[str]) -> dict[str, Item]:
    """Return those who were given a bed by the open proposal, and wait no more."""
    given = shown.run.applied.get("bookings", {}) if shown.run else {}
    wanted = {UUID(given[item]): item for item in ids if item in given}
    chosen = text(f"""
        SELECT b.id, b.case_ref, b.first_on, b.until_on, {INITIALS} AS initials
        FROM booking b LEFT JOIN person p ON p.id = b.person_id WHERE b.id = ANY(CAST(:ids AS uuid[]))""")  # noqa: S608
    return {
        wanted[row.id]: Item(
            label=whom(row.initials, row.case_ref, None),
            hint=nights(row.first_on, row.until_on),
            href=open_address(row.id),
            is_fixed=True,
        )
        for row in session.execute(chosen, {"ids": sorted(wanted)})
    }


# --- somebody looked at closely ---


def _chosen(session: Session, shown: Shown, asked: WardAsked, who: Mapping[str, str]) -> Chosen:
    ward, plan = ward_in(shown), plan_in(shown)
    request = ward.problem.request_of.get(asked.item)
    if request is None or request.lock is Lock.FROZEN or shown.run is None:
        return Chosen()
    kind = session.get_one(Kind, shown.kind_id)
    attributes = {one.code: one for one in schema_of(kind)}
    placed = plan.placed.get(request.id)
    reasons, ways = why(ward, plan, request.id) if placed is None else ((), ())
    look = _looked_at(shown, asked, placed)
    options = [
        Named(place_id(one.placement), _spot(ward, one, request))
        for one in spots(ward, plan, request.id)
        if one.placement != placed
    ]
    better, worse, broken = _cost(shown, request.id, look, attributes)
    return Chosen(
        id=request.id,
        label=who.get(request.id, "") or who.get(str(ward.stays[request.id].booking_id), "séjour réservé"),
        now=ended(words.place_words(ward.beds[placed.room_id], placed.first_on)) if placed else "",
        reasons=words.reason_words(reasons, attributes),
        ways=[WayRow(number, words.way_words(way, attributes, who), way.can_do) for number, way in enumerate(ways)],
        spots=_with(options, look, ward),
        spot=place_id(look) if look else "",
        better=better,
        worse=worse,
        broken=broken,
        can_leave=placed is not None and request.id in ward.entries,
    )


def _spot(ward: Ward, spot: Spot, request: Request) -> str:
    return words.spot_words(spot, ward.beds[spot.placement.room_id], request.earliest_on)


def _with(options: list[Named], look: Placement | None, ward: Ward) -> list[Named]:
    """Return the choices with the place that was dropped on, first when it is none of them."""
    if look is None or place_id(look) in {one.id for one in options}:
        return options
    return [Named(place_id(look), words.choice_words(ward.beds[look.room_id], look.first_on)), *options]


def _looked_at(shown: Shown, asked: WardAsked, placed: Placement | None) -> Placement | None:
    place = place_of(asked.spot)
    return place if place is not None and place.room_id in ward_in(shown).beds and place != placed else None


def _cost(shown: Shown, item: str, look: Placement | None, attributes: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return what a move by hand gains, what it costs, and why it cannot be, in words."""
    if look is None:
        return "", "", ""
    ward, plan = ward_in(shown), plan_in(shown)
    spot = spot_at(ward, plan, item, look)
    if spot.rules:
        return "", "", words.broken_words(spot.rules, misfit_codes(ward, item, look.room_id), attributes)
    after = moved(ward, plan, [Move(item, look.room_id, look.first_on)])
    before_prices, after_prices = (judge.price("beds", ward.problem, one) for one in (plan, after))
    total = count(ward.problem)
    better, worse = gains(DESK, priced(DESK, before_prices, total), priced(DESK, after_prices, total))
    return joined(better), joined(worse), ""


DESK = Desk(
    problem="beds",
    address=ADDRESS,
    noun=("séjour", "séjours"),
    placed=("séjour placé", "séjours placés"),
    is_feminine=False,
    sliders=words.SLIDERS,
    rules=words.RULES,
    weights=words.WEIGHTS,
    check=WISHES.read,
    places=places,
    count=count,
    items=items,
    wheres=wheres,
    whys=whys,
    done=done,
    sentence=sentence,
    refused=refused,
    own=ward_shown,
    next=("Voir les réservations", "/reservations/?etat=a-venir"),
)
