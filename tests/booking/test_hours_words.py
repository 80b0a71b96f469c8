"""Hours as drawn, typed and said: rules to French and to forms, and back; a draft and its strokes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from availability.closings import ClosedDays
from availability.grids import OwnGrid
from availability.openings import DaysOff, Rule, once, weekly
from availability.running import SiteRun
from booking.agenda import Closing
from booking.hours import Hours, Receiver
from booking.pages import hours_cut, hours_form, hours_week
from booking.pages import hours_draft as drafts
from booking.pages import hours_words as words
from booking.pages.hours_draft import draft_of, to_save
from booking.pages.hours_recurrence import OFFERED, ONCE, Repeat, apart, moved, read_repeat, together, with_repeat
from booking.pages.hours_week import Picked
from booking.pages.site_words import whole_site

A_DAY = timedelta(days=1)
MONDAY = date(2026, 12, 7)  # of the week that is drawn
TUESDAY, FRIDAY = MONDAY + A_DAY, MONDAY + 4 * A_DAY
TODAY = date(2026, 11, 26)
JUNE = date(2027, 6, 30)
NINE, NOON = time(9), time(12)
AFTERNOON = (time(14), time(17))
USUAL = weekly(0, NINE, NOON, date(2026, 1, 1))
HORIZON = MONDAY + timedelta(days=400)


def plain(said: str) -> str:
    """Return a sentence with plain spaces."""
    return said.replace("\N{NO-BREAK SPACE}", " ")


def rule(rrule: str, **columns: object) -> Rule:
    """Return a rule of nine to noon, counted from the Monday."""
    values = {"anchor_on": MONDAY, "opens": NINE, "closes": NOON, "valid_from": date(2026, 1, 1)} | columns
    return Rule(rrule, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (USUAL, "tous les lundis"),
        (weekly(6, NINE, NOON, TODAY), "tous les dimanches"),
        (weekly(0, NINE, NOON, date(2027, 1, 4)), "tous les lundis à partir du 4 janv."),
        (weekly(0, NINE, NOON, TODAY, JUNE + A_DAY), "tous les lundis jusqu’au 30 juin"),
        (weekly(0, NINE, NOON, date(2027, 1, 4), JUNE + A_DAY), "tous les lundis du 4 janv. au 30 juin"),
        (rule("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", anchor_on=TODAY), "un lundi sur deux"),
        (
            rule("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", anchor_on=TODAY, valid_until=JUNE + A_DAY,
                 except_on=(date(2027, 5, 5),)),
            "un lundi sur deux jusqu’au 30 juin, sauf le 5 mai",
        ),
        (rule("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;UNTIL=20270630"), "un lundi sur deux du 7 déc. au 30 juin"),
        (rule("FREQ=WEEKLY;INTERVAL=9;BYDAY=MO", anchor_on=TODAY), "un lundi sur 9"),
        (rule("FREQ=MONTHLY;BYDAY=1MO", anchor_on=TODAY), "le premier lundi du mois"),
        (rule("FREQ=MONTHLY;BYDAY=FR;BYSETPOS=-1", anchor_on=TODAY), "le dernier vendredi du mois"),
        (rule("FREQ=WEEKLY;BYDAY=MO;COUNT=10"), "tous les lundis, 10 fois à partir du 7 déc."),
        (
            replace(USUAL, except_on=(MONDAY, date(2027, 1, 4)), extra_on=(TUESDAY,)),
            "tous les lundis, sauf les 7 déc. et 4 janv., et aussi le 8 déc.",
        ),
        (replace(USUAL, except_on=(date(2026, 3, 2),)), "tous les lundis"),  # what is over is not said
        (once(FRIDAY, NINE, NOON), "le ven. 11 déc."),
        (once(date(2028, 2, 1), NINE, NOON), "le mar. 1er févr. 2028"),
        (rule("FREQ=DAILY"), "selon une règle reçue d’un autre logiciel"),
        (rule("FREQ=MONTHLY;INTERVAL=2;BYDAY=1MO"), "selon une règle reçue d’un autre logiciel à partir du 7 déc."),
    ],
)  # fmt: skip
def test_a_rule_is_said_as_people_say_it(one: Rule, said: str) -> None:
    if one.rrule == "FREQ=DAILY":
        one = replace(one, anchor_on=TODAY)

    assert plain(words.days_words(one, TODAY)) == said
    assert plain(words.rule_words(one, TODAY)) == f"de 9 h à 12 h, {said}"


REPEATS = st.builds(
    Repeat,
    code=st.sampled_from([code for code in OFFERED if code != ONCE]),
    weekday=st.integers(0, 6),
    last_on=st.none() | st.dates(date(2027, 1, 1), date(2028, 1, 1)),
    count=st.none() | st.integers(1, 999),
)


@settings(max_examples=60)
@given(REPEATS)
def test_what_a_form_says_is_written_and_read_back_alike(repeat: Repeat) -> None:
    on = MONDAY + repeat.weekday * A_DAY
    written = with_repeat(USUAL, repeat, on, since=TODAY)

    assert read_repeat(written) == repeat
    assert (written.opens, written.closes) == (NINE, NOON)
    if repeat.code.startswith("w"):
        assert written.applies_on(on)
    assert all(day.weekday() == repeat.weekday for day in written.days(TODAY, HORIZON))


def test_each_way_of_coming_again_is_said_differently() -> None:
    said = [choice.label for choice in words.choices(read_repeat(USUAL), MONDAY)]

    assert len(set(said)) == len(OFFERED)
    assert "Un lundi sur deux" in said
    assert plain(said[-1]) == "Le lun. 7 déc. seulement"


@pytest.mark.parametrize(
    ("one", "on", "to", "days"),
    [
        (USUAL, MONDAY, FRIDAY, [FRIDAY, FRIDAY + 7 * A_DAY]),
        (once(MONDAY, NINE, NOON), MONDAY, FRIDAY, [FRIDAY]),
        (rule("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"), MONDAY, FRIDAY, [FRIDAY, FRIDAY + 14 * A_DAY]),
        (rule("FREQ=WEEKLY;INTERVAL=2;BYDAY=FR", anchor_on=FRIDAY), FRIDAY, MONDAY, [MONDAY, MONDAY + 14 * A_DAY]),
        (rule("FREQ=WEEKLY;BYDAY=MO;COUNT=2"), MONDAY, TUESDAY, [TUESDAY, TUESDAY + 7 * A_DAY]),
        (rule("FREQ=MONTHLY;BYDAY=1MO"), MONDAY, TUESDAY, [TUESDAY, date(2027, 1, 12)]),  # the second Tuesday
        (rule("FREQ=MONTHLY;BYDAY=1FR", anchor_on=TODAY), date(2026, 12, 4), date(2026, 12, 3), [
            date(2026, 12, 3), date(2027, 1, 7)]),
        (replace(USUAL, except_on=(MONDAY + 7 * A_DAY,)), MONDAY, TUESDAY, [TUESDAY, TUESDAY + 14 * A_DAY]),
    ],
)  # fmt: skip
def test_an_opening_moved_to_another_day_is_there_and_comes_again_alike(
    one: Rule, on: date, to: date, days: list[date]
) -> None:
    there = moved(one, on, to)

    assert there is not None
    assert there.days(MONDAY if to >= MONDAY else to, HORIZON)[: len(days)] == days


def test_a_rule_of_no_form_stays_on_its_days() -> None:
    assert moved(rule("FREQ=DAILY"), MONDAY, TUESDAY) is None


@pytest.mark.parametrize(
    "one",
    [
        rule("FREQ=WEEKLY;BYDAY=MO,WE,FR", anchor_on=TUESDAY, valid_until=JUNE),
        rule("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", anchor_on=TUESDAY, except_on=(MONDAY + 14 * A_DAY,),
             extra_on=(FRIDAY, date(2026, 12, 1))),
        rule("FREQ=WEEKLY;BYDAY=MO,TU;COUNT=5"),
        Rule("", MONDAY, NINE, NOON, MONDAY, FRIDAY, extra_on=(MONDAY, TUESDAY)),
        USUAL,
    ],
)  # fmt: skip
def test_rules_taken_apart_open_the_same_days_and_dates_are_put_together(one: Rule) -> None:
    parts = apart([one])
    whole = together(parts)

    first = date(2026, 11, 1)
    days = sorted(day for part in parts for day in part.days(first, HORIZON))
    assert days == one.days(first, HORIZON)
    assert sorted(day for part in whole for day in part.days(first, HORIZON)) == days
    assert sum(not part.rrule for part in whole) <= 1


def test_strokes_are_taken_back_one_by_one() -> None:
    draft = draft_of([USUAL])
    drawn = drafts.drawn(draft, FRIDAY, time(14), time(16), since=TODAY)
    assert drawn.is_changed
    longer = drafts.changed(drawn, drawn.last, FRIDAY, FRIDAY, (time(14), time(17)))
    shorter = drafts.dropped(longer, 1)

    assert [one.opens for _, one in shorter.lines] == [time(14)]
    assert drafts.undone(shorter).lines == longer.lines
    assert not drafts.undone(drafts.undone(drafts.undone(shorter))).is_changed
    assert drafts.undone(draft) == draft


def test_a_day_made_its_own_is_one_stroke_and_changes_alone() -> None:
    draft = drafts.alone(draft_of([USUAL]), 1, MONDAY)
    lone = drafts.changed(draft, draft.last, MONDAY, TUESDAY, (time(10), time(11)))

    saved = to_save(lone, TODAY)
    assert [one.days(MONDAY, MONDAY + 8 * A_DAY) for one in saved] == [[MONDAY + 7 * A_DAY], [TUESDAY]]
    assert not drafts.undone(draft).is_changed
    assert len(draft.before) == 1


def test_an_exception_is_made_and_taken_back_and_another_day_is_added() -> None:
    draft = drafts.skipped(draft_of([USUAL]), 1, MONDAY)
    assert draft.lines[0][1].except_on == (MONDAY,)

    back = drafts.also(draft, 1, MONDAY)
    more = drafts.also(back, 1, TUESDAY)

    assert not back.is_changed
    assert more.lines[0][1].extra_on == (TUESDAY,)
    assert not drafts.skipped(more, 1, TUESDAY).is_changed


def test_what_is_over_before_the_change_is_not_saved_again() -> None:
    over = weekly(1, NINE, NOON, date(2026, 1, 1), MONDAY)

    assert to_save(draft_of([USUAL, over]), MONDAY) == (USUAL.since(MONDAY),)


def form(**typed: str) -> dict[str, str]:
    """Return the form of the usual Monday, in which these fields were typed over."""
    return {"l1_de": "9 h", "l1_a": "12 h"} | typed


def test_lists_change_remove_and_add() -> None:
    draft = draft_of([USUAL, weekly(1, NINE, NOON, TODAY)])
    typed = form(
        l1_de="8h30", l2_de="", l2_a="", n4_de="14", n4_a="24 h", date_on="2026-12-12", date_de="9", date_a="12"
    )

    read = hours_form.read_form(typed, draft, MONDAY)

    assert read.wrong == 0
    assert [(one.rrule[-2:], one.opens, one.closes) for _, one in read.draft.lines] == [
        ("MO", time(8, 30), NOON), ("FR", time(14), time(0)), ("", NINE, NOON),
    ]  # fmt: skip
    assert not drafts.undone(read.draft).is_changed  # one stroke


@pytest.mark.parametrize(
    ("typed", "field", "problem"),
    [
        ({"n1_de": "9h"}, "n1_de", "début et la fin"),
        ({"l1_a": ""}, "l1_de", "début et la fin"),
        ({"l1_de": "neuf"}, "l1_de", "« neuf » ne se lit pas"),
        ({"n2_de": "12h", "n2_a": "9h"}, "n2_de", "après le début"),
        ({"l1_de": "12h", "l1_a": "9h"}, "l1_de", "après le début"),
        ({"date_de": "9", "date_a": "12"}, "date_de", "Choisissez le jour"),
        ({"date_on": "2026-12-12"}, "date_de", "début et la fin"),
        ({"date_on": "hier", "date_de": "9", "date_a": "12"}, "date_de", "Choisissez le jour"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_drawn(
    typed: dict[str, str], field: str, problem: str
) -> None:
    draft = draft_of([USUAL])
    read = hours_form.read_form(form(**typed), draft, MONDAY)

    assert (read.draft, read.wrong, read.first_wrong) == (draft, 1, field)
    shown = {f"{one.name}_de": one for row in (*read.rows, *read.dates) for one in row.ranges}
    assert problem in plain(shown[field].problem)
    assert all(shown[name].opens == value for name, value in typed.items() if name in shown)


def test_a_night_stays_a_night_in_the_lists() -> None:
    night = weekly(4, time(22), time(6), TODAY)
    read = hours_form.read_form({"l1_de": "21 h", "l1_a": "6 h"}, draft_of([night]), MONDAY)

    assert [(one.opens, one.closes) for _, one in read.draft.lines] == [(time(21), time(6))]


@settings(max_examples=30)
@given(st.dictionaries(st.sampled_from(["l1_de", "l1_a", "n0_de", "date_on", "date_de", "x"]), st.text(max_size=20)))
def test_any_form_at_all_is_read(typed: dict[str, str]) -> None:
    assert len(hours_form.read_form(typed, draft_of([USUAL]), MONDAY).rows) == 7


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("9", time(9)), ("9h", time(9)), ("9 h 30", time(9, 30)), ("9\u00a0h\u00a030", time(9, 30)),
        ("09:30", time(9, 30)), ("9.30", time(9, 30)), ("24 h", time(0)), ("23:59", time(23, 59)),
        ("", None), ("neuf", None), ("25", None), ("9h60", None), ("24h30", None), ("-1", None),
    ],
)  # fmt: skip
def test_a_time_is_read_as_people_write_it(typed: str, read: time | None) -> None:
    assert words.read_time(typed) == read


@settings(max_examples=30)
@given(st.times())
def test_a_time_as_it_is_shown_is_read_back(at: time) -> None:
    whole = at.replace(second=0, microsecond=0, fold=0)

    assert words.read_time(words.time_words(whole)) == whole


RECEIVER = Receiver(
    resource_id=7, name="Alix Spécimen", kind_label="rendez-vous au SPIP", site_id=3, site_name="SPIP", commune="Lyon",
    time_zone="Europe/Paris", step_min=30, duration_min=30, holiday_zone="", is_in_agenda=True,
)  # fmt: skip


OURS = SiteRun(id=3, name="SPIP", commune="Lyon", time_zone="Europe/Paris", resources=4, own=4)


def hours(*rules: Rule, closings: tuple[Closing, ...] = (), recesses: tuple[Closing, ...] = ()) -> Hours:
    """Return what rules somebody who receives."""
    off = DaysOff(
        ignores_weekends=False,
        closures=tuple((one.first, one.until) for one in closings),
        recesses=tuple((one.first, one.until) for one in recesses),
    )
    usual = OwnGrid(slot_duration_min=30, slot_step_min=30, buffer_before_min=0, buffer_after_min=0)
    return Hours(
        receiver=RECEIVER, today=TODAY, rules=rules, closings=closings, recesses=recesses, off=off,
        grid=OwnGrid(), of_kind=usual, site=OURS,
    )  # fmt: skip


def test_days_are_greyed_with_the_name_of_what_closes_them() -> None:
    christmas = date(2026, 12, 21)
    formation = Closing(closure_id=1, first=christmas, until=christmas + A_DAY, reason="Formation")
    recess = Closing(closure_id=None, first=christmas, until=christmas + 14 * A_DAY, reason="Noël")

    shown = hours_week.columns(hours(closings=(formation,), recesses=(recess,)), christmas, christmas + A_DAY)

    assert [plain(one["note"]) for one in shown] == [
        "Fermé : Formation", "Vacations judiciaires : Noël", "Vacations judiciaires : Noël",
        "Vacations judiciaires : Noël", "Férié : Noël", "Fermé le week-end", "Fermé le week-end",
    ]  # fmt: skip
    assert [one["locked"] for one in shown] == [True, *[False] * 6]


def test_the_grid_shows_hours_as_saved_before_the_change_and_as_drawn_after_it() -> None:
    draft = drafts.changed(
        draft_of([weekly(day, NINE, NOON, TODAY) for day in range(2)]), 1, MONDAY, MONDAY, (NINE, time(11))
    )
    draft = drafts.changed(draft, 2, TUESDAY, TUESDAY, (NINE, time(10)))

    shown = hours_week.blocks(draft, MONDAY, TUESDAY, Picked(2, TUESDAY))

    assert [(one["day"], one["closes"], one["tone"], one["locked"], one["picked"]) for one in shown] == [
        (0, 720, "kept", True, False), (1, 600, "changed", False, True),
    ]  # fmt: skip


def test_an_opening_that_crosses_midnight_goes_on_the_day_after() -> None:
    draft = draft_of([weekly(0, time(22), time(6), TODAY), weekly(6, time(23), time(0), TODAY)])

    shown = hours_week.blocks(draft, MONDAY, MONDAY, None)

    assert [(one["day"], one["opens"], one["closes"], one["goesOn"]) for one in shown] == [
        (0, 1320, 1800, False), (1, 0, 360, True), (6, 1380, 1440, False),
    ]  # fmt: skip
    assert hours_week.bounds([one for _, one in draft.lines], whole_day=False) == (0, 1440)


@pytest.mark.parametrize(
    "sent", ["", "1", "1:", "x:2026-12-07", "1:hier", "9999999:2026-12-07", None, 3, "²:2026-12-07"]
)
def test_what_names_no_opening_is_nothing(sent: object) -> None:
    assert hours_week.picked(sent) is None


@pytest.mark.parametrize("sent", [None, True, "9", -1, 2881, float("nan"), float("inf")])
def test_what_is_no_minute_is_no_time(sent: object) -> None:
    assert hours_week.wall(sent) is None


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ([USUAL], [USUAL], "3 h par semaine, comme avant."),
        ([USUAL], [replace(USUAL, closes=time(13, 30))], "3 h → 4 h 30 par semaine."),
        ([USUAL], [rule("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO")], "3 h → 1 h 30 par semaine en moyenne."),
        ([USUAL], [], "3 h → 0 h par semaine."),
    ],
)
def test_hours_a_week_are_said_before_and_after(before: list[Rule], after: list[Rule], said: str) -> None:
    assert plain(words.weekly_words(before, after, MONDAY)) == said


@pytest.mark.parametrize(
    ("gained", "lost", "said"),
    [
        (0, 0, "Aucun créneau de plus ni de moins d’ici au lun. 7 déc."),
        (1, 0, "1 créneau de plus, d’ici au lun. 7 déc."),
        (2, 1, "2 créneaux de plus, 1 créneau de moins, d’ici au lun. 7 déc."),
    ],
)
def test_slots_gained_and_lost_are_said(gained: int, lost: int, said: str) -> None:
    assert plain(words.slots_words(gained, lost, TUESDAY)) == said


@pytest.mark.parametrize(("count", "stands"), [(1, "il est maintenu"), (2, "ils sont maintenus")])
def test_what_is_left_outside_stands(count: int, stands: str) -> None:
    assert stands in words.outside_words(count)


def test_a_closure_of_the_whole_site_is_taken_back_by_who_runs_all_of_it_and_others_are_told_why_not() -> None:
    days = {"first": TODAY, "until": TODAY + A_DAY, "reason": "Travaux"}
    found = [Closing(closure_id=4, **days, is_of_site=True), Closing(closure_id=5, **days)]  # type: ignore[arg-type]

    assert [(row.id, row.is_of_site, row.why_not) for row in words.closing_rows(found, OURS)] == [
        ("4", True, ""),
        ("5", False, ""),
    ]
    theirs, own = words.closing_rows(found, replace(OURS, own=3))
    assert (theirs.id, own.id, own.why_not) == ("", "5", "")
    assert theirs.why_not.startswith("1\u00a0ressource du site sur 4 ne dépend pas de vous")
    assert [whole_site(replace(OURS, resources=one, own=own)) for one, own in ((4, 4), (4, 3), (1, 1))] == [
        "Tout le site\u00a0: 4\u00a0ressources",
        "",
        "",
    ]
    closed = ClosedDays(TODAY, TODAY + A_DAY)
    assert words.closed_words(closed, is_closed=True).startswith("Fermé le")
    assert words.closed_words(closed, is_closed=False, is_of_site=True).startswith("Tout le site est rouvert le")


def test_what_a_grid_gives_in_a_week_is_said_before_it_is_saved() -> None:
    weeks = hours(USUAL, weekly(0, NOON, time(13), date(2026, 1, 1)), weekly(5, NINE, NOON, date(2026, 1, 1)))
    said = [
        plain(hours_cut.effect_words(weeks, grid, weeks.rules))
        for grid in (
            OwnGrid(),
            OwnGrid(slot_duration_min=45, slot_step_min=15, buffer_after_min=10, capacity=2),
            OwnGrid(slot_duration_min=300),
        )
    ]

    # Monday from nine to one, for the two openings touch; this kind opens on no Saturday.
    now = "8 créneaux par semaine, 8 rendez-vous au plus."
    assert said == [
        now,
        f"14 créneaux par semaine, 8 rendez-vous au plus, au lieu de : {now}",
        f"0 créneau par semaine, 0 rendez-vous au plus, au lieu de : {now}",
    ]


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"slot_step_min": "0"}, "de 1 à 1\u202f440"),
        ({"slot_duration_min": "une heure"}, "de 1 à 10\u202f080"),
        ({"buffer_after_min": "-5"}, "de 0 à 1\u202f440"),
        ({"capacity": ""}, "combien de personnes"),
        ({"capacity": "²"}, "de 0 à 10\u202f000"),
    ],
)
def test_a_grid_is_refused_beside_the_field_that_is_wrong(typed: dict[str, str], wrong: str) -> None:
    grid, problems = hours_cut.read_grid(hours_cut.typed_of(OwnGrid()) | typed)

    assert grid is None
    assert [name for name, said in problems.items() if said] == list(typed)
    assert wrong in problems[next(iter(typed))]


def test_a_grid_as_it_is_shown_is_read_back() -> None:
    for grid in (OwnGrid(), OwnGrid(slot_duration_min=45, slot_step_min=15, buffer_before_min=0, capacity=3)):
        assert hours_cut.read_grid(hours_cut.typed_of(grid)) == (grid, hours_cut.NO_PROBLEM)


def test_hours_that_change_from_a_later_day_are_told_by_what_differs_and_not_by_what_is_cut() -> None:
    week = [
        weekly(day, opens, closes, date(2026, 1, 1)) for day in range(5) for opens, closes in ((NINE, NOON), AFTERNOON)
    ]
    cut = [replace(one, valid_until=MONDAY) for one in week]
    later = [replace(one, valid_from=MONDAY, anchor_on=MONDAY) for one in week]
    shorter = [replace(one, closes=time(11)) if one.closes == NOON else one for one in later]

    same, told = (words.differences(week, [*cut, *after], TODAY) for after in (later, shorter))
    tuesday = words.differences(week, [*week[:2], *week[4:]], TODAY)

    assert same == []
    assert [(one.label, plain(one.before), plain(one.after)) for one in told] == [
        ("Changée", "de 9 h à 12 h, du lundi au vendredi", "de 9 h à 12 h, du lundi au vendredi jusqu’au 6 déc."),
        ("Ajoutée", "", "de 9 h à 11 h, du lundi au vendredi à partir du 7 déc."),
    ]
    assert [(one.label, plain(one.before)) for one in tuesday] == [
        ("Retirée", "de 9 h à 12 h, tous les mardis"),
        ("Retirée", "de 14 h à 17 h, tous les mardis"),
    ]
