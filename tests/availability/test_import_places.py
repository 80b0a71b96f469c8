"""Spreadsheets of places: read whoever wrote them, compared line by line, written once, and written back the same."""

from __future__ import annotations

import contextlib
import io
import random
import time
import zipfile
from typing import Any
from uuid import uuid4

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, select

from availability.importers import columns as at
from availability.importers.columns import ASIDE, compared, fields_for, proposed
from availability.importers.plans import Outcome, Plan
from availability.importers.report import FileProblem, FileRefused
from availability.importers.resources import exported, known_to, plan
from availability.importers.sheets import (
    MOST_BYTES,
    MOST_COLUMNS,
    MOST_LINES,
    as_typed,
    harmless,
    read_sheet,
    written_csv,
    written_xlsx,
)
from availability.importers.writing import LinesRefused, Order, import_places
from availability.models import Kind, KindRight, Resource, Shape, Site, Unit
from availability.rights import Actor, Right, Role
from tests.factories import NOW, TODAY, World, make_actor, make_beds, make_kind, make_resource, make_site

SEX = {"label": "Sexe", "type": "choice", "choices": {"M": "Hommes", "F": "Femmes", "any": "Hommes et femmes"}}
AGE = {"label": "Âge", "type": "range", "least": "min_age", "most": "max_age", "from": 13, "to": 120}
SEARCHABLE = {
    "sex": SEX,
    "age": AGE,
    "weekend": {"label": "Week-end", "type": "flag"},
    "skills": {"label": "Compétences", "type": "list"},
    "doors": {"label": "Portes", "type": "hours"},
}
HEAD = "Code;Type;Nom;Places"


def workbook(*rows: list[Any]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def zipped(**parts: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), data)
    return target.getvalue()


# --- files ---


@pytest.mark.parametrize(
    "data",
    [
        "\ufeffCode;Nom\r\nP1;Évreux – école\r\n".encode(),
        "Code,Nom\nP1,Évreux – école\n".encode(),
        "Code\tNom\nP1\tÉvreux – école\n".encode("cp1252"),
        "\n;;\nCode;Nom;;\n\nP1;Évreux – école;;\n".encode("utf-16"),
        workbook(["Code", "Nom"], [None, None], ["P1", "Évreux – école"]),
    ],
)
def test_a_sheet_is_read_whatever_its_form(data: bytes) -> None:
    sheet = read_sheet(data)

    assert sheet.headings == ("Code", "Nom")
    assert [row.cells for row in sheet.rows] == [("P1", "Évreux – école")]


def test_a_text_of_an_older_system_keeps_its_accents() -> None:
    sheet = read_sheet("Code;Nom\nP1;Hébergement à l'école\n".encode("cp850"))

    assert sheet.rows[0].cells == ("P1", "Hébergement à l'école")


def test_numbers_dates_and_flags_of_a_workbook_are_what_one_types() -> None:
    cells = read_sheet(workbook(["a", "b", "c", "d", "e"], [12, 2.5, True, TODAY, "=1+1"])).rows[0].cells

    assert cells == ("12", "2,5", "oui", "2026-03-02", "")  # a formula has the value that it was saved with: none here


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", FileProblem.EMPTY),
        (b"Code;Nom\n", FileProblem.NO_LINE),
        (b"x" * (MOST_BYTES + 1), FileProblem.TOO_LARGE),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1old", FileProblem.OLD_EXCEL),
        (b"PK\x03\x04" + b"\x00" * 40, FileProblem.BROKEN_SHEET),
        (zipped(mimetype=b"application/vnd.oasis"), FileProblem.NOT_A_SHEET),
        (zipped(xl__workbook_xml=b"<a/>"), FileProblem.BROKEN_SHEET),
        (zipped(xl__workbook_xml=b'<!DOCTYPE a [<!ENTITY b "c">]><a/>'), FileProblem.BROKEN_SHEET),
        (zipped(xl__workbook_xml=b"<a/>", xl__x_xml=b" " * 90_000_000), FileProblem.TOO_LARGE),
        (b"\x00\x01\x02", FileProblem.NOT_TEXT),
        (b'Code;Nom\n"P1;x\n', FileProblem.BROKEN_QUOTES),
        (("a;" * (MOST_COLUMNS + 1) + "b\n1\n").encode(), FileProblem.TOO_MANY_COLUMNS),
        (("Code\n" + "P\n" * (MOST_LINES + 1)).encode(), FileProblem.TOO_MANY_LINES),
    ],
)
def test_a_hostile_or_broken_file_is_refused_whole_with_its_reason(data: bytes, problem: FileProblem) -> None:
    with pytest.raises(FileRefused) as refusal:
        read_sheet(data)

    assert refusal.value.problem is problem


