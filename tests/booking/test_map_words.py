"""The map in words: fields from the schema, tags, reasons, the smallest change, the table. Nothing but values."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from availability.models import Kind, Shape
from availability.places import Located, Place, Source
from availability.queries import DayCount
from availability.search import Found, tally
from booking.changes import changes_for, dates_from, next_run, wider
from booking.filters import Filters, Reading, understand
from booking.pages.map_fields import days_words, fields_of, merged, search_name, tags_of
from booking.pages.map_words import change_words, duration, located_words, reasons, sentence, why_not_title, wrong_place
from booking.pages.pin import read_pin
from booking.pages.reserve_state import why_not
from booking.pages.table_words import table_of
from booking.pages.traits import shared_traits, traits
from booking.services import PAGE, part_of
from booking.words import SITE_STATE_WORDS

TODAY = date(2026, 11, 24)
LYON = (45.76, 4.83)
NBSP = "\u00a0"
SCHEMA: dict[str, Any] = {
    "sex": {"label": "Sexe", "type": "choice", "choices": {"M": "Hommes", "F": "Femmes"}, "position": 1},
    "age": {"label": "Âge", "type": "range", "least": "min_age", "most": "max_age", "position": 2},
    "weekend": {"label": "Week-end", "type": "flag", "position": 3},
    "doors": {"label": "Portes", "type": "hours", "position": 4},
    "regime": {"label": "Régime", "type": "choice", "choices": {"o": "Ordinaire", "p": "Probatoire"}, "position": 5},
    "skills": {"label": "Compétences", "type": "list", "position": 6},
    "surface": {"label": "Surface", "type": "number", "unit": "m²", "position": 7},
}


def kind(shape: Shape = Shape.NIGHTS, schema: dict[str, Any] | None = None) -> Kind:
    """Return a kind of places with that schema."""
    names = {"code": "k", "label": "lit", "label_plural": "lits", "layer": "Semi-liberté"}
    return Kind(id=1, shape=shape, searchable=SCHEMA if schema is None else schema, **names)


def read(of: Kind | None = None, **typed: str) -> Reading:
    """Return some filters understood, around Lyon."""
    return understand(Filters.read({"lieu": "Lyon"} | typed), of or kind(), LYON, today=TODAY)


def found(number: int = 1, **known: Any) -> Found:
    """Return a section of ten beds, four of them free."""
    values: dict[str, Any] = {
        "resource_id": number,
        "name": f"Section {number}",
        "site_id": number,
        "site_name": f"Site fictif {number}",
        "address": "",
        "postcode": "",
        "commune": "Lyon",
        "time_zone": "Europe/Paris",
        "lat": 45.7,
        "lon": 4.8,
        "located_by": "source",
        "distance_km": 10.0,
        "travel_min": 24,
        "travel_is_estimate": True,
        "attributes": {},
        "declared_load": 0,
        "declared_waiting": 0,
        "declared_on": None,
        "delay_days": None,
        "total": 10,
        "free": 4,
        "held": 0,
        "mismatches": (),
        "is_closed": False,
        "position": (False, 10.0, None, number),
    }
    return Found(**(values | known))


# Fields and tags


def test_the_fields_are_those_of_the_kind_and_a_few_are_always_in_sight() -> None:
    fields = fields_of(kind(), read(), [found(attributes={"skills": ["soudure", "cuisine"]})])

    assert [field.name for field in fields.main] == ["sexe", "age"]
    assert [(field.name, field.type) for field in fields.more] == [
        ("c_regime", "choice"),
        ("c_skills", "text"),
        ("c_surface", "number"),
        ("weekend", "flag"),
    ]
    assert fields.has_hours
    assert fields.more[1].proposed == ["cuisine", "soudure"]
    assert fields.more[2].label == "Surface (m²)"


def test_a_kind_without_a_schema_has_only_what_its_shape_allows() -> None:
    plain = fields_of(kind(Shape.SLOTS, {}), read(kind(Shape.SLOTS, {})), [])
    services = fields_of(kind(Shape.PLACES, {}), read(kind(Shape.PLACES, {})), [])

    assert ([field.name for field in plain.more], plain.has_hours) == (["delai"], False)
    assert [field.name for field in services.more] == ["charge", "recent"]


def test_a_bad_value_is_said_in_its_own_field_and_kept() -> None:
    reading = read(c_surface="grand", c_regime="libre", c_skills="soudure")
    fields = {field.name: field for field in fields_of(kind(), reading, []).more}

    assert fields["c_surface"].problem == "Indiquez un nombre."
    assert fields["c_surface"].value == "grand"
    assert "liste" in fields["c_regime"].problem
    assert list(reading.wish.attributes["skills"]) == ["soudure"]


def test_every_filter_in_use_is_a_tag_that_says_which_names_to_empty() -> None:
    typed = {"sexe": "F", "c_regime": "p", "debut": "06:00", "fin": "14:00", "rayon": "30", "weekend": "1"}
    tags = {tag.names: tag.label for tag in tags_of(kind(), read(**typed), Filters.read({"lieu": "Lyon"} | typed), "")}

    assert tags == {
        "lieu,point": "Autour de Lyon",
        "mesure,rayon,trajet": f"30{NBSP}km au plus",
        "debut,fin,jours": f"Travaille de{NBSP}6{NBSP}h à{NBSP}14{NBSP}h, lun.–ven., à cette adresse",
        "sexe": f"Sexe{NBSP}: Femmes",
        "weekend": "Week-end",
        "c_regime": f"Régime{NBSP}: Probatoire",
    }


def test_a_person_is_one_tag_and_the_name_of_a_search_has_a_limit() -> None:
    reading = read(sexe="F", age="30")
    tags = tags_of(kind(), reading, Filters.read({"sexe": "F", "age": "30", "personne": "x"}), "Alix D.")

    assert [(tag.names, tag.label) for tag in tags] == [("personne,sexe,age", "Pour Alix D.")]
    around = tags_of(kind(), read(), Filters.read({"lieu": "Lyon"}), "Alix D.")
    assert search_name(kind(), around) == "Semi-liberté, autour de Lyon"
    assert len(search_name(kind(), around * 40)) == 120


@pytest.mark.parametrize(
    ("days", "words"), [((0, 1, 2, 3, 4), "lun.–ven."), ((0, 2), "lun., mer."), ((5, 6), "sam., dim."), ((6,), "dim.")]
)
def test_days_are_said_as_people_do(days: tuple[int, ...], words: str) -> None:
    assert days_words(days) == words


def test_a_form_changes_what_it_shows_and_leaves_defaults_and_the_rest_as_they_were() -> None:
    kept = Filters.read({"type": "k", "c_regime": "p", "vue": "liste"})
    form = {"lieu": "Lille", "du": "2026-11-24", "rayon": "50", "jour_1": "1", "debut": "06:00", "fin": "14:00"}

    sent = merged(kept, form, ("lieu", "du", "rayon", "debut", "fin"), {"du": "2026-11-24", "rayon": "50"})

    assert (sent.lieu, sent.du, sent.rayon, sent.jours) == ("Lille", "", "", "1")
    assert (sent.attributs, sent.vue) == ({"c_regime": "p"}, "liste")
    assert merged(kept, {"lieu": "Lille"}, ("lieu", "debut", "fin"), {}).jours == ""


# Understanding


def test_travel_time_looks_somewhat_farther_to_say_what_is_just_too_far() -> None:
    wish = read(mesure="min", trajet="30", rayon="500").wish

    assert wish.max_travel_min == 30
    assert wish.radius_km is not None
    assert 20 < wish.radius_km < 60


@pytest.mark.parametrize(
    ("typed", "problems"),
    [
        ({"debut": "06:00", "fin": "14:00"}, set()),
        ({"debut": "6h", "fin": "14 h 30"}, set()),
        ({"debut": "06:00"}, {"fin"}),
        ({"debut": "25:00", "fin": "14:00"}, {"debut"}),
        ({"debut": "06:00", "fin": "14:00", "jours": "0"}, {"jours"}),
    ],
)
def test_hours_of_work_are_two_and_on_some_day(typed: dict[str, str], problems: set[str]) -> None:
    reading = read(**typed)

    assert set(reading.problems) == problems
    assert (reading.wish.work is None) == bool(problems)


def test_hours_of_work_need_an_address_and_a_kind_with_doors() -> None:
    typed = Filters.read({"debut": "06:00", "fin": "14:00"})

    assert "adresse du travail" in understand(typed, kind(), None, today=TODAY).problems["lieu"]
    assert understand(typed, kind(schema={}), LYON, today=TODAY).wish.work is None


@pytest.mark.parametrize(
    ("lat", "lon", "wrong"),
    [
        ("45,76", "4.83", set()),
        (45.76, 4.83, set()),
        ("x", "4", {"lat"}),
        ("91", "181", {"lat", "lon"}),
        ("nan", "4", {"lat"}),
    ],
)
def test_a_pin_is_two_numbers_of_degrees(lat: object, lon: object, wrong: set[str]) -> None:
    point, problems = read_pin(lat, lon)

    assert set(problems) == wrong
    assert (point is None) == bool(wrong)


# The answer


def test_the_sentence_says_how_many_where_and_by_which_measure() -> None:
    count = tally([found(), found(2, free=0, mismatches=("travel",))])

    assert (
        sentence(kind(), count, read().filters, read().wish)
        == f"4{NBSP}lits libres sur 20 à moins de 50{NBSP}km de Lyon"
    )
    by_travel = read(mesure="min", trajet="75", point="45.7,4.8")
    words = sentence(kind(), count, by_travel.filters, by_travel.wish)
    assert words.startswith(f"4{NBSP}lits libres à moins de 1{NBSP}h{NBSP}15 du point choisi, sur 20 à moins de ")


def test_reasons_are_counted_and_an_attribute_is_named_by_its_label() -> None:
    count = tally([found(), found(2, mismatches=("regime",)), found(3, free=0, mismatches=("hours", "sex"))])
    listed = reasons(count, read().wish.schema, "hours")

    assert [(one.code, one.is_current) for one in listed] == [("regime", False), ("hours", True), ("taken", False)]
    assert "Régime" in listed[0].words
    assert why_not_title(kind(), count) == f"Pourquoi pas les 26 autres{NBSP}?"
    assert why_not_title(kind(), tally([found(free=10)])) == ""


def test_the_sheet_says_in_a_sentence_why_a_place_does_not_do() -> None:
    assert why_not("hours", ()) == "Place fermée à ces heures de travail"
    assert why_not("regime", read().wish.schema) == "Place sans ce qui est demandé (Régime)"
    assert "profil" not in SITE_STATE_WORDS["other"]  # hours and travel are nothing of the person's


def test_the_smallest_change_is_found_for_each_reason() -> None:
    reading = read(debut="06:00", fin="14:00", sexe="F", mesure="min", trajet="20", c_surface="12")
    filters = reading.filters

    def change(*reasons_: str, **known: Any) -> str:
        made = changes_for(found(mismatches=reasons_, **known), reading.wish, filters)
        return " et ".join(change_words(one, reading.wish.schema) for one in made) if made else "rien"

    assert change("travel", travel_min=51) == f"accepter 55{NBSP}min de trajet"
    assert change("travel", travel_min=None) == "rien"
    assert change("sex") == f"chercher sans «{NBSP}Sexe{NBSP}»"
    assert change("surface", attributes={"surface": 20}) == f"accepter «{NBSP}Surface{NBSP}: 20{NBSP}»"
    doors = {"doors": {"opens": "06:00", "closes": "21:00"}}
    assert change("hours", attributes=doors) == f"accepter un départ 25{NBSP}min plus tard"
    early = {"doors": {"opens": "05:00", "closes": "14:10"}}
    assert change("hours", attributes=early) == f"accepter un retour 15{NBSP}min plus tôt"
    assert change("hours", attributes={"doors": "?"}) == "rien"
    assert change("sex", "hours", attributes=doors).startswith("chercher sans")
    assert change("sex", "hours", attributes={}) == "rien"


def test_following_the_change_includes_the_place() -> None:
    reading = read(debut="06:00", fin="14:00", sexe="F")
    one = found(mismatches=("sex", "hours"), attributes={"sex": "M", "doors": {"opens": "06:00", "closes": "21:00"}})
    [_, last] = changes_for(one, reading.wish, reading.filters) or ()

    after = understand(last.filters, kind(), LYON, today=TODAY).wish

    assert after.sex is None
    assert after.work is not None
    assert f"{after.work.starts:%H:%M}" == "06:25"


def test_load_and_freshness_of_services_have_their_change() -> None:
    of = kind(Shape.PLACES, {"wait": {"label": "Attente", "type": "number", "is_delay": True}})
    reading = read(of, charge="80", delai="10", recent="1")
    one = found(free=0, declared_load=11, delay_days=21, mismatches=("stale", "load", "delay"))
    made = changes_for(one, reading.wish, reading.filters) or ()

    assert [change_words(change, reading.wish.schema) for change in made] == [
        "accepter les déclarations anciennes",
        f"accepter une charge de 110{NBSP}%",
        f"accepter un délai de 21{NBSP}jours",
    ]
    assert (made[-1].filters.charge, made[-1].filters.delai, made[-1].filters.recent) == ("110", "21", "")


def test_what_is_taken_is_free_from_the_first_run_of_days_that_is_long_enough() -> None:
    free = [0, 1, 1, 0, 1, 1, 1]
    counts = [DayCount(TODAY.replace(day=24 + number), count, 0) for number, count in enumerate(free)]

    assert next_run(counts, 3) == date(2026, 11, 28)
    assert next_run(counts, 4) is None
    change = dates_from("taken", date(2026, 11, 28), read().wish, read().filters)
    assert (change.filters.du, change.filters.au) == ("2026-11-28", "2026-12-01")
    assert change_words(change, ()) == f"chercher dès le sam.{NBSP}28{NBSP}nov."


@pytest.mark.parametrize(
    ("distances", "answer"), [((58.2, 61.0), (60, 4)), ((50.1,), (55, 4)), ((58.2, 59.0), (60, 8)), ((10.0,), None)]
)
def test_one_widens_to_the_nearest_five_kilometres(
    distances: tuple[float, ...], answer: tuple[int, int] | None
) -> None:
    assert wider([found(number, distance_km=km) for number, km in enumerate(distances)], read().wish) == answer


def test_a_place_that_is_wrong_is_said_so_with_what_may_have_been_meant() -> None:
    nowhere, exact = Located(()), Located((Place("4 Rue du Test 59000 Lille", 50.6, 3.0, Source.BAN, 0.9),))
    commune = Located((Place("Lille (59)", 50.6, 3.0, Source.COMMUNE, 0.5),), not_in_base=True)

    assert wrong_place("Grenbole", nowhere).endswith(f"Vouliez-vous dire Grenoble (38){NBSP}?")
    assert "commune ou un code postal" in wrong_place("Xyzzyville", nowhere)
    assert wrong_place("999 rue X, Lille", commune) == (
        f"Cette adresse n’est pas connue{NBSP}: la recherche part du centre de Lille (59)."
    )
    assert wrong_place("", nowhere) == wrong_place("4 rue du Test", exact) == ""
    assert "incertaine" in located_words(replace(exact, places=(replace(exact.places[0], score=0.3),)))
    hand = Located((Place("Lille (59)", 50.6, 3.0, Source.HAND, 1.0),))
    assert located_words(hand) == "Position choisie à la main, près de Lille (59)"


def test_badges_are_in_the_words_of_the_schema() -> None:
    schema = read().wish.schema
    full = {
        "sex": "M",
        "min_age": 18,
        "weekend": True,
        "doors": {"opens": "05:30", "closes": "21:30"},
        "regime": "p",
        "skills": ["cuisine", "soudure"],
        "surface": 9,
    }

    assert traits(found(attributes=full), schema) == [
        "hommes",
        f"à partir de 18{NBSP}ans",
        "ouvert le week-end",
        f"sortie dès 5{NBSP}h{NBSP}30, retour avant 21{NBSP}h{NBSP}30",
        "régime probatoire",
        "cuisine, soudure",
        f"surface{NBSP}: 9{NBSP}m²",
    ]
    assert shared_traits([found(attributes=full), found(attributes={"sex": "M"})], schema) == ["hommes"]
    assert traits(found(), schema) == []


# The table


def test_the_table_sorts_either_way_and_what_is_not_known_comes_last() -> None:
    rows = [found(1, delay_days=5), found(2, delay_days=None), found(3, delay_days=2)]

    def order(tri: str) -> list[int]:
        return [one.resource_id for one in part_of(rows, tri=tri, page="").rows]

    assert order("delai") == [3, 1, 2]
    assert order("-delai") == [1, 3, 2]
    assert order("rien") == order("") == [1, 2, 3]


@pytest.mark.parametrize(("page", "number"), [("", 1), ("2", 2), ("99", 3), ("0", 1), ("x", 1), ("9" * 30, 1)])
def test_the_table_turns_its_pages_and_has_one_when_empty(page: str, number: int) -> None:
    rows = [found(each) for each in range(2 * PAGE + 1)]

    assert part_of(rows, tri="", page=page).page == number
    assert (part_of([], tri="", page=page).pages, part_of([], tri="", page=page).rows) == (1, ())


def test_a_line_says_its_load_and_the_age_of_what_was_declared() -> None:
    of = kind(Shape.PLACES, {})
    reading = read(of)
    over = found(total=4, free=0, declared_load=5, declared_waiting=1200, declared_on=date(2026, 10, 1))
    table = table_of(part_of([over], tri="-charge", page=""), reading, TODAY)
    [line] = table.rows

    assert (line.load, line.load_width, line.is_over) == (f"5 sur 4 (125{NBSP}%)", "100%", True)
    assert (line.waiting, line.is_stale, line.way) == ("1\u202f200", True, f"24{NBSP}min (estimé)")
    assert {one.code: one.sort for one in table.headings}["charge"] == "descending"
    assert [one.code for one in table.headings] == ["nom", "libres", "charge", "attente", "trajet", "age"]
    assert next(one.href for one in table.headings if one.code == "charge") == "/carte/?lieu=Lyon"


@pytest.mark.parametrize(("minutes", "words"), [(5, "5 min"), (60, "1 h"), (65, "1 h 05")])
def test_a_duration_is_said_as_people_do(minutes: int, words: str) -> None:
    assert duration(minutes).replace(NBSP, " ") == words
