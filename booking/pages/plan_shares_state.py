"""What the page of a batch shows and does besides what every planning page does: its list, loads, a case that moves."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.errors import InvalidRequest
from availability.rights import Actor
from booking.mediators import DESIGNATORS
from booking.pages.plan_shares_desk import DESK, BatchAsked, BatchShown
from booking.pages.plan_shares_words import Bar, CaseRow, FaultRow, OutRow, fault_rows
from booking.pages.plans_reading import Look
from booking.pages.plans_state import PlansState, planning_for
from booking.plans.kept import Scope, plan_in, run_of
from booking.plans.runs import change_by_hand
from booking.plans.settings import Locked
from booking.plans.share_cases import choices_of, list_cases, put_back, shared_kinds, take_out
from booking.plans.share_lines import MOST_LINES, Fault, read_cases
from booking.plans.share_models import CaseToDesignate
from booking.plans.shares import batch_of
from booking.question import form_of
from optimizer.shares.plan import Plan
from portal import clock
from portal.database import act
from portal.policy import allow, current_actor
from portal.ui.dates import NBSP, plural
from portal.ui.notice import NoticeState

BOARD = "charges"  # where the focus goes to choose a service
TYPED = "dossiers"
TOO_MANY = f"{MOST_LINES} dossiers au plus à la fois."
NOTHING_TO_SHARE = "Aucun type de mesure n’est ouvert à votre ressort."


@planning_for(DESK)
class PlanSharesState(PlansState, rx.State):
    """The list of a court, the loads of the services before and after, and the case that is being moved."""

    desk: ClassVar[Any] = DESK

    summary: str = ""
    cases: list[CaseRow] = []  # noqa: RUF012 - Reflex copies the default for each client
    more_cases: int = 0
    bars: list[Bar] = []  # noqa: RUF012
    more_bars: int = 0
    outs: list[OutRow] = []  # noqa: RUF012
    picked: str = ""  # the case that is being moved
    picked_words: str = ""
    typed: str = ""  # what is left to correct
    faults: list[FaultRow] = []  # noqa: RUF012
    form_version: int = 0

    _all_cases: bool = False
    _all_bars: bool = False
    _taken_out: CaseToDesignate | None = None

    # --- the list ---

    @allow(*DESIGNATORS)
    @rx.event
    async def add_cases(self, form: dict[str, Any]) -> EventSpec:
        """Add the cases that are understood; what is not stays in the field, with what is wrong of each line."""
        typed = form_of(form).get(TYPED, "")
        notice = await self.get_state(NoticeState)
        try:
            count, faults = await act(_add, await current_actor(self), self.kind, typed, now=clock.now())
        except InvalidRequest:
            self.typed, self.faults = typed, [FaultRow("La liste", TOO_MANY)]
            return rx.set_focus(TYPED)
        self.faults = fault_rows(faults)
        self.typed, self.form_version = "\n".join(one.typed for one in faults), self.form_version + 1
        if count:
            notice.show_success(plural(count, "dossier ajouté à la liste.", "dossiers ajoutés à la liste."))
        await self._show()
        return rx.set_focus(TYPED if faults or not count else "liste")

    @allow(*DESIGNATORS)
    @rx.event
    async def take_out(self, case_id: str) -> EventSpec:
        """Take a case out of the list."""
        number, self._applied_id = _uuid("case_id", case_id), ""
        self._taken_out = await act(take_out, await current_actor(self), number, now=clock.now())
        (await self.get_state(NoticeState)).show_success(
            f"Le dossier {self._taken_out.case_ref} est retiré de la liste.", undo_label="Annuler"
        )
        await self._show()
        return rx.set_focus("message")

    @allow(*DESIGNATORS)
    @rx.event
    async def undo(self) -> EventSpec:
        """Give back what was just applied, or put back the case that was just taken out: what the message says."""
        case, self._taken_out = self._taken_out, None
        if case is None or self._applied_id:
            return await self._give_back(self._applied_id or self._run_id)
        await act(put_back, await current_actor(self), case, now=clock.now())
        (await self.get_state(NoticeState)).show_success(f"Le dossier {case.case_ref} est de nouveau dans la liste.")
        await self._show()
        return rx.set_focus("message")

    @allow(*DESIGNATORS)
    @rx.event
    async def show_all_cases(self) -> None:
        """Show every case of the list."""
        self._all_cases = True
        await self._show()

    # --- a case that moves ---

    @allow(*DESIGNATORS)
    @rx.event
    async def pick(self, case_id: str) -> Any:
        """Show, on each service, what giving it a case would do."""
        wanted = str(case_id)
        if wanted not in self._groups and wanted not in {line.id for line in self.lines}:
            raise InvalidRequest("case_id", "unknown-choice")
        self.picked = wanted
        await self._show()

    @allow(*DESIGNATORS)
    @rx.event
    async def pick_and_go(self, case_id: str) -> Any:
        """Do the same, and go to the services: by keyboard, or by a press."""
        await self.pick(case_id)
        return rx.set_focus(BOARD)

    @allow(*DESIGNATORS)
    @rx.event
    async def leave(self) -> EventSpec:
        """Leave the case where it is."""
        self.picked = ""
        await self._show()
        return rx.set_focus("lignes")

    @allow(*DESIGNATORS)
    @rx.event
    async def let_go(self) -> None:
        """Leave a case that was dropped elsewhere where it is."""
        self.picked = ""
        await self._show()

    @allow(*DESIGNATORS)
    @rx.event
    async def give(self, case_id: str, service_id: str) -> EventSpec:
        """Make a proposal in which a service has the case, beside the one that it comes from."""
        case, service = str(case_id), str(service_id)
        wanted = next((one for one in self.bars if one.id == service), None)
        if wanted is None:
            raise InvalidRequest("service_id", "unknown-choice")
        self.picked = ""
        if wanted.cost and not wanted.may_take:
            notice = await self.get_state(NoticeState)
            notice.show("info", f"{wanted.name}{NBSP}: {'a déjà ce dossier' if wanted.has_it else wanted.cost}.")
            await self._show()
            return rx.set_focus("message")
        came_from = self._run_id
        focus = await self._kept(_moved, _uuid("run_id", came_from), case, service)
        if self._run_id != came_from:  # what somebody decides by hand, the next search keeps
            self._locks = self._locks | {case: Locked.FROZEN.value}
            await self._show()
        return focus

    @allow(*DESIGNATORS)
    @rx.event
    async def show_all_bars(self) -> None:
        """Show every service."""
        self._all_bars = True
        await self._show()

    # --- showing ---

    def _own_settings(self) -> dict[str, Any]:
        """Say with which service each locked case stays."""
        frozen = [case for case, level in self._locks.items() if level == "frozen" and case in self._groups]
        return {"kept": {case: int(self._groups[case]) for case in frozen}} if frozen else {}

    def _own_asked(self) -> BatchAsked:
        return BatchAsked(picked=self.picked, all_bars=self._all_bars, all_cases=self._all_cases)

    def _fill_own(self, found: Look) -> None:
        own: BatchShown | None = found.own
        if own is None:
            self.summary = NOTHING_TO_SHARE
            return
        self.summary, self.cases, self.bars, self.outs = own.sentence, own.cases, own.bars, own.outs
        self.more_cases, self.more_bars = own.cases_count - len(own.cases), own.bars_count - len(own.bars)
        self.picked_words = own.picked
        self.picked = self.picked if own.picked else ""
        self._resource_ids = own.service_ids

    def _given_back(self, count: int) -> str:
        if not count:
            return "Rien n’a été repris : les services ont déjà répondu."
        return f"Application annulée : {plural(count, 'dossier est', 'dossiers sont')} de nouveau à confier."


def _add(session: Session, actor: Actor, code: str, typed: str, *, now: datetime) -> tuple[int, list[Fault]]:
    kind = next((one for one in shared_kinds(session, actor) if one.code == code), None)
    if kind is None:
        raise InvalidRequest("type", "unknown-choice")
    today = now.date()
    scope = Scope(territory_id=actor.home_territory_id, kind_id=kind.id, first=today, until=today)
    services = batch_of(session, actor, scope, now=now).services.values()
    cases, faults = read_cases(typed, choices_of(kind, services))
    return len(list_cases(session, actor, kind.id, cases, now=now)), faults


def _moved(session: Session, actor: Actor, run_id: UUID, case: str, service: str) -> UUID:
    plan: Plan = plan_in("shares", run_of(session, actor, run_id).plan)
    return change_by_hand(session, actor, run_id, replace(plan, given={**plan.given, case: service}), now=clock.now())


def _uuid(field: str, typed: object) -> UUID:
    try:
        return UUID(str(typed))
    except ValueError as error:
        raise InvalidRequest(field, "not-a-number") from error