def test_a_workbook_damaged_on_its_way_is_refused_wherever_it_is() -> None:
    whole = workbook(*([f"c{number}", "x" * number] for number in range(40)))
    dice = random.Random(4)  # noqa: S311 - the same each time
    for _ in range(60):
        damaged = bytearray(whole)
        damaged[dice.randrange(4, len(whole))] ^= 0xFF
        with contextlib.suppress(FileRefused):
            read_sheet(bytes(damaged))


def test_a_workbook_that_lies_about_its_size_is_read_for_what_it_holds() -> None:
    honest = workbook(["Code"], ["P1"])
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(honest)) as archive, zipfile.ZipFile(target, "w") as changed:
        for part in archive.infolist():
            data = archive.read(part)
            changed.writestr(part.filename, data.replace(b'ref="A1:A2"', b'ref="A1:XFD1048576"'))

    began = time.perf_counter()
    assert [row.cells for row in read_sheet(target.getvalue()).rows] == [("P1",)]
    assert time.perf_counter() - began < 20  # each of its cells would take minutes


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", b"PK\x03\x04", b"Code;Nom\n", b"\xff\xfe"]))
def test_any_bytes_are_read_or_refused(data: bytes, start: bytes) -> None:
    try:
        sheet = read_sheet(start + data)
    except FileRefused:
        return
    assert sheet.rows


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=30))
def test_nothing_written_runs_and_everything_written_is_read_back(typed: str) -> None:
    typed = as_typed(typed)
    if typed.startswith("'"):
        return  # an apostrophe that somebody typed before a formula is one
    rows = [["x", typed, "y"]]
    for data in (written_csv(["a", "b", "c"], rows), written_xlsx("Places", ["a", "b", "c"], rows)):
        assert read_sheet(data).rows[0].cells == ("x", typed, "y")
    assert not harmless(typed).startswith(("=", "+", "-", "@"))


# --- columns ---


@pytest.fixture
def kind(session: Session) -> Kind:
    kind = make_kind(session, Shape.PLACES, code="tig", label="poste de TIG", searchable=SEARCHABLE)
    session.add(KindRight(kind_id=kind.id, role=Role.PARTNER))
    session.add(KindRight(kind_id=kind.id, role=Role.ADMINISTRATOR))
    session.flush()
    return kind


def test_columns_are_proposed_by_likeness_once_each_and_as_somebody_said_before() -> None:
    kind = Kind(code="k", label="k", label_plural="k", layer="k", shape="places", searchable=SEARCHABLE)
    fields = fields_for([kind], for_any_host=False)
    headings = ["Identifiant", "NB PLACES", "libelle", "Ville", "Age : minimum", "competence", "Météo", "Commentaire"]

    assert proposed(headings, fields, {}) == (
        at.CODE,
        at.CAPACITY,
        at.NAME,
        at.COMMUNE,
        "attribute:min_age",
        "attribute:skills",
        ASIDE,
        ASIDE,
    )
    remembered = {compared("Commentaire"): at.NAME, compared("libelle"): ASIDE}
    assert proposed(headings, fields, remembered)[2] == ASIDE
    assert proposed(headings, fields, remembered)[7] == at.NAME


