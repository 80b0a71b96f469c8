"""What the page of rounds shows besides what every planning page does: the rounds of a day, who is absent, moves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

import reflex as rx
from reflex.event import EventSpec

from availability.errors import InvalidRequest
from booking.pages.plan_rounds_desk import DESK, Board
from booking.pages.plan_rounds_moves import carried, put
from booking.pages.plan_rounds_words import DayChoice, OfferRow, RoundCard, clock
from booking.pages.plans_acts import day_of
from booking.pages.plans_desk import Desk
from booking.pages.plans_reading import Look
from booking.pages.plans_state import PlansState, planning_for
from booking.plans.kept import PLANNERS
from booking.plans.round_wishes import Absence, absences_of, kept
from booking.question import form_of
from optimizer.manners import Manner
from portal import clock as time_now
from portal.database import read
from portal.policy import allow, current_actor
from portal.ui.dates import day as day_words
from portal.ui.notice import NoticeState

DRIVERS = PLANNERS["rounds"]
MORNING = ("08:00", "12:00")
WRONG_ABSENCE = "Indiquez une équipe, un jour, et une heure de fin après celle du début."
FROZEN = (
    "Ce rendez-vous est verrouillé : la personne a été convoquée. Mettez son verrou sur « déplaçable », puis relancez "
    "la recherche."
)


@dataclass(frozen=True)
class TeamOption:
    """A team to choose."""

    id: str
    name: str


@dataclass(frozen=True)
class AbsenceRow:
    """Who is absent in the next search."""

    number: int
    words: str


@planning_for(DESK)
class PlanRoundsState(PlansState, rx.State):
    """The rounds of a day of the proposal, or of what is booked, as cards and on a map."""

    desk: ClassVar[Desk] = DESK

    summary: str = ""
    urgent: str = ""
    teams: list[TeamOption] = []  # noqa: RUF012 - Reflex copies the default for each client
    absences: list[AbsenceRow] = []  # noqa: RUF012
    absence_day: str = ""
    wrong_absence: str = ""
    days: list[DayChoice] = []  # noqa: RUF012
    board_day: str = ""
    board_team: str = ""  # none: all of them
    cards: list[RoundCard] = []  # noqa: RUF012
    points: list[dict[str, str | float]] = []  # noqa: RUF012
    ways: list[dict[str, Any]] = []  # noqa: RUF012
    bases: list[list[float]] = []  # noqa: RUF012
    lit: str = ""

    carried: str = ""  # the visit that is being moved, or asked about
    carried_title: str = ""
    conflict: str = ""
    change: str = ""
    offers: list[OfferRow] = []  # noqa: RUF012

    _absent: list[dict[str, Any]] = []  # noqa: RUF012
    _absent_of: str = ""  # the run whose absences these were

    @allow(*DRIVERS)
    @rx.event
    async def pick_board_day(self, day: str) -> None:
        """Show the rounds of another day."""
        self.board_day = str(day) if str(day) in {one.day for one in self.days} else ""
        await self._show()

    @allow(*DRIVERS)
    @rx.event
    async def pick_board_team(self, team: str) -> None:
        """Show the rounds of one team, or of all."""
        self.board_team = str(team) if str(team) in {one.id for one in self.teams} else ""
        await self._show()

    @allow(*DRIVERS)
    @rx.event
    async def light(self, item: str) -> EventSpec | None:
        """Light up the stop clicked on, and go to it in the list."""
        if str(item) not in {stop.id for card in self.cards for stop in card.stops}:
            return None
        self.lit = str(item)
        return rx.set_focus(f"passage-{self.lit}")

    @allow(*DRIVERS)
    @rx.event
    async def somebody_is_absent(self, form: dict[str, Any]) -> list[Any]:
        """Repair the rounds without who is absent: what must move does, and nothing else."""
        absence = _absence(form_of(form), {one.id for one in self.teams})
        self.wrong_absence = "" if absence else WRONG_ABSENCE
        if absence is None:
            return [rx.set_focus("absence-debut")]
        self._absent = [*self._plain(), kept(absence)]
        self._cover(absence.day)
        return await self._search(Manner.REPAIR)

    @allow(*DRIVERS)
    @rx.event
    async def is_back(self, number: int) -> None:
        """Forget an absence in the next search."""
        self._absent = [one for at, one in enumerate(self._plain()) if at != number]
        self._say_absent()

    @allow(*DRIVERS)
    @rx.event
    async def insert_urgent(self) -> list[Any]:
        """Find from today on where the urgent visits go, and what that moves."""
        self._cover(date.fromisoformat(self.first_allowed))
        return await self._search(Manner.REPAIR)

    def _cover(self, day: date) -> None:
        """Have a day within the scope."""
        first, last = date.fromisoformat(self.first), date.fromisoformat(self.last)
        self.first, self.last = min(first, day).isoformat(), max(last, day).isoformat()

    @allow(*DRIVERS)
    @rx.event
    async def choose_place(self, item: str) -> EventSpec | None:
        """Open the list of the rounds that a visit could join, or why none takes it."""
        found = await read(carried, await current_actor(self), self._opened_id(), _item(item), now=time_now.now())
        if found.is_frozen:
            (await self.get_state(NoticeState)).show("info", FROZEN)
            return rx.set_focus("message")
        self.carried, self.carried_title, self.offers = found.item, found.title, found.rows
        self.conflict, self.change = found.conflict, found.change
        return None

    @allow(*DRIVERS)
    @rx.event
    async def let_go(self) -> None:
        """Leave the visit where it was."""
        self.carried, self.offers, self.conflict, self.change = "", [], "", ""

    @allow(*DRIVERS)
    @rx.event
    async def put(self, place: str) -> EventSpec:
        """Make a proposal beside the open one, with one visit elsewhere; nowhere when no place is said."""
        item, where = _item(self.carried), str(place)
        if where and where not in {one.place for one in self.offers}:
            raise InvalidRequest("place", "unknown-choice")
        self.carried, self.offers, self.conflict, self.change = "", [], "", ""
        return await self._kept(partial(put, now=time_now.now()), self._opened_id(), item, where)

    def _own_settings(self) -> dict[str, Any]:
        return {"absent": self._plain()} if self._absent else {}

    def _plain(self) -> list[dict[str, Any]]:
        """Return who is absent as settings keep it, not as Reflex wraps it."""
        return [dict(one) for one in self._absent]

    def _own_asked(self) -> tuple[str, str]:
        return self.board_day, self.board_team

    def _fill_own(self, found: Look) -> None:
        own: Board | None = found.own
        self.absence_day = found.today.isoformat()
        if own is None:
            self.summary = "Aucun type de visite n’est à planifier par votre service."
            return
        self.summary, self.urgent = own.sentence, own.urgent
        self.teams = [TeamOption(number, name) for number, name in own.teams]
        self.days, self.board_day, self.cards = own.days, own.day, own.cards
        self.points, self.ways, self.bases = own.points, own.ways, own.bases
        self._resource_ids = own.resource_ids
        run = found.proposal.run if found.proposal else None
        if run is not None and self._absent_of != str(run.id):
            self._absent_of, self._absent = str(run.id), list(run.settings.get("absent", []))
        self._say_absent()

    def _say_absent(self) -> None:
        names = {int(one.id): one.name for one in self.teams}
        self.absences = [
            AbsenceRow(number, _absence_words(one, names.get(one.team_id, "une équipe")))
            for number, one in enumerate(absences_of({"absent": self._plain()}))
        ]


def _absence(form: dict[str, str], teams: set[str]) -> Absence | None:
    """Return who is absent as a form says it, or None when it cannot be."""
    on = day_of(form.get("absence-jour", ""))
    try:
        start, end = (time.fromisoformat(form.get(f"absence-{name}", "")) for name in ("debut", "fin"))
    except ValueError:
        return None
    team, left = form.get("absence-equipe", ""), form.get("absence-qui", "")
    if on is None or team not in teams or start >= end:
        return None
    return Absence(
        team_id=int(team),
        day=on,
        start_min=start.hour * 60 + start.minute,
        end_min=end.hour * 60 + end.minute,
        agents=1 if left == "un" else None,
    )


def _absence_words(one: Absence, team: str) -> str:
    who = f"un agent de moins dans {team}" if one.agents else f"{team} absente"
    hours = "" if one.agents else f" de {clock(one.start_min)} à {clock(one.end_min)}"
    return f"{who}, {day_words(one.day)}{hours}"


def _item(text: object) -> UUID:
    """Return the visit that a client names. Raises: InvalidRequest."""
    try:
        return UUID(str(text))
    except ValueError as error:
        raise InvalidRequest("item", "unknown-choice") from error
