"""The list of courts: what is read, what is refused, what is written."""

from __future__ import annotations

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from availability.history import HistoryLine
from availability.importers import courts
from availability.importers.courts import COLUMNS, import_courts, is_siret, parse_courts
from availability.importers.report import Counts, FileRefused, Problem, Report
from availability.models import LocatedBy, Organisation, Site, Territory, TerritoryLevel
from availability.places import commune_of_insee
from tests.conftest import Database
from tests.races import PATIENCE_S, wait_until_somebody_waits

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "courts.csv"

MELUN = {
    "type": "TGI",
    "mnemo": "TGIMELUN",
    "label": "Tribunal judiciaire de Melun",
    "parent_type": "CA",
    "parent_mnemo": "CAPARIS",
    "parent_label": "Cour d'Appel de Paris",
    "siret": "17750111101177",
    "insee": "77288",
    "adresse": "2 AVENUE DU GENERAL LECLERC",
    "complement": "BP 12",
    "code_postal": "77000",
    "departement": "77",
    "ville": "MELUN",
    "lat_commune": "48.5445",
    "lon_commune": "2.6580",
    "telephone": "1 64 79 80 00",
    "email": "tj@exemple.fr",
}
# A proximity court that says the least: everything else comes from its commune.
MARTIN = dict.fromkeys(MELUN, "") | {
    "type": "TPRX",
    "mnemo": "TXMARTIN",
    "label": "Tribunal de proximité de Saint-Martin",
    "parent_type": "TGI",
    "parent_mnemo": "TGIMELUN",
    "insee": "97801",
}


def listed(*rows: dict[str, str], separator: str = ",") -> bytes:
    """Return a file of courts."""
    target = io.StringIO()
    writer = csv.DictWriter(target, COLUMNS, delimiter=separator)
    writer.writeheader()
    writer.writerows(rows)
    return target.getvalue().encode()


def problems(data: bytes, **known: str) -> list[tuple[int, Problem, str]]:
    return [(one.line, one.problem, one.words) for one in parse_courts(data, known).remarks]


def contents(session: Session) -> list[list[dict[str, Any]]]:
    """Return every row of the three tables."""
    session.expire_all()
    return [
        [row.model_dump() for row in session.exec(select(model).order_by(model.id))]  # type: ignore[arg-type]
        for model in (Territory, Organisation, Site)
    ]


def counted(report: Report) -> dict[str, tuple[int, int, int]]:
    return {table: (one.created, one.updated, one.unchanged) for table, one in report.counts.items()}


def test_a_court_is_read_with_its_place() -> None:
    parsed = parse_courts(listed(MELUN))
    (court,) = parsed.items
    location = court.location

    assert parsed.remarks == ()
    assert (court.code, court.name, court.level) == (
        "TGIMELUN",
        "Tribunal judiciaire de Melun",
        TerritoryLevel.JUDICIAL_COURT,
    )
    assert (court.parent_code, court.parent_name) == ("CAPARIS", "Cour d'Appel de Paris")
    assert court.address == "2 AVENUE DU GENERAL LECLERC, BP 12"
    assert (court.phone, court.email, court.siret) == ("+33164798000", "tj@exemple.fr", "17750111101177")
    assert (location.lat, location.lon, location.located_by) == (48.5445, 2.658, LocatedBy.SOURCE)
    assert (location.commune, location.insee, location.postcode) == ("Melun", "77288", "77000")
    assert (location.time_zone, location.holiday_zone) == ("Europe/Paris", "")


def test_a_court_without_coordinates_is_placed_by_its_commune_with_the_time_there() -> None:
    court = parse_courts(listed(MELUN, MARTIN)).items[1]
    marigot = commune_of_insee("97801")

    assert marigot is not None
    assert (court.location.lat, court.location.lon) == (marigot.lat, marigot.lon)
    assert court.location.located_by is LocatedBy.COMMUNE
    assert (court.location.commune, court.location.postcode) == ("Saint-Martin", "97150")
    assert (court.location.time_zone, court.location.holiday_zone) == ("America/Marigot", "MF")


def test_a_proximity_court_may_come_before_the_court_that_it_depends_on() -> None:
    parsed = parse_courts(listed(MARTIN, MELUN))

    assert parsed.remarks == ()
    assert [court.code for court in parsed.items] == ["TGIMELUN", "TXMARTIN"]


