"""Quotas as administrators write them: read back, told in the history, undone; a row that is wrong says why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlmodel import Session

from availability.errors import InvalidRequest
from availability.kind_drafts import KindDraft, QuotaLine, problems_of
from availability.kinds import change_kind, create_kind, history_of, kind_written, named_like, names_of
from availability.models import QuotaPeriod, Shape, TerritoryLevel
from availability.pages.kind_words import changed_words
from availability.pages.quota_rows import QuotaRow, changed, read, rows_of
from availability.rights import Role
from tests.factories import NOW, make_actor, make_organisation, make_territory

DRAFT = KindDraft(label="Poste", label_plural="postes", layer="Postes", shape=Shape.PLACES)
WEEK, MONTH = QuotaPeriod.WEEK, QuotaPeriod.MONTH


def test_quotas_are_read_back_told_in_the_history_and_undone(session: Session) -> None:
    admin = make_actor(Role.ADMINISTRATOR, make_territory(session, level=TerritoryLevel.COUNTRY))
    court, service = make_territory(session, name="Ressort d’essai"), make_organisation(session)
    lines = (
        QuotaLine(per=WEEK, most=3),
        QuotaLine(per=WEEK, most=2, territory=court.code),
        QuotaLine(per=MONTH, most=0, organisation=service.code),
    )
    kind_id = create_kind(session, admin, DRAFT, now=NOW)
    seen = kind_written(session, admin, kind_id)
    done = change_kind(session, admin, kind_id, replace(seen, quotas=lines), seen=seen, now=NOW)
    written = kind_written(session, admin, kind_id)
    said = changed_words(history_of(session, admin, kind_id)[0].facts["changed"], {})
    change_kind(session, admin, kind_id, done.before, seen=written, now=NOW)

    assert set(written.quotas) == set(lines)
    assert names_of(session, written) == {court.code: court.name, service.code: service.name}
    assert said[0].startswith("Quotas")
    assert f"2 par semaine (ressort {court.code})" in said[0]
    assert kind_written(session, admin, kind_id).quotas == ()


def test_a_quota_of_nobody_or_twice_of_the_same_is_refused(session: Session) -> None:
    admin = make_actor(Role.ADMINISTRATOR, make_territory(session, level=TerritoryLevel.COUNTRY))
    one = QuotaLine(per=WEEK, most=1, organisation="PERSONNE")

    with pytest.raises(InvalidRequest) as refused:
        create_kind(session, admin, replace(DRAFT, quotas=(one,)), now=NOW)

    assert (refused.value.field, refused.value.problem) == ("quotas", "unknown-choice")
    assert [one.problem for one in problems_of(replace(DRAFT, quotas=(one, replace(one, most=2))))] == ["quota-twice"]
    assert [one.problem for one in problems_of(replace(DRAFT, quotas=(replace(one, most=-1),)))] == ["out-of-range"]


def test_a_service_is_named_as_it_is_called_and_the_nearest_are_told_otherwise(session: Session) -> None:
    territory = make_territory(session, name="Ressort de Ville-Fictive")
    rows = [
        QuotaRow(key="1", scope="territory", of=" ressort de ville-fictive ", most="1 000"),
        QuotaRow(key="2", scope="territory", of="Ville-Fictive", most="2"),
        QuotaRow(key="3", scope="organisation", of="", most="2"),
        QuotaRow(key="4", most="-1"),
        QuotaRow(key="5"),
    ]
    checked, lines = read(rows, lambda what, typed: named_like(session, what, typed))

    assert lines == (QuotaLine(per=WEEK, most=1000, territory=territory.code),)
    assert "proches : Ressort de Ville-Fictive" in checked[1].problem
    assert [bool(row.problem) for row in checked] == [False, True, True, True, True]
    assert [row.most for row in checked] == [row.most for row in rows]
    assert rows_of(replace(DRAFT, quotas=lines), {territory.code: territory.name})[0].of == territory.name


@pytest.mark.parametrize(
    ("name", "value"), [("scope", "tout"), ("per", "siècle"), ("key", "9"), ("most", 3), ([], "x")]
)
def test_what_no_control_sends_changes_nothing(name: str, value: object) -> None:
    row = QuotaRow(key="1", most="2")

    assert changed(row, name, value) == row
