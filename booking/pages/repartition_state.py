"""What the page of the hearings of a court shows besides what every planning page does."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import ClassVar
from uuid import UUID

import reflex as rx
from reflex.event import EventSpec

from availability.errors import InvalidRequest
from booking.pages.plan_calendar_words import PlanWeek
from booking.pages.planning_words import CaseRow, HearingCard, SittingCard
from booking.pages.plans_acts import day_of
from booking.pages.plans_desk import Desk
from booking.pages.plans_reading import Look
from booking.pages.plans_state import PlansState, planning_for
from booking.pages.repartition_desk import DESK, Court, CourtAsked
from booking.pages.repartition_moves import OfferRow, carried, put
from booking.plans.hearings import PLANNERS
from portal import clock
from portal.database import read
from portal.policy import allow, current_actor
from portal.ui.dates import plural
from portal.ui.notice import NoticeState

ROWS_AT_ONCE = 40


@planning_for(DESK)
class RepartitionState(PlansState, rx.State):
    """The court: its hearings, the cases that wait, and the hearings of the proposal."""

    desk: ClassVar[Desk] = DESK

    summary: str = ""
    hearings: list[HearingCard] = []  # noqa: RUF012 - Reflex copies the default for each client
    waiting: list[CaseRow] = []  # noqa: RUF012
    hidden: int = 0  # lines of the table that a button shows
    to_staff: str = ""  # how many hearings miss somebody who is away
    to_staff_kind: str = ""  # their kind: the one that is planned, or else the first that has some
    to_staff_label: str = ""
    sittings: list[SittingCard] = []  # noqa: RUF012
    week: PlanWeek = PlanWeek()
    left_out: list[str] = []  # noqa: RUF012 - the cases that are not ticked, among those that are shown
    ticked: dict[str, int] = {}  # noqa: RUF012 - by hearing

    carried: str = ""  # the case that is being moved
    carried_title: str = ""
    why: str = ""  # why it is there, or nowhere
    reasons: list[str] = []  # noqa: RUF012
    changes: list[str] = []  # noqa: RUF012 - what would place it
    offers: list[OfferRow] = []  # noqa: RUF012 - where it could go, and what that costs
    barred: list[OfferRow] = []  # noqa: RUF012 - where it could not, and why
    answers: dict[str, OfferRow] = {}  # noqa: RUF012 - both, by hearing
    is_choosing: bool = False  # from the list, rather than with the mouse

    _waiting_shown: int = ROWS_AT_ONCE
    _unfolded: list[str] = []  # noqa: RUF012
    _view: str = ""
    _monday: str = ""

    @allow(*PLANNERS)
    @rx.event
    async def show_more(self) -> None:
        """Show every case that waits."""
        self._waiting_shown = 10_000
        await self._show()

    @allow(*PLANNERS)
    @rx.event
    async def unfold(self, hearing_id: str) -> None:
        """Show the cases of a hearing, or fold them."""
        known, wanted = {card.id for card in self.sittings}, str(hearing_id)
        others = [one for one in self._unfolded if one != wanted and one in known]
        is_open = wanted in self._unfolded
        self._unfolded = others if is_open or wanted not in known else [*others, wanted]
        await self._show()

    @allow(*PLANNERS)
    @rx.event
    async def open_hearing(self, hearing_id: str) -> EventSpec:
        """Go from the calendar to the cases of a hearing."""
        wanted = str(hearing_id)
        if wanted in {card.id for card in self.sittings} and wanted not in self._unfolded:
            self._unfolded = [*self._unfolded, wanted]
            await self._show()
        return rx.set_focus(f"audience-{wanted}")

    @allow(*PLANNERS)
    @rx.event
    async def look_by(self, view: str) -> None:
        """Show the calendar by room, or by judge."""
        self._view = str(view)
        await self._show()

    @allow(*PLANNERS)
    @rx.event
    async def look_at(self, monday: str) -> None:
        """Show another week of the calendar."""
        self._monday = str(monday)
        await self._show()

    @allow(*PLANNERS)
    @rx.event
    async def choose_place(self, case_id: str) -> None:
        """Open the list of where a case could go."""
        await self._carry(case_id)
        self.is_choosing = True

    @allow(*PLANNERS)
    @rx.event
    async def lift(self, case_id: str) -> None:
        """Have every hearing say what it would cost to put a case there, while it is carried."""
        await self._carry(case_id)

    @allow(*PLANNERS)
    @rx.event
    async def let_go(self) -> None:
        """Leave the case where it was."""
        self._release()

    @allow(*PLANNERS)
    @rx.event
    async def put(self, case_id: str, place: str) -> None:
        """Make a proposal beside the open one, with one case elsewhere; the page stays where one looks."""
        run_id, wanted, asked = self._opened_id(), _case_of(case_id), str(place)
        title, answer = self.carried_title, self.answers.get(asked)
        is_known = self.carried == str(wanted)
        self._release()
        notice = await self.get_state(NoticeState)
        if is_known and answer is None:  # where it is already
            return
        if answer is not None and is_known and not answer.can:
            notice.show("warning", f"{title} : {answer.title}, impossible, {answer.words}.")
        elif await self._is_kept(partial(put, now=clock.now()), run_id, wanted, asked) and answer is not None:
            notice.show_success(
                f"{title} → {answer.title} : {answer.words}, {answer.cost}. L’autre proposition reste à côté."
            )

    async def _carry(self, case_id: object) -> None:
        run_id, wanted = self._opened_id(), _case_of(case_id)
        found = await read(carried, await current_actor(self), run_id, wanted, now=clock.now())
        self.carried, self.carried_title = found.case_id, found.title
        self.offers = [row for row in found.rows if row.can]
        self.why, self.reasons, self.changes = found.why.sentence, found.why.reasons, found.why.changes
        self.answers = {row.place: row for row in found.rows}
        self.barred = [row for row in found.rows if not row.can]

    def _release(self) -> None:
        self.carried, self.carried_title, self.is_choosing = "", "", False
        self.offers, self.barred, self.answers = [], [], {}

    def _lockable(self) -> set[str]:
        return super()._lockable() | {card.lock_id for card in self.sittings}

    def _own_asked(self) -> CourtAsked:
        return CourtAsked(
            waiting=self._waiting_shown,
            unfolded=tuple(self._unfolded),
            view=self._view,
            monday=day_of(self._monday),
        )

    def _fill_own(self, found: Look) -> None:
        own: Court | None = found.own
        if own is None:
            self.summary = "Aucun type d’audience n’est à répartir par votre greffe."
            return
        self.summary, self.hearings, self.sittings, self.week = own.sentence, own.hearings, own.sittings, own.week
        self.waiting, self.hidden = own.waiting, own.waiting_count - len(own.waiting)
        self._resource_ids = own.hearing_ids
        self._fill_gaps(own.gaps, dict(found.kinds), found.kind)
        self._count()

    def _fill_gaps(self, gaps: Mapping[str, int], labels: Mapping[str, str], here: str) -> None:
        """Say what is to be staffed among the hearings that are planned, or else among those of another kind."""
        known = [kind for kind in (here, *gaps) if kind in gaps]
        self.to_staff_kind = known[0] if known else ""
        self.to_staff_label = labels.get(self.to_staff_kind, "")
        count = gaps.get(self.to_staff_kind, 0)
        self.to_staff = plural(count, "audience à pourvoir", "audiences à pourvoir") if count else ""

    def _count(self) -> None:
        super()._count()
        left = set(self._left_out)
        shown = {case.id for card in self.sittings for case in card.cases}
        self.left_out = sorted(left & shown)
        inside: dict[str, int] = {card.id: 0 for card in self.sittings}
        for case, hearing in self._groups.items():
            if case not in left and hearing in inside:
                inside[hearing] += 1
        self.ticked = inside
        # A hearing that nobody holds yet is confided with any of its cases, or when all is applied.
        unstaffed = any(card.is_new and (inside[card.id] or not left) for card in self.sittings)
        self.can_apply = self.can_apply or unstaffed

    def _apply_label(self, count: int, *, is_whole: bool) -> str:
        if count < 2:
            return "Appliquer cette affaire" if count else "Confier les audiences aux juges"
        return f"Appliquer les {plural(count, 'affaire')}{'' if is_whole else ' cochées'}"


def _case_of(text: object) -> UUID:
    """Return the case that a client names. Raises: InvalidRequest."""
    try:
        return UUID(str(text))
    except ValueError as error:
        raise InvalidRequest("case_id", "unknown-choice") from error
