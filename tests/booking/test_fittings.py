"""Requests for a bracelet, what is offered to them and why not the rest, and what becomes of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from availability.claims import SlotClaim
from availability.errors import InvalidRequest, NotAllowed, NotFound, NotOpen, PeriodTaken
from availability.history import HistoryLine
from availability.models import LocatedBy
from availability.rights import Actor, Role
from availability.sealing import unseal
from booking import events
from booking.actions import Beneficiary, cancel, hold, undo_cancel
from booking.errors import AlreadyDecided, SlotUnfit
from booking.fitting_actions import (
    book_offer,
    change_deadline,
    civil_time_at,
    close_request,
    give_back,
    keep_visits_possible,
    open_request,
    problems_of,
    reopen_request,
    take_back,
)
from booking.fitting_models import FittingRequest
from booking.fitting_queries import Stage, fitting_kind, fitting_requests, offers_for, request_for
from booking.fittings import WhyNot, Window, km_between
from booking.models import State
from booking.moving import move
from booking.outcomes import note_outcome, undo_outcome
from booking.persons import erase_person
from booking.queries import history_of
from booking.reasons import Reason
from booking.rounds import round_of, teams_on
from booking.sealing import key_of
from booking.words import act_sentence
from tests.booking.fitting_town import (
    ALL_DAY,
    GIVORS,
    HOUSE,
    LYON,
    PARIS,
    VILLEURBANNE,
    FittingTown,
    a_request,
    make_fitting_town,
    may_reserve,
    new_request,
    on,
    somebody,
)
from tests.factories import NOW, TODAY, in_days, make_actor, make_kind, make_site


@pytest.fixture
def town(session: Session) -> FittingTown:
    """Return two teams in Lyon, gone at the end of the test."""
    return make_fitting_town(session)


def stage(session: Session, town: FittingTown, request: FittingRequest, now: datetime = NOW) -> Stage:
    return request_for(session, town.agent, request.id, now=now).stage


def starts(session: Session, town: FittingTown, request: FittingRequest, now: datetime = NOW) -> list[datetime]:
    """Return the starts offered for the first team, in time order."""
    line = request_for(session, town.agent, request.id, now=now)
    found = offers_for(session, town.agent, line, now=now).offers
    return sorted(one.period.start for one in found if one.resource_id == town.teams[0].id)


# --- asking ---


def test_a_request_keeps_its_address_sealed_and_its_deadline_counted(session: Session, town: FittingTown) -> None:
    request = a_request(session, town)

    person_key = key_of(session, HOUSE, request.person_id)
    assert person_key is not None
    assert unseal(person_key, request.address_sealed) == "12 rue des Tilleuls, 69100 Villeurbanne"
    assert request.deadline_on == in_days(5)
    assert (request.time_zone, request.territory_id) == ("Europe/Paris", town.world.here.id)
    told = session.exec(select(HistoryLine).where(HistoryLine.subject == "fitting_request")).one()
    assert (told.act, told.facts) == ("fitting-requested", {"measure": "arse"})
    assert "Tilleuls" not in repr(told)


@pytest.mark.parametrize(
    ("known_as", "time_zone", "holidays"),
    [
        ("8 rue de Paris 97400 Saint-Denis", "Indian/Reunion", "974"),
        ("Fort-de-France (972)", "America/Martinique", "972"),
        ("Nouméa (988)", "Pacific/Noumea", "NC"),
        ("1 quai de Seine 93200 Saint-Denis", "Europe/Paris", ""),
        ("nulle part de connu", "Europe/Paris", ""),
    ],
)
def test_the_civil_time_of_a_home_is_that_of_its_commune(known_as: str, time_zone: str, holidays: str) -> None:
    assert civil_time_at(known_as) == (time_zone, holidays)


def test_a_decision_may_say_another_last_day_and_a_measure_may_have_none(session: Session, town: FittingTown) -> None:
    assert a_request(session, town, deadline_on=in_days(2)).deadline_on == in_days(2)
    assert a_request(session, town, measure="ddse").deadline_on is None
    assert a_request(session, town, measure="ddse", deadline_on=in_days(9)).deadline_on == in_days(9)


BROKEN: list[tuple[dict[str, Any], str, str]] = [
    ({"measure": "perpétuité"}, "measure", "unknown-choice"),
    ({"address": "  "}, "address", "required"),
    ({"address": "x" * 301}, "address", "too-long"),
    ({"address": "\x00"}, "address", "unreadable"),
    ({"at": (91.0, 4.0)}, "address", "not-on-earth"),
    ({"windows": ()}, "windows", "required"),
    ({"windows": tuple(Window(n % 7, time(n), time(n, 30)) for n in range(22))}, "windows", "too-many"),
    ({"ordered_on": in_days(1)}, "ordered_on", "out-of-range"),
    ({"ordered_on": in_days(-367)}, "ordered_on", "out-of-range"),
    ({"deadline_on": in_days(-1)}, "deadline_on", "out-of-range"),
    ({"deadline_on": in_days(367)}, "deadline_on", "out-of-range"),
]


@pytest.mark.parametrize(("changes", "field", "problem"), BROKEN)
def test_a_field_that_cannot_be_used_is_named_with_its_rule(
    session: Session, town: FittingTown, changes: dict[str, Any], field: str, problem: str
) -> None:
    new = new_request(town, somebody(session, town.world.here), **changes)
    _, terms = fitting_kind(session, town.agent)

    assert problems_of(new, terms, today=TODAY) == {field: problem}
    with pytest.raises(InvalidRequest) as refused:
        open_request(session, town.agent, new, house=HOUSE, now=NOW)
    assert (refused.value.field, refused.value.problem) == (field, problem)


def test_both_sides_of_every_boundary_of_dates_are_accepted(session: Session, town: FittingTown) -> None:
    _, terms = fitting_kind(session, town.agent)
    for changes in (
        {"ordered_on": TODAY},
        {"ordered_on": in_days(-366)},
        {"deadline_on": TODAY},
        {"deadline_on": in_days(366)},
    ):
        new = new_request(town, somebody(session, town.world.here), **changes)
        assert problems_of(new, terms, today=TODAY) == {}


@pytest.mark.parametrize(
    ("known_as", "now", "today"),
    [
        ("1 Rue de Sébastopol 98800 Nouméa", datetime(2026, 3, 2, 21, tzinfo=UTC), date(2026, 3, 3)),
        ("4 Rue Lamartine 97200 Fort-de-France", datetime(2026, 3, 3, 1, tzinfo=UTC), date(2026, 3, 2)),
    ],
)
def test_a_decision_of_today_is_of_today_where_the_home_is(
    session: Session, town: FittingTown, known_as: str, now: datetime, today: date
) -> None:
    of_today = new_request(town, somebody(session, town.world.here), known_as=known_as, ordered_on=today)
    of_tomorrow = new_request(
        town, somebody(session, town.world.here), known_as=known_as, ordered_on=today + timedelta(days=1)
    )

    assert open_request(session, town.agent, of_today, house=HOUSE, now=now).ordered_on == today
    with pytest.raises(InvalidRequest) as refused:
        open_request(session, town.agent, of_tomorrow, house=HOUSE, now=now)
    assert refused.value.field == "ordered_on"


@pytest.mark.parametrize("role", [Role.MONITORING_AGENT, Role.PROBATION_OFFICER, Role.SENTENCE_JUDGE])
def test_agents_officers_and_sentence_judges_ask(session: Session, town: FittingTown, role: Role) -> None:
    by = make_actor(role, town.world.here)
    request = a_request(session, town, by=by)

    assert [line.id for line in fitting_requests(session, by, now=NOW)[0]] == [request.id]


def test_a_registry_may_not_ask_and_a_person_of_elsewhere_is_nobody(session: Session, town: FittingTown) -> None:
    person = somebody(session, town.world.here)
    clerk, stranger = (
        make_actor(Role.REGISTRY, town.world.here),
        make_actor(Role.MONITORING_AGENT, town.world.elsewhere),
    )

    with pytest.raises(NotAllowed):
        open_request(session, clerk, new_request(town, person), house=HOUSE, now=NOW)
    with pytest.raises(NotFound):
        open_request(session, stranger, new_request(town, person), house=HOUSE, now=NOW)


def test_a_kind_that_is_not_of_fittings_is_not_found(session: Session, town: FittingTown) -> None:
    other = make_kind(session, town.kind.shape, reserved_by=(Role.MONITORING_AGENT,))
    new = new_request(town, somebody(session, town.world.here), kind_id=other.id)

    with pytest.raises(NotFound):
        open_request(session, town.agent, new, house=HOUSE, now=NOW)


@pytest.mark.parametrize(
    ("table", "change", "constraint"),
    [
        ("fitting_rule", "reach_km = 0", "fitting_reach_positive"),
        ("fitting_rule", "reach_km = 0.1", None),
        ("fitting_rule", "practical_from_days = 22", "fitting_practice_in_order"),
        ("fitting_rule", "practical_from_days = 21", None),
        ("fitting_rule", "practical_from_days = -1", "fitting_practice_not_negative"),
        ("fitting_rule", "practical_from_days = 0", None),
        ("fitting_rule", "measures = '{}'", "fitting_measures_listed"),
        ("fitting_request", "lat = 90.1", "fitting_home_on_earth"),
        ("fitting_request", "lat = 90, lon = -180", None),
        ("fitting_request", "lon = 180.1", "fitting_home_on_earth"),
        ("fitting_request", "deadline_on = ordered_on - 1", "fitting_deadline_after_order"),
        ("fitting_request", "deadline_on = ordered_on", None),
        ("fitting_request", "deadline_on = NULL", None),
        ("fitting_request", "windows = '[]'", "fitting_windows_given"),
        ("fitting_request", "windows = '{}'", "fitting_windows_given"),
    ],
)
def test_a_row_beyond_a_boundary_is_refused_by_name(
    session: Session, town: FittingTown, table: str, change: str, constraint: str | None
) -> None:
    a_request(session, town)
    statement = text(f"UPDATE {table} SET {change}")  # noqa: S608 - constants
    if constraint is None:
        assert session.execute(statement).rowcount == 1  # type: ignore[attr-defined]
        return

    with pytest.raises(IntegrityError) as refused, session.begin_nested():
        session.execute(statement)

    assert constraint in str(refused.value)


# --- the list ---


def test_the_most_late_come_first_and_those_without_a_legal_deadline_last(session: Session, town: FittingTown) -> None:
    without = a_request(session, town, measure="ddse", ordered_on=in_days(-30))
    soon = a_request(session, town, ordered_on=in_days(-3))
    late = a_request(session, town, ordered_on=in_days(-9))

    lines, count = fitting_requests(session, town.agent, now=NOW)

    assert [line.id for line in lines] == [late.id, soon.id, without.id]
    assert [line.is_late(NOW) for line in lines] == [True, False, False]
    assert count == 3
    assert fitting_requests(session, town.agent, stages=[Stage.BOOKED], now=NOW) == ([], 0)
    assert len(fitting_requests(session, town.agent, now=NOW, limit=1)[0]) == 1
    assert fitting_requests(session, town.agent, now=NOW, limit=1)[1] == 3


def test_nobody_elsewhere_nor_of_another_role_reads_a_request(session: Session, town: FittingTown) -> None:
    request = a_request(session, town)
    others = [town.world.stranger, make_actor(Role.REGISTRY, town.world.here), town.world.host]

    for other in others:
        assert fitting_requests(session, other, now=NOW) == ([], 0)
        with pytest.raises(NotFound):
            request_for(session, other, request.id, now=NOW)


# --- offers ---


def test_the_offers_of_the_first_day_are_apart_and_come_from_both_teams(session: Session, town: FittingTown) -> None:
    request = a_request(session, town)
    line = request_for(session, town.agent, request.id, now=NOW)

    found = offers_for(session, town.agent, line, now=NOW)

    first_day = [one for one in found.offers if one.day == TODAY]
    # It is ten: the grid of a quarter of an hour, without what overlaps.
    assert [one.period.start for one in first_day if one.resource_id == town.teams[1].id] == [
        on(0, "10:00"),
        on(0, "10:45"),
    ]
    assert found.until == in_days(21)
    assert [one.is_in_time for one in found.offers] == sorted((one.is_in_time for one in found.offers), reverse=True)
    assert all(one.detour_km == km_between(LYON, VILLEURBANNE) for one in found.offers)
    assert found.slots_refused == {}


def test_the_nearest_to_another_stop_of_that_day_comes_first(session: Session, town: FittingTown) -> None:
    other = a_request(session, town, at=(45.7720, 4.8900))
    book_offer(session, town.agent, other.id, town.teams[1].id, on(3, "09:00"), now=NOW)
    line = request_for(session, town.agent, a_request(session, town).id, now=NOW)

    best = offers_for(session, town.agent, line, now=NOW).offers[0]

    assert (best.resource_id, best.day, best.period.start) == (town.teams[1].id, in_days(3), on(3, "10:00"))
    assert best.detour_km < 0.1


def test_why_not_the_others_is_counted(session: Session, town: FittingTown) -> None:
    far_site = make_site(session, town.world.here, lat=PARIS[0], lon=PARIS[1])
    town.teams[1].site_id = far_site.id
    session.flush()
    a_request_there = a_request(session, town, at=GIVORS)
    book_offer(session, town.agent, a_request_there.id, town.teams[0].id, on(1, "10:00"), now=NOW)
    mornings = (Window(1, time(9), time(11)),)  # Tuesdays
    line = request_for(session, town.agent, a_request(session, town, at=LYON, windows=mornings).id, now=NOW)

    found = offers_for(session, town.agent, line, now=NOW)

    assert found.teams_too_far == 1
    assert found.slots_refused[WhyNot.TAKEN] == 5  # 09:15 to 10:15, which overlap 10:00 or its buffer
    assert found.slots_refused[WhyNot.TRAVEL] == 1  # at 09:00: Givors at 10:00 is 38 minutes away
    assert found.slots_refused[WhyNot.NOBODY_HOME] > 100
    assert all(one.period.start.weekday() == 1 for one in found.offers)


def test_a_team_goes_as_far_as_its_own_reach(session: Session, town: FittingTown) -> None:
    town.teams[0].attributes = {"reach_km": 3}
    town.teams[1].attributes = {"reach_km": "loin"}  # not a number: the setting of the kind
    session.flush()
    line = request_for(session, town.agent, a_request(session, town).id, now=NOW)

    found = offers_for(session, town.agent, line, now=NOW)

    assert {one.resource_id for one in found.offers} == {town.teams[1].id}
    assert found.teams_too_far == 1


def test_a_team_without_a_base_is_offered_to_nobody(session: Session, town: FittingTown) -> None:
    town.world.site.lat = town.world.site.lon = None
    town.world.site.located_by = LocatedBy.NOWHERE
    session.flush()
    line = request_for(session, town.agent, a_request(session, town).id, now=NOW)

    assert offers_for(session, town.agent, line, now=NOW).offers == ()


def test_who_may_not_reserve_sees_no_team_until_the_kind_says_so(session: Session, town: FittingTown) -> None:
    line = request_for(session, town.officer, a_request(session, town).id, now=NOW)
    assert offers_for(session, town.officer, line, now=NOW).offers == ()

    may_reserve(session, town.kind, Role.PROBATION_OFFICER)

    assert offers_for(session, town.officer, line, now=NOW).offers


def test_a_late_request_is_still_offered_slots_and_none_is_in_time(session: Session, town: FittingTown) -> None:
    line = request_for(session, town.agent, a_request(session, town, ordered_on=in_days(-60)).id, now=NOW)

    found = offers_for(session, town.agent, line, now=NOW)

    assert found.until == in_days(21)
    assert found.offers
    assert not any(one.is_in_time for one in found.offers)


# --- booking ---


def test_every_slot_listed_is_booked_and_every_other_is_refused(session: Session, town: FittingTown) -> None:
    """What lists and what confirms are one function: tried on every quarter of an hour of a day."""
    taken = a_request(session, town, at=GIVORS)
    book_offer(session, town.agent, taken.id, town.teams[0].id, on(1, "10:30"), now=NOW)
    request = a_request(session, town, windows=(Window(1, time(9), time(12)),))
    line = request_for(session, town.agent, request.id, now=NOW)
    session.flush()
    listed = set()
    for number in range(-4, 16):
        start = on(1, "09:00") + timedelta(minutes=15 * number)
        with session.begin_nested() as attempt:
            try:
                book_offer(session, town.agent, request.id, town.teams[0].id, start, now=NOW)
                listed.add(start)
            except (SlotUnfit, PeriodTaken, NotOpen):
                pass
            attempt.rollback()

    offered = {one.period.start for one in offers_for(session, town.agent, line, now=NOW).offers
               if one.resource_id == town.teams[0].id and one.day == in_days(1)}  # fmt: skip
    assert listed == {on(1, "09:00")} == offered


def test_a_booked_request_is_so_by_its_booking_and_waits_again_without_it(session: Session, town: FittingTown) -> None:
    request = a_request(session, town)
    booking = book_offer(session, town.agent, request.id, town.teams[0].id, on(1, "09:00"), now=NOW)

    assert (booking.state, booking.person_id) == (State.BOOKED, request.person_id)
    assert stage(session, town, request) is Stage.BOOKED
    give_back(session, town.agent, request.id, now=NOW, reason=Reason("agent-absent"))
    assert (stage(session, town, request), booking.reason) == (Stage.WAITING, "agent-absent")
    take_back(session, town.agent, request.id, now=NOW)
    assert (stage(session, town, request), booking.reason) == (Stage.BOOKED, "")
    with pytest.raises(InvalidRequest):
        give_back(session, town.agent, request.id, now=NOW, reason=Reason("health"))  # that is why one is excused
    cancel(session, town.agent, booking.id, now=NOW)  # from another screen
    assert stage(session, town, request) is Stage.WAITING
    undo_cancel(session, town.agent, booking.id, now=NOW)
    assert stage(session, town, request) is Stage.BOOKED


def test_a_slot_given_back_is_not_taken_back_once_the_team_could_not_be_there(
    session: Session, town: FittingTown
) -> None:
    request = a_request(session, town)
    book_offer(session, town.agent, request.id, town.teams[0].id, on(1, "09:00"), now=NOW)
    give_back(session, town.agent, request.id, now=NOW)
    other = a_request(session, town, at=GIVORS)
    book_offer(session, town.agent, other.id, town.teams[0].id, on(1, "10:00"), now=NOW)

    with pytest.raises(SlotUnfit) as refused:
        take_back(session, town.agent, request.id, now=NOW)

    assert refused.value.facts["why"] is WhyNot.TRAVEL
    assert stage(session, town, request) is Stage.WAITING


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judge what moves and what is taken back elsewhere, as the application does."""
    monkeypatch.setattr(events, "_subscribers", [keep_visits_possible])


