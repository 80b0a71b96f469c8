"""What a link shows: stages, places, free hours by a few days; and the HTML that is escaped whatever it says."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from availability.claims import SlotClaim
from availability.errors import PeriodTaken
from availability.models import LocatedBy
from booking.actions import Beneficiary, confirm, hold
from booking.models import Booking, State
from booking.outcomes import excuse
from convocations.actions import convene, let_choose, refuse_sms
from convocations.bearing import cannot_come
from convocations.errors import LinkExpired
from convocations.link_view import (
    MANY_HOURS,
    Appointment,
    Day,
    LinkView,
    Offer,
    Place,
    Stage,
    claims_for,
    link_view,
)
from convocations.models import Convocation
from convocations.pages.link_page import Asked, Step, link_html, map_address, plain_html, written
from portal.ui.html import Html, joined, tag
from tests.convocations.desk import HALF_PAST, NINE, TEN, Desk, bearer, make_desk
from tests.factories import NOW, in_days, make_opening, make_resource, make_site

HALF_AN_HOUR = timedelta(minutes=30)
PARIS = ZoneInfo("Europe/Paris")


def offered(session: Session, desk: Desk, *resources: int) -> Convocation:
    """Return a convocation whose person chooses."""
    chosen = resources or (desk.agent.id, desk.colleague.id)
    return let_choose(session, desk.officer, desk.person.id, chosen, choose_by=in_days(7), now=NOW)


def seen(
    session: Session, convocation: Convocation, *, now: datetime = NOW, first: date | None = None, hours: bool = False
) -> LinkView:
    """Return what the link of a convocation shows."""
    return link_view(session, bearer(session, convocation, now=now), now=now, first=first, with_hours=hours)


def starts(view: LinkView) -> list[datetime]:
    """Return every hour shown, in order."""
    return [start for offer in view.offers for day in offer.days for start in day.starts]


def take(session: Session, desk: Desk, start: datetime, resource_id: int) -> None:
    """Have somebody else take an hour."""
    claim = SlotClaim(resource_id=resource_id, start=start)
    held = hold(session, desk.officer, claim, now=NOW, beneficiary=Beneficiary(case_ref="26/1"))
    confirm(session, desk.officer, held.id, now=NOW)


def test_each_stage_of_a_convocation_is_told_from_the_others(session: Session) -> None:
    desk = make_desk(session)
    choosing = offered(session, desk)
    summoned = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    after = NINE + timedelta(hours=1)

    assert seen(session, choosing).stage is Stage.CHOOSING
    assert seen(session, choosing, now=NINE).stage is Stage.TOO_LATE
    assert seen(session, summoned).stage is Stage.COMING
    assert seen(session, summoned, now=NINE).stage is Stage.PAST
    cannot_come(session, bearer(session, summoned), seen=NINE, now=NOW)
    assert seen(session, summoned).stage is Stage.DECLINED
    other = convene(session, desk.officer, desk.person.id, desk.at(TEN), now=NOW)
    booking = session.get_one(Booking, other.booking_id)
    excuse(session, desk.officer, booking.id, now=NOW)
    assert seen(session, other).stage is Stage.CALLED_OFF
    for outcome in (State.HONOURED, State.MISSED):
        booking.state = outcome
        session.flush()
        assert seen(session, other, now=after + timedelta(hours=1)).stage is Stage.PAST


def test_an_hour_is_shown_once_while_somebody_receives_then_no_more(session: Session) -> None:
    desk = make_desk(session)
    convocation = offered(session, desk)
    every = starts(seen(session, convocation))
    take(session, desk, NINE, desk.agent.id)
    with_one_left = starts(seen(session, convocation))
    take(session, desk, NINE, desk.colleague.id)

    assert every == with_one_left == [NINE + number * HALF_AN_HOUR for number in range(6)]
    assert starts(seen(session, convocation)) == every[1:]


def test_what_is_shown_can_be_taken_from_whoever_is_free_in_the_order_of_the_convocation(session: Session) -> None:
    desk = make_desk(session)
    who = bearer(session, offered(session, desk, desk.colleague.id, desk.agent.id))
    site = desk.world.site.id

    both = claims_for(session, who, NINE, site, now=NOW)
    take(session, desk, NINE, desk.colleague.id)
    left = claims_for(session, who, NINE, site, now=NOW)
    take(session, desk, NINE, desk.agent.id)

    assert [claim.resource_id for claim in both] == [desk.colleague.id, desk.agent.id]
    assert [claim.resource_id for claim in left] == [desk.agent.id]
    for start, where in ((NINE, site), (HALF_PAST, site + 1), (NINE + timedelta(minutes=1), site)):
        with pytest.raises(PeriodTaken):
            claims_for(session, who, start, where, now=NOW)
    with pytest.raises(LinkExpired):
        claims_for(session, who, HALF_PAST, site, now=NINE - timedelta(hours=2))


def test_hours_are_those_of_each_place_in_its_own_time(session: Session) -> None:
    desk = make_desk(session)
    far = make_site(
        session, desk.world.here, time_zone="Indian/Reunion", address="1 rue Fictive", commune="Saint-Exemple"
    )
    there = make_resource(session, far, desk.kind)
    make_opening(session, there, NINE, hours=1)

    view = seen(session, offered(session, desk, desk.agent.id, there.id))

    assert [(offer.place.site_id, offer.place.zone.key) for offer in view.offers] == [
        (desk.world.site.id, "Europe/Paris"),
        (far.id, "Indian/Reunion"),
    ]
    assert view.offers[1].place.address == "1 rue Fictive, Saint-Exemple"
    assert view.offers[1].days == (Day(date(2026, 3, 10), (NINE, HALF_PAST)),)


def test_a_page_has_a_few_days_or_fewer_when_they_are_full(session: Session) -> None:
    desk = make_desk(session)
    for day in range(1, 30):
        make_opening(session, desk.agent, NINE + timedelta(days=day), hours=14)
    convocation = offered(session, desk)

    first = seen(session, convocation)
    following = seen(session, convocation, first=first.later)

    assert [day.on for day in first.offers[0].days] == [date(2026, 3, 10), date(2026, 3, 11)]
    assert len(starts(first)) == 6 + 28
    assert first.earlier is None
    assert following.offers[0].days[0].on == first.later == date(2026, 3, 12)
    assert len(starts(following)) == 56 <= MANY_HOURS
    assert following.earlier == date(2026, 3, 10)


def test_hours_months_away_are_found_and_none_beyond_the_horizon(session: Session) -> None:
    desk = make_desk(session, max_ahead_days=120)
    make_opening(session, desk.agent, NINE + timedelta(days=100), hours=1)
    make_opening(session, desk.agent, NINE + timedelta(days=200), hours=1)
    convocation = offered(session, desk, desk.agent.id)

    view = seen(session, convocation, first=in_days(20))

    assert starts(view) == [NINE + timedelta(days=100), NINE + timedelta(days=100) + HALF_AN_HOUR]
    assert (view.earlier, view.later) == (date(2026, 3, 10), None)
    for far in (date.min, date.max, in_days(110)):
        assert starts(seen(session, convocation, first=far))[0] == NINE


def test_of_an_appointment_hours_are_listed_only_when_asked_for(session: Session) -> None:
    desk = make_desk(session)
    summoned = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)

    assert starts(seen(session, summoned)) == []
    assert starts(seen(session, summoned, hours=True)) == [NINE + number * HALF_AN_HOUR for number in range(1, 6)]
    assert seen(session, summoned).seen == NINE


def test_a_resource_out_of_service_offers_nothing(session: Session) -> None:
    desk = make_desk(session)
    convocation = offered(session, desk)
    desk.agent.is_active = desk.colleague.is_active = False
    session.flush()

    assert starts(seen(session, convocation)) == []


def test_a_point_that_is_only_that_of_the_commune_is_not_shown_as_the_place(session: Session) -> None:
    desk = make_desk(session)
    convocation = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    sure = seen(session, convocation).appointment
    desk.world.site.located_by = LocatedBy.COMMUNE
    desk.world.site.address = "12 rue « Fictive » & fils"
    session.flush()
    vague = seen(session, convocation).appointment

    assert sure is not None
    assert vague is not None
    assert map_address(sure.place).startswith("https://www.openstreetmap.org/?mlat=48.85660&mlon=2.35220")
    assert map_address(vague.place) == (
        "https://www.openstreetmap.org/search?query=12%20rue%20%C2%AB%20Fictive%20%C2%BB%20%26%20fils"
    )


@pytest.mark.parametrize(
    ("home", "clock"), [("", ""), ("Europe/Paris", ""), ("Europe/Brussels", ""), ("Indian/Reunion", "Lyon")]
)
def test_who_lives_by_another_clock_is_told_whose_hours_these_are(session: Session, home: str, clock: str) -> None:
    desk = make_desk(session)
    desk.world.site.commune = "Lyon"
    desk.person.time_zone = home
    session.flush()

    choosing = seen(session, offered(session, desk))
    coming = seen(session, convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW))

    assert coming.appointment
    assert (choosing.offers[0].place.clock_of, coming.appointment.place.clock_of) == (clock, clock)
    for view in (choosing, coming):
        assert ("Heure de Lyon" in link_html(view, Asked("x", "fr"))) is bool(clock)


def test_whoever_refuses_messages_is_told_so(session: Session) -> None:
    desk = make_desk(session)
    convocation = offered(session, desk)
    before = seen(session, convocation).refuses_sms
    refuse_sms(session, desk.officer, desk.person.id, now=NOW)

    assert (before, seen(session, convocation).refuses_sms) == (False, True)


# The HTML.

hostile = st.one_of(
    st.text(max_size=40), st.sampled_from(['"><script>alert(1)</script>', "'onload=x", "</style>", "&lt;", "a&b"])
)


class Read(HTMLParser):
    """The text and the attributes that a browser would read."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.values: list[str | None] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.names.append(tag)
        self.values += [value for _, value in attrs]

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.text += data


