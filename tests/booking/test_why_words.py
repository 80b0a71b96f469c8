"""Why not: each refusal of the two cores has its rule, its value, who can change it, and what is possible instead."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

import booking.designations
import booking.doubles
import booking.plans.hearing_actions  # noqa: F401 - importing what refuses describes it
from availability.errors import (
    CapacityReached,
    InvalidRequest,
    NotAllowed,
    NotFound,
    NotOpen,
    PeriodTaken,
    Refusal,
)
from availability.models import QuotaPeriod
from availability.slots import WhyNot
from availability.words import WHY_WORDS
from booking.errors import AlreadyDecided, HoldExpired, KeyReused, OutOfDate, QuotaReached, SlotUnfit, TooLate
from booking.pages.agenda_why import instant_typed
from booking.pages.why_words import (
    EXCUSE,
    LEFT_OUT,
    RULES,
    Why,
    code_of,
    late_sentence,
    left_words,
    notice_words,
    quota_sentence,
    service_rule,
    told_why,
    why_left_out,
    why_of,
    why_of_service,
    why_rule,
)
from booking.quotas import Count
from booking.words import WHY_NOT_WORDS

LATEST = datetime(2026, 3, 9, 9, 0, tzinfo=ZoneInfo("Europe/Paris"))
LATE = TooLate(booking_id="b", latest=LATEST, minutes=1440)
MONDAY, NEXT = date(2026, 3, 2), date(2026, 3, 9)
QUOTA = QuotaReached(kind="poste", per="week", most=5, taken=5, first=MONDAY, until=NEXT)
CASES: list[tuple[Refusal, str, str]] = [
    (LATE, "too-late", "1 jour avant le début, soit jusqu’au lun. 9 mars à 9 h."),
    (QUOTA, "quota", "5 places par semaine"),
    (HoldExpired(), "hold-expired", ""),
    (AlreadyDecided(state="refused"), "already-decided", "Elle est refusée."),
    (KeyReused(), "key-reused", ""),
    (OutOfDate(), "changed", ""),
    (SlotUnfit(why="far"), "slot-unfit", ""),
    (PeriodTaken(), "taken", ""),
    (PeriodTaken(why="held"), "held", ""),
    (CapacityReached(capacity=4), "full", "4 personnes à la fois."),
    (CapacityReached(why="quota"), "full-quota", ""),
    (NotOpen(why="holiday"), "holiday", ""),
    (NotOpen(), "outside-hours", ""),
    (NotAllowed(), "not-allowed", ""),
    (NotAllowed(act="move", why="host-accepts"), "host-accepts", ""),
    (NotFound(), "not-found", ""),
    (InvalidRequest("from", "too-soon", earliest=MONDAY), "too-soon", "À partir du lun. 2 mars 2026."),
    (InvalidRequest("from", "too-far", latest=MONDAY), "too-far", "Jusqu’au lun. 2 mars 2026."),
    (InvalidRequest("to", "too-long", max_days=30), "too-long", "30 jours au plus."),
    (InvalidRequest("from", "too-soon-minutes", minutes=120), "too-soon-minutes", "2 h avant l’heure."),
    (InvalidRequest("outcome", "too-late"), "outcome-too-late", ""),
    (InvalidRequest("sex", "unknown-choice"), "invalid", ""),
]


def plain(words: str) -> str:
    """Return words with ordinary spaces."""
    return words.replace("\u00a0", " ")


@pytest.mark.parametrize(("refusal", "code", "value"), CASES, ids=lambda one: one if isinstance(one, str) else "")
def test_a_refusal_is_told_with_its_rule_and_its_value(refusal: Refusal, code: str, value: str) -> None:
    why = why_of(refusal)

    assert why.code == code_of(refusal) == code
    assert plain(why.value).startswith(value)
    assert bool(why.value) == bool(value)
    assert why.rule.endswith(".")
    assert why.who


def test_every_reason_that_an_hour_or_a_place_is_not_free_has_a_rule() -> None:
    assert {*WhyNot, *WHY_WORDS} <= set(RULES)
    assert set(WHY_NOT_WORDS) <= {*RULES, *LEFT_OUT}
    assert why_left_out("langues").rule
    assert why_rule("nothing-known") == Why()


def test_a_judge_reads_of_services_and_measures_never_of_places_and_people() -> None:
    full = CapacityReached(resource_id=1, capacity=12)
    told = [why_of_service(full), *(service_rule(code) for code in ("full", WhyNot.HELD, WhyNot.CLOSED))]
    ways = (way.label for why in told for way in why.instead)
    words = " ".join([*ways, *(text for why in told for text in (why.rule, why.value, why.who))])

    assert plain(told[0].value) == "12 mesures à la fois."
    assert [one for one in ("personnes", "lieu", "autre place") if one in words] == []
    assert service_rule("conflict") == why_rule("conflict")


def test_every_refusal_of_the_cores_has_words_although_nobody_named_it() -> None:
    def of(kind: type[Refusal]) -> set[type[Refusal]]:
        return {kind, *(one for child in kind.__subclasses__() for one in of(child))}

    for kind in of(Refusal):
        refusal = kind.__new__(kind)  # whatever it is made with
        refusal.facts = {"booking_id": "b"}
        refusal.__dict__ |= {"field": "from", "problem": "past"}

        assert why_of(refusal).rule, kind


def test_who_comes_too_late_is_told_until_when_and_to_excuse() -> None:
    assert plain(late_sentence(LATE)).startswith("C’était possible jusqu’au lun. 9 mars à 9 h : excusez")
    assert told_why(LATE)["instead"] == [{"label": EXCUSE, "href": "/api/v1/bookings/b/excuse"}]


def test_a_quota_says_how_many_of_how_many_and_what_it_leaves() -> None:
    count = Count(per=QuotaPeriod.WEEK, most=5, taken=3, first=MONDAY, until=NEXT)

    assert plain(quota_sentence(QUOTA)).startswith("Votre service a 5 places sur 5 pour la semaine du lun. 2 mars :")
    assert plain(left_words(count, MONDAY)) == "Reste 2 sur 5 cette semaine, pour votre service."
    assert plain(left_words(count, NEXT)) == "Reste 2 sur 5 pour la semaine du lun. 2 mars, pour votre service."


def test_a_notice_is_said_in_the_largest_unit_that_is_whole() -> None:
    assert [plain(notice_words(one)) for one in (45, 60, 90, 1440, 2880)] == [
        "45 min",
        "1 h",
        "90 min",
        "1 jour",
        "2 jours",
    ]


def test_an_hour_is_that_of_the_place_and_what_does_not_read_is_refused() -> None:
    reunion = ZoneInfo("Indian/Reunion")

    assert instant_typed({"day": "2026-03-02", "hour": "10:00"}, reunion) == datetime(2026, 3, 2, 10, 0, tzinfo=reunion)
    for day, hour in (("", "10:00"), ("2026-03-02", "dix"), ("9999-01-01", "10:00"), ("2026-03-02", "10:00+01:00")):
        with pytest.raises(InvalidRequest):
            instant_typed({"day": day, "hour": hour}, reunion)