@pytest.mark.usefixtures("kept")
def test_a_fitting_moves_only_where_its_team_can_be(session: Session, town: FittingTown) -> None:
    team, other = (one.id for one in town.teams)
    fitting = book_offer(session, town.agent, a_request(session, town).id, team, on(1, "11:00"), now=NOW)
    book_offer(session, town.agent, a_request(session, town, at=GIVORS).id, team, on(1, "09:00"), now=NOW)

    with pytest.raises(SlotUnfit) as refused, session.begin_nested():  # 43 minutes of road from Givors
        move(session, town.agent, fitting.id, SlotClaim(resource_id=team, start=on(1, "10:00")), now=NOW)

    assert refused.value.facts["why"] is WhyNot.TRAVEL
    session.expire_all()
    assert fitting.starts_at == on(1, "11:00")
    for resource_id, start in ((team, on(1, "11:15")), (other, on(1, "10:00"))):
        claim = SlotClaim(resource_id=resource_id, start=start)
        assert move(session, town.agent, fitting.id, claim, now=NOW).starts_at == start


@pytest.mark.usefixtures("kept")
def test_a_fitting_does_not_move_to_a_team_that_does_not_go_as_far(session: Session, town: FittingTown) -> None:
    town.teams[1].attributes = {"reach_km": 1}
    fitting = book_offer(session, town.agent, a_request(session, town).id, town.teams[0].id, on(1, "09:00"), now=NOW)

    with pytest.raises(SlotUnfit) as refused:
        move(session, town.agent, fitting.id, SlotClaim(resource_id=town.teams[1].id, start=on(1, "09:00")), now=NOW)

    assert refused.value.facts["why"] is WhyNot.TOO_FAR