def test_a_proximity_court_may_depend_on_a_court_that_exists_already() -> None:
    assert problems(listed(MARTIN), TGIMELUN="judicial_court") == []
    assert problems(listed(MARTIN)) == [(2, Problem.UNKNOWN_PARENT, "TGI TGIMELUN")]


@pytest.mark.parametrize(
    ("change", "problem", "words"),
    [
        ({"type": "CPH"}, Problem.UNKNOWN_TYPE, "CPH"),
        ({"mnemo": "TGI MELUN"}, Problem.BAD_KEY, "TGI MELUN"),
        ({"mnemo": "É"}, Problem.BAD_KEY, "É"),
        ({"mnemo": "FR"}, Problem.KEY_OF_ANOTHER_LEVEL, "FR"),
        ({"mnemo": "TXAUTRE"}, Problem.KEY_OF_ANOTHER_LEVEL, "TXAUTRE"),
        ({"parent_type": "TGI"}, Problem.PARENT_OF_WRONG_LEVEL, "TGI CAPARIS"),
        ({"parent_type": "XX"}, Problem.PARENT_OF_WRONG_LEVEL, "XX CAPARIS"),
        ({"parent_mnemo": "TXAUTRE"}, Problem.PARENT_OF_WRONG_LEVEL, "CA TXAUTRE"),
        ({"parent_mnemo": ""}, Problem.UNKNOWN_PARENT, "CA"),
        ({"parent_mnemo": "TGIMELUN"}, Problem.UNKNOWN_PARENT, "CA TGIMELUN"),
    ],
)
def test_a_line_that_cannot_be_a_court_is_refused_in_its_own_words(
    change: dict[str, str], problem: Problem, words: str
) -> None:
    data = listed(MELUN | change)

    assert problems(data, TXAUTRE="proximity_court") == [(2, problem, words)]
    assert parse_courts(data, {"TXAUTRE": "proximity_court"}).items == ()


@pytest.mark.parametrize(("change", "problem"), [({"mnemo": ""}, Problem.NO_KEY), ({"label": " "}, Problem.NO_NAME)])
def test_a_line_without_key_or_name_is_refused_and_quoted_whole(change: dict[str, str], problem: Problem) -> None:
    ((line, found, words),) = problems(listed(MELUN | change))

    assert (line, found) == (2, problem)
    assert "CAPARIS | Cour d'Appel de Paris" in words


def test_a_key_is_imported_once_and_the_second_line_says_where_the_first_is() -> None:
    data = listed(MELUN, MELUN | {"label": "Un autre"}, MELUN | {"mnemo": "tgimelun"})

    assert problems(data) == [
        (3, Problem.KEY_TWICE, "TGIMELUN (2)"),
        (4, Problem.KEY_TWICE, "TGIMELUN (2)"),
    ]
    assert [court.name for court in parse_courts(data).items] == [MELUN["label"]]


def test_a_court_attached_to_a_refused_line_is_refused_too() -> None:
    assert problems(listed(MELUN | {"label": ""}, MARTIN))[1] == (3, Problem.UNKNOWN_PARENT, "TGI TGIMELUN")


@pytest.mark.parametrize(
    ("lat", "lon", "problem"),
    [
        ("91", "2.6", Problem.BAD_COORDINATES),
        ("48.5", "181", Problem.BAD_COORDINATES),
        ("nord", "est", Problem.BAD_COORDINATES),
        ("48.5", "", Problem.BAD_COORDINATES),
        ("NaN", "2.6", Problem.BAD_COORDINATES),
        ("4.85e1", "2.6", Problem.BAD_COORDINATES),
        ("1_0", "2.6", Problem.BAD_COORDINATES),
        ("٤٨", "2", Problem.BAD_COORDINATES),
        ("2.6580", "48.5445", Problem.COORDINATES_ELSEWHERE),  # the one for the other
        ("0", "0", Problem.COORDINATES_ELSEWHERE),
    ],
)
def test_coordinates_that_cannot_be_used_give_way_to_the_commune(lat: str, lon: str, problem: Problem) -> None:
    data = listed(MELUN | {"lat_commune": lat, "lon_commune": lon})
    melun = commune_of_insee("77288")

    location = parse_courts(data).items[0].location
    assert problems(data) == [(2, problem, f"{lat} {lon}".strip())]
    assert melun is not None
    assert (location.lat, location.lon, location.located_by) == (melun.lat, melun.lon, LocatedBy.COMMUNE)


