"""One's day: what waits, what happens today, what is good to know. The first page of whoever signs in."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import reflex as rx
from sqlmodel import Session

from availability.absences import worries
from availability.openings import local_day
from availability.own import stale_ids
from availability.rights import REQUESTERS, SEARCHERS, Actor, Role
from booking.day import Day, Moment, day, time_zone_of
from booking.divestment import to_answer
from booking.hosting import proposals_to_answer
from booking.pages import day_words as words
from booking.pages import own_places_words as own
from booking.pages.booking_words import CONVENERS
from booking.pages.calendars_words import address as calendars_address
from booking.pages.countdown import countdown
from booking.pages.day_outcomes_words import address as outcomes_address
from booking.pages.day_waiting import Waiting, waits
from booking.pages.day_words import Card, SinceRow
from booking.pages.person_words import PASSING, to_answer_words
from booking.pages.saved_words import news_cards
from booking.pages.waiting_words import LIST as WAITING_LIST
from booking.pages.waiting_words import offers_words
from booking.pages.widgets import inner_link
from booking.plans.hearings import PLANNERS, waiting_count
from booking.since import all_read, done_since, visit
from booking.waiting_queries import open_offers
from booking.watching import news
from portal.clock import now
from portal.database import act, read
from portal.live import watch
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
MOST_NEWS = 6
# Lawyers and investigators have pages of their own, and no booking waits for them here.
WITH_A_DAY = tuple(role for role in Role if role not in (Role.LAWYER, Role.INVESTIGATOR))


class DayState(rx.State):
    """The cards of the day, in three columns."""

    today_is: str = ""
    to_do: list[Card] = []  # noqa: RUF012 - Reflex copies the default for each client
    to_do_more: str = ""
    answers: str = ""
    to_note: str = ""
    to_note_href: str = ""
    outcomes_href: str = ""
    is_own: bool = False  # today is that of one's own agenda, in a court where others receive too
    declined: str = ""
    offers: str = ""  # of the waiting list
    passing: str = ""  # files that others ask for, or offer
    to_plan: str = ""
    waits: list[Waiting] = []  # noqa: RUF012 - what else waits, by role
    to_check: str = ""
    calendars: str = ""
    calendars_href: str = ""
    today: list[Card] = []  # noqa: RUF012
    today_more: str = ""
    to_set: str = ""
    since_title: str = ""
    since: list[SinceRow] = []  # noqa: RUF012 - what others did meanwhile
    since_more: str = ""
    news: list[Card] = []  # noqa: RUF012 - what freed up for one's saved searches
    lost: list[Card] = []  # noqa: RUF012
    lost_more: str = ""
    has_list: bool = False
    has_appointments: bool = False  # of today, whose outcome is theirs to note
    has_round: bool = False
    is_loaded: bool = False
    _since: datetime | None = None

    @rx.var
    def is_clear(self) -> bool:
        """Say whether there is nothing at all."""
        return self.is_loaded and not (
            self.to_do or self.today or self.lost or self.news or self.since or self._counts()
        )

    @rx.var
    def nothing_to_do(self) -> str:
        """Say that nothing waits, unless something above does."""
        return "" if self.answers or self._counts() else "Rien ne vous attend."

    @allow(SIGNED_IN)
    @rx.event
    async def load(self) -> None:
        """Show the day as it is now."""
        watch(self)
        self._since = await act(visit, await current_actor(self), now=now())
        await self._read(is_first=True)

    @allow(SIGNED_IN)
    @rx.event
    async def all_read(self) -> None:
        """Say that all that others did is read."""
        at = now()
        await act(all_read, await current_actor(self), now=at)
        self._since, self.since, self.since_more = at, [], ""

    def _counts(self) -> str:
        """Return one of the numbers that lead somewhere, or nothing."""
        counts = self.to_note or self.declined or self.to_plan or self.to_set or self.offers or self.passing
        return counts or self.to_check or self.calendars or (self.waits[0].words if self.waits else "")

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:  # noqa: ARG002 - it is a day of many places
        """Show the day as somebody else has just made it."""
        await self._read()

    async def _read(self, *, is_first: bool = False) -> None:
        actor, at = await current_actor(self), now()
        shown, time_zone, to_plan, to_check = await read(_day, actor, now=at)
        # A whole country is counted for who looks after it: once a visit, not each time that somebody takes a place.
        if is_first or not actor.has(Role.ADMINISTRATOR):
            self.waits = await read(waits, actor, local_day(at, ZoneInfo(time_zone)), now=at)
        self.has_round = actor.has(Role.MONITORING_AGENT)
        self.has_list, summons = actor.has(*REQUESTERS), actor.has(*CONVENERS)
        since, late = shown.to_note_since, shown.to_note_late
        self.to_note = words.to_note_words(shown.to_note, since, at, time_zone, late=late) if self.has_list else ""
        own_id, today = shown.own_id, local_day(at, ZoneInfo(time_zone))
        self.to_note_href = words.to_note_address(since, at, time_zone, own=own_id)
        self.outcomes_href, self.is_own = outcomes_address(today, today, str(own_id or "")), own_id is not None
        self.declined = words.declined_words(shown.declined) if summons else ""
        self.offers = offers_words(await read(open_offers, actor, now=at)) if self.has_list else ""
        self.passing = to_answer_words(await read(to_answer, actor), now=at) if self.has_list else ""
        self.to_plan = words.to_plan_words(to_plan)
        self.to_set = words.to_set_words(shown.to_set)
        self.to_check = words.to_check_words(to_check)
        broken, covered, resource_id = await read(worries, actor.account_id, now=at)
        self.calendars, self.calendars_href = words.calendars_words(broken, covered), calendars_address(resource_id)
        self.today_is = long_day(local_day(at, ZoneInfo(time_zone)))
        self._show(shown, at, time_zone)
        offered = await read(proposals_to_answer, actor, now=at) if self.has_list else []
        self.to_do = words.proposed_cards(offered, now=at) + self.to_do
        freed = await read(news, actor, now=at, most=MOST_NEWS) if actor.has(*SEARCHERS) else []
        self.news = news_cards(freed, now=at, here=time_zone)
        await self._read_since(actor, at, time_zone)
        self.is_loaded = True

    async def _read_since(self, actor: Actor, at: datetime, here: str) -> None:
        since = self._since or at
        found = await read(done_since, actor, since, now=at)
        self.since_title = words.since_title(since, at, here)
        self.since = words.since_rows(found, may_open=self.has_list, now=at, here=here)
        self.since_more = words.and_others(found.count, len(found.news))

    def _show(self, shown: Day, at: datetime, here: str) -> None:
        self.to_do = words.to_do_cards(shown, answers=ANSWERS, now=at)
        self.to_do_more = words.and_others(shown.to_do_count, len(shown.to_do))
        self.answers = words.answers_waiting(shown.to_answer)
        self.has_appointments = self.has_list and any(one.moment is Moment.APPOINTMENT for one in shown.today)
        self.today = words.today_cards(shown, may_open=self.has_list, now=at, here=here)
        self.today_more = words.and_others(shown.today_count, len(shown.today))
        self.lost = words.lost_cards(shown, now=at)
        self.lost_more = words.and_others(shown.lost_count, len(shown.lost))


def _day(session: Session, actor: Actor, *, now: datetime) -> tuple[Day, str, int, int]:
    to_plan = waiting_count(session, actor) if actor.has(*PLANNERS) else 0
    to_check = len(stale_ids(session, actor, now=now)) if actor.has(Role.PARTNER) else 0
    return day(session, actor, now=now), time_zone_of(session, actor), to_plan, to_check


@page(
    "/ma-journee",
    title="Ma journée",
    roles=(SIGNED_IN,),
    on_load=(DayState.load,),
    entry="Ma journée",
    order=1,
    entry_for=WITH_A_DAY,
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
            _outcomes(),
            _whose(),
            _cards(state.today, state.today_more, nothing="Rien de prévu aujourd’hui."),
        ),
        _column(
            "À savoir",
            "a-savoir",
            _what_changed(),
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


def _outcomes() -> rx.Component:
    link = inner_link("Noter les issues du jour", href=DayState.outcomes_href, class_name="fr-link fr-link--lg")
    return rx.cond(DayState.has_appointments, el.p(link, class_name="fr-mb-2w"))


def _whose() -> rx.Component:
    every = inner_link("Tout le ressort", href=LIST, class_name="fr-link fr-link--sm")
    told = el.p("Votre agenda, et ce que vous avez demandé. ", every, class_name="fr-text--sm pj-grey fr-mb-2w")
    return rx.cond(DayState.is_own, told)


def _counted() -> rx.Component:
    """Return how many cases and people wait for something, each number leading to them."""
    state = DayState
    links = (
        (WAITING_LIST, state.offers),
        (PASSING, state.passing),
        (PLANNING, state.to_plan),
        (LIST, state.to_set),
        (own.Filters(only_stale=True).address(), state.to_check),
        (state.calendars_href, state.calendars),
        (state.to_note_href, state.to_note),
        (f"{CONVOCATIONS}?onglet=ne-peut-pas-venir", state.declined),
    )
    return rx.fragment(
        rx.foreach(state.waits, _waiting),
        *[
            rx.cond(
                words_ != "",
                el.p(
                    inner_link(words_, href=href, class_name="fr-link fr-link--lg"),
                    class_name="fr-mb-2w",
                ),
            )
            for href, words_ in links
        ],
    )


def _waiting(one: rx.Var[Waiting]) -> rx.Component:
    link = inner_link(one.words, href=one.href, class_name="fr-link fr-link--lg")
    said = rx.cond(one.href != "", link, el.span(one.words))
    return el.div(
        rx.cond(one.is_late, badge("En retard", "warning")), el.p(said, class_name="fr-mb-0"), class_name="fr-mb-2w"
    )


def _what_changed() -> rx.Component:
    state = DayState
    rest = rx.cond(state.has_list, inner_link(state.since_more, href=LIST, class_name="fr-link"), state.since_more)
    read_all = el.button(
        "Tout est lu", type="button", on_click=state.all_read, class_name="fr-btn fr-btn--sm fr-btn--tertiary"
    )
    told = el.div(
        el.h3(state.since_title, class_name="fr-text--md fr-mb-1w"),
        el.ul(rx.foreach(state.since, _since), class_name="fr-raw-list pj-history"),
        rx.cond(state.since_more != "", el.p(rest, class_name="fr-mb-1w")),
        read_all,
        class_name="pj-card fr-mb-2w",
    )
    return el.div(rx.cond(state.since.length() > 0, told), aria_live="polite")


def _since(row: rx.Var[SinceRow]) -> rx.Component:
    about = rx.cond(row.href != "", inner_link(row.about, href=row.href, class_name="fr-link"), el.span(row.about))
    return el.li(el.span(row.at, class_name="pj-history__at"), el.span(row.said, " ", about))


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
