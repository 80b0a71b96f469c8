"""The list of a hearing is put in the order in which people wait least, and its old order is known for the undo."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session

from availability.errors import NotFound
from booking.hearing_day import arrange, begin_case
from booking.lawyer_models import LawyerCase
from booking.models import Booking
from booking.plans.hearing_order import order_list
from booking.plans.models import WaitingCase
from tests.booking.court_day import BEGUN, IN_A_WEEK, Day, made_day
from tests.factories import NOW


@pytest.fixture
def day(session: Session) -> Day:
    """A day in court with three cases, gone at the end of the test."""
    return made_day(session)


def assisted(session: Session, day: Day, *booking_ids: UUID) -> None:
    """Have one lawyer assist in these cases."""
    account_id = uuid4()
    for one in booking_ids:
        reference = session.get_one(Booking, one).case_ref
        session.add(
            LawyerCase(
                account_id=account_id,
                territory_id=day.court.territory_id,
                case_ref=reference,
                named_by=account_id,
                since_at=NOW,
            )
        )
    session.flush()


def listed(session: Session, day: Day) -> list[UUID]:
    """Return the list as it is."""
    return [one.booking_id for one in day.list(session, IN_A_WEEK).cases]


def test_a_lawyer_of_the_first_and_the_last_case_no_longer_waits_between(session: Session, day: Day) -> None:
    first, second, third = day.cases
    assisted(session, day, first, third)

    had = order_list(session, day.court.clerk, day.hearing, now=NOW)

    assert had == [first, second, third]
    assert abs(listed(session, day).index(first) - listed(session, day).index(third)) == 1
    arrange(session, day.court.clerk, day.hearing, had, now=NOW)
    assert listed(session, day) == had


def test_who_speaks_through_one_interpreter_comes_together(session: Session, day: Day) -> None:
    first, second, third = day.cases
    for one in (first, third):
        booking = session.get_one(Booking, one)
        session.add(
            WaitingCase(
                territory_id=day.court.territory_id,
                kind_id=booking.kind_id,
                case_ref=booking.case_ref,
                minutes=20,
                received_on=NOW.date(),
                ready_on=NOW.date(),
                language="sq",
                booking_id=one,
            )
        )
    session.flush()

    order_list(session, day.court.clerk, day.hearing, now=NOW)

    assert listed(session, day).index(second) in (0, 2)


def test_a_case_that_is_being_heard_stays_where_it_is(session: Session, day: Day) -> None:
    first, second, third = day.cases
    assisted(session, day, first, third)
    arrange(session, day.court.clerk, day.hearing, [second, first, third], now=NOW)
    begin_case(session, day.court.clerk, day.hearing, second, now=BEGUN)

    order_list(session, day.court.clerk, day.hearing, now=BEGUN + timedelta(minutes=1))

    assert listed(session, day)[0] == second


def test_a_registry_elsewhere_orders_nothing(session: Session, day: Day) -> None:
    with pytest.raises(NotFound):
        order_list(session, day.court.stranger, day.hearing, now=NOW)
