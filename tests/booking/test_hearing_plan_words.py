"""Why a case has no place, or is where it is, and what would place it, are said in French with figures and dates."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.dialects.postgresql import Range
from sqlmodel import Session

from booking.lawyer_models import LawyerAway, LawyerCase, LawyerProfile
from booking.pages.hearing_plan_words import (
    NO_CHANGE,
    VIOLATION_WORDS,
    Known,
    Why,
    because_words,
    change_words,
    language,
    violation_words,
    why,
    why_here,
    why_nowhere,
)
from booking.pages.planning_words import REASON_WORDS
from optimizer.hearings.changes import changes
from optimizer.hearings.changing import Change, Kind
from optimizer.hearings.check import Violation
from optimizer.hearings.explain import Because
from optimizer.hearings.plan import Plan
from optimizer.hearings.problem import Case, FarEnd, Hearing, Lock, Person, Problem, Role, Sitting
from optimizer.hearings.rules import WHY_NOT, Bar
from tests.booking.court import make_court
from tests.factories import NOW, in_days
from tests.optimizer.hearings.court import ANNA, case, hearing, on, problem

NBSP = "\u00a0"
SITTING = Sitting(judge_id=1, clerk_id=11, room_id=21)
KNOWN = Known(
    zone=ZoneInfo("UTC"),
    names={1: "Anna Exemple", 2: "Bruno Fictif", 22: "Salle 5", -4: "Me Fictive"},
    prisons={7: "Maison d’arrêt fictive"},
)


def alone(one: Case, *hearings: Hearing, **columns: Any) -> tuple[Problem, Plan]:
    """Return the problem of a case, and the plan in which it has no place."""
    return problem(list(hearings), [one], **columns), Plan(sittings={each.id: SITTING for each in hearings})


def told(found: Why) -> list[str]:
    """Return what a panel says, with plain spaces."""
    return [one.replace(NBSP, " ") for one in (found.sentence, *found.reasons, *found.changes)]


def nowhere(one: Case, *hearings: Hearing, **columns: Any) -> list[str]:
    """Return what is said of a case that has no place."""
    of, plan = alone(one, *hearings, **columns)
    known = replace(KNOWN, refs={one.id: "RG 26/00001"})
    return told(why_nowhere(of, plan, one, changes(of, plan, one.id), known))


def test_a_case_too_long_is_told_the_minutes_that_are_missing_and_an_audience_more() -> None:
    assert nowhere(case(minutes=30), hearing(max_minutes=20)) == [
        "Aucune place parmi 1 audience : sans l’une de ces raisons, une audience au moins ne serait plus exclue.",
        "Moins de 30 minutes libres : 1 audience exclue.",
        "10 minutes de plus à l’audience du lun. 30 nov. à 9 h",
    ]


def test_a_full_court_is_told_one_hearing_more_on_a_weekday_with_its_date() -> None:
    one = case(language="sq")

    said = nowhere(one, hearing(max_cases=0), people=(Person(id=3, role=Role.INTERPRETER, languages=("sq",)),))

    assert said[1:] == [
        "Nombre d’affaires atteint : 1 audience exclue.",
        "Une affaire de plus à l’audience du lun. 30 nov. à 9 h",
    ]


def test_an_absent_lawyer_a_language_and_a_prison_are_named() -> None:
    away = (hearing().period,)
    lawyer = Person(id=-4, role=Role.LAWYER, away=away)
    one = case(people=frozenset({-4}))

    assert nowhere(one, hearing(), people=(lawyer,))[1:] == [
        "Me Fictive, avocat de l’affaire, n’est pas disponible : 1 audience exclue.",
        "La présence de Me Fictive à l’audience du lun. 30 nov. à 9 h",
        "Une audience de plus un mardi : le mardi 1er décembre 2026, de 9 h à 12 h",
    ]
    assert nowhere(case(language="sq"), hearing())[1:] == [
        "Aucun interprète (albanais) n’est disponible : 1 audience exclue.",
        "Un interprète (albanais) le lun. 30 nov. à 9 h",
    ]
    prison = (FarEnd(id=7, away=away),)
    assert nowhere(case(video_to=7), hearing(), far_ends=prison)[1] == (
        "Aucune liaison libre avec Maison d’arrêt fictive : 1 audience exclue."
    )


def test_without_a_hearing_or_once_there_is_room_that_is_what_is_said() -> None:
    assert nowhere(case()) == [f"Aucune audience n’est prévue sur cette période. {NO_CHANGE}"]
    assert nowhere(case(), hearing())[0].startswith("Une audience peut la recevoir")


def test_a_case_with_a_place_says_what_sooner_hearings_answer_and_who_comes_once() -> None:
    full, here = hearing(0, max_cases=0), hearing(2)
    lawyer = Person(id=-4, role=Role.LAWYER)
    one = case(people=frozenset({-4}), deadline_on=on(20), hearing_id=here.id, lock=Lock.MOVABLE, is_told=True)
    other = case(people=frozenset({-4}))
    of = problem([full, here], [one, other], people=(lawyer,))
    plan = Plan(sittings={full.id: SITTING, here.id: SITTING}, placed={one.id: here.id, other.id: here.id})

    assert told(why_here(of, plan, one, KNOWN)) == [
        "Audience du mer. 2 déc. à 9 h, 2 jours après la fin du délai de convocation, échéance le dim. 20 déc.",
        "Elle y est déjà, et ses parties sont prévenues.",
        "1 audience plus tôt : nombre d’affaires atteint (1).",
        "Me Fictive y a aussi 1 autre affaire : une seule venue.",
    ]


@pytest.mark.parametrize("code", WHY_NOT)
def test_every_reason_has_its_words(code: str) -> None:
    said = because_words(Because(bar=Bar(code=code, subject_id=1), hearings=2), case(formation="panel"), KNOWN)

    assert said.endswith(f"{NBSP}: 2{NBSP}audiences exclues.")


@pytest.mark.parametrize("kind", list(Kind))
def test_every_change_has_its_words_with_a_day(kind: Kind) -> None:
    one = hearing(3)
    of = problem([one], [case()])
    change = Change(kind=kind, hearing_id=one.id, day=one.day, to_hearing_id=one.id, like_id=one.id, subject_id=1)

    assert "3" in change_words(of, of.cases[0], change, KNOWN)


@pytest.mark.parametrize("rule", [*VIOLATION_WORDS, *REASON_WORDS])
def test_every_rule_that_a_plan_by_hand_breaks_has_its_words(rule: str) -> None:
    one = hearing()
    broken = Violation(rule=rule, hearing_id=one.id, resource_id=ANNA.judge_id)

    said = violation_words(problem([one], []), broken, KNOWN)

    assert said.startswith("Audience, lun.")
    assert "(Anna Exemple)" in said


def test_languages_are_said_in_french() -> None:
    assert [language(one) for one in ("sq", "fsl", "xx-unknown", None)] == [
        "albanais",
        "langue des signes française",
        "xx-unknown",
        "langue non précisée",
    ]


def test_the_panel_of_a_case_names_its_lawyer_and_its_number(session: Session) -> None:
    court = make_court(session)
    court.hearing(session, in_days=7)
    case_id, account = court.case(session, 1, deadline_on=in_days(10)), UUID(int=7)
    session.add(LawyerProfile(account_id=account, name="Me Fictive", email="me@example.org", created_at=NOW))
    session.add(
        LawyerCase(
            account_id=account,
            territory_id=court.territory_id,
            case_ref="RG 26/00001",
            named_by=account,
            since_at=NOW - timedelta(days=1),
        )
    )
    session.add(LawyerAway(account_id=account, days=Range(in_days(7), in_days(9))))
    session.flush()
    of = court.problem(session)
    plan = Plan(sittings={of.hearings[0].id: Sitting(judge_id=court.judges[0], clerk_id=court.clerks[0], room_id=1)})

    found = why(session, court.court, of, plan, case_id, zone=ZoneInfo("Europe/Paris"))

    assert (found.ref, found.is_placed) == ("RG 26/00001", False)
    assert found.reasons == [f"Me Fictive, avocat de l’affaire, n’est pas disponible{NBSP}: 1{NBSP}audience exclue."]
    assert len(found.changes) == 2
