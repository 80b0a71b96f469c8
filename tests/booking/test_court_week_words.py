"""What a week says: blocks at their hour beside one another, what is missing, and what a move entails."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from availability.periods import Period
from booking.court_calendar import SessionOfWeek, Staff
from booking.hearing_template_models import Formation
from booking.pages.court_week_words import (
    COUNTED,
    SAID,
    clash_words,
    days_shown,
    dropped,
    flags_of,
    hours_shown,
    lanes_of,
    moved_words,
    read_form,
)
from booking.session_clashes import Clash, Entailed, Seating

ZONE = ZoneInfo("Europe/Paris")
MONDAY = date(2026, 3, 9)
STAFF = Staff(names={1: "Juge Fictif", 2: "Greffe Fictif", 3: "Salle 3"}, judges=(1,), clerks=(2,), rooms=(3,))
SESSION = SessionOfWeek(
    id=9,
    name="Audience JAF",
    kind_id=1,
    kind="audience",
    zone=ZONE,
    day=MONDAY,
    starts_at=datetime(2026, 3, 9, 8, tzinfo=UTC),
    ends_at=datetime(2026, 3, 9, 11, tzinfo=UTC),
    cases=3,
    max_cases=10,
    minutes=60,
    max_minutes=180,
    formation=Formation.SINGLE,
    is_staffed=True,
    judge_id=1,
    clerk_id=2,
    room_id=3,
    missing={},
    away=(),
    is_site_closed=False,
    is_room_lost=False,
)
SEATING = Seating(day=MONDAY, starts=time(9), judge_id=1, clerk_id=2, room_id=3, is_staffed=True)


def test_sessions_are_drawn_at_their_hour_and_those_that_overlap_beside_one_another() -> None:
    late = timedelta(hours=1)
    other = replace(SESSION, id=10, starts_at=SESSION.starts_at + late, ends_at=SESSION.ends_at + late)
    after = replace(SESSION, id=11, starts_at=SESSION.ends_at + late, ends_at=SESSION.ends_at + 3 * late)

    lane = lanes_of([SESSION, other, after], STAFF, "salle", [MONDAY], {})[0]

    drawn = [(one.id, one.top, one.height, one.left, one.width) for one in lane.days[0].blocks]
    assert drawn == [
        ("9", "10.00%", "30.00%", "0.00%", "50.00%"),
        ("10", "20.00%", "30.00%", "50.00%", "50.00%"),
        ("11", "50.00%", "20.00%", "0", "100%"),
    ]
    assert (lane.id, lane.label, lane.is_empty) == ("3", "Salle 3", False)
    by_judge = lanes_of([replace(SESSION, judge_id=None)], STAFF, "juge", [MONDAY], {})
    assert [(one.id, one.label, one.is_empty) for one in by_judge] == [
        ("", "Sans juge", False),
        ("1", "Juge Fictif", True),
    ]


def test_who_sits_beside_has_the_session_in_their_lane_which_is_not_moved_from_there() -> None:
    panel = replace(STAFF, names=STAFF.names | {4: "Assesseur Fictif"}, judges=(1, 4))

    held, beside = lanes_of([replace(SESSION, beside=(4,))], panel, "juge", [MONDAY], {})

    assert [one.id for one in held.days[0].blocks] == ["9"]
    (block,) = beside.days[0].blocks
    assert (block.id, block.fill, block.tone, beside.is_empty) == ("", "avec Juge Fictif", "beside", False)
    assert block.label == "Audience JAF (siège), lun.\u00a09\u00a0mars de 9\u00a0h – 12\u00a0h, avec Juge Fictif"
    by_room = lanes_of([replace(SESSION, beside=(4,))], panel, "salle", [MONDAY], {})
    assert [len(one.days[0].blocks) for one in by_room] == [1]


def test_a_week_shows_the_hours_and_the_days_that_are_used() -> None:
    early = replace(SESSION, starts_at=datetime(2026, 3, 14, 5, 30, tzinfo=UTC), day=date(2026, 3, 14))

    assert hours_shown([SESSION]) == (8, 18)
    assert hours_shown([early, replace(SESSION, ends_at=datetime(2026, 3, 9, 18, 15, tzinfo=UTC))]) == (6, 20)
    assert len(days_shown(MONDAY, [SESSION])) == 5
    assert len(days_shown(MONDAY, [early])) == 6


def test_what_is_wrong_with_a_session_is_said_in_words() -> None:
    wrong = replace(SESSION, away=(1,), missing={"judge": 2, "clerk": 1, "salle": 1}, is_room_lost=True)

    assert flags_of(wrong, STAFF) == [
        "Juge Fictif absent",
        "salle prise par une autre",
        "manque\u00a0: 2\u00a0juges, greffier",
    ]
    assert flags_of(SESSION, STAFF) == []


def test_a_drop_fills_the_form_and_a_form_that_does_not_read_says_what() -> None:
    typed = {"day": "2026-03-09", "starts": "09:00", "room": "3", "judge": "1", "clerk": "2"}

    assert dropped(typed, "juge", "7", "2026-03-10", 855) == {
        "day": "2026-03-10",
        "starts": "14:15",
        "room": "3",
        "judge": "7",
        "clerk": "",
    }
    assert dropped(typed, "salle", "", "2026-03-10", 540) == typed | {"day": "2026-03-10"}
    assert set(read_form(typed | {"day": "hier", "starts": "midi"})[1]) == {"day", "starts"}


def test_what_a_move_entails_is_said_with_who_is_told_and_by_what() -> None:
    start = datetime(2026, 3, 11, 13, tzinfo=UTC)
    after = replace(SEATING, day=date(2026, 3, 11), starts=time(14))
    found = Entailed(
        name="Audience JAF",
        zone=ZONE,
        before=SEATING,
        after=after,
        period=Period(start, start + timedelta(hours=3)),
        cases=3,
        minutes=60,
        people=2,
        by_sms=1,
        otherwise=1,
    )

    assert moved_words(found, STAFF) == [
        "Audience JAF\u00a0: mer.\u00a011\u00a0mars à\u00a014\u00a0h, Salle 3, Juge Fictif.",
        "3\u00a0affaires suivent l’audience (60\u00a0minutes).",
        "1\u00a0personne prévenue par SMS.",
        "1\u00a0personne à prévenir autrement\u00a0: par votre greffe.",
        "À dire au tribunal\u00a0: Greffe Fictif, Juge Fictif.",
    ]
    taken = Clash(code="taken", resource_id=3, what="Audience JCP", at=start)
    assert clash_words(taken, ZONE, STAFF) == (
        "Salle 3 n’est pas libre\u00a0: Audience JCP, mer.\u00a011\u00a0mars à\u00a014\u00a0h."
    )
    said = {code: clash_words(Clash(code=code, count=2, resource_id=1), ZONE, STAFF) for code in (*SAID, *COUNTED)}
    assert len(set(said.values())) == len(said)