@pytest.mark.usefixtures("kept")
def test_what_is_taken_back_elsewhere_is_judged_too(session: Session, town: FittingTown) -> None:
    request, team = a_request(session, town), town.teams[0].id
    first = book_offer(session, town.agent, request.id, team, on(1, "09:00"), now=NOW)
    cancel(session, town.agent, first.id, now=NOW)
    other = a_request(session, town, at=GIVORS)
    book_offer(session, town.agent, other.id, team, on(1, "10:00"), now=NOW)

    with pytest.raises(SlotUnfit), session.begin_nested():
        undo_cancel(session, town.agent, first.id, now=NOW)
    give_back(session, town.agent, other.id, now=NOW)
    assert undo_cancel(session, town.agent, first.id, now=NOW).state == State.BOOKED
    cancel(session, town.agent, first.id, now=NOW)
    close_request(session, town.agent, request.id, now=NOW)
    with pytest.raises(AlreadyDecided), session.begin_nested():
        undo_cancel(session, town.agent, first.id, now=NOW)


@pytest.mark.usefixtures("kept")
def test_a_slot_taken_back_is_the_one_of_its_request_whatever_was_given_back_since(
    session: Session, town: FittingTown
) -> None:
    request, (team, other) = a_request(session, town), town.teams
    first = book_offer(session, town.agent, request.id, team.id, on(1, "09:00"), now=NOW)
    give_back(session, town.agent, request.id, now=NOW)
    later = NOW + timedelta(minutes=1)
    book_offer(session, town.agent, request.id, other.id, on(2, "09:00"), now=later)
    give_back(session, town.agent, request.id, now=later)

    undo_cancel(session, town.agent, first.id, now=later)

    assert stage(session, town, request) is Stage.BOOKED
    assert request_for(session, town.agent, request.id, now=later).booking_id == first.id
    with pytest.raises(AlreadyDecided):
        book_offer(session, town.agent, request.id, other.id, on(2, "09:00"), now=later)


