"""What the screen of planning shows, and what its buttons do. The search itself lives in its table, not here."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.errors import InvalidRequest, Refusal
from availability.openings import local_day
from availability.rights import Actor
from booking.bench import count_to_staff
from booking.mediators import home_zone
from booking.pages.planning_words import (
    CaseRow,
    HearingCard,
    Refusals,
    RunLine,
    SittingCard,
    applied_words,
    case_row,
    curve,
    ended_words,
    figures,
    hearing_card,
    proposal_sentence,
    reasons_summary,
    refusals,
    run_line,
    sitting_cards,
    unplaced_rows,
    waiting_sentence,
)
from booking.plans.hearings import (
    PLANNERS,
    Board,
    board,
    plan_of,
    plannable_kinds,
    unplaced_of,
)
from booking.plans.kept import Scope, run_of, state_at
from booking.plans.models import ACTIVE, OptimizerRun
from booking.plans.runs import AlreadyPlanning, apply_run, request_stop, start_run, undo_run
from optimizer.hearings.problem import Load
from portal import clock
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor
from portal.problems import problem, sentence
from portal.ui.dates import plural
from portal.ui.notice import NoticeState

ADDRESS = "/repartition/"
ROWS_AT_ONCE = 40
PLANNED_AHEAD = timedelta(weeks=8)
FOLLOW_EVERY_S = 0.5
ALREADY_HERE = "Une recherche, lancée par ailleurs, est déjà en cours : la voici."

problem(
    AlreadyPlanning,
    409,
    "already-planning",
    "Recherche déjà en cours",
    "Une recherche est déjà en cours pour votre juridiction : attendez sa fin, ou arrêtez-la.",
)


@dataclass(frozen=True)
class KindChoice:
    """One kind of hearing to plan."""

    code: str
    label: str


class RepartitionState(rx.State):
    """The court, the search that runs, and the proposal with what is ticked of it."""

    kinds: list[KindChoice] = []  # noqa: RUF012 - Reflex copies the default for each client
    kind: str = ""
    sentence: str = ""
    hearings: list[HearingCard] = []  # noqa: RUF012
    waiting: list[CaseRow] = []  # noqa: RUF012
    hidden: int = 0  # lines of the table that a button shows
    is_loaded: bool = False
    to_staff: str = ""  # how many hearings miss somebody who is away

    is_active: bool = False
    is_stopping: bool = False
    figures: str = ""
    curve: str = ""

    ended: str = ""
    proposal: str = ""
    is_stale: bool = False
    is_applied: bool = False
    applied: str = ""
    sittings: list[SittingCard] = []  # noqa: RUF012
    unplaced: list[CaseRow] = []  # noqa: RUF012
    unplaced_summary: str = ""
    refused: list[Refusals] = []  # noqa: RUF012
    left_out: list[str] = []  # noqa: RUF012 - the cases that are not ticked
    ticked: dict[str, int] = {}  # noqa: RUF012 - by hearing
    apply_label: str = ""
    what_next: str = ""
    can_apply: bool = False
    runs: list[RunLine] = []  # noqa: RUF012

    _asked: str = ""  # the kind in the address, none for the first
    _run_id: str = ""
    _total: int = 0
    _shown: int = ROWS_AT_ONCE
    _follower: int = 0
    _hearing_ids: frozenset[int] = frozenset()

    @allow(*PLANNERS)
    @rx.event
    async def load(self) -> EventSpec | None:
        """Show the court; when a search runs, follow it."""
        watch(self)
        asked = self.router.url.query_parameters.get("type", "")
        if asked != self._asked:  # a reload keeps what is ticked
            self._shown, self._run_id = ROWS_AT_ONCE, ""
        self._asked = asked
        self.kind = asked
        gaps = await read(count_to_staff, await current_actor(self), now=clock.now())
        self.to_staff = plural(gaps, "audience à pourvoir", "audiences à pourvoir") if gaps else ""
        await self._show()
        return RepartitionState.follow if self.is_active else None

    @allow(*PLANNERS)
    @rx.event
    async def pick_kind(self, code: str) -> EventSpec:
        """Plan another kind of hearing."""
        known = next((one.code for one in self.kinds if one.code == code), "")
        return rx.redirect(f"{ADDRESS}?type={known}" if known else ADDRESS)

    @allow(*PLANNERS)
    @rx.event
    async def show_more(self) -> None:
        """Show every case that waits."""
        self._shown = 10_000
        await self._show()

    @allow(*PLANNERS)
    @rx.event
    async def propose(self) -> list[Any]:
        """Ask for a plan, and follow the search; the button goes, the focus stays where the search is shown."""
        actor = await current_actor(self)
        try:
            await act(_start, actor, self.kind)
        except Refusal as refusal:
            await self._show()
            is_here = isinstance(refusal, AlreadyPlanning) and self.is_active
            notice = await self.get_state(NoticeState)
            if is_here:  # a colleague's, or another tab's: it is on the screen now
                notice.show("info", ALREADY_HERE)
            else:
                notice.show_error(sentence(refusal))
        else:
            await self._show()
        return [rx.set_focus("recherche"), *([RepartitionState.follow] if self.is_active else [])]

    @allow(*PLANNERS)
    @rx.event
    async def stop(self) -> EventSpec:
        """Ask the search to end with what it has."""
        if self._run_id:
            await act(request_stop, await current_actor(self), UUID(self._run_id), now=clock.now())
            self.is_stopping = True
        return rx.set_focus("recherche")

    @allow(*PLANNERS)
    @rx.event(background=True)
    async def follow(self) -> None:
        """Show where the search is, twice a second, until it ends, the page is left, or another follows."""
        async with self:
            self._follower += 1
            me, run_id, actor = self._follower, self._run_id, await current_actor(self)
        while run_id:
            run = await read(run_of, actor, UUID(run_id))
            async with self:
                if self._follower != me or self._run_id != run_id or not self._is_here():
                    return
                if state_at(run, clock.now()) not in ACTIVE:
                    await self._show()
                    return
                self._follow(run)
            await asyncio.sleep(FOLLOW_EVERY_S)

    @allow(*PLANNERS)
    @rx.event
    async def tick(self, case_id: str, is_ticked: bool) -> None:
        """Keep a case in what will be applied, or leave it out."""
        self._tick({str(case_id)}, bool(is_ticked))

    @allow(*PLANNERS)
    @rx.event
    async def tick_hearing(self, hearing_id: str, is_ticked: bool) -> None:
        """Keep all the cases of a hearing, or leave them all out."""
        here = {case.id for card in self.sittings if card.id == hearing_id for case in card.cases}
        self._tick(here, bool(is_ticked))

    @allow(*PLANNERS)
    @rx.event
    async def apply(self) -> EventSpec:
        """Apply what is ticked."""
        if not self._run_id:
            raise InvalidRequest("run_id", "required")
        left = set(self.left_out)
        kept = [case.id for card in self.sittings for case in card.cases if case.id not in left]
        run_id, chosen = UUID(self._run_id), kept if left else None
        notice = await self.get_state(NoticeState)
        try:
            done = await act(apply_run, await current_actor(self), run_id, chosen, now=clock.now())
        except Refusal as refusal:
            notice.show_error(sentence(refusal))
        else:
            hearings = sum(one.startswith("hearing:") for one in done.done)
            words = applied_words(len(done.done) - hearings, hearings, len(done.refused), len(done.already))
            is_new = bool(done.done)
            notice.show(
                "warning" if done.refused else "success",
                words,
                undo_label="Annuler" if is_new else "",
                link=("Voir les réservations", "/reservations/?etat=a-venir") if is_new else ("", ""),
            )
        await self._show()
        return rx.set_focus("message")

    @allow(*PLANNERS)
    @rx.event
    async def undo(self) -> EventSpec:
        """Give back what was applied of the proposal on the screen."""
        return await self._give_back(self._run_id)

    @allow(*PLANNERS)
    @rx.event
    async def undo_earlier(self, run_id: str) -> EventSpec:
        """Give back what was applied of an earlier proposal."""
        return await self._give_back(str(run_id))

    async def _give_back(self, run_id: str) -> EventSpec:
        if run_id not in {one.id for one in self.runs}:
            raise InvalidRequest("run_id", "unknown-choice")
        freed = await act(undo_run, await current_actor(self), UUID(run_id), now=clock.now())
        waiting = plural(freed, "affaire attend", "affaires attendent")
        (await self.get_state(NoticeState)).show_success(f"Application annulée : {waiting} de nouveau.")
        await self._show()
        return rx.set_focus("message")

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:
        """Show what somebody else has just put in a hearing of this court."""
        if self._hearing_ids & resource_ids and not self.is_active:
            await self._show()

    def _is_here(self) -> bool:
        return str(self.router.url.path).strip("/") == ADDRESS.strip("/")

    async def _show(self) -> None:
        now = clock.now()
        shown = await read(_shown, await current_actor(self), self.kind, now=now)
        self.kinds, self.is_loaded = shown.kinds, True
        if shown.board is None:
            self.sentence = "Aucun type d’audience n’est à répartir par votre greffe."
            return
        self.kind = shown.kind
        self._fill(shown.board, shown.today, shown.zone, now)

    def _fill(self, found: Board, today: date, zone: ZoneInfo, now: Any) -> None:
        run = found.runs[0] if found.runs else None
        plan = plan_of(run.plan) if run else plan_of(None)
        self._total = len(found.waiting)
        self._hearing_ids = frozenset(line.hearing.id for line in found.hearings)
        self.sentence = waiting_sentence(len(found.waiting), len(found.hearings), found.benches, found.rooms)
        loads = _loads_after(found, run)
        self.hearings = [hearing_card(line, found.names, plan, loads.get(line.hearing.id)) for line in found.hearings]
        self.waiting = [case_row(line, today) for line in found.waiting[: self._shown]]
        self.hidden = max(len(found.waiting) - self._shown, 0)
        self.runs = [run_line(one, now, zone) for one in found.runs]
        if run is None:
            self._forget()
            return
        if str(run.id) != self._run_id:
            self._run_id, self.left_out = str(run.id), []
        self.is_active = state_at(run, now) in ACTIVE
        self._follow(run)
        self.ended = ended_words(run, state_at(run, now))
        self._propose(found, run, today)

    def _forget(self) -> None:
        """Show no search and no proposal: this court has none for these hearings."""
        self._run_id, self.is_active, self.ended, self.proposal = "", False, "", ""
        self.sittings, self.unplaced, self.refused, self.left_out = [], [], [], []

    def _follow(self, run: OptimizerRun) -> None:
        self.figures, self.curve = figures(run, self._total), curve(run.progress)
        self.is_stopping = run.stop_asked_at is not None

    def _propose(self, found: Board, run: OptimizerRun, today: date) -> None:
        self.is_applied = run.applied_at is not None
        if run.plan is None:
            self.proposal, self.sittings, self.unplaced, self.refused = "", [], [], []
            return
        self.proposal = proposal_sentence(run)
        self.is_stale = not self.is_applied and run.digest != found.digest
        self.sittings = sitting_cards(found, run, today)
        self.unplaced = unplaced_rows(found, run, today)
        self.unplaced_summary = reasons_summary(one.reasons for one in unplaced_of(run.plan))
        self.refused = refusals(found, run)
        self._count()

    def _tick(self, case_ids: set[str], is_ticked: bool) -> None:
        known = {case.id for card in self.sittings for case in card.cases}
        left = set(self.left_out) & known
        left = left - case_ids if is_ticked else left | (case_ids & known)
        self.left_out = sorted(left)
        self._count()

    def _count(self) -> None:
        left = set(self.left_out)
        kept = [case for card in self.sittings for case in card.cases if case.id not in left]
        counted = Counter(case.hearing_id for case in kept)
        self.ticked = {card.id: counted[card.id] for card in self.sittings}
        new = [case for case in kept if not case.place]
        unstaffed = any(card.is_new and (counted[card.id] or not left) for card in self.sittings)
        self.can_apply = bool(new) or unstaffed
        whole = all(case.place for card in self.sittings for case in card.cases)
        self.applied = "Appliquée" if whole else "Appliquée en partie"
        rest = "aussi le reste" if self.is_applied else "une audience ou une affaire"
        self.what_next = f"Cochez {rest} pour l’appliquer."
        self.apply_label = _apply_label(len(new), is_whole=not left)


@dataclass(frozen=True, kw_only=True)
class _Shown:
    kinds: list[KindChoice]
    kind: str = ""
    board: Board | None = None
    today: date
    zone: ZoneInfo


def _apply_label(count: int, *, is_whole: bool) -> str:
    if count < 2:
        return "Appliquer cette affaire" if count else "Confier les audiences aux juges"
    return f"Appliquer les {plural(count, 'affaire')}{'' if is_whole else ' cochées'}"


def _loads_after(found: Board, run: OptimizerRun | None) -> dict[int, Load]:
    """Return what each hearing would hold once the proposal is applied: what is there, and what is not yet."""
    loads = {line.hearing.id: line.hearing.load for line in found.hearings}
    if run is None or run.plan is None:
        return loads
    for case_id, hearing_id in plan_of(run.plan).placed.items():
        case = found.cases.get(case_id)
        if case is not None and case.booking_id is None and hearing_id in loads:
            before = loads[hearing_id]
            families = {**before.families, case.family: before.families.get(case.family, 0) + 1}
            loads[hearing_id] = Load(cases=before.cases + 1, minutes=before.minutes + case.minutes, families=families)
    return loads


def _shown(session: Session, actor: Actor, code: str, *, now: Any) -> _Shown:
    kinds = plannable_kinds(session, actor)
    zone = home_zone(session, actor)
    today = local_day(now, zone)
    choices = [KindChoice(kind.code, kind.label[:1].upper() + kind.label[1:]) for kind in kinds]
    if not kinds:
        return _Shown(kinds=choices, today=today, zone=zone)
    kind = next((one for one in kinds if one.code == code), kinds[0])
    found = board(session, actor, _court(actor, kind.id, today), now=now)
    return _Shown(kinds=choices, kind=kind.code, board=found, today=today, zone=zone)


def _start(session: Session, actor: Actor, code: str) -> UUID:
    now = clock.now()
    kind = next((one for one in plannable_kinds(session, actor) if one.code == code), None)
    if kind is None:
        raise InvalidRequest("type", "unknown-choice")
    court = _court(actor, kind.id, local_day(now, home_zone(session, actor)))
    return start_run(session, actor, kind.id, first=court.first, until=court.until, now=now)


def _court(actor: Actor, kind_id: int, today: date) -> Scope:
    tomorrow = today + timedelta(days=1)
    return Scope(territory_id=actor.home_territory_id, kind_id=kind_id, first=tomorrow, until=tomorrow + PLANNED_AHEAD)