# --- lines ---


def read(session: Session, world: World, text: str, **order: Any) -> Plan:
    sheet = read_sheet(text.encode())
    chosen = proposed(sheet.headings, known_to(session, world.host).fields, {})
    return plan(session, world.host, sheet, chosen, **order)


def done(session: Session, world: World, text: str | bytes, **order: Any) -> Plan:
    sheet = read_sheet(text.encode() if isinstance(text, str) else text)
    chosen = proposed(sheet.headings, known_to(session, world.host).fields, {})
    return import_places(session, world.host, sheet, Order(chosen, **order), now=NOW)


def outcomes(found: Plan) -> list[str]:
    return [one.outcome.value for one in found.lines]


def said(found: Plan) -> list[tuple[int, str, str, str]]:
    return [(one.line, one.column, one.value, one.problem) for one in found.problems]


FULL = (
    "Code;Type;Nom;Places;Places prises;En attente;Sexe;Âge : minimum;Âge : maximum;Week-end;Compétences;Portes\n"
    'P1;poste de TIG;Espaces verts;4;1;;Hommes;18;30;oui;"jardin, bois";5h30-21h30, week-end fermé\n'
    "P2;TIG;Peinture;2;;;;;;;;\n"
)


def test_lines_create_places_and_the_same_file_twice_changes_nothing(
    session: Session, world: World, kind: Kind
) -> None:
    first = done(session, world, FULL)
    again = done(session, world, FULL)
    changed = done(session, world, FULL.replace("Espaces verts;4", "Espaces verts;6"))

    assert (outcomes(first), outcomes(again)) == (["created", "created"], ["same", "same"])
    assert outcomes(changed) == ["changed", "same"]
    assert [(one.column, one.before, one.after) for one in changed.lines[0].changes] == [("Places", "4", "6")]
    session.expire_all()
    place = session.exec(select(Resource).where(Resource.code == "P1")).one()
    assert (place.name, place.capacity, place.declared_load, place.declared_on) == ("Espaces verts", 6, 1, TODAY)
    assert place.site_id == world.site.id
    assert place.attributes == {
        "sex": "M",
        "min_age": 18,
        "max_age": 30,
        "weekend": True,
        "skills": ["jardin", "bois"],
        "doors": {"opens": "05:30", "closes": "21:30", "weekend": None},
    }


def test_what_is_exported_imports_back_to_no_change_in_both_forms(session: Session, world: World, kind: Kind) -> None:
    done(session, world, FULL)
    section = make_resource(session, world.site, make_kind(session, Shape.NIGHTS, label="lit"), name="=A+B")
    make_beds(session, section, "A-1", "B, 2", 'C "3"')
    make_beds(session, section, "D;4", is_active=False)
    headings, rows = exported(session, world.host)

    for data in (written_csv(headings, rows), written_xlsx("Places", headings, rows)):
        assert b"\n=A+B" not in data
        assert outcomes(done(session, world, data)) == ["same"] * 3
    assert len(rows) == 3