@pytest.mark.usefixtures("kept")
def test_an_absence_is_not_undone_once_the_request_has_another_slot(session: Session, town: FittingTown) -> None:
    request, later = a_request(session, town), on(1, "09:50")
    first = book_offer(session, town.agent, request.id, town.teams[0].id, on(1, "09:00"), now=NOW)
    note_outcome(session, town.agent, first.id, State.MISSED, now=later)
    assert undo_outcome(session, town.agent, first.id, now=later).state == State.BOOKED
    note_outcome(session, town.agent, first.id, State.MISSED, now=later)
    book_offer(session, town.agent, request.id, town.teams[0].id, on(2, "09:00"), now=later)

    with pytest.raises(AlreadyDecided):
        undo_outcome(session, town.agent, first.id, now=later)


def test_a_request_has_one_slot_at_a_time(session: Session, town: FittingTown) -> None:
    request = a_request(session, town)
    book_offer(session, town.agent, request.id, town.teams[0].id, on(1, "09:00"), now=NOW)

    with pytest.raises(AlreadyDecided):
        book_offer(session, town.agent, request.id, town.teams[1].id, on(2, "09:00"), now=NOW)
    with pytest.raises(AlreadyDecided):
        close_request(session, town.agent, request.id, now=NOW)


def test_when_nobody_is_home_and_off_the_grid_it_is_refused(session: Session, town: FittingTown) -> None:
    request = a_request(session, town, windows=(Window(1, time(10), time(12)),))
    team = town.teams[0].id

    with pytest.raises(SlotUnfit) as refused:
        book_offer(session, town.agent, request.id, team, on(1, "09:00"), now=NOW)
    assert refused.value.facts["why"] is WhyNot.NOBODY_HOME
    for start in (on(1, "10:05"), on(1, "12:00"), on(-1, "10:00"), on(400, "10:00")):
        with pytest.raises(NotOpen):
            book_offer(session, town.agent, request.id, team, start, now=NOW)


