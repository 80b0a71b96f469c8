"""Files sent to be imported: whose they are, what bounds them, and what a hostile client obtains."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text
from sqlmodel import Session

from availability.errors import NotFound
from availability.importers.plans import CellProblem, Outcome, Plan, Planned, Stored
from availability.importers.sent import MOST_KEPT, forget_files, keep_file, remember, remembered, sent_file
from availability.importers.sheets import MOST_BYTES, read_sheet
from availability.rights import Role
from booking.pages import import_words as words
from portal.problems import FAILED
from tests.factories import World, in_minutes, make_actor, make_world
from tests.served import Served
from tests.socket_client import ROOT_STATE, RawClient, changed

STATE = f"{ROOT_STATE}booking___pages___import_state____import_state"
FILE = {"fichier": ("places.csv", b"Code;Nom\nP1;Peinture\n", "text/csv")}
COUNT = text("SELECT count(*) FROM sent_file")


@pytest.fixture
def world(session: Session) -> World:
    """Return a small world, gone at the end of the test."""
    return make_world(session)


def test_a_file_is_its_sender_s_only_the_last_ones_are_kept_and_not_for_long(session: Session, world: World) -> None:
    sent = [keep_file(session, world.host, f"{number}.csv\x00", b"x", now=in_minutes(number)) for number in range(7)]

    assert sent_file(session, world.host, sent[-1]).name == "6.csv"
    for actor, file_id in ((world.officer, sent[-1]), (world.host, sent[0]), (world.host, uuid4())):
        with pytest.raises(NotFound):
            sent_file(session, actor, file_id)
    assert session.execute(COUNT).scalar_one() == MOST_KEPT
    forget_files(session, before=in_minutes(6))
    assert session.execute(COUNT).scalar_one() == 1


def test_what_columns_are_is_remembered_of_each_person(session: Session, world: World) -> None:
    remember(session, world.host, ["Nb. PLACES", "Météo"], ["capacity", ""])
    remember(session, world.host, ["nb places"], ["load"])

    assert remembered(session, world.host) == {"nb places": "load", "meteo": ""}
    assert remembered(session, make_actor(Role.PARTNER, world.here)) == {}


# --- words ---


def planned(outcome: Outcome, line: int = 2) -> Planned:
    return Planned(line, outcome, Stored(id=1, code="P1", name="Peinture", kind_id=1, site_id=1), ())


def test_figures_agree_with_their_numbers() -> None:
    problems = (CellProblem(4, "Places", "deux", "not-a-whole-number"), CellProblem(4, "Nom", "", "required"))
    found = Plan(4, (planned(Outcome.CREATED), planned(Outcome.CREATED), planned(Outcome.SAME)), problems)

    assert [said.replace("\u00a0", " ") for said in words.figures(found)] == [
        "2 lignes à créer",
        "1 ligne inchangée",
        "1 ligne refusée",
    ]
    assert [said.replace("\u00a0", " ") for said in words.figures(found, is_done=True)] == [
        "2 lignes créées",
        "1 ligne inchangée",
        "1 ligne laissée de côté",
    ]
    assert words.button_words(found, all_or_none=True) == ""
    assert words.button_words(found, all_or_none=False) == "Importer 2\u00a0lignes"
    assert [row.outcome for row in words.line_rows(found.lines)] == ["à créer", "à créer", "inchangée"]


def test_a_problem_says_the_line_the_column_the_value_and_what_to_do() -> None:
    choices = ["Hommes", "Femmes"]
    said = words.problem_words(
        [
            CellProblem(4, "Sexe", "Martiens", "unknown-choice", {"choices": choices}),
            CellProblem(9, "Code", "P1", "code-twice", {"line": 2}),
            CellProblem(12, "", "a | b", "too-many-values"),
        ]
    )

    assert [line.replace("\u00a0", " ") for line in said] == [
        "Ligne 4, colonne « Sexe », « Martiens » : ce choix n’existe pas : écrivez l’un de « Hommes », « Femmes ».",
        "Ligne 9, colonne « Code », « P1 » : ce code est déjà celui de la ligne 2 : gardez l’une des deux.",
        "Ligne 12, « a | b » : la ligne a plus de cases que d’en-têtes : mettez entre guillemets celle qui a un "
        "séparateur.",
    ]


def test_columns_show_what_stands_in_them() -> None:
    sheet = read_sheet(b"Code;Nom;Vide\nP1;Peinture;\nP2;Peinture;\nP3;Bois;\n")

    assert [row.samples for row in words.column_rows(sheet, ("code", "name", ""))] == [
        "P1, P2, P3",
        "Peinture, Bois",
        "(vide)",
    ]


# --- over the wire ---


def where(answer: httpx.Response) -> str:
    return answer.headers["location"]


def test_a_file_in_bounds_is_kept_and_another_comes_back_with_why(served: Served) -> None:
    with served.client(Role.PARTNER) as client:
        kept = client.post("/importer/fichier", files=FILE)
        nothing = client.post("/importer/fichier", data={"a": "b"})
        torn = client.post(
            "/importer/fichier", content=b"--x\r\n", headers={"Content-Type": "multipart/form-data; boundary=x"}
        )
        huge = client.post("/importer/fichier", files={"fichier": ("x.csv", b"x" * (MOST_BYTES + 30_000))})
        exported = client.get("/importer/places.csv")
        book = client.get("/importer/places.xlsx")

    assert re.fullmatch(r"/importer/\?fichier=[0-9a-f-]{36}", where(kept))
    assert (where(nothing), where(huge)) == ("/importer/?refus=no-file", "/importer/?refus=too-large")
    assert where(torn).startswith("/importer/?refus=")
    assert read_sheet(exported.content).rows == read_sheet(book.content).rows
    assert exported.headers["content-disposition"] == 'attachment; filename="places.csv"'


def test_nobody_else_sends_a_file_nor_another_site_for_somebody(served: Served) -> None:
    with served.engine.connect() as connection:
        before = connection.execute(COUNT).scalar_one()
    with served.client(Role.PROBATION_OFFICER) as officer, served.client() as nobody:
        refused = officer.post("/importer/fichier", files=FILE)
        unknown = nobody.post("/importer/fichier", files=FILE)
        unread = officer.get("/importer/places.csv")
    with served.client(Role.PARTNER) as client:
        foreign = client.post("/importer/fichier", files=FILE, headers={"Origin": "https://ailleurs.example"})

    assert (refused.status_code, unread.status_code, foreign.status_code) == (403, 403, 403)
    assert where(unknown).startswith("/connexion/")
    with served.engine.connect() as connection:
        assert connection.execute(COUNT).scalar_one() == before


@pytest.mark.parametrize(
    ("role", "handler", "payload"),
    [
        (Role.PARTNER, "choose", {"number": "DROP", "field": "code"}),
        (Role.PARTNER, "choose", {"number": "1", "field": {"a": 1}}),
        (Role.PARTNER, "choose_kind", {"code": ["x"]}),
        (Role.PARTNER, "do", {}),
        (Role.PROBATION_OFFICER, "do", {}),
    ],
)
async def test_what_no_screen_sends_imports_nothing_and_fails_nowhere(
    served: Served, role: Role, handler: str, payload: dict[str, Any]
) -> None:
    path = f"/importer/?fichier={uuid4()}"
    async with RawClient(served.url, served.cookie_of(role)) as client:
        await client.hydrate(path)
        messages = await client.call(f"{STATE}.{handler}", payload, path=path)

    assert FAILED not in str(messages)
    assert changed(messages).get(STATE, {}).get("step") != "done"