def test_beds_are_created_put_out_of_service_and_back(session: Session, world: World, kind: Kind) -> None:
    lits = make_kind(session, Shape.NIGHTS, label="lit de semi-liberté")
    session.add(KindRight(kind_id=lits.id, role=Role.PARTNER))
    head = "Code;Type;Nom;Lits;Lits hors service\n"
    done(session, world, head + 'S;lit de semi-liberté;Section A;"A1, A2";\n')
    done(session, world, head + "S;lit de semi-liberté;;A3;A1\n")

    section = session.exec(select(Resource).where(Resource.code == "S")).one()
    beds = session.exec(select(Unit.name, Unit.is_active).where(Unit.resource_id == section.id).order_by(Unit.name))
    assert list(beds) == [("A1", False), ("A2", True), ("A3", True)]
    assert section.name == "Section A"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (";tig;x;1", ("Code", "", "required")),
        ("P1;;x;1", ("Type", "", "required")),
        ("P1;fusée;x;1", ("Type", "fusée", "unknown-kind")),
        ("P1;tig;;1", ("Nom", "", "required")),
        ("P1;tig;x;deux", ("Places", "deux", "not-a-whole-number")),
        ("P1;tig;x;10001", ("Places", "10001", "out-of-range")),
        ("P1;tig;x;1;trop", ("", "P1 | tig | x | 1 | trop", "too-many-values")),
    ],
)
def test_a_line_that_cannot_be_says_its_column_and_its_value(
    session: Session, world: World, kind: Kind, line: str, problem: tuple[str, str, str]
) -> None:
    found = read(session, world, f"{HEAD}\nOK;tig;bon;1\n{line}\n")

    assert outcomes(found) == ["created"]
    assert said(found) == [(3, *problem)]


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("Sexe=Martiens", "unknown-choice"),
        ("Week-end=peut-être", "not-a-flag"),
        ("Âge : minimum=12", "out-of-range"),
        ("Portes=toujours", "not-hours"),
        ("Lits=A1", "not-for-this-kind-of-place"),
        ("Lieu (code)=ailleurs", "unknown-site"),
    ],
)
def test_a_value_that_its_kind_does_not_take_is_named(
    session: Session, world: World, kind: Kind, cell: str, problem: str
) -> None:
    heading, value = cell.split("=")
    found = read(session, world, f"Code;Type;Nom;{heading}\nP1;tig;x;{value}\n")

    assert said(found) == [(2, heading, value, problem)]


def test_everything_wrong_in_a_line_is_said_at_once_and_a_code_is_read_once(
    session: Session, world: World, kind: Kind
) -> None:
    found = read(session, world, f"{HEAD};Sexe\nP1;tig;x;-1;Martiens\nP2;tig;x;1;\nP2;tig;y;1;\n")

    assert said(found) == [
        (2, "Places", "-1", "not-a-whole-number"),
        (2, "Sexe", "Martiens", "unknown-choice"),
        (4, "Code", "P2", "code-twice"),
    ]
    assert found.problems[2].facts == {"line": 3}


def test_all_or_none_writes_nothing_and_the_good_lines_alone_when_asked(
    session: Session, world: World, kind: Kind
) -> None:
    text = f"{HEAD}\nP1;tig;x;1\nP2;tig;;1\n"
    with pytest.raises(LinesRefused) as refusal:
        done(session, world, text)
    assert refusal.value.plan.refused == 1
    assert session.exec(select(Resource)).all() == []

    found = done(session, world, text, all_or_none=False)

    assert (found.of(Outcome.CREATED), found.refused) == (1, 1)
    assert [one.code for one in session.exec(select(Resource))] == ["P1"]


def test_nobody_imports_over_what_another_runs(session: Session, world: World, kind: Kind) -> None:
    other = make_site(session, world.here, code="voisin")
    theirs = make_resource(session, other, kind, code="P9", name="À eux")

    found = read(session, world, f"{HEAD};Lieu (code)\nP9;tig;à moi;1;\nP1;tig;x;1;voisin\n")

    assert [(one.column, one.problem) for one in found.problems] == [
        ("Code", "code-elsewhere"),
        ("Lieu (code)", "site-elsewhere"),
    ]
    assert theirs.name == "À eux"