def test_coordinates_a_little_far_are_kept_and_doubtful() -> None:
    data = listed(MELUN | {"lat_commune": "48.75"})

    assert problems(data) == [(2, Problem.COORDINATES_FAR, "48.75 2.6580")]
    assert parse_courts(data).items[0].location.located_by is LocatedBy.SOURCE


def test_decimal_commas_are_understood() -> None:
    data = listed(MELUN | {"lat_commune": "48,5445", "lon_commune": "2,6580"}, separator=";")

    assert problems(data) == []
    assert parse_courts(data).items[0].location.lat == 48.5445


@pytest.mark.parametrize(
    ("change", "problem", "words"),
    [
        ({"insee": "7728"}, Problem.BAD_INSEE, "7728"),
        ({"insee": ""}, Problem.BAD_INSEE, "MELUN"),
        ({"departement": "78"}, Problem.INSEE_ELSEWHERE, "77288 / 78"),
        ({"ville": "MEAUX"}, Problem.OTHER_TOWN, "77288 / MEAUX"),
        ({"code_postal": "7700"}, Problem.BAD_POSTCODE, "7700"),
        ({"telephone": "0164798000/1"}, Problem.BAD_PHONE, "0164798000/1"),
        ({"email": "tj(a)exemple.fr"}, Problem.BAD_EMAIL, "tj(a)exemple.fr"),
        ({"siret": "1,77501E+13"}, Problem.BAD_SIRET, "1,77501E+13"),
        ({"siret": "17750111101178"}, Problem.BAD_SIRET, "17750111101178"),
    ],
)
def test_an_odd_value_is_doubtful_and_the_court_is_imported(
    change: dict[str, str], problem: Problem, words: str
) -> None:
    data = listed(MELUN | change)

    assert problems(data) == [(2, problem, words)]
    assert len(parse_courts(data).items) == 1


def test_what_is_unreadable_is_kept_as_written_when_a_person_could_use_it() -> None:
    (court,) = parse_courts(listed(MELUN | {"telephone": "0164798000/1", "siret": "12"})).items

    assert court.phone == "0164798000/1"
    assert court.siret is None


@pytest.mark.parametrize(
    ("insee", "ville", "name"),
    [
        ("75117", "PARIS-17E-ARRONDISSEMENT", "Paris 17e Arrondissement"),
        ("13206", "MARSEILLE--6E--ARRONDISSEMENT", "Marseille 6e Arrondissement"),
        ("85194", "LES SABLES-D''OLONNE", "Les Sables-d'Olonne"),
        ("91228", "EVRY", "Évry-Courcouronnes"),
        ("50129", "CHERBOURG-OCTEVILLE", "Cherbourg-en-Cotentin"),
    ],
)
def test_the_official_name_replaces_the_capitals_of_the_file(insee: str, ville: str, name: str) -> None:
    rest = {"departement": "", "lat_commune": "", "lon_commune": ""}
    data = listed(MELUN | {"insee": insee, "ville": ville} | rest)

    assert problems(data) == []
    assert parse_courts(data).items[0].location.commune == name


def test_without_insee_code_the_town_and_its_department_place_the_court() -> None:
    data = listed(MELUN | {"insee": "?", "lat_commune": "", "lon_commune": ""})
    location = parse_courts(data).items[0].location

    assert (location.insee, location.commune, location.located_by) == ("77288", "Melun", LocatedBy.COMMUNE)


def test_a_court_found_nowhere_is_imported_without_a_point_and_said() -> None:
    data = listed(MELUN | {"insee": "77999", "ville": "ATLANTIS", "lat_commune": "", "lon_commune": ""})
    location = parse_courts(data).items[0].location

    assert problems(data) == [(2, Problem.NOWHERE, "77999 ATLANTIS")]
    assert (location.lat, location.lon, location.located_by) == (None, None, LocatedBy.NOWHERE)
    assert location.commune == "ATLANTIS"


