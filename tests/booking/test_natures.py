"""The tree of natures of cases: what ships, what is imported and set aside, who may, and what takes it back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlmodel import Session, col, select

from availability.errors import InvalidRequest, NotAllowed
from availability.models import Territory, TerritoryLevel
from availability.rights import Role
from booking.hearing_templates import write_template
from booking.natures import above, import_natures, natures, read_natures, restore_natures, shipped
from tests.booking.court import make_court
from tests.booking.test_hearing_templates import spec_of
from tests.factories import NOW, in_days, make_actor, make_territory

LIST = """Libellé;Code NAC
Droit de la famille;2
Divorce;20
Divorce, autre nom;20j
;20K
Sans famille;51A
Code illisible;J20
Deux fois;20
""".encode("cp1252")


def test_the_tree_that_ships_is_one_and_a_list_is_read_with_its_bad_lines_told() -> None:
    assert all(above(shipped(), code) == code[:-1] for code in shipped() if len(code) > 1)
    assert above(shipped(), "2AB") == "2A", "the codes of a full list go under those that ship"

    read = read_natures(LIST)

    assert read.natures == {"2": "Droit de la famille", "20": "Divorce", "20J": "Divorce, autre nom"}
    assert [(one.number, one.why) for one in read.bad] == [
        (5, "required"),
        (6, "without-parent"),
        (7, "unreadable"),
        (8, "twice"),
    ]
    with pytest.raises(InvalidRequest, match="no-column"):
        read_natures(b"Numero;Libelle\n2;Famille\n")


def test_an_import_is_the_tree_of_quotas_until_it_is_taken_back(session: Session) -> None:
    court = make_court(session)
    country = session.exec(select(Territory).where(col(Territory.level) == TerritoryLevel.COUNTRY)).first()
    national = make_actor(Role.ADMINISTRATOR, country or make_territory(session, level=TerritoryLevel.COUNTRY))
    before = natures(session)

    done = import_natures(session, national, read_natures(LIST).natures, now=NOW)

    assert (done.added, done.renamed) == ((), ("20J",))
    assert "51" in done.retired
    assert list(natures(session)) == ["2", "20", "20J"]
    with pytest.raises(InvalidRequest, match="unknown-nature"):
        write_template(session, court.clerk, spec_of(court, quotas={"51": 2}), from_on=in_days(1), now=NOW)
    write_template(session, court.clerk, spec_of(court, quotas={"20J": 2}), from_on=in_days(1), now=NOW)
    again = import_natures(session, national, {"2": "Famille"}, now=NOW)
    restore_natures(session, national, again.before, now=NOW)
    assert list(natures(session)) == ["2", "20", "20J"]
    restore_natures(session, national, done.before, now=NOW)
    assert natures(session) == before == dict(sorted(shipped().items()))
    with pytest.raises(NotAllowed):
        import_natures(session, replace(court.clerk), {"2": "Famille"}, now=NOW)
