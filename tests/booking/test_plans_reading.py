"""What a planning page reads: proposals beside the plan in force, line by line, and what is done with one of them."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound
from booking.pages.plans_acts import Wanted, day_of, keep_other, resume, start
from booking.pages.plans_reading import Asked, Look, look
from booking.pages.repartition_desk import DESK, CourtAsked
from booking.pages.repartition_moves import NOWHERE, carried, put
from booking.plans.hearings import plan_of
from booking.plans.kept import digest_of, run_of
from booking.plans.models import OptimizerRun, RunState
from booking.plans.runs import BrokenPlan, apply_run, finish_run, judged, reading_of, start_run, take_run
from optimizer.hearings.greedy import completed
from optimizer.hearings.staffing import staffed
from optimizer.manners import Manner
from tests.booking.court import FIRST, UNTIL, SmallCourt, make_court
from tests.factories import NOW, in_days


@pytest.fixture
def court(session: Session) -> SmallCourt:
    """Return a court with two hearings and three cases, one of which is too late for both."""
    found = make_court(session)
    found.hearing(session, in_days=7)
    found.hearing(session, in_days=14)
    found.case(session, 1)
    found.case(session, 2)
    found.case(session, 3, deadline_on=in_days(3))
    return found


def seen(session: Session, court: SmallCourt, **asked: object) -> Look:
    """Return what the page shows to who plans."""
    return look(session, court.clerk, DESK, Asked(own=CourtAsked(waiting=40), **asked), now=NOW)  # type: ignore[arg-type]


def planned_run(session: Session, court: SmallCourt) -> OptimizerRun:
    """Return a run whose plan is there, made without a search: what is read of it is the same."""
    run_id = start_run(session, court.clerk, court.kind.id, first=FIRST, until=UNTIL, now=NOW)
    run = session.get_one(OptimizerRun, run_id)
    reading = reading_of(session, run, now=NOW)
    plan = completed(reading.problem, staffed(reading.problem, reading.in_force))
    run.digest = digest_of(reading.problem)
    assert take_run(session, now=NOW) == run_id
    session.refresh(run)
    assert finish_run(session, run_id, judged("hearings", reading, plan), now=NOW)
    return run


def test_without_a_search_the_court_is_shown_and_nothing_is_proposed(session: Session, court: SmallCourt) -> None:
    found = seen(session, court)

    assert (found.proposal, found.last, found.total) == (None, None, 3)
    assert found.own.waiting_count == 3


def test_a_proposal_says_who_gets_a_place_who_has_none_and_why(session: Session, court: SmallCourt) -> None:
    planned_run(session, court)
    proposal = seen(session, court).proposal

    assert proposal is not None
    assert proposal.counts == {"placed": 2, "moved": 0, "lost": 0, "out": 1}
    assert [line.kind for line in proposal.lines] == ["placed", "placed", "out"]
    assert proposal.lines[-1].why == "échéance trop proche pour toutes les audiences"
    assert len(proposal.changes) == 2
    assert proposal.better.startswith("2\u00a0affaires de plus placées")


def test_lines_are_filtered_searched_and_paged(session: Session, court: SmallCourt) -> None:
    planned_run(session, court)

    assert seen(session, court, filter="out").proposal.lines_found == 1  # type: ignore[union-attr]
    assert [line.label for line in seen(session, court, query="26/00002").proposal.lines] == ["RG 26/00002"]  # type: ignore[union-attr]
    assert seen(session, court, page=1).proposal.lines == []  # type: ignore[union-attr]


def test_what_is_applied_is_done_and_no_longer_a_change(session: Session, court: SmallCourt) -> None:
    run = planned_run(session, court)
    first = sorted(str(one) for one in plan_of(run.plan).placed)[0]
    apply_run(session, court.clerk, run.id, [first], now=NOW)
    proposal = seen(session, court).proposal

    assert proposal is not None
    assert first not in proposal.changes
    assert len(proposal.changes) == 1


def test_a_case_moved_by_hand_makes_a_proposal_beside_the_one_it_comes_from(
    session: Session, court: SmallCourt
) -> None:
    run = planned_run(session, court)
    case_id, home = next(iter(plan_of(run.plan).placed.items()))
    found = carried(session, court.clerk, run.id, case_id, now=NOW)
    other = next(row for row in found.rows if row.can and row.place != NOWHERE)

    changed = put(session, court.clerk, run.id, case_id, other.place, now=NOW)

    assert plan_of(run_of(session, court.clerk, changed).plan).placed[case_id] == int(other.place) != home
    assert plan_of(session.get_one(OptimizerRun, run.id).plan).placed[case_id] == home
    shown = seen(session, court, open=str(changed), beside=(str(run.id),)).proposal
    assert shown is not None
    assert [(column.letter, column.run_id) for column in shown.columns] == [("A", str(changed)), ("B", str(run.id))]


def test_what_cannot_be_there_is_said_and_is_not_kept(session: Session, court: SmallCourt) -> None:
    run = planned_run(session, court)
    late = UUID(next(line.id for line in seen(session, court, filter="out").proposal.lines))  # type: ignore[union-attr]
    found = carried(session, court.clerk, run.id, late, now=NOW)

    assert not any(row.can for row in found.rows)
    assert {row.words for row in found.rows} == {"échéance trop proche"}
    assert found.why.reasons
    with pytest.raises(BrokenPlan):
        put(session, court.clerk, run.id, late, found.rows[0].place, now=NOW)
    with pytest.raises(InvalidRequest):
        put(session, court.clerk, run.id, late, "ailleurs", now=NOW)


@pytest.mark.parametrize(
    ("first", "until"),
    [
        (in_days(3), in_days(1)),
        (in_days(3), in_days(3)),
        (in_days(3), date(2100, 1, 2)),
        (date(2100, 1, 1), None),
        (date(2000, 1, 1), date(2100, 1, 1)),
    ],
)
def test_absurd_days_are_brought_to_what_can_be_planned(
    session: Session, court: SmallCourt, first: date, until: date | None
) -> None:
    found = seen(session, court, first=first, until=until)

    assert found.first == first
    assert timedelta() < found.until - found.first <= DESK.most_ahead


@pytest.mark.parametrize("text", ["", "9999-12-31", "0001-01-01", "1999-12-31", "demain", None, ["2026-03-02"]])
def test_a_day_that_nobody_plans_is_none(text: object) -> None:
    assert day_of(text) is None


def test_a_day_is_read_as_it_is_written() -> None:
    assert day_of("2026-03-02") == date(2026, 3, 2)


def test_a_stranger_sees_nothing_of_it(session: Session, court: SmallCourt) -> None:
    run = planned_run(session, court)
    case_id = next(iter(plan_of(run.plan).placed))

    with pytest.raises(NotFound):
        carried(session, court.stranger, run.id, case_id, now=NOW)
    assert look(session, court.stranger, DESK, Asked(open=str(run.id), own=CourtAsked(waiting=40)), now=NOW).runs == []


def test_compromises_say_how_many_move_and_are_kept_as_proposals(session: Session, court: SmallCourt) -> None:
    run = planned_run(session, court)
    assert run.plan is not None
    one, *_ = plan_of(run.plan).placed
    less = {"sittings": run.plan["plan"]["sittings"], "placed": {str(one): run.plan["plan"]["placed"][str(one)]}}
    price = [["unplaced", 2, 200_000], ["days", 5, 10]]
    run.plan = run.plan | {"others": [{"plan": less, "price": price}]}
    session.flush()

    proposal = seen(session, court).proposal
    assert proposal is not None
    assert [(row.number, row.moves) for row in proposal.others] == [(0, "aucune affaire déplacée")]
    assert proposal.others[0].gains.startswith("1\u00a0affaire de plus placée")
    kept = keep_other(session, court.clerk, DESK, run.id, 0, now=NOW)
    assert plan_of(run_of(session, court.clerk, kept).plan).placed == {one: plan_of(run.plan).placed[one]}
    with pytest.raises(InvalidRequest):
        keep_other(session, court.clerk, DESK, run.id, 1, now=NOW)


def test_an_interrupted_search_is_asked_again_as_it_was_from_what_it_had_found(
    session: Session, court: SmallCourt
) -> None:
    run = planned_run(session, court)
    run.settings, run.state = {"sliders": {"sooner": 4}}, RunState.INTERRUPTED
    session.flush()

    found = seen(session, court)
    assert [(row.can_resume, row.has_plan) for row in found.runs] == [(True, True)]
    again = run_of(session, court.clerk, resume(session, court.clerk, run.id, now=NOW))
    assert (again.based_on, again.settings, again.state) == (run.id, run.settings, RunState.QUEUED)


@pytest.mark.parametrize("wanted", [{"kind": "unknown"}, {"until": FIRST + timedelta(days=800)}])
def test_a_search_of_what_is_not_planned_is_refused(
    session: Session, court: SmallCourt, wanted: dict[str, object]
) -> None:
    usual = {"kind": court.kind.code, "first": FIRST, "until": UNTIL, "manner": Manner.PLAN, "settings": {}}

    with pytest.raises(InvalidRequest):
        start(session, court.clerk, DESK, Wanted(**usual | wanted, based_on=None), now=NOW)  # type: ignore[arg-type]