def test_a_court_of_appeal_with_two_names_keeps_the_first() -> None:
    data = listed(MELUN, MELUN | {"mnemo": "TGIMEAUX", "parent_label": "Cour de Paris"})

    assert problems(data) == [(3, Problem.PARENT_RENAMED, "CAPARIS Cour de Paris")]


@pytest.mark.parametrize(("digits", "valid"), [("17750111101177", True), ("17750111101178", False), ("1775", False)])
def test_a_siret_has_a_key(digits: str, valid: bool) -> None:
    assert is_siret(digits) is valid


VALUES = st.text(max_size=12) | st.sampled_from(
    [*MELUN.values(), *MARTIN.values(), "CA", "TPRX", "974", "-21,3", "55.5"]
)


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(COLUMNS, VALUES)), max_size=4), st.text(max_size=30))
def test_any_text_is_parsed_the_same_twice_or_refused(changes: list[dict[str, str]], more: str) -> None:
    data = listed(*(MELUN | change for change in changes)) + more.encode()
    try:
        parsed = parse_courts(data)
    except FileRefused:
        return

    assert parsed == parse_courts(data)
    refused = {remark.line for remark in parsed.remarks if remark.is_refusal}
    assert parsed.lines == len(parsed.items) + len(refused)
    assert len({court.code for court in parsed.items}) == len(parsed.items)


def test_courts_are_written_as_a_tree_with_a_site_each(session: Session) -> None:
    report = import_courts(session, listed(MELUN, MARTIN), now=NOW)

    assert counted(report) == {"territory": (4, 0, 0), "organisation": (2, 0, 0), "site": (2, 0, 0)}
    tree = {one.code: one for one in session.exec(select(Territory))}
    assert [tree[code].level for code in ("FR", "CAPARIS", "TGIMELUN", "TXMARTIN")] == [
        "country",
        "court_of_appeal",
        "judicial_court",
        "proximity_court",
    ]
    assert tree["FR"].parent_id is None
    assert tree["CAPARIS"].parent_id == tree["FR"].id
    assert tree["TGIMELUN"].parent_id == tree["CAPARIS"].id
    assert tree["TXMARTIN"].parent_id == tree["TGIMELUN"].id
    site = session.exec(select(Site).where(Site.code == "TGIMELUN")).one()
    assert site.territory_id == tree["TGIMELUN"].id
    assert session.get_one(Organisation, site.organisation_id).siret == "17750111101177"
    assert (site.located_by, site.phone, site.commune) == ("source", "+33164798000", "Melun")


def test_the_same_list_twice_changes_nothing(session: Session) -> None:
    data = listed(MELUN, MARTIN)
    import_courts(session, data, now=NOW)
    before = contents(session)

    report = import_courts(session, data, now=NOW)

    assert counted(report) == {"territory": (0, 0, 4), "organisation": (0, 0, 2), "site": (0, 0, 2)}
    assert contents(session) == before
    assert len(session.exec(select(HistoryLine)).all()) == 1


def test_what_changed_is_updated_in_place_and_counted(session: Session) -> None:
    import_courts(session, listed(MELUN, MARTIN), now=NOW)
    ids = [[row["id"] for row in rows] for rows in contents(session)]
    moved = MELUN | {"adresse": "1 RUE NEUVE", "label": "Tribunal judiciaire de Melun-Sénart"}

    report = import_courts(session, listed(moved, MARTIN), now=NOW)

    assert counted(report) == {"territory": (0, 1, 3), "organisation": (0, 1, 1), "site": (0, 1, 1)}
    assert [[row["id"] for row in rows] for rows in contents(session)] == ids
    assert session.exec(select(Site.address).where(Site.code == "TGIMELUN")).one() == "1 RUE NEUVE, BP 12"


def test_a_court_may_be_attached_elsewhere(session: Session) -> None:
    import_courts(session, listed(MELUN), now=NOW)
    versailles = {"parent_mnemo": "CAVERSAILL", "parent_label": "Cour d'Appel de Versailles"}

    report = import_courts(session, listed(MELUN | versailles), now=NOW)

    assert report.counts["territory"] == Counts(created=1, updated=1, unchanged=1)
    melun = session.exec(select(Territory).where(Territory.code == "TGIMELUN")).one()
    assert session.get_one(Territory, melun.parent_id).code == "CAVERSAILL"