@given(hostile, hostile)
def test_whatever_is_put_in_an_element_stays_text(inside: str, attribute: str) -> None:
    read = Read(tag("p", inside, title=attribute))

    assert read.names == ["p"]
    assert read.values == [attribute]
    assert read.text == inside


def test_an_element_is_written_as_html_wants_it() -> None:
    assert tag("input", type="text", required=True, disabled=False, value=None) == '<input type="text" required>'
    assert tag("p", tag("b", "é"), None, " & ", class_="x", aria_label="y") == (
        '<p class="x" aria-label="y"><b>é</b> &amp; </p>'
    )
    assert isinstance(joined("<"), Html)
    assert joined("<") == "&lt;"


@given(hostile, hostile, st.sampled_from(list(Stage)), st.sampled_from(list(Step)), st.booleans())
def test_no_text_of_others_becomes_markup_on_any_page(
    address: str, said: str, stage: Stage, step: Step, confirmed: bool
) -> None:
    place = Place(3, address, PARIS)
    appointment = Appointment(NINE, NINE + HALF_AN_HOUR, place, confirmed)
    offers = (Offer(place, (Day(date(2026, 3, 10), (NINE, TEN)),)),)
    view = LinkView(stage=stage, language="fr", appointment=appointment, offers=offers)
    page = link_html(view, Asked("token", "fr", step, said))
    read = Read(page)

    assert not {"script", "img", "iframe", "svg"} & set(read.names)
    assert read.names.count("main") == read.names.count("h1") == 1
    if said:
        assert said in read.text


