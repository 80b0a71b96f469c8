"""The partner's page in words: figures of each shape, what is out of the ordinary, and what its forms say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from availability.beds import StayThere
from availability.capacities import Capacity
from availability.declarations import Declaration
from availability.errors import InvalidRequest
from availability.models import Shape
from availability.own import Closure, OwnPage, OwnResource
from availability.running import SiteRun
from booking.pages.own_places_words import (
    Filters,
    bed_words,
    capacity_rows,
    closed_days_of,
    closure_rows,
    declaration_of,
    place_line,
    summary,
)
from booking.question import form_of
from tests.factories import NOW, TODAY, in_days

PLACE = OwnResource(
    id=7,
    code="pont",
    name="Le Pont",
    kind_code="mediation",
    kind_label="médiation familiale",
    label_plural="médiations familiales",
    shape=Shape.PLACES,
    fresh_days=30,
    site_id=3,
    site_name="Le Pont",
    commune="Lyon",
    time_zone="Europe/Paris",
    today=TODAY,
    capacity=5,
    declared_load=2,
    declared_waiting=2,
    declared_on=None,
    is_stale=True,
    capacity_today=None,
    taken_today=1,
    beds=0,
    beds_out=0,
    beds_free=0,
    closed_until=None,
    closes_on=None,
    opens_at=None,
    is_run=True,
)


def line(**changed: Any) -> Any:
    return place_line(replace(PLACE, **changed), Filters(), now=NOW)


@pytest.mark.parametrize(
    ("changed", "figures"),
    [
        ({}, "3~places prises sur 5, dont 1~ici, 2~en~attente"),
        ({"taken_today": 0, "declared_waiting": 0, "declared_load": 1}, "1~place prise sur 5"),
        ({"shape": Shape.NIGHTS, "beds": 34, "beds_free": 1}, "1~lit libre cette nuit sur 34"),
        ({"shape": Shape.SLOTS, "capacity": 1}, "Aucune ouverture prévue"),
        ({"shape": Shape.SLOTS, "capacity": 3, "opens_at": NOW}, "Ouvert en ce moment, 3~personnes à la fois"),
        (
            {"shape": Shape.SLOTS, "capacity": 1, "opens_at": NOW + timedelta(days=1)},
            "Prochaine ouverture~: mar.~3~mars à~10~h",
        ),
    ],
)
def test_each_shape_has_its_figures(changed: dict[str, Any], figures: str) -> None:
    assert line(**changed).figures.replace("\u00a0", "~") == figures


def test_what_is_out_of_the_ordinary_is_said() -> None:
    shown = line(closed_until=in_days(2), capacity_today=1, beds_out=2)

    assert [note.replace("\u00a0", "~") for note in shown.notes] == [
        "Fermé jusqu’au mar.~3~mars inclus",
        "En ce moment~: 1~place au lieu de 5",
        "2~lits hors service",
    ]
    assert line(closed_until=date.max).notes == ["Fermé jusqu’à nouvel ordre"]
    assert line(closes_on=in_days(1)).notes == ["Fermera le mar.\u00a03\u00a0mars"]


def test_a_place_named_like_its_service_says_it_once_and_its_age() -> None:
    assert line().where == "Médiation familiale – Lyon"
    assert line().age == "jamais déclarée"
    assert line(declared_on=TODAY).age == "à jour du 2\u00a0mars"


@pytest.mark.parametrize(
    ("stale", "said"),
    [
        (0, "12~lignes~: tout est à jour."),
        (1, "1~ligne sur 12 est à vérifier."),
        (3, "3~lignes sur 12 sont à vérifier."),
    ],
)
def test_a_sentence_says_how_many_are_to_look_at(stale: int, said: str) -> None:
    assert summary(OwnPage((), 12, 12, stale), Filters()).replace("\u00a0", "~") == said


@pytest.mark.parametrize("query", ["", "q=Le+Pont&page=3", "verifier=1", "q=%C3%A9t%C3%A9&verifier=1&page=2&lieu=7"])
def test_an_address_is_written_as_it_is_read(query: str) -> None:
    asked = dict(part.split("=") for part in query.split("&") if part)
    if "q" in asked:
        asked["q"] = {"Le+Pont": "Le Pont"}.get(asked["q"], "été")

    assert Filters.read(asked).address() == ("/mes-places/" + (f"?{query}" if query else ""))


def test_an_address_that_makes_no_sense_asks_for_everything() -> None:
    assert Filters.read({"page": "-1", "lieu": "DROP", "verifier": "oui", "q": "  "}) == Filters()


def test_a_form_is_read_as_three_numbers() -> None:
    assert declaration_of({"capacity": " 24 ", "load": "18", "waiting": "0"}) == Declaration(24, 18, 0)


@pytest.mark.parametrize("typed", ["", "-1", "1.5", "beaucoup", "²", "10001", "9" * 40])
def test_a_number_that_cannot_be_one_is_refused_beside_its_field(typed: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        declaration_of({"capacity": "24", "load": typed, "waiting": "0"})

    assert refusal.value.field == "load"


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [
        ("", "", "c_first"),
        ("2026-13-01", "", "c_first"),
        ("2026-03-05", "2026-03-04", "c_last"),
        ("1026-03-05", "", "c_first"),
    ],
)
def test_days_that_cannot_be_are_refused_beside_their_field(first: str, last: str, field: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        closed_days_of({"c_first": first, "c_last": last})

    assert refusal.value.field == field


def test_the_last_day_typed_is_included_and_alone_the_first_is_all() -> None:
    assert closed_days_of({"c_first": "2026-03-05", "c_last": "2026-03-06", "c_reason": " Congés "}).until == date(
        2026, 3, 7
    )
    assert closed_days_of({"c_first": "2026-03-05"}).until == date(2026, 3, 6)


def test_a_month_cut_short_has_one_full_stop() -> None:
    stays = [StayThere(uuid4(), date(2026, 12, 1), date(2026, 12, 20))]

    assert bed_words("F-101", in_service=False, stays=stays).endswith("Il reste occupé jusqu’au dim.\u00a020\u00a0déc.")


def test_what_is_of_the_whole_site_is_taken_back_by_who_runs_all_of_it() -> None:
    closures = [Closure(3, in_days(1), in_days(2), "", False), Closure(4, None, None, "Travaux", True)]
    site = SiteRun(id=3, name="Le Pont", commune="Lyon", time_zone="Europe/Paris", resources=3, own=3)

    assert [(row.id, row.is_of_site) for row in closure_rows(closures, site)] == [("3", False), ("4", True)]
    own, whole = closure_rows(closures, replace(site, own=1))
    assert (own.id, whole.id, whole.detail) == ("3", "", "Travaux")
    assert "2\u00a0ressources du site sur 3 ne dépendent pas de vous" in whole.why_not
    assert whole.days == "Déjà, sans fin prévue"
    assert capacity_rows([Capacity(1, in_days(1), in_days(3), 1, "Congés")])[0].detail == "1\u00a0place – Congés"


@pytest.mark.parametrize("received", [None, "capacity=1", ["capacity"], 3])
def test_what_is_no_form_is_refused(received: object) -> None:
    with pytest.raises(InvalidRequest):
        form_of(received)