def test_a_team_of_elsewhere_and_a_request_of_elsewhere_are_not_found(session: Session, town: FittingTown) -> None:
    request = a_request(session, town)
    there = make_fitting_town(session, days=3)

    with pytest.raises(NotFound):
        book_offer(session, town.agent, request.id, there.teams[0].id, on(1, "09:00"), now=NOW)
    with pytest.raises(NotFound):
        book_offer(session, there.agent, request.id, there.teams[0].id, on(1, "09:00"), now=NOW)
    with pytest.raises(NotFound):
        book_offer(session, town.agent, uuid4(), town.teams[0].id, on(1, "09:00"), now=NOW)


def test_an_officer_asks_but_books_only_once_the_kind_allows_it(session: Session, town: FittingTown) -> None:
    request = a_request(session, town, by=town.officer)
    with pytest.raises(NotFound):
        book_offer(session, town.officer, request.id, town.teams[0].id, on(1, "09:00"), now=NOW)

    may_reserve(session, town.kind, Role.PROBATION_OFFICER)

    booking = book_offer(session, town.officer, request.id, town.teams[0].id, on(1, "09:00"), now=NOW)
    assert booking.state == State.BOOKED


def test_a_fitting_held_by_somebody_without_a_request_is_taken_all_the_same(
    session: Session, town: FittingTown
) -> None:
    from availability.claims import SlotClaim

    claim = SlotClaim(resource_id=town.teams[0].id, start=on(1, "10:00"))
    hold(session, town.agent, claim, now=NOW, beneficiary=Beneficiary(case_ref="26/1"))
    request = a_request(session, town)

    with pytest.raises(PeriodTaken):
        book_offer(session, town.agent, request.id, town.teams[0].id, on(1, "10:15"), now=NOW)
    book_offer(session, town.agent, request.id, town.teams[0].id, on(1, "11:00"), now=NOW)


