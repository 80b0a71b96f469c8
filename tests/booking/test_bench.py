"""A judge is away: what they leave is seen, somebody who may takes it, and either is taken back."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.dialects.postgresql import Range
from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound, Refusal
from availability.models import Closure, Kind
from availability.rights import Actor
from booking.bench import (
    Away,
    Colleague,
    Member,
    count_to_staff,
    days_there,
    least_loaded,
    loads_of,
    members_of,
    ranked,
    to_staff,
)
from booking.bench_actions import (
    NoColleague,
    note_absence,
    replace_all,
    replace_one,
    set_share,
    set_skills,
    take_absence_back,
    undo_replacements,
)
from booking.hearing_template_models import Formation
from booking.hearing_template_spec import People
from booking.hearing_templates import write_template
from booking.pages.court_absences_words import load_rows, read_skills
from booking.plans.models import Cabinet
from booking.session_clashes import seating_of
from booking.staffing import staff_hearing
from optimizer.hearings.problem import Sitting
from tests.booking.court import SmallCourt, make_court, seats
from tests.booking.test_hearing_templates import spec_of
from tests.factories import NOW, in_days

AWAY = {"first": in_days(6), "until": in_days(13)}


@pytest.fixture
def court(session: Session) -> SmallCourt:
    """A small court with two judges, two clerks and two rooms."""
    return make_court(session)


def held(session: Session, court: SmallCourt, in_days: int, number: int = 0) -> int:
    """Return a hearing that a judge holds with their clerk."""
    hearing = court.hearing(session, in_days=in_days)
    by = Sitting(judge_id=court.judges[number], clerk_id=court.clerks[number], room_id=court.rooms[number])
    staff_hearing(session, court.clerk, hearing, by, now=NOW)
    return hearing


def gaps(session: Session, actor: Actor) -> int:
    """Return how many hearings of a court, which are all of one kind, miss somebody."""
    return sum(count_to_staff(session, actor, now=NOW).values())


def test_what_somebody_away_holds_is_to_staff_until_a_colleague_does_and_again_after_the_undo(
    session: Session, court: SmallCourt
) -> None:
    hearing, later = held(session, court, 7), held(session, court, 20)
    judge, other = court.judges
    away = note_absence(session, court.clerk, judge, reason="Formation", now=NOW, **AWAY)

    found = to_staff(session, court.clerk, now=NOW)
    assert [(one.hearing_id, one.absent_id, one.post) for one in found] == [(hearing, judge, "judge")]
    assert [(one.id, one.why_not) for one in found[0].colleagues] == [(other, "")]
    assert gaps(session, court.stranger) == 0
    assert count_to_staff(session, court.clerk, now=NOW) == {session.get_one(Kind, found[0].kind_id).code: 1}

    done = replace_one(session, court.clerk, hearing, judge, other, now=NOW)
    assert gaps(session, court.clerk) == 0
    assert (seating_of(session, hearing).judge_id, seating_of(session, later).judge_id) == (other, judge)
    assert sum(one == other for one, _ in seats(session)) == 1

    undo_replacements(session, court.clerk, done.ids, now=NOW)
    assert seating_of(session, hearing).judge_id == judge
    assert gaps(session, court.clerk) == 1
    back = take_absence_back(session, court.clerk, judge, away.id, is_whole=True, now=NOW)
    assert (back.first, back.until, back.reason) == (in_days(6), in_days(13), "Formation")
    assert gaps(session, court.clerk) == 0
    endless = Closure(resource_id=judge, days=Range(in_days(6), None))
    session.add(endless)
    session.flush()
    back = take_absence_back(session, court.clerk, judge, endless.id, is_whole=True, now=NOW)
    assert (back.until, gaps(session, court.clerk)) == (None, 0), "said, and not undone"
    with pytest.raises(NotFound):
        undo_replacements(session, court.clerk, done.ids, now=NOW)


def test_all_of_an_absence_is_replaced_in_one_act_and_what_nobody_can_take_is_told(
    session: Session, court: SmallCourt
) -> None:
    judge, other = court.judges
    monday, busy = held(session, court, 7), held(session, court, 8)
    held(session, court, 8, 1)  # the other judge sits at the same hour
    spec = spec_of(court, people=People(named_ids=(judge,)), rrule="FREQ=WEEKLY;BYDAY=WE", horizon_days=10)
    write_template(session, court.clerk, spec, from_on=in_days(8), now=NOW)
    away = note_absence(session, court.clerk, judge, now=NOW, **AWAY)

    done = replace_all(session, court.clerk, away.id, now=NOW)

    assert done.by[0][0].hearing_id == monday
    assert [type(one.refusal) for one in done.left] == [NoColleague]
    assert done.left[0].session.hearing_id == busy
    kept = seating_of(session, done.by[1][0].hearing_id)
    assert (kept.held_ids, kept.by_hand) == ((other,), True)
    assert gaps(session, court.clerk) == 1
    assert undo_replacements(session, court.clerk, done.ids, now=NOW) == 2
    assert gaps(session, court.clerk) == 3
    assert not seating_of(session, done.by[1][0].hearing_id).by_hand


def test_who_may_not_hold_such_a_hearing_or_is_away_is_not_offered(session: Session, court: SmallCourt) -> None:
    hearing, (judge, other) = held(session, court, 7), court.judges
    note_absence(session, court.clerk, judge, now=NOW, **AWAY)

    set_skills(session, court.clerk, other, {(court.kind.id, Formation.PANEL)}, now=NOW)
    assert [one.why_not for one in to_staff(session, court.clerk, now=NOW)[0].colleagues] == ["unskilled"]
    set_skills(session, court.clerk, other, {(court.kind.id, Formation.SINGLE)}, now=NOW)
    assert [one.why_not for one in to_staff(session, court.clerk, now=NOW)[0].colleagues] == [""]
    note_absence(session, court.clerk, other, now=NOW, **AWAY)
    assert [one.why_not for one in to_staff(session, court.clerk, now=NOW)[0].colleagues] == ["away"]
    with pytest.raises(NoColleague):
        replace_one(session, court.clerk, hearing, judge, other, now=NOW)


def test_what_somebody_holds_is_ticked_said_and_put_back(session: Session, court: SmallCourt) -> None:
    judge, single, kinds = court.judges[0], (court.kind.id, Formation.SINGLE), {court.kind.id: "Audience JAF"}
    name = f"tient-{judge}-{court.kind.id}-"
    assert read_skills({"member": str(judge), name + "single": "on", name + "panel": ""}) == (judge, {single})
    assert [read_skills(one) for one in ({}, {"member": "7", name + "single": "on"}, {"member": "²"})] == [None] * 3

    before = set_skills(session, court.clerk, judge, {single}, now=NOW)

    loads = loads_of(session, court.clerk, first=in_days(0), until=in_days(28), now=NOW)
    row, other = load_rows(loads, "judge", kinds)
    assert (row.held, other.held) == ("Audience JAF (juge unique)", "toutes les audiences du tribunal")
    assert [(box.name, box.is_held) for box in row.skills] == [(name + "single", True), (name + "panel", False)]
    assert set_skills(session, court.clerk, judge, before, now=NOW) == {single}
    assert members_of(session, court.clerk)[0].skills == frozenset()
    with pytest.raises(InvalidRequest, match="kind"):
        set_skills(session, court.clerk, judge, {(0, Formation.PANEL)}, now=NOW)


def test_the_least_loaded_comes_first_and_who_may_not_last() -> None:
    busy, free, away = (
        Colleague(id=1, name="B", load=120),
        Colleague(id=2, name="A", load=80),
        Colleague(id=3, name="C", why_not="away"),
    )

    assert ranked([away, busy, free]) == (free, busy, away)
    assert least_loaded(ranked([away, busy, free])) == free
    assert least_loaded([away]) is None


def test_a_share_counts_weekdays_what_one_works_and_absences_in_part_or_whole() -> None:
    judge = Member(id=1, name="Juge Fictif", post="judge", percent=80)
    monday = date(2026, 3, 2)
    part = Away(id=1, is_whole=False, resource_id=1, first=monday, until=date(2026, 3, 4), percent=50, reason="")
    whole = Away(id=2, is_whole=True, resource_id=1, first=date(2026, 3, 5), until=None, percent=100, reason="")

    assert days_there(judge, [], first=monday, until=date(2026, 3, 9)) == pytest.approx(4.0)
    assert days_there(judge, [part, whole], first=monday, until=date(2026, 3, 9)) == pytest.approx(0.8 * 2)


def test_loads_are_compared_with_what_is_of_each_and_an_absence_in_part_lowers_it(
    session: Session, court: SmallCourt
) -> None:
    held(session, court, 7)
    held(session, court, 14)
    held(session, court, 8, 1)
    month = {"first": date(2026, 3, 2), "until": date(2026, 3, 30), "now": NOW}

    before = {one.member.id: one for one in loads_of(session, court.clerk, **month)}
    assert [(before[one].minutes, before[one].expected) for one in court.judges] == [(360, 270), (180, 270)]
    assert before[court.judges[0]].percent == 133

    set_share(session, court.clerk, court.judges[1], 50, now=NOW)
    note_absence(session, court.clerk, court.judges[1], first=in_days(0), until=in_days(28), percent=50, now=NOW)
    after = {one.member.id: one for one in loads_of(session, court.clerk, **month)}
    assert [after[one].expected for one in court.judges] == [432, 108]


def test_an_absence_that_does_not_read_or_is_of_another_court_is_refused(session: Session, court: SmallCourt) -> None:
    def refused(**said: object) -> str:
        asked = {**AWAY, **said}
        with pytest.raises(InvalidRequest) as caught:
            note_absence(session, court.clerk, court.judges[0], now=NOW, **asked)  # type: ignore[arg-type]
        return f"{caught.value.field} {caught.value.problem}"

    assert refused(until=in_days(6)) == "until not-after-start"
    assert refused(until=in_days(6), percent=50) == "until not-after-start"
    assert refused(first=in_days(-1), percent=50) == "first past"
    assert refused(percent=101) == "percent out-of-range"
    assert refused(reason="x" * 121) == "reason too-long"
    with pytest.raises(Refusal):
        note_absence(session, court.stranger, court.judges[0], now=NOW, **AWAY)
    with pytest.raises(NotFound):
        note_absence(session, court.clerk, court.rooms[0], now=NOW, **AWAY)
    assert session.get(Cabinet, court.judges[0]) is not None
