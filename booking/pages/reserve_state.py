"""The sheet of a place: what it offers, then hold, for whom, confirm. Nothing typed is lost by a refusal."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from math import ceil
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID
from zoneinfo import ZoneInfo

import reflex as rx
from sqlmodel import Session

from availability.attributes import Attribute
from availability.claims import Claim, NightsClaim, PlaceClaim, SlotClaim
from availability.declarations import is_stale
from availability.errors import CapacityReached, InvalidRequest, NotOpen, PeriodTaken, Refusal
from availability.models import Shape
from availability.rights import SEARCHERS, Actor
from availability.search import Wish
from booking.actions import Beneficiary, cancel, hold, undo_cancel
from booking.alternatives import Alternative, alternatives_to
from booking.changes import label_of
from booking.day import today_of
from booking.filters import Filters, hours_of_work, point_in, understand
from booking.host_requests import confirm_with_work
from booking.map import STRIP_DAYS, kind_named, next_free, strip
from booking.models import Booking, State
from booking.offers import Offer, OpenSite, open_site
from booking.pages.booking_words import CONVENERS, being_reserved, convene_address
from booking.pages.map_aim import Times, times_of
from booking.pages.map_words import (
    Square,
    distance,
    offered,
    soonest_words,
    square,
    title_of,
)
from booking.pages.person_picker import PersonPickerState
from booking.pages.traits import traits
from booking.pages.waiting_words import ask_address
from booking.pages.why_words import GIVE_BACK, OTHER_PLACE, Why, left_words, why_left_out, why_of
from booking.quotas import counts_for
from booking.words import SITE_STATE_WORDS, WHY_NOT_WORDS, unfit
from portal import clock
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor
from portal.problems import sentence
from portal.ui.dates import NBSP, day, hour, moment, nights

OFFERED = {
    1: "Voici la plus proche qui convient.",
    2: "Voici les deux plus proches qui conviennent.",
    3: "Voici les trois plus proches qui conviennent.",
}
MOST_QUOTAS = 4  # told at once
MOST_DIGITS = 18  # of an identifier
GONE = (PeriodTaken, CapacityReached, NotOpen)
DATE_WORDS = {
    "past": "Cette date est passée.",
    "too-soon": "C’est trop tôt : ce lieu demande un délai.",
    "too-far": "C’est trop loin : un an à l’avance au plus.",
    "not-after-start": "La fin doit être après le début.",
    "too-long": "La durée est trop longue pour ce type de place.",
    "unreadable": "Cette date ne se lit pas : choisissez-la dans le calendrier.",
}
TAKEN_MEANWHILE = f"{NBSP}– vient d’être pris"  # beside the name of the bed that one had chosen
DATED = ("from", "to", "first", "until", "start")


@dataclass(frozen=True)
class SlotChoice:
    """A start: free, or being reserved by somebody, in words that say until when."""

    start: str
    words: str
    held: str


@dataclass(frozen=True)
class Line:
    """A resource as the sheet shows it."""

    resource_id: str
    name: str
    free: str
    state: str
    state_word: str
    why_not: str
    next_free: str
    traits: list[str]
    squares: list[Square]
    beds: list[tuple[str, str]]
    slots: list[SlotChoice]
    is_open: bool  # something of it can be taken
    declared: str
    why: Why = field(default_factory=Why)  # the rule for which it does not suit
    wait_href: str = ""  # where one waits for it, when nothing of it is free


@dataclass(frozen=True)
class Other:
    """Another place that fits, offered to who lost a race."""

    site_id: str
    resource_id: str
    start: str
    name: str
    detail: str


class ReserveState(rx.State):
    """The open site, and where its reservation stands: choose, held, done."""

    step: str = ""  # "", loading, choose, held, done, missing
    title: str = ""
    where: str = ""
    site_id: str = ""
    shape: str = ""
    kind_label: str = ""
    may_reserve: bool = False
    lines: list[Line] = []  # noqa: RUF012 - Reflex copies the default for each client
    chosen_id: str = ""
    chosen_name: str = ""
    first: str = ""
    until: str = ""
    bed: str = ""  # that one asks for, of the resource chosen; empty for any
    bed_taken: str = ""  # what is said when somebody else took it meanwhile
    case_ref: str = ""
    problem: str = ""
    why: Why = Why()  # the rule behind the problem
    quotas: list[str] = []  # noqa: RUF012 - what those of the service leave
    others: list[Other] = []  # noqa: RUF012
    booking_id: str = ""
    recap: str = ""
    seconds_left: int = 0
    is_booked: bool = False
    convene_href: str = ""  # where the person of an appointment just booked is summoned to it
    is_given_back: bool = False
    _query: str = ""
    _zone: str = "Europe/Paris"  # of the site

    @rx.var
    def is_open(self) -> bool:
        """Say whether the sheet is shown."""
        return self.step != ""

    @rx.var
    def establishment_address(self) -> str:
        """Return the page of the beds of this site."""
        return f"/etablissement/?id={self.site_id}"

    @rx.var
    def calendar_address(self) -> str:
        """Return the calendar file of the booking."""
        return f"/reservations/{self.booking_id}.ics"

    @allow(*SEARCHERS)
    @rx.event
    async def show(self, site_id: str, query: str) -> Any:
        """Open the sheet of a site for the filters of the map, or close it."""
        if not str(site_id).isdecimal():
            self._close()
            return
        if self.step == "held" and self.site_id == site_id:
            return  # the same address again, as after a reconnection: the hold goes on
        if (self.site_id, self._query) != (site_id, query):
            self.bed = ""
        self._query, self.problem, self.others, self.why = str(query), "", [], Why()
        self.site_id, self.step, self.booking_id, self.is_given_back = str(site_id), "loading", "", False
        watch(self)
        yield
        await self._read(await current_actor(self))

    @allow(*SEARCHERS)
    @rx.event
    async def choose(self, resource_id: str) -> None:
        """Choose a resource of the site."""
        if self.chosen_id != resource_id:
            self.bed = self.bed_taken = ""
        self.chosen_id, self.problem, self.why = str(resource_id), "", Why()
        self.chosen_name = next((line.name for line in self.lines if line.resource_id == self.chosen_id), "")

    @allow(*SEARCHERS)
    @rx.event
    async def choose_bed(self, unit_id: str) -> None:
        """Ask for a bed by its name, or for any."""
        name = next((name for number, name in self._beds() if number == str(unit_id)), "")
        self.bed = str(unit_id) if name else ""
        self.bed_taken = _bed_taken(name) if name.endswith(TAKEN_MEANWHILE) else ""

    @allow(*SEARCHERS)
    @rx.event
    async def hold_it(self, form: dict[str, Any]) -> None:
        """Take the place for a few minutes; whoever comes second is told, and helped."""
        if self.step != "choose":
            return  # a second click, that came while the first was served
        actor = await current_actor(self)
        self.first, self.until = str(form.get("first", self.first)), str(form.get("until", self.until))
        try:
            claim = _claim(self.shape, self.chosen_id, form)
        except Refusal as refusal:
            self._refuse(refusal)
            return
        await self._hold(actor, claim)

    @allow(*SEARCHERS)
    @rx.event
    async def hold_other(self, site_id: str, resource_id: str, start: str) -> None:
        """Take, for the same dates, one of the places offered to who lost a race."""
        if self.step != "choose" or not str(site_id).isdecimal():
            return
        actor = await current_actor(self)
        form = {"first": self.first, "until": self.until, "start": str(start)}
        self.site_id, self.chosen_id, self.bed = str(site_id)[:18], str(resource_id), ""
        await self._read(actor)
        if self.step != "choose":
            return
        self.first, self.until = form["first"], form["until"]  # those asked for, not those of the map
        await self.choose(self.chosen_id)
        try:
            claim = _claim(self.shape, self.chosen_id, form)
        except Refusal as refusal:
            self._refuse(refusal)
            return
        await self._hold(actor, claim)

    @allow(*SEARCHERS)
    @rx.event
    async def hold_start(self, site_id: str, resource_id: str, start: str, query: str) -> None:
        """Open the sheet of a site on one of its slots, chosen elsewhere, and take it for a few minutes."""
        if not str(site_id).isdecimal() or self.step == "held":
            return
        actor = await current_actor(self)
        self.site_id, self.chosen_id, self._query = str(site_id)[:MOST_DIGITS], str(resource_id), str(query)
        self.problem, self.others, self.booking_id, self.is_given_back, self.why = "", [], "", False, Why()
        self.bed = ""
        watch(self)
        await self._read(actor)
        if self.step != "choose":
            return
        await self.choose(self.chosen_id)
        try:
            claim = _claim(self.shape, self.chosen_id, {"start": str(start)})
        except Refusal as refusal:
            self._refuse(refusal)
            return
        await self._hold(actor, claim)

    @allow(*SEARCHERS)
    @rx.event
    async def leave(self) -> None:
        """Close the sheet; what was held and not confirmed is given back."""
        held = self.booking_id if self.step == "held" else ""
        self._close()
        if held:
            with contextlib.suppress(Refusal):  # it ended by itself meanwhile
                await act(cancel, await current_actor(self), UUID(held), now=clock.now())

    @allow(*SEARCHERS)
    @rx.event
    async def confirm_it(self, form: dict[str, Any]) -> None:
        """Book what is held for the person chosen, or for a case."""
        if self.step != "held":
            return
        actor = await current_actor(self)
        self.case_ref = str(form.get("case_ref", ""))[:100]
        picker = await self.get_state(PersonPickerState)
        try:
            whom = Beneficiary(person_id=picker.chosen_id(), case_ref=self.case_ref)
            work = hours_of_work(Filters.read(dict(parse_qsl(self._query))))
            number = UUID(self.booking_id)
            booking = await act(confirm_with_work, actor, number, now=clock.now(), beneficiary=whom, work=work)
        except Refusal as refusal:
            self._refuse(refusal)
            return
        self.problem, self.step, self.is_booked = "", "done", booking.state == State.BOOKED
        self.why = Why()
        may_convene = self.is_booked and self.shape == Shape.SLOTS and whom.person_id and actor.has(*CONVENERS)
        self.convene_href = convene_address(booking.id) if may_convene else ""
        picker.clear()

    @allow(*SEARCHERS)
    @rx.event
    async def give_back(self) -> None:
        """Give the place back, held or booked."""
        if not self.booking_id:
            return
        actor = await current_actor(self)
        try:
            await act(cancel, actor, UUID(self.booking_id), now=clock.now())
        except Refusal as refusal:
            self._refuse(refusal)
            return
        if self.step == "held":
            await self._read(actor)
        else:
            self.is_given_back = True

    @allow(*SEARCHERS)
    @rx.event
    async def take_again(self) -> None:
        """Take back the place just given back, if it is still free."""
        if not self.booking_id:
            return
        try:
            await act(undo_cancel, await current_actor(self), UUID(self.booking_id), now=clock.now())
        except Refusal as refusal:
            self._refuse(refusal)
            return
        self.is_given_back = False

    @allow(*SEARCHERS)
    @rx.event
    async def time_is_over(self) -> None:
        """Say that the hold ended, and show the place as it is now."""
        if self.step == "held":
            await self._read(await current_actor(self))
            self.problem = "Le délai est passé : la place n’est plus gardée pour vous. Vous pouvez la reprendre."

    async def _read(self, actor: Actor) -> None:
        try:
            filters = Filters.read(dict(parse_qsl(self._query)))
            times = await times_of(actor, filters, point_in(filters.point))
            opened = await read(_open, actor, filters, times, int(self.site_id), now=clock.now())
        except Refusal:
            self.step, self.title = "missing", "Lieu introuvable"
            return
        self._show_site(*opened)

    async def _hold(self, actor: Actor, claim: Claim) -> None:
        self.problem, self.others, self.why = "", [], Why()
        (await self.get_state(PersonPickerState)).open_in("reserve")
        try:
            booking = await act(hold, actor, claim, now=clock.now())
        except GONE as refusal:
            await self._lost(actor, claim, refusal)
        except Refusal as refusal:
            self._refuse(refusal)
        else:
            self._held(booking)

    async def _lost(self, actor: Actor, claim: Claim, refusal: Refusal) -> None:
        """Say that the place is gone, show what is left, and offer the three nearest that fit."""
        was_free = any(line.resource_id == self.chosen_id and line.state == "free" for line in self.lines)
        person_id = (await self.get_state(PersonPickerState)).chosen_id()
        try:
            others = await read(alternatives_to, actor, claim, person_id=person_id, now=clock.now())
        except Refusal:
            others = []  # what was refused is said anyway: there is only nothing to offer
        self.others = [_other(one) for one in others]
        offered = f" {OFFERED[len(self.others)]}" if self.others else ""
        kept = self.first, self.until
        await self._read(actor)
        self.first, self.until = kept
        self.problem = f"{_lost_words(refusal, self.shape, was_free=was_free)}{offered}"
        self.why = why_of(refusal, self._ways())

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:
        """Show what is left of the open site now; the choice and the dates stay, and what was said."""
        if self.step == "choose" and not resource_ids.isdisjoint(int(line.resource_id) for line in self.lines):
            kept = self.first, self.until
            await self._read(await current_actor(self))
            self.first, self.until = kept

    def _refuse(self, refusal: Refusal) -> None:
        self.problem, self.why = _words_of(refusal), why_of(refusal, self._ways())

    def _ways(self) -> dict[str, str]:
        """Return where what is possible instead is done."""
        return {OTHER_PLACE: f"/carte/?{self._query}", GIVE_BACK: "/reservations/"}

    def _show_site(self, site: OpenSite, wish: Wish, today: date, quotas: list[str]) -> None:
        self.quotas = quotas
        self.step, self.title, self.where = "choose", site.spot.name, site.spot.where
        self._zone = site.spot.resources[0].time_zone
        self.shape, self.kind_label, self.may_reserve = site.kind.shape, site.kind.label, site.may_reserve
        lines = self._with_bed([_line(offer, site, wish, today) for offer in site.offers])
        self.lines = [_with_wait(line, site, self._query) for line in lines]
        self.first, self.until = wish.first.isoformat(), wish.until.isoformat()
        if self.chosen_id not in {line.resource_id for line in self.lines}:
            self.chosen_id = self.chosen_name = ""
        if len(self.lines) == 1 and self.lines[0].is_open:
            self.chosen_id, self.chosen_name = self.lines[0].resource_id, self.lines[0].name

    def _beds(self) -> list[tuple[str, str]]:
        """Return the beds listed of the resource chosen."""
        return next((line.beds for line in self.lines if line.resource_id == self.chosen_id), [])

    def _with_bed(self, lines: list[Line]) -> list[Line]:
        """Return lines with the bed that was asked for where it was, even if somebody else has it now, and say so.

        Without it, a list falls back on another bed, which nobody chose.
        """
        before, self.bed_taken = self._beds(), ""
        names = dict(before)
        if self.bed not in names:
            self.bed = ""
        if not self.bed:
            return lines
        return [self._keep_bed(line, names) if line.resource_id == self.chosen_id else line for line in lines]

    def _keep_bed(self, line: Line, names: dict[str, str]) -> Line:
        if any(number == self.bed for number, _ in line.beds):
            return line
        self.bed_taken = _bed_taken(names[self.bed])
        above = list(names)[: list(names).index(self.bed)]
        at = sum(number in above for number, _ in line.beds)
        gone = (self.bed, names[self.bed].removesuffix(TAKEN_MEANWHILE) + TAKEN_MEANWHILE)
        return replace(line, beds=[*line.beds[:at], gone, *line.beds[at:]])

    def _held(self, booking: Booking) -> None:
        self.booking_id, self.step, self.problem, self.why = str(booking.id), "held", "", Why()
        left = (booking.expires_at - clock.now()).total_seconds() if booking.expires_at else 0
        self.seconds_left = max(ceil(left), 0)
        bed = next((name for line in self.lines for number, name in line.beds if number == str(booking.unit_id)), "")
        slot = moment(booking.starts_at, ZoneInfo(self._zone)) if booking.starts_at else ""
        bed = bed.removesuffix(TAKEN_MEANWHILE)  # on those dates it was, on these it is not
        parts = [self.title, self.chosen_name, f"lit {bed}" if bed else "", _dates_of(booking, self.shape), slot]
        self.recap = ", ".join(part for part in parts if part)

    def _close(self) -> None:
        self.step, self.site_id, self.chosen_id, self.booking_id, self.problem = "", "", "", "", ""
        self.lines, self.others, self.why, self.quotas = [], [], Why(), []
        self.bed = self.bed_taken = ""


def _open(
    session: Session, actor: Actor, filters: Filters, times: Times, site_id: int, *, now: datetime
) -> tuple[OpenSite, Wish, date, list[str]]:
    wish = _wish(session, actor, filters, times, now=now)
    site, today = open_site(session, actor, wish, site_id, now=now), today_of(session, actor, now=now)
    starts = {day for offer in site.offers for day, _ in offer.slots} or {wish.first}
    counts = counts_for(session, actor, site.kind.id, starts, now=now) if site.may_reserve else []
    return site, wish, today, [left_words(one, today) for one in counts[:MOST_QUOTAS]]


def _wish(session: Session, actor: Actor, filters: Filters, times: Times, *, now: datetime) -> Wish:
    _, kind = kind_named(session, actor, filters.type)
    wish = understand(filters, kind, point_in(filters.point), today=today_of(session, actor, now=now)).wish
    # The sheet shows its site wherever the map is.
    return replace(wish, bounds=None, radius_km=None, times=times)


def _claim(shape: str, resource_id: str, form: dict[str, Any]) -> Claim:
    if not resource_id.isdecimal() or len(resource_id) > MOST_DIGITS:
        raise InvalidRequest("resource_id", "required")
    if shape == Shape.SLOTS:
        return SlotClaim(resource_id=int(resource_id), start=_instant(str(form.get("start", ""))))
    first, until = _date(form, "first"), _date(form, "until")
    if first is None:
        raise InvalidRequest("first", "unreadable")
    if shape == Shape.PLACES:
        return PlaceClaim(resource_id=int(resource_id), first=first, until=until)
    if until is None:
        raise InvalidRequest("until", "unreadable")
    bed = str(form.get("unit_id", ""))
    unit_id = int(bed) if bed.isdecimal() else None
    return NightsClaim(resource_id=int(resource_id), first=first, until=until, unit_id=unit_id)


def _date(form: dict[str, Any], name: str) -> date | None:
    typed = str(form.get(name, "")).strip()
    if not typed:
        return None
    try:
        return date.fromisoformat(typed)
    except ValueError as error:
        raise InvalidRequest(name, "unreadable") from error


def _instant(typed: str) -> datetime:
    try:
        return datetime.fromisoformat(typed)
    except ValueError as error:
        raise InvalidRequest("start", "unreadable") from error


def _words_of(refusal: Refusal) -> str:
    if isinstance(refusal, InvalidRequest) and refusal.field == "beneficiary":
        return "Indiquez pour qui : choisissez une personne, ou un numéro de dossier."
    if isinstance(refusal, InvalidRequest) and refusal.field == "case_ref":
        return "Le numéro de dossier est trop long, ou ne se lit pas : 64 caractères au plus."
    if isinstance(refusal, InvalidRequest) and refusal.field in DATED and refusal.problem in DATE_WORDS:
        return DATE_WORDS[refusal.problem]
    return sentence(refusal)


def _dates_of(booking: Booking, shape: str) -> str:
    if booking.first_on and booking.until_on and shape == Shape.NIGHTS:
        return nights(booking.first_on, booking.until_on)
    if booking.first_on:
        end = f" au {day(booking.until_on, year=True)}" if booking.until_on else ", sans date de fin"
        return f"du {day(booking.first_on, year=True)}{end}"
    return ""  # a slot: its own words say when


def _line(offer: Offer, site: OpenSite, wish: Wish, today: date) -> Line:
    found, zone = offer.found, ZoneInfo(offer.found.time_zone)
    days = strip(offer.days, wish.first)
    declared = f"déclaré le {day(found.declared_on, year=True)}" if found.declared_on else ""
    if declared and is_stale(found.declared_on, site.kind.fresh_days, today=today):
        declared += f"{NBSP}: à vérifier"
    return Line(
        resource_id=str(found.resource_id),
        name=title_of(found, offer.sits_at),
        free=offered(site.kind, found.state, found.free, found.total),
        state=found.state,
        state_word=SITE_STATE_WORDS[found.state],
        why_not=why_not(found.mismatch, wish.schema) if found.mismatch else "",
        next_free=soonest_words(next_free(offer.days), today),
        traits=traits(found, wish.schema),
        squares=[square(count, site.kind) for count in days[:STRIP_DAYS]],
        beds=[(str(unit_id), name) for unit_id, name in offer.free_beds],
        slots=[
            SlotChoice(
                slot.period.start.isoformat(),
                f"{day(on)} à {hour(slot.period.start, zone)}",
                being_reserved(offer.held.get(slot.period.start), zone),
            )
            for on, slot in offer.slots
        ],
        is_open=_can_be_taken(offer, site),
        declared=declared,
        why=why_left_out(found.mismatch) if found.mismatch else Why(),
    )


def _with_wait(line: Line, site: OpenSite, query: str) -> Line:
    """Return a line with where one waits for it, when it has nothing free those days and suits otherwise."""
    if not site.may_reserve or site.kind.shape == Shape.SESSIONS or line.why_not or line.state == "free":
        return line
    return replace(line, wait_href=ask_address(Filters.read(dict(parse_qsl(query))), resource=line.resource_id))


def why_not(reason: str, schema: Sequence[Attribute]) -> str:
    """Return why a resource does not suit, of one place."""
    words = WHY_NOT_WORDS[reason][0] if reason in WHY_NOT_WORDS else unfit(label_of(reason, schema) or reason)
    return f"Place {words}"


def _can_be_taken(offer: Offer, site: OpenSite) -> bool:
    """A hearing is taken by its registry, elsewhere; anything else, as soon as one day of the horizon is free."""
    takes = site.kind.shape != Shape.SESSIONS
    return site.may_reserve and takes and offer.found.mismatch is None and next_free(offer.days) is not None


def _bed_taken(name: str) -> str:
    """Return "Le lit 4 vient d’être pris : choisissez-en un autre."."""
    return f"Le lit {name.removesuffix(TAKEN_MEANWHILE)} vient d’être pris{NBSP}: choisissez-en un autre."


def _lost_words(refusal: Refusal, shape: str, *, was_free: bool) -> str:
    if isinstance(refusal, NotOpen):
        return sentence(refusal)
    this = "Ce lit" if shape == Shape.NIGHTS else "Cette place"
    return (
        f"{this} vient d’être pris{'' if shape == Shape.NIGHTS else 'e'}."
        if was_free
        else "Plus rien de libre ici à ces dates."
    )


def _other(one: Alternative) -> Other:
    found = one.found
    return Other(
        site_id=str(found.site_id),
        resource_id=str(found.resource_id),
        start=one.starts[0].isoformat() if one.starts else "",
        name=f"{found.site_name}, {found.name}",
        detail=", ".join(part for part in (distance(found.distance_km), f"{found.free} sur {found.total}") if part),
    )
