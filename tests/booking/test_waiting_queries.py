"""Who waits, as those who asked read it, and as hosts count it: each sees their own, hosts see nobody."""

from __future__ import annotations

from dataclasses import fields
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session

from availability.errors import NotFound
from booking import events
from booking.pages.waiting_history import said
from booking.waiting import decline
from booking.waiting_follow import follow_list
from booking.waiting_history import waiting_history
from booking.waiting_queries import Awaiting, awaiting, entries_for, open_offers
from tests.booking.queue import SOURCE, Accounts, clock, waits
from tests.booking.town import make_town
from tests.factories import NOW, in_days, in_minutes, make_host, make_organisation, make_site


def test_each_reads_their_own_in_order_and_a_host_counts_who_waits_for_its_places(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_subscribers", [follow_list])
    town = make_town(session)
    first = waits(session, town, "26/001")
    waits(session, town, "26/002", now=in_minutes(1), deadline_on=in_days(9), deadline_source=SOURCE)
    waits(session, town, "26/003", now=in_minutes(2), near=(43.3, 5.4))  # around Marseille

    found, count = entries_for(session, town.officer, now=NOW)
    places = {one.case_ref: (one.place.rank, one.place.why.value) for one in found if one.place}
    assert places == {"26/001": (2, "date"), "26/002": (1, "deadline"), "26/003": (1, "date")}
    assert (count, [one.case_ref for one in found]) == (3, ["26/002", "26/001", "26/003"])
    assert entries_for(session, town.world.stranger, now=NOW) == ([], 0)

    hosted = awaiting(session, town.world.host)
    assert [(one.place.rank, one.deadline_on) for one in hosted] == [(1, in_days(9)), (2, None)]
    assert not {"case_ref", "person_id", "initials", "id"} & {each.name for each in fields(Awaiting)}
    other = make_organisation(session)
    make_site(session, town.world.here, other)
    assert awaiting(session, make_host(other.id, town.world.here)) == []

    assert clock(session, Accounts().add(town.officer), NOW, moved=(town.section.id,)) == 2
    assert open_offers(session, town.officer, now=NOW) == 2
    assert open_offers(session, town.world.stranger, now=NOW) == 0
    offered = next(one for one in entries_for(session, town.officer, now=NOW)[0] if one.id == first.id)
    assert offered.offer is not None
    assert (offered.offer.first_on, offered.offer.until_on) == (in_days(3), in_days(6))

    decline(session, town.officer, offered.offer.id, reason="too-far", now=in_minutes(3))
    entry, steps = waiting_history(session, town.officer, first.id, now=in_minutes(4))
    told = [said(step, entry, ZoneInfo("Europe/Paris")) for step in steps]
    assert told[0] == "Vous avez mis en attente."
    assert told[1].startswith("Proposée")
    assert told[2].startswith("La place est laissée au suivant")
    assert told[2].endswith("c’est trop loin.")
    with pytest.raises(NotFound):
        waiting_history(session, town.world.stranger, first.id, now=NOW)
