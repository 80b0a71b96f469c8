"""Judicial recess (vacations judiciaires): the days of a court, or of all those of a court of appeal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

import reflex as rx
from sqlmodel import Session

from availability.closings import MOST_REASON
from availability.errors import InvalidRequest, Refusal
from availability.pages.focus import focus_on
from availability.recess import (
    LONGEST,
    SETTERS,
    Recess,
    RecessForgotten,
    RecessSet,
    RecessToCome,
    courts_of,
    forget_recess,
    recesses_to_come,
    set_recess,
    set_recess_of,
)
from availability.rights import Actor, Role
from portal import clock
from portal.database import act, read
from portal.policy import allow, current_actor, page
from portal.problems import sentence
from portal.ui.dates import day, plural
from portal.ui.layout import layout
from portal.ui.notice import NoticeState
from portal.ui.pieces import empty_state, field, select_field, skeleton

el = rx.el
A_DAY = timedelta(days=1)
MOST_NAMED = 4
NO_PROBLEM = {"court": "", "first": "", "last": "", "reason": ""}
PROBLEM_WORDS = {
    "required": "Choisissez un tribunal, ou une cour d’appel.",
    "unreadable": "Choisissez ce jour dans le calendrier.",
    "past": "Ces jours sont passés.",
    "too-far": "C’est trop loin : un an au plus.",
    "not-after-start": "Le dernier jour ne peut pas être avant le premier.",
    "too-many-days": f"C’est trop long : {LONGEST} jours au plus.",
    "too-long": f"C’est trop long : {MOST_REASON} signes au plus.",
    "recess-overlaps": "Ces jours en touchent d’autres, déjà fixés : {court}.",
}
FIELD_OF = {"until": "last"}
# What else follows the days of some courts, once they are written, and how many empty sessions it took away.
Follower = Callable[[Sequence[int]], Awaitable[int]]
_followers: list[Follower] = []
NAMES = ("Vacations d’été", "Vacations d’hiver", "Vacations de printemps")


def follow(follower: Follower) -> None:
    """Have something follow the days of recess, after each act of this page."""
    _followers.append(follower)


async def _followed(court_ids: Sequence[int]) -> int:
    return sum([await one(court_ids) for one in _followers])


@dataclass(frozen=True)
class Court:
    """A court, or all those of a court of appeal, to choose."""

    id: str
    label: str


@dataclass(frozen=True)
class Line:
    """Days to come, as displayed."""

    ids: str
    days: str
    name: str
    where: str


class RecessState(rx.State):
    """The days to come, and those being written."""

    is_loaded: bool = False
    courts: list[Court] = []  # noqa: RUF012 - Reflex copies the default for each client
    lines: list[Line] = []  # noqa: RUF012
    typed: dict[str, str] = NO_PROBLEM
    problems: dict[str, str] = NO_PROBLEM
    version: int = 0
    focused: str = ""
    turn: int = 0
    _undo: Any = None

    @allow(*SETTERS)
    @rx.event
    async def load(self) -> None:
        """Show the courts of whoever looks, and the days to come."""
        await self._show()

    @allow(*SETTERS)
    @rx.event
    async def add(self, form: dict[str, Any]) -> None:
        """Write days of recess; what was typed stays until it is right."""
        received = form if isinstance(form, dict) else {}
        self.typed = {name: str(received.get(name, ""))[:200] for name in NO_PROBLEM}
        self.problems = NO_PROBLEM
        court, span, wrong = _read(self.typed)
        if court is None or span is None:
            self._say_wrong(wrong)
            return
        try:
            days = Recess(*span, self.typed["reason"])
            done = await act(set_recess, await current_actor(self), court, days, now=clock.now())
        except InvalidRequest as refusal:
            self._say_wrong([refusal])
            return
        except Refusal as refusal:
            (await self.get_state(NoticeState)).show_error(sentence(refusal))
            return
        self._undo = partial(forget_recess, ids=done.ids)
        self.typed, self.version = NO_PROBLEM, self.version + 1
        left, withdrawn = len(done.outside), await _followed(done.court_ids)
        taken = f" {left} rendez-vous déjà pris ces jours-là restent pris." if left else ""
        if withdrawn:
            taken = f" {plural(withdrawn, 'audience vide retirée', 'audiences vides retirées')}.{taken}"
        count = len(done.ids)
        said = f"C’est fixé pour {count} tribun{'aux' if count > 1 else 'al'}.{taken}"
        (await self.get_state(NoticeState)).show_success(said, undo_label="Annuler")
        await self._show()

    @allow(*SETTERS)
    @rx.event
    async def forget(self, ids: str) -> None:
        """Take days of recess away."""
        numbers = [int(one) for one in str(ids).split(",") if one.isascii() and one.isdecimal() and len(one) <= 18]
        gone = await act(forget_recess, await current_actor(self), numbers, now=clock.now())
        self._undo = partial(set_recess_of, court_ids=gone.court_ids, days=gone.days)
        await _followed(gone.court_ids)
        (await self.get_state(NoticeState)).show_success("Ces jours ne sont plus fermés.", undo_label="Annuler")
        await self._show()

    @allow(*SETTERS)
    @rx.event
    async def undo(self) -> None:
        """Take back the last act."""
        undo, self._undo = self._undo, None
        if undo is None:
            return
        notice = await self.get_state(NoticeState)
        try:
            done: RecessSet | RecessForgotten = await act(_undone, await current_actor(self), undo)
        except Refusal as refusal:
            notice.show_error(sentence(refusal))
        else:
            await _followed(done.court_ids)
            notice.show_success("C’est annulé.")
        await self._show()

    def _say_wrong(self, refusals: Sequence[InvalidRequest]) -> None:
        said = {FIELD_OF.get(one.field, one.field): _said(one) for one in reversed(refusals)}
        self.problems = {**NO_PROBLEM, **said}
        self.focused, self.turn = FIELD_OF.get(refusals[0].field, refusals[0].field), self.turn + 1

    async def _show(self) -> None:
        actor = await current_actor(self)
        courts, to_come = await read(_found, actor)
        self.courts = [
            Court(str(number), f"{name}, tous ses tribunaux" if appeal else name) for number, name, appeal in courts
        ]
        self.lines = [_line(one) for one in to_come]
        self.is_loaded = True


def _found(session: Session, actor: Actor) -> tuple[list[tuple[int, str, bool]], list[RecessToCome]]:
    return courts_of(session, actor), recesses_to_come(session, actor, now=clock.now())


def _undone(session: Session, actor: Actor, undo: Any) -> RecessSet | RecessForgotten:
    done: RecessSet | RecessForgotten = undo(session, actor, now=clock.now())
    return done


def _read(typed: dict[str, str]) -> tuple[int | None, tuple[date, date] | None, list[InvalidRequest]]:
    """Return the court, the days `[first, until)`, and what is wrong in each field."""
    wrong = []
    court = typed["court"]
    if not (court.isascii() and court.isdecimal() and len(court) <= 18):
        wrong.append(InvalidRequest("court", "required"))
    days = {name: _date(typed[name]) for name in ("first", "last") if name == "first" or typed[name]}
    wrong += [InvalidRequest(name, "unreadable") for name, day in days.items() if day is None]
    first, last = days["first"], days.get("last", days["first"])
    if last == date.max:
        wrong.append(InvalidRequest("until", "too-far"))
    if wrong or first is None or last is None:
        return None, None, wrong
    return int(court), (first, last + A_DAY), []


def _date(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def _said(refusal: InvalidRequest) -> str:
    return PROBLEM_WORDS.get(refusal.problem, "Cette valeur ne convient pas.").format_map(refusal.facts)


def _line(one: RecessToCome) -> Line:
    last = one.days.until - A_DAY
    span = (
        f"Du {day(one.days.first)} au {day(last, year=True)}" if last > one.days.first else f"Le {day(last, year=True)}"
    )
    name = one.days.reason or "Vacations judiciaires"
    count = len(one.courts)
    where = ", ".join(one.courts) if count <= MOST_NAMED else f"{count} tribunaux du ressort : {one.appeal}"
    return Line(",".join(map(str, one.ids)), span, name[:1].upper() + name[1:], where)


@page(
    "/vacations",
    title="Vacations judiciaires",
    roles=SETTERS,
    on_load=[RecessState.load],
    entry="Vacations",
    order=70,
    entry_for=(Role.REGISTRY,),  # administrators come by the page of sites
)
def recess() -> rx.Component:
    """Return the page."""
    state = RecessState
    nothing = empty_state(
        "Aucune vacation prévue", "Fixez ci-dessous les jours d’un tribunal, ou de tous ceux d’une cour d’appel."
    )
    return layout(
        el.p(
            "Pendant ces jours, les types qui le disent sont fermés dans les tribunaux choisis. Ce qui est déjà pris "
            "reste pris, et vous est compté.",
            class_name="pj-lead",
        ),
        focus_on(field=state.focused, turn=state.turn),
        rx.cond(
            state.is_loaded,
            el.div(
                el.section(
                    el.h2("À venir", class_name="fr-h5"),
                    rx.cond(state.lines.length() > 0, _lines(), nothing),
                ),
                el.section(el.h2("Fixer des jours", class_name="fr-h5"), _form(), class_name="fr-mt-4w pj-narrow"),
            ),
            skeleton(4),
        ),
        title="Vacations judiciaires",
        on_undo=state.undo,
    )


def _lines() -> rx.Component:
    def line(one: rx.Var[Line]) -> rx.Component:
        return el.li(
            el.div(
                el.strong(one.name),
                el.p(one.days, class_name="fr-mb-0"),
                el.p(one.where, class_name="fr-text--sm pj-grey fr-mb-0"),
            ),
            el.button(
                "Supprimer",
                type="button",
                aria_label="Supprimer : " + one.name + ", " + one.days + ", " + one.where,
                on_click=RecessState.forget(one.ids),
                class_name="fr-btn fr-btn--sm fr-btn--tertiary",
            ),
            key=one.ids,
            class_name="pj-recess",
        )

    return el.ul(rx.foreach(RecessState.lines, line), class_name="pj-plain")


def _form() -> rx.Component:
    state = RecessState

    def dated(label: str, name: str) -> rx.Component:
        key = name + state.version.to_string()
        return field(label, name, type="date", error=state.problems[name], default_value=state.typed[name], key=key)

    options = rx.fragment(
        el.option("Choisir…", value=""), rx.foreach(state.courts, lambda one: el.option(one.label, value=one.id))
    )
    return rx.el.form(
        select_field("Tribunal ou cour d’appel", "court", options, error=state.problems["court"]),
        el.div(dated("Premier jour", "first"), dated("Dernier jour, inclus", "last"), class_name="pj-form__grid"),
        field(
            "Nom",
            "reason",
            hint="Par exemple : vacations d’été",
            error=state.problems["reason"],
            default_value=state.typed["reason"],
            key="r" + state.version.to_string(),
            list="noms-de-vacations",
            auto_complete="off",
            max_length=MOST_REASON,
        ),
        el.datalist(*[el.option(value=name) for name in NAMES], id="noms-de-vacations"),
        el.button("Fixer ces jours", type="submit", class_name="fr-btn"),
        on_submit=state.add,
        no_validate=True,
        class_name="pj-form",
    )
