"""What one search puts on the screen of the map: read in one transaction, as the pieces that the page displays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlmodel import Session

from availability.models import Kind, Shape
from availability.queries import DayCount
from availability.rights import Actor
from availability.search import MAX_RADIUS_KM, Found, Wish, search
from availability.sites import Spot, by_site
from booking.changes import Change, changes_for, dates_from, label_of, next_run, wider
from booking.day import today_of
from booking.filters import Filters, Reading, understand
from booking.map import (
    HORIZON_DAYS,
    STRIP_DAYS,
    added,
    days_ahead,
    kind_named,
    look,
    next_free,
    site_only,
    strip,
)
from booking.offers import sittings
from booking.pages.map_aim import Aim, Times
from booking.pages.map_fields import Fields, Tag, fields_of, search_name, tags_of
from booking.pages.map_words import (
    Card,
    Reason,
    card,
    excluded,
    reasons,
    sentence,
    title_of,
    why_not_title,
    wider_words,
)
from booking.pages.table_words import Row, Table, row, table_of
from booking.saved_searches import Saved, canonical, digest_of, saved_by
from booking.services import part_of
from booking.words import WHY_NOT_WORDS, unfit

DATES = ("taken", "held", "closed")  # reasons that other dates may answer
FEW = 3  # free places: under it, one says how far to look for more
LOOKED_FARTHER = 4  # times the distance
WIDER_LOOKED_AT = 60


@dataclass(frozen=True)
class Wider:
    """How far to look for something more."""

    words: str = ""
    href: str = ""


@dataclass(frozen=True)
class Screen:
    """What one search puts on the screen."""

    today: date
    kinds: list[Kind]
    kind: Kind
    reading: Reading
    fields: Fields
    tags: list[Tag]
    name: str  # of the search, if one saves it
    spots: list[Spot]
    cards: list[Card]
    table: Table
    sentence: str
    why_title: str
    reasons: list[Reason]
    wider: Wider
    saved: list[Saved]
    saved_here: Saved | None = field(default=None)


def screen_of(
    session: Session, actor: Actor, aim: Aim, typed: Filters, times: Times, *, shown: int, now: datetime
) -> Screen:
    """Return the screen of what the address says; `typed` is the address, `aim.filters` what a person's file adds.

    Raises: NotAllowed.
    """
    filters = aim.filters
    kinds, kind = kind_named(session, actor, filters.type)
    today = today_of(session, actor, now=now)
    reading = with_times(understand(filters, kind, aim.near, today=today), times)
    answer = look(session, actor, reading.wish, only_free=filters.flag("libres"), now=now)
    codes = {code for code, _ in answer.tally.why_not}
    reason = filters.raison if filters.raison in codes else ""
    spots = answer.spots if not reason else by_site(left_out(answer.found, reason))
    tags = tags_of(kind, reading, typed, aim.person.name)
    saved = saved_by(session, actor)
    here, _ = aim.without_person()
    own = digest_of(canonical(replace(here, type=kind.code)))
    return Screen(
        today=today,
        kinds=kinds,
        kind=kind,
        reading=reading,
        fields=fields_of(kind, reading, answer.found),
        tags=tags,
        name=search_name(kind, tags),
        spots=spots,
        cards=[] if filters.vue == "tableau" else _cards(session, reading, spots[:shown], reason, today=today, now=now),
        table=_table(session, reading, [one for spot in spots for one in spot.resources], today),
        sentence=sentence(kind, answer.tally, filters, reading.wish),
        why_title=why_not_title(kind, answer.tally),
        reasons=reasons(answer.tally, reading.wish.schema, reason),
        wider=_wider(session, actor, reading, answer.tally.free, typed, now=now),
        saved=saved,
        saved_here=next((one for one in saved if digest_of(one.query) == own), None),
    )


def with_times(reading: Reading, times: Times) -> Reading:
    """Return a reading whose wish knows the travel times of a routing engine."""
    return replace(reading, wish=replace(reading.wish, times=times)) if times else reading


def left_out(found: Iterable[Found], reason: str) -> list[Found]:
    """Return the resources that have places which do not do for this reason, as the tally counts them."""
    return [one for one in found if reason in _reasons_of(one)]


def changed(
    session: Session,
    actor: Actor,
    filters: Filters,
    around: tuple[tuple[float, float] | None, Times],
    resource_ids: frozenset[int],
    *,
    now: datetime,
) -> tuple[list[Spot], list[Card], list[Row]]:
    """Search again the sites of some resources, among those that the wish reaches; `around` is where, and how far."""
    _, kind = kind_named(session, actor, filters.type)
    today = today_of(session, actor, now=now)
    near, times = around
    reading = with_times(understand(filters, kind, near, today=today), times)
    wish = replace(reading.wish, resource_ids=tuple(resource_ids))
    moved = search(session, actor, wish, now=now)
    if not moved:
        return [], [], []
    only_here = site_only(reading.wish, {one.site_id for one in moved})
    spots = by_site(search(session, actor, only_here, now=now))
    if filters.vue == "tableau":
        return spots, [], [row(one, reading.wish, today) for one in _titled(session, kind, moved)]
    return spots, _cards(session, reading, spots, "", today=today, now=now), []


def said_again(
    session: Session,
    actor: Actor,
    filters: Filters,
    around: tuple[tuple[float, float] | None, Times],
    *,
    now: datetime,
) -> tuple[str, str, list[Reason]]:
    """Return the sentence, the title of the reasons and the reasons of a search that something changed."""
    _, kind = kind_named(session, actor, filters.type)
    near, times = around
    reading = with_times(understand(filters, kind, near, today=today_of(session, actor, now=now)), times)
    count = look(session, actor, reading.wish, only_free=filters.flag("libres"), now=now).tally
    said = sentence(kind, count, filters, reading.wish)
    return said, why_not_title(kind, count), reasons(count, reading.wish.schema, filters.raison)


def _reasons_of(one: Found) -> set[str]:
    if one.mismatches or one.is_closed:
        return {one.mismatch or "closed"}
    left = one.total - one.free
    return ({"held"} if min(one.held, left) else set()) | ({"taken"} if left > one.held else set())


def _cards(
    session: Session, reading: Reading, spots: Sequence[Spot], reason: str, *, today: date, now: datetime
) -> list[Card]:
    wish = reading.wish
    ahead = _ahead(session, wish, spots, reason, now=now)
    cards = []
    for spot, days in zip(spots, ahead, strict=True):
        shown = card(spot, wish, days[:STRIP_DAYS], next_free(days), today=today)
        why = reason or (_first_reason(spot) if spot.state == "other" else "")
        if why:
            soonest = next_run(days, _length(wish))
            shown = excluded(shown, _changes(spot, reading, why, soonest), _why(spot, reading, why), wish)
        cards.append(shown)
    return cards


def _ahead(session: Session, wish: Wish, spots: Sequence[Spot], reason: str, *, now: datetime) -> list[list[DayCount]]:
    """Return the days ahead of each spot: those of the strip, and the whole horizon where nothing of it is free.

    Most have something free soon, and ninety days cost six times as much as fourteen.
    """
    wanted = {
        spot.site_id: [one for one in spot.resources if reason or one.mismatch is None or spot.state == "other"]
        for spot in spots
    }

    def days_of(number: int, shown: Iterable[Spot]) -> dict[int, list[DayCount]]:
        listed = list(shown)
        resources = [one for spot in listed for one in wanted[spot.site_id]]
        counts = days_ahead(session, wish.kind, resources, first=wish.first, days=number, now=now)
        empty = strip([], wish.first, number)
        return {
            spot.site_id: added([strip(counts[one.resource_id], wish.first, number) for one in wanted[spot.site_id]
                                 if one.resource_id in counts] or [empty])
            for spot in listed
        }  # fmt: skip

    soon = days_of(STRIP_DAYS, spots)
    is_for_dates = reason in DATES
    late = days_of(HORIZON_DAYS, (s for s in spots if is_for_dates or next_free(soon[s.site_id]) is None))
    return [late.get(spot.site_id, soon[spot.site_id]) for spot in spots]


def _first_reason(spot: Spot) -> str:
    return next(one.mismatch for one in spot.resources if one.mismatch)


def _length(wish: Wish) -> int:
    return (wish.until - wish.first).days if wish.kind.shape in (Shape.NIGHTS, Shape.PLACES) else 1


def _changes(spot: Spot, reading: Reading, reason: str, soonest: date | None) -> Sequence[Change]:
    """Return the smallest change that would include something of a site; none when only another place would do."""
    base = replace(reading.filters, raison="", page="", site="")
    if reason in DATES:
        is_later = soonest is not None and soonest > reading.wish.first
        return (dates_from(reason, soonest, reading.wish, base),) if soonest and is_later else ()
    found = (changes_for(one, reading.wish, base) for one in spot.resources)
    return min((one for one in found if one), key=_effort, default=())


def _effort(changes: Sequence[Change]) -> tuple[int, int]:
    """Return what makes one set of changes smaller than another: how many, then how much."""
    return len(changes), sum(one.later_min + one.earlier_min or one.amount for one in changes)


def _why(spot: Spot, reading: Reading, reason: str) -> str:
    """Return everything that does not do, the reason asked for first."""
    codes = dict.fromkeys([reason, *(code for one in spot.resources for code in one.mismatches)])
    schema = reading.wish.schema
    said = [WHY_NOT_WORDS[code][0] if code in WHY_NOT_WORDS else unfit(label_of(code, schema)) for code in codes]
    words = ", ".join(said)
    return words[:1].upper() + words[1:]


def _table(session: Session, reading: Reading, found: Sequence[Found], today: date) -> Table:
    if reading.filters.vue != "tableau":
        return Table()
    part = part_of(found, tri=reading.filters.tri, page=reading.filters.page)
    part = replace(part, rows=_titled(session, reading.wish.kind, part.rows))
    return table_of(part, reading, today)


def _titled(session: Session, kind: Kind, found: Sequence[Found]) -> tuple[Found, ...]:
    """Return resources under the name by which one tells them apart."""
    if kind.shape != Shape.SESSIONS:
        return tuple(found)
    at = sittings(session, found)
    return tuple(replace(one, name=title_of(one, at.get(one.resource_id))) for one in found)


def _wider(session: Session, actor: Actor, reading: Reading, free: int, typed: Filters, *, now: datetime) -> Wider:
    wish = reading.wish
    if free >= FEW or wish.radius_km is None or wish.max_travel_min is not None:
        return Wider()
    farther = replace(wish, radius_km=min(MAX_RADIUS_KM, wish.radius_km * LOOKED_FARTHER))
    found = search(session, actor, farther, now=now, only_suitable=True, limit=WIDER_LOOKED_AT)
    best = wider(found, wish)
    if best is None:
        return Wider()
    radius, more = best
    href = f"/carte/?{replace(typed, rayon=str(radius), mesure='', raison='', page='', site='').to_query()}"
    return Wider(wider_words(radius, more, wish.kind), href)
