"""One's day: what waits, what happens today, what is good to know. The first page of whoever signs in."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import reflex as rx
from sqlmodel import Session

from availability.openings import local_day
from availability.own import stale_ids
from availability.rights import REQUESTERS, SEARCHERS, Actor, Role
from booking.day import Day, day, time_zone_of
from booking.fitting_queries import OPEN, fitting_requests
from booking.pages import day_words as words
from booking.pages import own_places_words as own
from booking.pages.booking_words import CONVENERS
from booking.pages.countdown import countdown
from booking.pages.day_words import Card
from booking.pages.round_state import DRIVERS
from booking.pages.saved_words import news_cards
from booking.pages.widgets import inner_link
from booking.planning import PLANNERS, waiting_count
from booking.watching import news
from portal.clock import now
from portal.database import read
from portal.policy import SIGNED_IN, allow, current_actor, page
from portal.ui.dates import long_day
from portal.ui.layout import layout, next_pages
from portal.ui.pieces import badge, skeleton

el = rx.el
ANSWERS = "/demandes/"  # where a host answers
LIST = "/reservations/"
ROUND = "/tournee/"
CONVOCATIONS = "/convocations/"
PLANNING = "/repartition/"
FITTINGS = "/demandes-de-pose/"
MOST_NEWS = 6


class DayState(rx.State):
    """The cards of the day, in three columns."""

    today_is: str = ""
    to_do: list[Card] = []  # noqa: RUF012 - Reflex copies the default for each client
    to_do_more: str = ""
    answers: str = ""
    to_note: str = ""
    declined: str = ""
    to_plan: str = ""
    to_fit: str = ""
    to_check: str = ""
    today: list[Card] = []  # noqa: RUF012
    today_more: str = ""
    news: list[Card] = []  # noqa: RUF012 - what freed up for one's saved searches
    lost: list[Card] = []  # noqa: RUF012
    lost_more: str = ""
    has_list: bool = False
    has_round: bool = False
    is_loaded: bool = False

    @rx.var
    def is_clear(self) -> bool:
        """Say whether there is nothing at all."""
        counts = self.to_note or self.declined or self.to_plan or self.to_fit or self.to_check
        return self.is_loaded and not (self.to_do or self.today or self.lost or self.news or counts)

    @rx.var
    def nothing_to_do(self) -> str:
        """Say that nothing waits, unless something above does."""
        counts = self.answers or self.to_note or self.declined or self.to_plan or self.to_fit or self.to_check
        return "" if counts else "Rien ne vous attend."

    @allow(SIGNED_IN)
    @rx.event
    async def load(self) -> None:
        """Show the day as it is now."""
        actor, at = await current_actor(self), now()
        shown, time_zone, to_plan, to_fit, to_check = await read(_day, actor, now=at)
        self.has_round = actor.has(Role.MONITORING_AGENT)
        self.has_list, summons = actor.has(*REQUESTERS), actor.has(*CONVENERS)
        self.to_note = words.to_note_words(shown.to_note) if summons else ""
        self.declined = words.declined_words(shown.declined) if summons else ""
        self.to_plan, self.to_fit = words.to_plan_words(to_plan), words.to_fit_words(to_fit)
        self.to_check = words.to_check_words(to_check)
        self.today_is = long_day(local_day(at, ZoneInfo(time_zone)))
        self._show(shown, at, time_zone)
        freed = await read(news, actor, now=at, most=MOST_NEWS) if actor.has(*SEARCHERS) else []
        self.news = news_cards(freed, now=at, here=time_zone)
        self.is_loaded = True

    def _show(self, shown: Day, at: datetime, here: str) -> None:
        self.to_do = words.to_do_cards(shown, answers=ANSWERS, now=at)
        self.to_do_more = words.and_others(shown.to_do_count, len(shown.to_do))
        self.answers = words.answers_waiting(shown.to_answer)
        self.today = words.today_cards(shown, may_open=self.has_list, now=at, here=here)
        self.today_more = words.and_others(shown.today_count, len(shown.today))
        self.lost = words.lost_cards(shown, now=at)
        self.lost_more = words.and_others(shown.lost_count, len(shown.lost))


def _day(session: Session, actor: Actor, *, now: datetime) -> tuple[Day, str, int, int, int]:
    to_plan = waiting_count(session, actor) if actor.has(*PLANNERS) else 0
    # Who drives plans the fittings; to the others the requests are one list among several.
    _, to_fit = fitting_requests(session, actor, stages=OPEN, now=now, limit=1) if actor.has(*DRIVERS) else ([], 0)
    to_check = len(stale_ids(session, actor, now=now)) if actor.has(Role.PARTNER) else 0
    return day(session, actor, now=now), time_zone_of(session, actor), to_plan, to_fit, to_check


@page(
    "/ma-journee",
    title="Ma journée",
    roles=(SIGNED_IN,),
    on_load=(DayState.load,),
    entry="Ma journée",
    order=1,
    description="Ce qui vous attend, ce qui se passe aujourd’hui, ce qu’il est bon de savoir.",
)
def my_day_page() -> rx.Component:
    """Return the page."""
    state = DayState
    columns = el.div(
        _column(
            "À faire",
            "a-faire",
            _answers(),
            _counted(),
            _cards(state.to_do, state.to_do_more, nothing=state.nothing_to_do),
        ),
        _column(
            "Aujourd’hui",
            "aujourdhui",
            _round(),
            _cards(state.today, state.today_more, nothing="Rien de prévu aujourd’hui."),
        ),
        _column(
            "À savoir",
            "a-savoir",
            rx.cond(state.news.length() > 0, el.ul(rx.foreach(state.news, _card), class_name="pj-cards fr-mb-2w")),
            _cards(state.lost, state.lost_more, nothing="Rien de perdu ces trois derniers jours."),
        ),
        class_name="pj-day",
    )
    return layout(
        rx.cond(
            state.is_loaded, rx.cond(state.is_clear, _clear(), columns), skeleton(8, "Chargement de votre journée…")
        ),
        title="Ma journée",
        wide=True,
        lead=el.p(rx.cond(state.is_loaded, state.today_is, "\u00a0"), class_name="fr-text--lead pj-day__date"),
    )


def _clear() -> rx.Component:
    return el.div(
        el.span(class_name="fr-icon-checkbox-circle-line pj-day__clear-icon", aria_hidden="true"),
        el.div(
            el.p("Tout est à jour.", class_name="fr-h3 fr-mb-1v"),
            el.p("Rien ne vous attend, rien n’est prévu aujourd’hui, rien n’a été perdu.", class_name="fr-mb-2w"),
            next_pages(),
        ),
        class_name="pj-day__clear",
    )


def _answers() -> rx.Component:
    state = DayState
    link = inner_link(state.answers, href=ANSWERS, class_name="fr-link fr-link--lg")
    return rx.cond(state.answers != "", el.p(link, class_name="fr-mb-2w"))


def _round() -> rx.Component:
    link = inner_link("Voir la tournée du jour", href=ROUND, class_name="fr-link fr-link--lg")
    return rx.cond(DayState.has_round, el.p(link, class_name="fr-mb-2w"))


def _counted() -> rx.Component:
    """Return how many cases and people wait for something, each number leading to them."""
    state = DayState
    links = (
        (PLANNING, state.to_plan),
        (FITTINGS, state.to_fit),
        (own.Filters(only_stale=True).address(), state.to_check),
        (f"{CONVOCATIONS}?onglet=a-pointer", state.to_note),
        (f"{CONVOCATIONS}?onglet=ne-peut-pas-venir", state.declined),
    )
    return rx.fragment(
        *[
            rx.cond(
                words_ != "",
                el.p(
                    inner_link(words_, href=href, class_name="fr-link fr-link--lg"),
                    class_name="fr-mb-2w",
                ),
            )
            for href, words_ in links
        ]
    )


def _column(title: str, name: str, *children: rx.Component) -> rx.Component:
    heading = el.h2(title, id=name, class_name="fr-h5")
    return el.section(heading, *children, aria_labelledby=name, class_name="pj-day__column")


def _cards(cards: rx.Var[list[Card]], more: rx.Var[str], *, nothing: str | rx.Var[str]) -> rx.Component:
    rest = rx.cond(DayState.has_list, inner_link(more, href=LIST, class_name="fr-link"), el.span(more))
    filled = rx.fragment(
        el.ul(rx.foreach(cards, _card), class_name="pj-cards"),
        rx.cond(more != "", el.p(rest, class_name="fr-mt-2w")),
    )
    return rx.cond(cards.length() > 0, filled, el.p(nothing, class_name="pj-grey"))


def _card(card: rx.Var[Card]) -> rx.Component:
    title = rx.cond(
        card.href != "",
        inner_link(card.title, href=card.href, class_name="pj-card__name"),
        el.span(card.title, class_name="fr-text--bold"),
    )
    left = el.p(
        "Gardée encore ",
        countdown(seconds=card.seconds, since=card.id, on_end=DayState.load),
        class_name="fr-text--sm fr-mb-0",
    )
    again = inner_link(
        "Chercher une autre place", href=card.again, class_name="fr-btn fr-btn--sm fr-btn--secondary fr-mt-1w"
    )
    return el.li(
        badge(card.tag, card.tone),
        el.h3(title, class_name="fr-text--md fr-mb-1v"),
        rx.foreach(card.lines, lambda words_: el.p(words_, class_name="fr-text--sm fr-mb-0")),
        rx.cond(card.seconds > 0, left),
        rx.cond(card.again != "", again),
        class_name="pj-card",
    )