def test_a_page_to_move_names_a_place_once_unless_there_are_several() -> None:
    here, there = Place(1, "1 rue Ici", PARIS), Place(2, "2 rue Là", PARIS)
    days = (Day(date(2026, 3, 10), (NINE,)),)
    appointment = Appointment(NINE, TEN, here)

    def addresses(*places: Place) -> tuple[int, int]:
        offers = tuple(Offer(place, days) for place in places)
        view = LinkView(stage=Stage.COMING, language="fr", appointment=appointment, offers=offers)
        text = Read(link_html(view, Asked("token", "fr", Step.MOVE))).text
        return text.count(here.address), text.count(there.address)

    assert addresses(here) == (1, 0)
    assert addresses(there) == (1, 1)
    assert addresses(here, there) == (2, 1)


def test_a_page_that_only_says_something_has_its_language_and_nothing_to_press() -> None:
    read = Read(plain_html("ar", "<b>"))

    assert "rtl" in read.values
    assert "button" not in read.names
    assert "<b>" in read.text


def test_an_instant_in_a_form_is_in_utc() -> None:
    assert written(NINE.astimezone(PARIS)) == "20260310T0800Z"
    assert written(None) == ""
    assert datetime.strptime("20260310T0800Z", "%Y%m%dT%H%MZ").replace(tzinfo=UTC) == NINE