def test_a_court_of_appeal_left_without_a_name_keeps_the_one_it_has(session: Session) -> None:
    import_courts(session, listed(MELUN), now=NOW)
    import_courts(session, listed(MELUN | {"parent_label": ""}), now=NOW)

    assert session.exec(select(Territory.name).where(Territory.code == "CAPARIS")).one() == "Cour d'Appel de Paris"


def test_a_dry_run_says_the_same_and_changes_nothing(session: Session) -> None:
    data = listed(MELUN, MARTIN | {"type": "X"})
    empty = contents(session)

    dry = import_courts(session, data, now=NOW, dry_run=True)

    assert contents(session) == empty
    assert session.exec(select(HistoryLine)).all() == []
    assert dry.is_dry_run
    real = import_courts(session, data, now=NOW)
    assert counted(dry) == counted(real)
    assert dry.remarks == real.remarks


def test_a_refused_file_changes_nothing(session: Session) -> None:
    before = contents(session)

    with pytest.raises(FileRefused):
        import_courts(session, b"type,mnemo\nTGI,X\n", now=NOW)

    assert contents(session) == before


def test_a_pin_put_by_hand_stays(session: Session) -> None:
    import_courts(session, listed(MELUN), now=NOW)
    site = session.exec(select(Site)).one()
    site.lat, site.lon, site.located_by = 48.54, 2.66, LocatedBy.HAND.value
    session.flush()

    report = import_courts(session, listed(MELUN), now=NOW)

    assert report.counts["site"].unchanged == 1
    assert (site.lat, site.lon, site.located_by) == (48.54, 2.66, "hand")


def test_an_import_leaves_a_line_of_history_with_its_counts(session: Session) -> None:
    import_courts(session, listed(MELUN), now=NOW)

    line = session.exec(select(HistoryLine)).one()
    assert (line.act, line.subject, line.subject_id, line.at) == ("imported", "import", "courts", NOW)
    assert line.facts["site"] == {"created": 1, "updated": 0, "unchanged": 0}


def import_during_another(database: Database) -> Report:
    """Return the report of an import begun while another of the same list is not committed yet."""
    data = listed(MELUN, MARTIN)

    def second() -> Report:
        with Session(database.engine) as session, session.begin():
            return import_courts(session, data, now=NOW)

    with ThreadPoolExecutor() as threads, Session(database.engine) as first:
        import_courts(first, data, now=NOW)
        report = threads.submit(second)
        wait_until_somebody_waits(database.engine)
        first.commit()
        return report.result(timeout=PATIENCE_S)


def test_two_imports_at_once_are_one_after_the_other(database: Database) -> None:
    report = import_during_another(database)

    assert counted(report) == {"territory": (0, 0, 4), "organisation": (0, 0, 2), "site": (0, 0, 2)}


def test_two_imports_at_once_clash_without_the_lock(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courts, "one_at_a_time", lambda session: None)

    with pytest.raises(IntegrityError):
        import_during_another(database)


@pytest.mark.skipif(not REAL.exists(), reason="the ministry's list is not beside this checkout")
def test_the_real_list_is_imported_whole(session: Session) -> None:
    data = REAL.read_bytes()
    report = import_courts(session, data, now=NOW)

    assert report.lines == 294
    assert report.refused_lines == 0
    assert counted(report) == {"territory": (332, 0, 0), "organisation": (294, 0, 0), "site": (294, 0, 0)}
    assert [(one.line, one.problem) for one in report.remarks] == [
        (142, Problem.BAD_PHONE),
        (168, Problem.BAD_PHONE),
        (295, Problem.COORDINATES_FAR),
    ]
    sites = session.exec(select(Site)).all()
    assert sum(site.located_by == LocatedBy.COMMUNE for site in sites) == 6
    assert {site.located_by for site in sites} == {"source", "commune"}
    again = import_courts(session, data, now=NOW)
    assert counted(again) == {"territory": (0, 0, 332), "organisation": (0, 0, 294), "site": (0, 0, 294)}
