"""Whatever is done to the sessions of a court, in whatever order: none is over a limit or in vacations.

No link is held at one end only, and the country never carries more than its ceiling has been.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import Range
from sqlmodel import Session, col, select

from availability.actions import Holder, lock, occupy, release
from availability.claims import CaseClaim
from availability.errors import Refusal
from availability.models import Closure, Recess, Shape
from booking.bench_actions import note_absence, replace_all, undo_replacements
from booking.common_dates import RoomWish, Wanted
from booking.court_calendar import staff_of
from booking.hearing_generation import generate, templates_to_open
from booking.hearing_template_spec import People
from booking.hearing_templates import (
    SessionChange,
    change_session,
    change_template,
    close_template,
    reopen_template,
    set_day,
    tried,
    undo_change,
    write_template,
)
from booking.meeting_search import search
from booking.meetings import Choice, What, call_off, restore, set_meeting
from booking.plans.hearings import people_of
from booking.plans.models import HearingStaffing
from booking.session_clashes import Seating, seating_of, wanted_from
from booking.session_moving import move_session
from booking.staffing import sitting_of, staff_hearing, unstaff_hearing
from optimizer.hearings.problem import Sitting
from tests.booking.court import SmallCourt, make_court
from tests.booking.test_hearing_templates import spec_of
from tests.booking.test_video_links import HALF, SET, make_ends
from tests.factories import NOW, in_days

SEQUENCES = int(os.environ.get("PLACEJUSTE_SEQUENCES", "4"))
FAMILIES = ("20J", "22G", "27A", "51")
OVER = text("""
    SELECT h.resource_id FROM hearing_session h JOIN session_case c ON c.resource_id = h.resource_id
    GROUP BY h.resource_id
    HAVING count(*) > h.max_cases OR sum(c.minutes) > h.max_minutes OR EXISTS (
      SELECT FROM jsonb_each_text(h.quotas) q WHERE CAST(q.value AS int) <
        (SELECT count(*) FROM session_case x WHERE x.resource_id = h.resource_id AND starts_with(x.family, q.key)))""")
IN_TWO_PLACES = text("""
    SELECT a.resource_id FROM seat_time a
    JOIN seat_time b ON b.resource_id = a.resource_id AND b.id <> a.id AND a.during && b.during""")
# Empty, staffed by nobody, changed by nobody, not added by hand: what a template opened by itself.
IN_VACATIONS = text("""
    SELECT o.on_day FROM template_session o JOIN hearing_template t ON t.id = o.template_id AND NOT t.sits_in_recess
    JOIN resource r ON r.id = o.resource_id AND r.is_active JOIN recess x ON x.days @> o.on_day
    WHERE o.on_day > :today AND NOT o.by_hand AND NOT o.on_day = ANY(t.extra_on)
      AND NOT EXISTS (SELECT FROM session_case c WHERE c.resource_id = o.resource_id)
      AND NOT EXISTS (SELECT FROM hearing_staffing f WHERE f.hearing_id = o.resource_id)""")
TWICE_A_DAY = text("""
    SELECT o.on_day FROM template_session o JOIN hearing_template t ON t.id = o.template_id
    JOIN resource r ON r.id = o.resource_id AND r.is_active
    GROUP BY coalesce(t.line_id, t.id), o.on_day HAVING count(*) > 1""")
# Its time is taken by who holds it, or by its template, never by both; the ends of a link stay, whoever holds it.
HELD_BY_BOTH = text("""
    SELECT o.resource_id FROM template_session o JOIN hearing_staffing f ON f.hearing_id = o.resource_id
    JOIN seat_time t ON t.holder_id = o.holder_id JOIN resource r ON r.id = t.resource_id
    JOIN kind k ON k.id = r.kind_id AND k.code <> 'visio'""")
KEPT_BY_NOBODY = text("""
    SELECT t.id FROM seat_time t LEFT JOIN hearing_staffing f ON f.id = t.holder_id
    LEFT JOIN (template_session o JOIN resource r ON r.id = o.resource_id AND r.is_active) ON o.holder_id = t.holder_id
    LEFT JOIN meeting m ON m.id = t.holder_id AND m.called_off_at IS NULL
    WHERE f.id IS NULL AND o.resource_id IS NULL AND m.id IS NULL""")
# `:most` is the highest that the ceiling has been: what is held stays when it is lowered.
TOO_MANY_LINKS = text("""
    SELECT x.holder_id FROM video_link x
    WHERE (SELECT count(*) FROM video_link y WHERE y.during @> lower(x.during)) > :most""")
# Whoever is held by a common date, or by the hearing that it is, and it knows.
MET_BY_OTHERS = text("""
    SELECT m.id FROM meeting m WHERE m.called_off_at IS NULL AND
      ARRAY(SELECT resource_id FROM seat_time WHERE holder_id = m.id ORDER BY 1)
        <> ARRAY(SELECT x FROM unnest(m.people_ids || m.video_ids || m.room_id) x WHERE x IS NOT NULL ORDER BY 1)""")
NEVER = (MET_BY_OTHERS, OVER, IN_TWO_PLACES, TWICE_A_DAY, HELD_BY_BOTH, KEPT_BY_NOBODY, HALF, TOO_MANY_LINKS)
AFTER_A_NIGHT, NIGHTS = (IN_VACATIONS,), ("night", "recess", "no_recess")
LINES = text("SELECT id FROM hearing_template ORDER BY id")
SESSIONS = text("""
    SELECT resource_id FROM template_session
    UNION SELECT hearing_id FROM meeting WHERE hearing_id IS NOT NULL ORDER BY 1""")


@dataclass
class Hands:
    """Those who act on a court, and what was drawn for each of their acts."""

    session: Session
    court: SmallCourt
    ends: list[tuple[int, int]]
    most: int = 1
    now: datetime = NOW
    cases: list[tuple[int, UUID]] = field(default_factory=list)
    moved: list[tuple[int, Seating, Seating]] = field(default_factory=list)
    met: list[UUID] = field(default_factory=list)
    replaced: list[UUID] = field(default_factory=list)
    did: list[str] = field(default_factory=list)

    def do(self, act: str, drawn: int) -> None:
        """Do an act, or be refused; then see that nothing is broken."""
        try:
            with self.session.begin_nested():
                ACTS[act](self, drawn)
        except Refusal as refusal:
            self.did.append(f"{act} {drawn}: {type(refusal).__name__} {refusal.facts}")
        else:
            self.did.append(f"{act} {drawn}: done")
        for statement in (*NEVER, *(AFTER_A_NIGHT if act in NIGHTS else ())):
            asked = {"today": self.now.date(), "most": self.most}
            assert self.session.execute(statement, asked).all() == [], (str(statement), self.did)

    def spec(self, drawn: int) -> Any:
        """Return a template drawn of few, so that they meet."""
        court = self.court
        return spec_of(
            court,
            rrule=f"FREQ=WEEKLY;BYDAY={('TU', 'WE', 'TU,TH')[drawn % 3]}",
            starts=time(9 + drawn % 2),
            max_cases=2 + drawn % 3,
            max_minutes=90,
            quotas=({}, {"2": 2}, {"20": 1, "2": 2})[drawn // 3 % 3],
            horizon_days=14,
            room_id=(None, *court.rooms)[drawn // 7 % 3],
            people=People(named_ids=((), court.judges[:1], *self.ends)[drawn // 2 % (2 + len(self.ends))]),
            sits_in_recess=drawn % 11 == 0,
        )

    def one(self, statement: Any, drawn: int) -> int:
        """Return one of what there is. Raises: Refusal when there is nothing."""
        found = list(self.session.execute(statement).scalars())
        if not found:
            raise Refusal
        return int(found[drawn % len(found)])

    def write(self, drawn: int) -> None:
        write_template(self.session, self.court.clerk, self.spec(drawn), from_on=in_days(1), now=self.now)

    def change(self, drawn: int) -> None:
        asked = {"from_on": in_days(1 + drawn % 13), "now": self.now}
        number, spec = self.one(LINES, drawn // 5), self.spec(drawn)
        shown = tried(self.session, change_template, self.court.clerk, number, spec, **asked)
        assert shown.generated == change_template(self.session, self.court.clerk, number, spec, **asked).generated

    def undo(self, drawn: int) -> None:
        undo_change(self.session, self.court.clerk, self.one(LINES, drawn), now=self.now)

    def close(self, drawn: int) -> None:
        day = in_days(1 + drawn % 13)
        close_template(self.session, self.court.clerk, self.one(LINES, drawn), from_on=day, now=self.now)

    def reopen(self, drawn: int) -> None:
        reopen_template(self.session, self.court.clerk, self.one(LINES, drawn), now=self.now)

    def day(self, drawn: int) -> None:
        number, day = self.one(LINES, drawn), in_days(1 + drawn // 2 % 13)
        set_day(self.session, self.court.clerk, number, day, sits=drawn % 2 == 0, now=self.now)

    def by_hand(self, drawn: int) -> None:
        change = SessionChange(starts=time(8 + drawn % 4), max_minutes=30 * (1 + drawn % 4), max_cases=1 + drawn % 4)
        change_session(self.session, self.court.clerk, self.one(SESSIONS, drawn // 3), change, now=self.now)

    def take(self, drawn: int) -> None:
        hearing, holder = self.one(SESSIONS, drawn // 8), Holder(id=uuid4(), now=self.now)
        claim = CaseClaim(resource_id=hearing, minutes=10 + 20 * (drawn % 2), family=FAMILIES[drawn // 2 % 4])
        occupy(self.session, [claim], holder)
        self.cases.append((hearing, holder.id))

    def give_back(self, drawn: int) -> None:
        if self.cases:
            hearing, holder = self.cases.pop(drawn % len(self.cases))
            release(self.session, Shape.SESSIONS, [hearing], holder)

    def staff(self, drawn: int) -> None:
        court, one = self.court, drawn % 2
        sitting = Sitting(judge_id=court.judges[one], clerk_id=court.clerks[one], room_id=court.rooms[drawn // 2 % 2])
        staff_hearing(self.session, court.clerk, self.one(SESSIONS, drawn // 4), sitting, now=self.now)

    def unstaff(self, drawn: int) -> None:
        chosen = select(HearingStaffing).where(col(HearingStaffing.id).not_in(self.met))  # a plan gives back its own
        there = self.session.exec(chosen.order_by(col(HearingStaffing.hearing_id))).all()
        if there:
            one = there[drawn % len(there)]
            lock(self.session, [one.hearing_id, *people_of(sitting_of(one))])
            unstaff_hearing(self.session, self.court.clerk, one, now=self.now)

    def move(self, drawn: int) -> None:
        court, hearing = self.court, self.one(SESSIONS, drawn // 9)
        wanted = wanted_from(
            seating_of(self.session, hearing),
            staff_of(self.session, court.clerk),
            day=in_days(1 + drawn % 5),
            starts=time(9 + drawn % 3),
            room_id=(None, *court.rooms)[drawn // 3 % 3],
            judge_id=(None, *court.judges)[drawn // 5 % 3],
        )
        before = move_session(self.session, court.clerk, hearing, wanted, now=self.now)
        self.moved.append((hearing, before, seating_of(self.session, hearing)))

    def move_back(self, _: int) -> None:
        if self.moved:
            hearing, before, left = self.moved.pop()
            move_session(self.session, self.court.clerk, hearing, before, now=self.now, is_undo=True, left=left)

    def away(self, drawn: int) -> None:
        who, first = (*self.court.judges, *self.court.clerks)[drawn % 4], in_days(1 + drawn // 4 % 7)
        until = first + timedelta(days=1 + drawn // 28 % 5)
        away = note_absence(self.session, self.court.clerk, who, first=first, until=until, now=self.now)
        self.replaced = list(replace_all(self.session, self.court.clerk, away.id, now=self.now).ids)

    def back(self, _: int) -> None:
        if self.replaced:
            undo_replacements(self.session, self.court.clerk, self.replaced, now=self.now)

    def meet(self, drawn: int) -> None:
        court, people = self.court, (*self.court.judges, *self.court.clerks)
        wanted = Wanted(
            site_id=court.site.id,
            people=tuple(people[number] for number in range(4) if drawn >> number & 1) or people[:1],
            minutes=60 + 30 * (drawn % 3),
            first_on=in_days(1 + drawn % 5),
            last_on=in_days(13),
            room=RoomWish.VIDEO if drawn % 2 else RoomWish.ANY,
            far_end_id=self.ends[drawn // 2 % 2][1] if drawn % 2 else None,
        )
        first = search(self.session, court.clerk, wanted, now=self.now).found.first
        if not first:
            raise Refusal
        choice = Choice(start=first[0].period.start, room_id=first[0].room_id, video_id=first[0].video_id)
        what = What(name="Réunion", kind_id=court.kind.id if drawn % 3 else None, max_cases=2)
        self.met.append(set_meeting(self.session, court.clerk, wanted, choice, what, now=self.now).id)

    def call_off(self, drawn: int) -> None:
        if self.met:
            call_off(self.session, self.court.clerk, self.met[drawn % len(self.met)], now=self.now)

    def meet_again(self, drawn: int) -> None:
        if self.met:
            restore(self.session, self.court.clerk, self.met[drawn % len(self.met)], now=self.now)

    def ceiling(self, drawn: int) -> None:
        self.session.execute(SET, {"most": drawn % 3})
        self.most = max(self.most, drawn % 3)

    def closed_end(self, drawn: int) -> None:
        first = 1 + drawn % 13
        days = Range(in_days(first), in_days(first + 1 + drawn // 13 % 3))
        self.session.add(Closure(resource_id=self.ends[drawn % 2][drawn // 2 % 2], days=days))

    def opened_ends(self, _: int) -> None:
        self.session.execute(text("DELETE FROM closure"))

    def recess(self, drawn: int) -> None:
        first = 1 + drawn % 13
        days = Range(in_days(first), in_days(first + 1 + drawn // 13 % 7))
        self.session.add(Recess(territory_id=self.court.territory_id, days=days))
        self.night(0)

    def no_recess(self, _: int) -> None:
        self.session.execute(text("DELETE FROM recess"))
        self.night(0)

    def night(self, drawn: int) -> None:
        self.now += timedelta(days=drawn % 2)
        for number in templates_to_open(self.session, now=self.now):
            generate(self.session, number, now=self.now)


ACTS: dict[str, Callable[[Hands, int], None]] = {
    name: each
    for name, each in vars(Hands).items()
    if callable(each) and not name.startswith("_") and name not in ("do", "spec", "one")
}


@settings(max_examples=SEQUENCES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.sampled_from(sorted(ACTS)), st.integers(0, 999)), min_size=4, max_size=14))
def test_whatever_is_done_no_session_is_over_a_limit_nobody_is_in_two_places_and_nothing_is_in_vacations(
    session: Session, acts: list[tuple[str, int]]
) -> None:
    court = make_court(session)
    hands = Hands(session, court, make_ends(session, court, 2))
    try:
        hands.do("ceiling", 1)
        hands.do("write", 7)
        hands.do("write", 20)
        for act, drawn in acts:
            hands.do(act, drawn)
        hands.do("night", 0)
    finally:
        session.rollback()  # each example begins with nothing
