"""What the planning of beds says and draws, word for word."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlmodel import Session

from availability.attributes import schema
from booking.pages import plan_beds_words as words
from booking.pages.plan_beds_desk import DESK
from booking.pages.plan_beds_grid import Drawing, houses, place_id, place_of
from booking.plans.bed_actions import WHY
from booking.plans.bed_settings import WISHES
from booking.plans.bed_why import Because, Spot, Way
from booking.plans.beds import BedLine
from optimizer.beds.changes import Kind
from optimizer.beds.plan import Plan
from optimizer.beds.problem import Placement
from optimizer.beds.rules import OF_THE_NIGHTS
from tests.booking.queue import waits
from tests.booking.town import Town, make_town, stay
from tests.booking.ward import ward
from tests.factories import PROFILE, close, in_days

ATTRIBUTES = {one.code: one for one in schema(PROFILE)}
BED = BedLine(
    unit_id=7,
    name="lit 7",
    resource_id=2,
    section="Section A",
    site_id=3,
    site_name="CSL de Lyon",
    commune="Lyon",
    time_zone="Europe/Paris",
)
WHO: Mapping[str, str] = {"x": "A.B."}


def plain(said: str) -> str:
    """Return words with ordinary spaces."""
    return said.replace("\u00a0", " ")


def way(kind: Kind, **columns: object) -> Way:
    """Return a change."""
    values = {"kind": kind.value, "bed": BED, "first": in_days(1), "until": in_days(10)} | columns
    return Way(**values)  # type: ignore[arg-type]


def test_every_wish_rule_and_refusal_has_words() -> None:
    assert {one.name for one in DESK.sliders} == {one.name for one in WISHES.sliders}
    assert set(DESK.weights) == set(WISHES.rules)
    assert {*WHY.values(), "refused"} <= set(words.REFUSED_WORDS)
    assert {*OF_THE_NIGHTS, "reach", "no-room"} <= set(words.REASON_WORDS)


def test_a_proposal_that_gives_nobody_a_bed_says_what_may_be_tried() -> None:
    assert "cochez « Les séjours à venir peuvent changer de lit »" in plain(words.nobody_words(may_move=False))
    assert "cochez" not in words.nobody_words(may_move=True)
    assert "« Pourquoi ? » dit" in plain(words.nobody_words(may_move=True))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (way(Kind.NOTHING), "Un lit est libre : CSL de Lyon, Section A, lit 7, du mar. 3 mars au jeu. 12 mars."),
        (
            way(Kind.LATER, days=3),
            "Entrer 3 jours plus tard : CSL de Lyon, Section A, lit 7, du mar. 3 mars au jeu. 12 mars.",
        ),
        (way(Kind.BED), "Un lit de plus : CSL de Lyon, Section A, du mar. 3 mars au jeu. 12 mars."),
        (
            way(Kind.MOVE, moved="x", to=BED, moved_to=Placement(room_id="7", first_on=in_days(2))),
            "Donner à A.B. un autre lit (CSL de Lyon, Section A, lit 7, dès le mer. 4 mars) :"
            " lit 7 est alors libre, du mar. 3 mars au jeu. 12 mars.",
        ),
        (
            way(Kind.WAIVE, codes=("elsewhere",), days=1),
            "Accepter une autre section que celle demandée :"
            " CSL de Lyon, Section A, du mar. 3 mars au jeu. 12 mars, 1 jour plus tard.",
        ),
    ],
)
def test_the_smallest_change_is_said_in_a_sentence(change: Way, said: str) -> None:
    assert plain(words.way_words(change, ATTRIBUTES, WHO)) == said


def test_reasons_are_said_one_a_line_what_does_not_suit_thing_by_thing() -> None:
    reasons = [
        Because(code="equipment", beds=5, of=(("sex", 4), ("hours", 1))),
        Because(code="dates", beds=9),
        Because(code="full", beds=2),
    ]

    assert [plain(one) for one in words.reason_words(reasons, ATTRIBUTES)] == [
        "4 lits : sexe qui ne convient pas",
        "1 lit : heures de travail incompatibles avec les portes",
        "Rien aux dates demandées : un lit se libère plus tard",
        "2 lits : pris sur ces dates",
    ]


def test_a_place_is_said_with_the_days_that_it_adds_and_why_it_cannot_be() -> None:
    spot = Spot(placement=Placement(room_id="7", first_on=in_days(3)), cost=10)

    assert plain(words.spot_words(spot, BED, in_days(1))) == ("jeu. 5 mars, lit 7, Section A, CSL de Lyon (+2 jours)")
    assert words.broken_words((), (), ATTRIBUTES) == ""
    said = plain(words.broken_words(("equipment", "full"), ("age",), ATTRIBUTES))
    assert said == "Impossible : âge qui ne convient pas et le lit est pris."


def test_places_are_named_and_read_again() -> None:
    placement = Placement(room_id="7", first_on=in_days(3))

    assert place_of(place_id(placement)) == placement
    assert [place_of(text) for text in ("", "7", "7@demain", "@", "7@9999-12-31")] == [None] * 5


@pytest.fixture
def town(session: Session) -> Town:
    """A section of three beds."""
    return make_town(session, searchable=PROFILE)


def test_a_proposal_is_drawn_over_who_is_there(session: Session, town: Town) -> None:
    own = stay(session, town, in_days(1), in_days(4), bed=0, case_ref="26/90")
    close(session, town.section, in_days(20), in_days(22))
    entry = waits(session, town, "26/1", first=in_days(5), until=in_days(12), days=5)
    found = ward(session, town, may_move=True)
    room = str(town.beds[0].id)
    plan = Plan(placed={**found.in_force.placed, str(entry.id): Placement(room_id=room, first_on=in_days(6))})
    drawing = Drawing(
        ward=found,
        plan=plan,
        who={str(entry.id): "dossier 26/1", str(own.id): "dossier 26/90"},
        first=in_days(2),
        until=in_days(30),
    )

    section = drawing.sections(town.world.site.id)[0]

    bars = section.beds[0].bars
    assert [(bar.tone, bar.span, bar.may) for bar in bars] == [
        ("shifted", 2, "bed"),
        ("free", 2, ""),
        ("proposed", 5, "place"),
        ("free", 9, ""),
        ("closed", 2, ""),
        ("free", 8, ""),
    ]
    assert sum(bar.span for bar in bars) == 28
    assert [bed.name for bed in section.beds] == ["lit 1", "lit 2", "lit 10"]
    only = drawing.sections(town.world.site.id, only_changed=True)
    assert [bed.name for bed in only[0].beds] == ["lit 1"]
    assert houses(found, plan) == [(town.world.site.id, f"{town.world.site.name} (1)", 1)]


def test_other_peoples_stays_are_said_to_be_there_and_nothing_more(session: Session, town: Town) -> None:
    stay(session, town, in_days(1), in_days(4), bed=0, case_ref="26/90")
    waits(session, town, "26/1", first=in_days(1), until=in_days(12), days=5)
    found = ward(session, town)
    until = in_days(1) + timedelta(days=10)
    drawing = Drawing(ward=found, plan=found.in_force, who={}, first=in_days(1), until=until)

    bar = drawing.sections(town.world.site.id)[0].beds[0].bars[0]

    assert (bar.label, bar.tone, bar.booking, bar.href) == ("occupé", "other", "", "")