# --- what becomes of it ---


def done(session: Session, town: FittingTown) -> tuple[FittingRequest, Any]:
    """Return a request whose slot began an hour ago at DONE."""
    request = a_request(session, town)
    return request, book_offer(session, town.agent, request.id, town.teams[0].id, on(1, "09:00"), now=NOW)


LATER = on(1, "10:00")


def test_fitted_then_corrected_then_undone_step_by_step(session: Session, town: FittingTown) -> None:
    request, booking = done(session, town)

    note_outcome(session, town.agent, booking.id, State.HONOURED, now=LATER)
    assert stage(session, town, request, LATER) is Stage.FITTED
    note_outcome(session, town.agent, booking.id, State.MISSED, now=LATER)
    assert stage(session, town, request, LATER) is Stage.MISSED
    undo_outcome(session, town.agent, booking.id, now=LATER)
    assert stage(session, town, request, LATER) is Stage.FITTED
    with pytest.raises(AlreadyDecided):  # nothing else was just noted
        undo_outcome(session, town.agent, booking.id, now=LATER)
    told = [act_sentence(one.act, one.facts, "Vous") for one in history_of(session, town.agent, booking.id)][-3:]
    assert told == [
        "Vous avez noté la venue.",
        "Vous avez corrigé : la personne n’est pas venue.",
        "Vous avez annulé ce qui était noté.",
    ]


