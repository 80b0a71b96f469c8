"""The establishment shown, or those to choose from: what the page reads, and reads again when a bed changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import reflex as rx
from sqlmodel import Session

from availability.errors import Refusal
from availability.history import consulted
from availability.rights import REQUESTERS, Actor, Role
from booking.establishment import NIGHTS_SHOWN, Choice, Establishment, establishment, establishments
from booking.pages import establishment_words as words
from booking.pages import rehousing_words, stay_words
from booking.pages.beds_sent import Beds, Sent, all_of, changes_of, packed
from booking.pages.establishment_words import ChoiceRow, Column, Figure, Month
from booking.pages.stay_words import Known
from portal.clock import now
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor
from portal.problems import sentence
from portal.ui.notice import NoticeState

VIEWERS = (*REQUESTERS, Role.PARTNER)
UNKNOWN = "Cet établissement n’existe pas, ou ne vous est pas accessible."
UNREADABLE = "Cette date ne se lit pas : voici les nuits autour d’aujourd’hui."
Asked = tuple[int | None, date | None, int]


class EstablishmentState(rx.State):
    """The establishment shown, or those to choose from."""

    step: str = ""  # "", grid, choose, nothing
    title: str = "Occupation"
    where: str = ""
    period: str = ""
    previous: str = ""
    following: str = ""
    present: str = ""  # empty when today is in the window
    today_at: int = -1
    weekends: list[int] = []  # noqa: RUF012 - Reflex copies the default for each client
    months: list[Month] = []  # noqa: RUF012
    columns: list[Column] = []  # noqa: RUF012
    grid: dict[str, Any] = {"turn": 0, "sections": []}  # noqa: RUF012
    patch: dict[str, Any] = {"turn": 0, "since": 0, "beds": []}  # noqa: RUF012 - what changed of the grid
    has_beds: bool = False
    figures: list[Figure] = []  # noqa: RUF012
    area: str = ""
    line: str = ""
    curve_label: str = ""
    totals: list[str] = []  # noqa: RUF012
    arrivals: str = ""
    departures: str = ""
    choices: list[ChoiceRow] = []  # noqa: RUF012
    is_host: bool = False
    today: date = date.min
    today_iso: str = ""
    first_iso: str = ""
    longer: str = ""  # address of the same with more nights, or fewer
    longer_words: str = ""
    step_words: str = ""
    to_rehouse: str = ""
    may_rehouse: bool = False
    rehouse_href: str = ""
    has_stays: bool = False
    _sent: Sent = Sent()
    _known: dict[str, Known] = {}  # noqa: RUF012
    _beds: dict[int, str] = {}  # noqa: RUF012
    _resource_ids: frozenset[int] = frozenset()
    _asked: Asked = (None, None, NIGHTS_SHOWN)

    @allow(*VIEWERS)
    @rx.event
    async def load(self) -> None:
        """Show the establishment that the address names, or those to choose from."""
        watch(self)
        actor = await current_actor(self)
        self._asked, problem = asked_by(self.router.url.query_parameters)
        try:
            shown = await act(opened, actor, *self._asked, now=now())
        except Refusal as refusal:
            problem = sentence(refusal)
            shown = await act(opened, actor, None, None, NIGHTS_SHOWN, now=now())
        self.is_host, self.may_rehouse = actor.has(Role.PARTNER), actor.has(*REQUESTERS)
        self._show(shown)
        if problem:
            (await self.get_state(NoticeState)).show_error(problem)

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:
        """Show the grid again when somebody else took or freed one of its beds."""
        if self.step == "grid" and resource_ids & self._resource_ids:
            self._draw(await read(drawn_again, await current_actor(self), *self._asked, now=now()))

    @allow(*VIEWERS)
    @rx.event
    async def send_all(self) -> None:
        """Send every bed again, to a page that missed a change."""
        if self.step == "grid":
            await self._read_again(sends_all=True)

    async def _read_again(self, *, sends_all: bool = False) -> None:
        drawn = await read(drawn_again, await current_actor(self), *self._asked, now=now())
        self._draw(drawn, sends_all=sends_all)

    def _draw(self, drawn: Drawn | None, *, sends_all: bool = False) -> None:
        """Send what differs from what the page has."""
        if drawn is None:
            return
        changes = None if sends_all else changes_of(self._sent, drawn.beds)
        if changes is None:
            self._sent, self.grid, self.patch = all_of(self._sent, drawn.beds)
        elif changes[0] != self._sent:
            self._sent, self.patch = changes
        for name, value in drawn.values.items():
            if getattr(self, name) != value:
                setattr(self, name, value)

    def _show(self, shown: Establishment | list[Choice]) -> None:
        if isinstance(shown, list):
            self.step, self.title, self.where = "choose" if shown else "nothing", "Occupation", ""
            self.choices, self._known = [words.choice_row(choice) for choice in shown], {}
            return
        self._asked = (shown.site_id, *self._asked[1:])
        self._resource_ids = frozenset(section.resource_id for section in shown.sections)
        self.step, self.rehouse_href = "grid", rehousing_words.address(shown.site_id)
        self._draw(drawn_of(shown), sends_all=True)
        self._show_window(shown)

    def _show_window(self, shown: Establishment) -> None:
        self.period, self.months, self.columns = words.period(shown), words.months(shown), words.columns(shown)
        self.weekends = [at for at, column in enumerate(self.columns) if column.tone == "weekend"]
        is_now = shown.first <= shown.today < shown.until
        self.today, self.today_iso, self.first_iso = shown.today, shown.today.isoformat(), shown.first.isoformat()
        self.today_at = (shown.today - shown.first).days if is_now else -1
        nights = (shown.until - shown.first).days
        step = timedelta(days=nights)
        self.step_words = words.span_words(nights)
        self.present = "" if is_now else words.address(shown.site_id, nights=nights)
        self.previous = words.address(shown.site_id, shown.first - step, nights)
        self.following = words.address(shown.site_id, shown.first + step, nights)
        other = words.LONGER if nights < words.LONGER else NIGHTS_SHOWN
        self.longer = words.address(shown.site_id, self._asked[1], other)
        self.longer_words = f"Voir {words.span_words(other)}"


@dataclass(frozen=True)
class Drawn:
    """All that changes when a bed is taken or freed: the beds, and the rest by variable."""

    beds: Beds
    values: dict[str, Any]


def drawn_of(shown: Establishment) -> Drawn:
    """Return what the grid displays."""
    uses, known = shown.by_night, stay_words.known_stays(shown)
    values = {
        "title": shown.name,
        "where": shown.address,
        "has_beds": bool(shown.sections),
        "has_stays": bool(known),
        "figures": words.figures(uses),
        "area": words.curve(uses, closes=True),
        "line": words.curve(uses, closes=False),
        "curve_label": words.curve_words(uses),
        "totals": words.totals(shown, uses),
        "to_rehouse": rehousing_words.notice(shown.to_rehouse) if shown.to_rehouse else "",
        "arrivals": words.moves_words(shown.moves, arrivals=True),
        "departures": words.moves_words(shown.moves, arrivals=False),
        "_known": known,
        "_beds": {bed.unit_id: bed.name for section in shown.sections for bed in section.beds},
    }
    return Drawn(packed(words.section_rows(shown)), values)


def drawn_again(
    session: Session, actor: Actor, site_id: int | None, first: date | None, nights: int, *, now: datetime
) -> Drawn | None:
    """Return what the grid of an open establishment displays now: worded here, once for all who look at it."""
    shown = opened(session, actor, site_id, first, nights, now=now, is_again=True)
    return None if isinstance(shown, list) else drawn_of(shown)


def opened(
    session: Session,
    actor: Actor,
    site_id: int | None,
    first: date | None,
    nights: int,
    *,
    now: datetime,
    is_again: bool = False,
) -> Establishment | list[Choice]:
    """Return the establishment asked for, the only one that there is, or those to choose from.

    Looking beyond one's territories is logged. Raises: NotFound, InvalidRequest when the first night is too far.
    """
    if site_id is None:
        choices = establishments(session, actor, now=now)
        if len(choices) != 1:
            return choices
        site_id = choices[0].site_id
    shown = establishment(session, actor, site_id, now=now, first=first, nights=nights)
    if shown.is_beyond and not is_again:
        consulted(session, actor, subject="site", subject_id=site_id, reason="establishment-beyond-territory", at=now)
    return shown


def asked_by(parameters: Mapping[str, str]) -> tuple[Asked, str]:
    """Return the site, the first night and how many an address names, and what is wrong with it in a sentence."""
    number, typed = parameters.get("id", ""), parameters.get("du", "")
    nights = words.LONGER if parameters.get("nuits") == str(words.LONGER) else NIGHTS_SHOWN
    if number and not (number.isdecimal() and len(number) < 16):
        return (None, None, nights), UNKNOWN
    site_id = int(number) if number else None
    try:
        return (site_id, date.fromisoformat(typed) if typed else None, nights), ""
    except ValueError:
        return (site_id, None, nights), UNREADABLE