def test_an_administrator_creates_organisations_and_places_on_the_map_within_their_territory(
    session: Session, world: World, kind: Kind
) -> None:
    admin = make_actor(Role.ADMINISTRATOR, world.here)
    text = (
        "Code;Type;Nom;Organisme (code);Organisme;Lieu (code);Lieu;Adresse;Code postal;Commune\n"
        "P1;tig;Espaces verts;mairie-dijon;Mairie de Dijon;dijon;Mairie;1 place;21000;Dijon\n"
        "P2;tig;Peinture;mairie-dijon;;dijon;Mairie;;21000;Dijon\n"
        "P3;tig;Rien;x;;nulle;Part;;;Atlantide-sur-Mer\n"
    )
    sheet = read_sheet(text.encode())
    chosen = proposed(sheet.headings, known_to(session, admin).fields, {})

    found = import_places(session, admin, sheet, Order(chosen, all_or_none=False), now=NOW)

    site = session.exec(select(Site).where(Site.code == "dijon")).one()
    assert (site.commune, site.territory_id, site.lat is None) == ("Dijon", world.here.id, False)
    places = session.exec(select(Resource).where(Resource.site_id == site.id).order_by(Resource.code)).all()
    assert [(one.code, one.declared_on) for one in places] == [("P1", None), ("P2", None)]
    assert said(found) == [(4, "Commune", "Atlantide-sur-Mer", "unknown-commune")]


def test_a_new_place_on_the_map_is_where_a_right_reaches_its_kind(session: Session, world: World, kind: Kind) -> None:
    other = make_kind(session, Shape.PLACES, code="chrs", label="CHRS", reserved_by=[Role.ADMINISTRATOR])
    rights = (
        Right(Role.ADMINISTRATOR, frozenset({world.here.id}), kind.id),
        Right(Role.ADMINISTRATOR, frozenset({world.elsewhere.id}), other.id),
    )
    admin = Actor(uuid4(), "Administratrice", rights, world.here.id)
    text = (
        "Code;Type;Nom;Organisme (code);Lieu (code);Lieu;Code postal;Commune\n"
        "P1;tig;Espaces verts;mairie;dijon;Mairie;21000;Dijon\n"
        "P2;chrs;Foyer;mairie;dijon;Mairie;21000;Dijon\n"
    )
    sheet = read_sheet(text.encode())

    found = plan(session, admin, sheet, proposed(sheet.headings, known_to(session, admin).fields, {}))

    assert [one.wanted.code for one in found.lines] == ["P1"]
    assert said(found) == [(3, "Lieu (code)", "dijon", "unknown-site")]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=12),
            st.integers(0, 10_000),
            st.sampled_from(["", "Hommes", "femmes", "ANY"]),
            st.lists(st.text(st.characters(categories=("L", "P")), min_size=1, max_size=8), max_size=3),
        ),
        max_size=4,
        unique_by=lambda row: as_typed(row[0]),
    )
)
def test_whatever_is_imported_is_exported_and_imports_back_to_no_change(
    session: Session, world: World, kind: Kind, rows: list[tuple[str, int, str, list[str]]]
) -> None:
    with session.begin_nested() as savepoint:
        lines = [[name, "tig", name, str(places), sex, ", ".join(skills)] for name, places, sex, skills in rows]
        head = ["Code", "Type", "Nom", "Places", "Sexe", "Compétences"]
        data = written_csv(head, [["_", "tig", "_", "1", "", ""], *lines])
        done(session, world, data, all_or_none=False)
        headings, back = exported(session, world.host)
        again = done(session, world, written_xlsx("Places", headings, back))
        savepoint.rollback()

    assert set(outcomes(again)) == {"same"}


def test_thousands_of_lines_are_written_in_one_go_with_signs_of_progress(
    session: Session, world: World, kind: Kind
) -> None:
    lines = "".join(f"P{number};tig;Poste {number};{number % 9 + 1};Hommes;18\n" for number in range(2_500))
    signs: list[int] = []
    sheet = read_sheet((f"{HEAD};Sexe;Âge : minimum\n{lines}").encode())
    chosen = proposed(sheet.headings, known_to(session, world.host).fields, {})

    found = import_places(
        session, world.host, sheet, Order(chosen), now=NOW, progress=lambda done, _: signs.append(done)
    )

    assert found.of(Outcome.CREATED) == 2_500
    assert signs[:3] == [0, 500, 1000]
