"""The list of probation services: keys made of names, places found by name, ressorts read in a sentence."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session, select

from availability.importers.courts import import_courts
from availability.importers.departments import department_named, department_names, without_link
from availability.importers.jurisdictions import Jurisdiction
from availability.importers.report import FileRefused, Parsed, Problem
from availability.importers.services import COLUMNS, Antenna, commune_within, import_services, parse_services
from availability.models import LocatedBy, Organisation, Site, Territory
from tests.availability.test_import_courts import MARTIN, MELUN, NOW, contents, counted
from tests.availability.test_import_courts import REAL as REAL_COURTS
from tests.availability.test_import_courts import listed as listed_courts

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "spip.csv"
SERVICE = "Service pénitentiaire d'insertion et de probation"


def court(code: str, city: str, insee: str, level: str = "judicial_court", parent: str | None = None) -> Jurisdiction:
    """Return a court at the middle of its commune."""
    from availability.places import commune_of_insee

    seat = commune_of_insee(insee)
    assert seat is not None
    return Jurisdiction(code, f"Tribunal judiciaire {city}", level, parent, insee, seat.lat, seat.lon)


COURTS = [
    court("TGILAON", "de Laon", "02408"),
    court("TGISOISSON", "de Soissons", "02722"),
    court("TGIHAVRE", "du Havre", "76351"),
    court("TGIDIGNE", "de Digne-les-Bains", "04070"),
    court("TGIBRIEY", "de Val de Briey", "54099"),
    court("TGIDENISRE", "de Saint-Denis-de-La Réunion", "97411"),
    court("TGIBOBIGNY", "de Bobigny", "93008"),
    court("TXDENIS", "de Saint-Denis", "93066", "proximity_court", "TGIBOBIGNY"),
    court("TGIROCHELL", "de La Rochelle", "17300"),
    court("TGISAINTES", "de Saintes", "17415"),
    court("TXROCHEFOR", "de Rochefort", "17299", "proximity_court", "TGIROCHELL"),
    court("TGIBASSETE", "de Basse-Terre", "97105"),
    court("TGIPOINTEP", "de Pointe-à-Pitre", "97120"),
    court("TXMARTIN", "de Saint-Martin", "97801", "proximity_court", "TGIBASSETE"),
    court("TGIANGERS", "d'Angers", "49007"),
]


def listed(*rows: tuple[str, str, str, str]) -> bytes:
    """Return a file of services; the first cell is what follows "insertion et de probation"."""
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(COLUMNS)
    writer.writerows([f"{SERVICE} {of_it}." if of_it else "", *rest] for of_it, *rest in rows)
    return target.getvalue().encode()


def parsed(*rows: tuple[str, str, str, str]) -> Parsed[Antenna]:
    return parse_services(listed(*rows), COURTS)


def only(of_it: str, seat: str, antenna: str, ressort: str) -> Antenna:
    (found,) = parsed((of_it, seat, antenna, ressort)).items
    return found


def problems(*rows: tuple[str, str, str, str]) -> list[tuple[int, Problem]]:
    return [(one.line, one.problem) for one in parsed(*rows).remarks]


def test_a_seat_is_a_site_when_there_is_no_antenna() -> None:
    seat = only("de l'Aisne", "Laon.", "Néant.", "Circonscription judiciaire de Laon. | Maison d'arrêt de Laon.")

    assert (seat.service_code, seat.code) == ("spip-de-l-aisne", "spip-de-l-aisne")
    assert seat.service_name == f"{SERVICE} de l'Aisne"
    assert seat.name == "SPIP de l'Aisne"
    assert seat.territory_code == "TGILAON"
    assert (seat.location.commune, seat.location.insee, seat.location.postcode) == ("Laon", "02408", "02000")
    assert seat.location.located_by is LocatedBy.COMMUNE


def test_an_antenna_is_a_site_of_its_own_at_its_commune() -> None:
    antenna = only("de l'Aisne", "Laon.", "Antenne de Soissons.", "Circonscription judiciaire de Soissons.")

    assert (antenna.service_code, antenna.code) == ("spip-de-l-aisne", "spip-de-l-aisne-soissons")
    assert antenna.name == "SPIP de l'Aisne, antenne de Soissons"
    assert (antenna.location.commune, antenna.territory_code) == ("Soissons", "TGISOISSON")


@pytest.mark.parametrize(
    "antenna",
    ["Antenne de Soissons.", "antenne de SOISSONS", "Soissons", "(Arr. 17 févr. 2004 art. 2) Antenne de Soissons."],
)
def test_the_key_does_not_depend_on_spelling_nor_on_the_text_that_is_quoted(antenna: str) -> None:
    assert only("de l'Aisne", "Laon.", antenna, "").code == "spip-de-l-aisne-soissons"


def test_a_second_line_of_the_same_key_is_doubtful_and_quoted_whole() -> None:
    rows = (
        ("de l'Aisne", "Laon.", "Néant.", "Circonscription judiciaire de Laon."),
        ("de l'Aisne", "Laon.", "", "Maison d'arrêt de Laon."),
    )
    result = parsed(*rows)

    assert [one.line for one in result.items] == [2]
    (remark,) = result.remarks
    assert (remark.line, remark.problem, remark.outcome) == (3, Problem.SAME_SERVICE_AND_ANTENNA, "2")
    assert remark.words == f"{SERVICE} de l'Aisne. | Laon. | Maison d'arrêt de Laon."
    assert not remark.is_refusal


def test_an_antenna_left_blank_is_placed_at_the_seat_and_doubtful() -> None:
    rows = [
        ("de l'Aisne", "Laon.", "Antenne de Soissons.", "Circonscription judiciaire de Soissons."),
        ("de l'Aisne", "", "", "Circonscription judiciaire de Laon."),
    ]

    assert problems(*rows) == [(3, Problem.NO_ANTENNA)]
    assert parsed(*rows).items[1].location.commune == "Laon"  # the seat of the line above


@pytest.mark.parametrize(
    ("of_it", "antenna", "commune"),
    [
        ("des Bouches-du-Rhône", "Antenne d'Aix-Salon-de-Provence.", "Aix-en-Provence"),
        ("de la Charente-Maritime", "Antenne de La Rochelle-Saint-Martin-de-Ré.", "La Rochelle"),
        ("de la Seine-Maritime", "Antenne du Havre.", "Le Havre"),
        ("de la Vendée", "Antenne des Sables-d'Olonne.", "Les Sables-d'Olonne"),
        ("de La Réunion", "Antenne de Saint-Denis.", "Saint-Denis"),
        ("de Meurthe-et-Moselle", "Antenne de Briey.", "Val de Briey"),
        ("de l'Eure", "Antenne d'Evreux.", "Évreux"),
        ("du Tarn", "Antenne de Saint-Sulpice-la-Pointe.", "Saint-Sulpice-la-Pointe"),
        ("de la Guadeloupe", "Antenne de Saint-Martin.", "Saint-Martin"),
    ],
)
def test_the_commune_of_an_antenna_is_found_in_its_name_within_the_department(
    of_it: str, antenna: str, commune: str
) -> None:
    assert only(of_it, "", antenna, "").location.commune == commune


def test_homonyms_are_settled_by_the_department_of_the_service() -> None:
    assert only("de La Réunion", "", "Antenne de Saint-Denis.", "").location.insee == "97411"
    assert only("de la Seine-Saint-Denis", "", "Antenne de Saint-Denis.", "").location.insee == "93066"


def test_an_antenna_overseas_has_its_own_time() -> None:
    martin = only(
        "de la Guadeloupe", "Pointe-à-Pitre.", "Antenne de Saint-Martin.", "Cantons de Saint-Martin."
    ).location

    assert (martin.time_zone, martin.holiday_zone) == ("America/Marigot", "MF")


def test_an_antenna_named_after_a_place_that_is_no_commune_is_placed_at_the_seat() -> None:
    rows = ("de l'Aube", "Troyes.", "Antenne de Clairvaux.", "Circonscription judiciaire d'Ailleurs.")

    assert (2, Problem.PLACED_AT_SEAT) in problems(rows)
    assert only(*rows).location.commune == "Troyes"


def test_neither_antenna_nor_seat_known_leaves_the_site_without_a_point() -> None:
    rows = ("de l'Aube", "Nullepart.", "Antenne de Clairvaux.", "")

    assert (2, Problem.NOWHERE) in problems(rows)
    assert only(*rows).location.located_by is LocatedBy.NOWHERE
    assert only("de La Réunion", "", "Antenne de Xyz.", "").location.time_zone == "Indian/Reunion"


@pytest.mark.parametrize(
    ("of_it", "ressort", "code"),
    [
        ("de l'Aisne", "Circonscription judiciaire de Laon, à l'exception des cantons de Soissons.", "TGILAON"),
        ("de l'Aisne", "MCirconscription judiciaire de Laon. Maison d'arrêt de Soissons.", "TGILAON"),
        ("de l'Aisne", "(Arr. 17 sept. 2003, art. 5) Circonscription judiciaire de Soissons.", "TGISOISSON"),
        ("de l'Aisne", "Circonscription judiciaire de Nullepart. | Circonscription judiciaire de Laon.", "TGILAON"),
        ("de Maine-et-Loire", "Circonscriptions judiciaires d'Angers et de Saumur. Maison d'arrêt.", "TGIANGERS"),
        ("de la Seine-Maritime", "Circonscription judiciaire du Havre.", "TGIHAVRE"),
        ("de la Charente-Maritime", "Circonscription judiciaire de la Rochelle", "TGIROCHELL"),
        ("des Alpes-de-Haute-Provence", "Circonscription judiciaire de Digne.", "TGIDIGNE"),
        ("de Meurthe-et-Moselle", "Circonscription judiciaire de Briey.", "TGIBRIEY"),
        ("de La Réunion", "Circonscription judiciaire de Saint-Denis.", "TGIDENISRE"),
        ("de la Seine-Saint-Denis", "Circonscription judiciaire de Saint Denis.", "TGIBOBIGNY"),
    ],
)
def test_the_ressort_is_that_of_the_court_that_the_text_names(of_it: str, ressort: str, code: str) -> None:
    result = parsed((of_it, "", "Antenne de Laon", ressort))

    assert result.items[0].territory_code == code
    assert Problem.TERRITORY_GUESSED not in {one.problem for one in result.remarks}


@pytest.mark.parametrize(
    ("of_it", "antenna", "ressort", "code"),
    [
        ("de l'Aisne", "Antenne de Château-Thierry.", "Centre pénitentiaire de Château-Thierry.", "TGISOISSON"),
        ("de la Charente-Maritime", "Antenne de Rochefort.", "Cantons de Surgères et Rochefort-Nord.", "TGIROCHELL"),
        ("de la Guadeloupe", "Antenne de Saint-Martin.", "Cantons de Saint-Barthélemy, Saint-Martin.", "TGIBASSETE"),
    ],
)
def test_without_a_court_in_the_text_the_nearest_one_is_taken_and_said(
    of_it: str, antenna: str, ressort: str, code: str
) -> None:
    result = parsed((of_it, "", antenna, ressort))

    assert result.items[0].territory_code == code
    assert [(one.problem, one.words) for one in result.remarks] == [(Problem.TERRITORY_GUESSED, ressort)]


def test_without_any_court_in_the_department_the_site_belongs_to_the_country_and_it_is_said() -> None:
    rows = ("du Cantal", "Aurillac.", "Néant.", "Circonscription judiciaire d'Aurillac.")

    assert problems(rows) == [(2, Problem.TERRITORY_UNKNOWN)]
    assert only(*rows).territory_code is None


def test_a_service_of_no_department_is_doubtful_and_placed_by_its_seat() -> None:
    rows = ("de Lutèce", "Laon.", "Néant.", "Circonscription judiciaire de Laon.")

    assert problems(rows) == [(2, Problem.UNKNOWN_DEPARTMENT)]
    assert (only(*rows).location.commune, only(*rows).territory_code) == ("Laon", "TGILAON")


def test_a_line_without_a_service_is_refused_in_its_own_words() -> None:
    result = parsed(("", "Laon.", "Néant.", "x"))

    assert [(one.line, one.problem, one.words) for one in result.remarks] == [
        (2, Problem.NO_NAME, "Laon. | Néant. | x")
    ]
    assert result.items == ()


def test_every_department_is_known_by_its_name() -> None:
    names = department_names()

    assert len(names) == 107
    assert department_named("de la haute marne") == "52"
    assert department_named("de la marne") == "51"
    assert department_named("des landes") == "40"
    assert department_named("d eure et loir") == "28"
    assert department_named("de la reunion") == "974"
    assert department_named("du territoire de belfort") == "90"
    assert department_named("de lutece") == ""


@pytest.mark.parametrize(
    ("words", "place"),
    [("du havre", "le havre"), ("des sables", "les sables"), ("de la rochelle", "la rochelle"), ("d arras", "arras")],
)
def test_a_preposition_goes_and_the_article_stays(words: str, place: str) -> None:
    assert without_link(words) == place


def test_a_common_first_word_is_no_commune() -> None:
    assert commune_within("saint nullepart", ("10",)) is None
    assert commune_within("", ("10",)) is None


CELLS = st.text(max_size=25) | st.sampled_from(
    [
        f"{SERVICE} de l'Aisne.",
        "Antenne de Soissons.",
        "Néant.",
        "",
        "(Arr. 17 sept. 2003, art. 5) | Laon",
        "Circonscription judiciaire de Laon et d",
        "Circonscriptions judiciaires d'",
        "Saint",
    ]
)


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), max_size=5), st.text(max_size=20))
def test_any_text_is_parsed_the_same_twice_or_refused(rows: list[tuple[str, str, str, str]], more: str) -> None:
    data = listed(*rows) + more.encode()
    try:
        result = parse_services(data, COURTS)
    except FileRefused:
        return

    assert result == parse_services(data, COURTS)
    set_aside = {
        one.line for one in result.remarks if one.is_refusal or one.problem is Problem.SAME_SERVICE_AND_ANTENNA
    }
    assert result.lines == len(result.items) + len(set_aside)
    assert len({one.code for one in result.items}) == len(result.items)


def test_services_are_written_under_the_courts_that_exist(session: Session) -> None:
    import_courts(session, listed_courts(MELUN, MARTIN), now=NOW)
    data = listed(
        ("de Seine-et-Marne", "Melun.", "Antenne de Melun.", "Circonscription judiciaire de Melun."),
        ("de Seine-et-Marne", "Melun.", "Antenne de Réau.", "Centre pénitentiaire Sud francilien."),
        ("du Cantal", "Aurillac.", "Néant.", "Circonscription judiciaire d'Aurillac."),
    )

    report = import_services(session, data, now=NOW)

    assert counted(report) == {"territory": (0, 0, 1), "organisation": (2, 0, 0), "site": (3, 0, 0)}
    codes = {one.id: one.code for one in session.exec(select(Territory))}
    sites = session.exec(select(Site).where(Site.code.startswith("spip"))).all()
    assert {site.code: codes[site.territory_id] for site in sites} == {
        "spip-de-seine-et-marne-melun": "TGIMELUN",
        "spip-de-seine-et-marne-reau": "TGIMELUN",
        "spip-du-cantal": "FR",
    }
    assert len({site.organisation_id for site in sites}) == 2


def test_services_imported_before_the_courts_find_them_later(session: Session) -> None:
    data = listed(("de Seine-et-Marne", "Melun.", "Néant.", "Circonscription judiciaire de Melun."))
    first = import_services(session, data, now=NOW)
    import_courts(session, listed_courts(MELUN), now=NOW)

    second = import_services(session, data, now=datetime(2026, 3, 3, tzinfo=UTC))

    assert [one.problem for one in first.remarks] == [Problem.TERRITORY_UNKNOWN]
    assert second.remarks == ()
    assert counted(second) == {"territory": (0, 0, 1), "organisation": (0, 0, 1), "site": (0, 1, 0)}


def test_the_same_services_twice_change_nothing_and_a_dry_run_neither(session: Session) -> None:
    data = listed(("de Seine-et-Marne", "Melun.", "Néant.", "Circonscription judiciaire de Melun."))
    empty = contents(session)

    dry = import_services(session, data, now=NOW, dry_run=True)
    assert contents(session) == empty
    real = import_services(session, data, now=NOW)
    written = contents(session)
    again = import_services(session, data, now=NOW)

    assert counted(dry) == counted(real) == {"territory": (1, 0, 0), "organisation": (1, 0, 0), "site": (1, 0, 0)}
    assert counted(again) == {"territory": (0, 0, 1), "organisation": (0, 0, 1), "site": (0, 0, 1)}
    assert contents(session) == written


@pytest.mark.skipif(not REAL.exists(), reason="the ministry's lists are not beside this checkout")
def test_the_real_list_is_imported_with_every_oddity_said(session: Session) -> None:
    import_courts(session, REAL_COURTS.read_bytes(), now=NOW)

    report = import_services(session, REAL.read_bytes(), now=NOW)

    assert report.lines == 204
    assert report.refused_lines == 0
    assert [one.line for one in report.remarks if one.problem is Problem.SAME_SERVICE_AND_ANTENNA] == [78, 81, 115]
    assert report.counts["organisation"].created == 101
    assert report.counts["site"].created == 201
    problems_found = {one.problem for one in report.remarks}
    assert not problems_found & {Problem.NOWHERE, Problem.TERRITORY_UNKNOWN, Problem.UNKNOWN_DEPARTMENT}
    assert len(session.exec(select(Organisation)).all()) == 294 + 101
    again = import_services(session, REAL.read_bytes(), now=NOW)
    assert counted(again)["site"] == (0, 0, 201)
    assert again.changed == 0