@pytest.mark.usefixtures("kept")
def test_what_was_noted_is_undone_wherever_the_team_now_goes(session: Session, town: FittingTown) -> None:
    request, booking = done(session, town)
    note_outcome(session, town.agent, booking.id, State.HONOURED, now=LATER)
    town.teams[0].attributes = {"reach_km": 1}

    undo_outcome(session, town.agent, booking.id, now=LATER)

    assert stage(session, town, request, LATER) is Stage.BOOKED


def test_what_was_just_noted_is_undone_for_ten_minutes(session: Session, town: FittingTown) -> None:
    request, booking = done(session, town)
    note_outcome(session, town.agent, booking.id, State.MISSED, now=LATER)

    with pytest.raises(AlreadyDecided):
        undo_outcome(session, town.agent, booking.id, now=LATER + timedelta(minutes=10, seconds=1))
    undo_outcome(session, town.agent, booking.id, now=LATER + timedelta(minutes=10))

    assert stage(session, town, request, LATER) is Stage.BOOKED
    with pytest.raises(AlreadyDecided):
        undo_outcome(session, town.agent, booking.id, now=LATER)


def test_after_an_absence_it_is_offered_another_slot_and_the_round_keeps_the_first(
    session: Session, town: FittingTown
) -> None:
    request, booking = done(session, town)
    note_outcome(session, town.agent, booking.id, State.MISSED, now=LATER)

    again = book_offer(session, town.agent, request.id, town.teams[0].id, on(2, "09:00"), now=LATER)

    assert stage(session, town, request, LATER) is Stage.BOOKED
    (before,) = round_of(session, town.agent, town.teams[0].id, in_days(1)).stops
    (after,) = round_of(session, town.agent, town.teams[0].id, in_days(2)).stops
    assert (before.booking_id, before.state, before.at) == (booking.id, State.MISSED, VILLEURBANNE)
    assert (after.booking_id, after.state, after.at) == (again.id, State.BOOKED, VILLEURBANNE)


def test_a_closed_request_is_offered_nothing_until_it_is_reopened(session: Session, town: FittingTown) -> None:
    request = a_request(session, town)
    close_request(session, town.agent, request.id, now=NOW)
    close_request(session, town.agent, request.id, now=NOW)  # the same answer

    assert stage(session, town, request) is Stage.CLOSED
    with pytest.raises(AlreadyDecided):
        book_offer(session, town.agent, request.id, town.teams[0].id, on(1, "09:00"), now=NOW)
    reopen_request(session, town.agent, request.id, now=NOW)
    reopen_request(session, town.agent, request.id, now=NOW)
    assert stage(session, town, request) is Stage.WAITING
    acts = session.exec(
        select(HistoryLine.act).where(HistoryLine.subject == "fitting_request").order_by(HistoryLine.id)
    )
    assert list(acts) == ["fitting-requested", "fitting-closed", "fitting-reopened"]


def test_the_deadline_is_changed_within_a_year_of_the_order(session: Session, town: FittingTown) -> None:
    request = a_request(session, town)

    assert change_deadline(session, town.agent, request.id, TODAY, now=NOW).deadline_on == TODAY
    assert change_deadline(session, town.agent, request.id, None, now=NOW).deadline_on is None
    for wrong in (in_days(-1), in_days(367)):
        with pytest.raises(InvalidRequest):
            change_deadline(session, town.agent, request.id, wrong, now=NOW)


def test_nobody_elsewhere_acts_on_a_request(session: Session, town: FittingTown) -> None:
    request = a_request(session, town)
    for act in (give_back, take_back, close_request, reopen_request):
        with pytest.raises(NotFound):
            act(session, town.world.stranger, request.id, now=NOW)


def test_erasing_somebody_takes_where_they_live_and_waits_for_what_is_open(session: Session, town: FittingTown) -> None:
    request = a_request(session, town)
    with pytest.raises(NotAllowed):
        erase_person(session, town.agent, request.person_id, now=NOW)
    close_request(session, town.agent, request.id, now=NOW)
    session.flush()

    erase_person(session, town.agent, request.person_id, now=NOW)
    session.flush()

    assert session.execute(text("SELECT count(*) FROM fitting_request")).scalar() == 0


# --- the round ---


def test_a_round_is_in_order_with_the_way_from_the_base_and_back(session: Session, town: FittingTown) -> None:
    far, near = a_request(session, town, at=GIVORS), a_request(session, town)
    book_offer(session, town.agent, far.id, town.teams[0].id, on(1, "10:45"), now=NOW)
    book_offer(session, town.agent, near.id, town.teams[0].id, on(1, "09:00"), now=NOW)

    found = round_of(session, town.agent, town.teams[0].id, in_days(1))

    ways = [km_between(LYON, VILLEURBANNE), km_between(VILLEURBANNE, GIVORS), km_between(GIVORS, LYON)]
    assert [stop.request_id for stop in found.stops] == [near.id, far.id]
    assert [stop.km for stop in found.stops] == pytest.approx(ways[:2])
    assert found.km == pytest.approx(sum(ways))
    assert {stop.initials for stop in found.stops} == {"AD"}


def test_a_stop_nowhere_on_the_map_stays_in_the_round(session: Session, town: FittingTown) -> None:
    from availability.claims import SlotClaim
    from booking.actions import confirm

    claim = SlotClaim(resource_id=town.teams[0].id, start=on(1, "09:00"))
    held = hold(session, town.agent, claim, now=NOW, beneficiary=Beneficiary(case_ref="26/1"))
    confirm(session, town.agent, held.id, now=NOW)

    found = round_of(session, town.agent, town.teams[0].id, in_days(1))

    assert [(stop.at, stop.km, stop.request_id) for stop in found.stops] == [(None, None, None)]
    assert (found.km, found.minutes) == (0, 0)


def test_an_empty_day_is_a_round_without_stops_and_a_team_of_elsewhere_is_not_found(
    session: Session, town: FittingTown
) -> None:
    assert round_of(session, town.agent, town.teams[0].id, date(2030, 1, 1)).stops == ()
    stranger = make_actor(Role.MONITORING_AGENT, town.world.elsewhere)
    with pytest.raises(NotFound):
        round_of(session, stranger, town.teams[0].id, TODAY)
    assert teams_on(session, stranger, TODAY) == []


def test_teams_with_fittings_come_first(session: Session, town: FittingTown) -> None:
    request = a_request(session, town)
    book_offer(session, town.agent, request.id, town.teams[1].id, on(1, "09:00"), now=NOW)

    lines = teams_on(session, town.agent, in_days(1))

    assert [(line.resource_id, line.count) for line in lines] == [(town.teams[1].id, 1), (town.teams[0].id, 0)]


def test_a_request_that_waits_is_offered_the_same_days_whoever_looks(session: Session, town: FittingTown) -> None:
    """An actor reads what their role opens: an agent of the same territory sees the same offers."""
    colleague: Actor = make_actor(Role.MONITORING_AGENT, town.world.here)
    request = a_request(session, town, windows=ALL_DAY)
    line = request_for(session, colleague, request.id, now=NOW)

    assert offers_for(session, colleague, line, now=NOW) == offers_for(session, town.agent, line, now=NOW)
