"""E-mails to hosts: which an act causes, what they say, to whom, and what keeps one from leaving."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session

from availability.claims import PlaceClaim
from availability.errors import InvalidRequest, NotFound
from availability.models import Resource, Shape
from availability.rights import Actor, Right, Role
from availability.sealing import House
from booking import events
from booking.actions import Beneficiary, accept, cancel, confirm, hold, lapse, refuse, undo_cancel
from booking.filters import Filters, hours_of_work
from booking.host_requests import (
    LINKS,
    HostLinkOver,
    confirm_with_work,
    host_bearer,
    move_mailbox,
    tell_hosts,
    undo_answer,
)
from booking.hosting_models import MailState
from booking.links import LinkName, read_token
from booking.mail import UNDO, warn_at
from booking.mail_delivery import ClaimedMails, MailOutcome, claim_due, flag_stale, settle
from booking.mail_outbox import MailOver, MailPart, mails, read_mail, retry_mail
from booking.mailbox import Why, is_address, mailboxes
from booking.models import Booking, Person, State
from booking.pages.mail_words import one_line, write
from booking.proposals import OtherDates, accept_proposal, decline_proposal, propose, withdraw_proposal
from booking.sealing import new_key
from booking.smtp import message_of, server_from
from portal.identity import Account, AccountRight
from tests.conftest import Database
from tests.factories import (
    NOW,
    World,
    in_days,
    make_actor,
    make_host,
    make_kind,
    make_resource,
    make_site,
    make_world,
)
from tests.races import act, at_once

HOUSE = House(b"a secret of the tests, long enough")
ORIGIN = "https://placejuste.example"
HOST_ADDRESS = "accueil@fictif.example"
LEASE = timedelta(seconds=60)
DUE = NOW + UNDO
DELAY = timedelta(days=9)
WARNED = NOW + timedelta(days=6)


@pytest.fixture(autouse=True)
def followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have requests followed, as in the application."""
    monkeypatch.setattr(events, "_subscribers", [])
    events.subscribe(tell_hosts)


def post(session: Session, world: World, **columns: Any) -> Resource:
    world.site.email = HOST_ADDRESS
    session.flush()
    kind = make_kind(session, Shape.PLACES, **{"host_accepts": True, "request_days": 9} | columns)
    return make_resource(session, world.site, kind, capacity=20)


def asked(session: Session, world: World, place: Resource | None = None, **whom: Any) -> Booking:
    """Return a request on a post, for the days from the tenth to the twentieth."""
    place = place or post(session, world)
    claim = PlaceClaim(resource_id=place.id, first=in_days(10), until=in_days(20))
    beneficiary = Beneficiary(**whom or {"case_ref": "RG 26/00001"})
    held = hold(session, world.officer, claim, now=NOW, beneficiary=beneficiary)
    return confirm(session, world.officer, held.id, now=NOW)


def person(session: Session, world: World) -> Person:
    one = Person(
        territory_id=world.here.id,
        family_name="Fictive",
        given_name="Ada",
        birth_on=date(1990, 5, 1),
        sex="F",
        created_at=NOW,
    )
    session.add(one)
    session.flush()
    return one


def planned(session: Session, booking: Booking) -> dict[str, datetime]:
    """Return when each e-mail that waits is due, by its kind."""
    rows = session.execute(
        text("SELECT kind, due_at FROM host_mail WHERE booking_id = :id AND state = 'planned'"), {"id": booking.id}
    )
    return {row.kind: row.due_at for row in rows}


def claim(session: Session, *, now: datetime = DUE, provider: str = "smtp", limit: int = 50) -> ClaimedMails:
    return claim_due(
        session, house=HOUSE, origin=ORIGIN, write=write, now=now, lease=LEASE, provider=provider, limit=limit
    )


def left(session: Session, *, now: datetime = DUE) -> list[tuple[str, str]]:
    """Return the subject and the text of what leaves now, once it is written down that it left."""
    claimed = claim(session, now=now).outgoing
    settle(session, [MailOutcome(mail=one, state=MailState.SENT, sent_at=now) for one in claimed])
    return [(one.written.subject, one.written.body) for one in claimed]


def states(session: Session, booking: Booking) -> dict[str, tuple[str, str]]:
    rows = session.execute(
        text("SELECT kind, state, failure FROM host_mail WHERE booking_id = :id ORDER BY created_at"),
        {"id": booking.id},
    )
    return {row.kind: (row.state, row.failure) for row in rows}


# Which, and when


def test_a_request_is_told_after_half_a_minute_and_silence_is_warned_before_it_lapses(
    session: Session, world: World
) -> None:
    booking = asked(session, world)

    assert planned(session, booking) == {"request": DUE, "warning": WARNED}
    assert claim(session, now=DUE - timedelta(seconds=1)).seen == 0
    assert [subject for subject, _ in left(session)] == [
        "Demande à examiner avant le mer. 11 mars à 10 h : " + kind_label(session, booking)
    ]
    assert [subject[:24] for subject, _ in left(session, now=WARNED)] == ["Rappel : répondre avant "]
    lapse(session, booking.id, now=NOW + DELAY)
    assert [subject[:27] for subject, _ in left(session, now=NOW + DELAY + UNDO)] == ["Demande restée sans réponse"]


def kind_label(session: Session, booking: Booking) -> str:
    return str(session.execute(text("SELECT label FROM kind WHERE id = :id"), {"id": booking.kind_id}).scalar_one())


@pytest.mark.parametrize(
    ("days", "before"), [(30, timedelta(days=3)), (9, timedelta(days=3)), (4.5, timedelta(days=1.5)), (2, timedelta(1))]
)
def test_the_warning_comes_when_a_third_of_the_delay_remains_one_day_to_three(days: float, before: timedelta) -> None:
    assert warn_at(NOW, NOW + timedelta(days=days)) == NOW + timedelta(days=days) - before


@pytest.mark.parametrize("answer", ["accept", "refuse"])
def test_nothing_of_a_request_leaves_after_its_answer(session: Session, world: World, answer: str) -> None:
    booking = asked(session, world)
    if answer == "accept":
        accept(session, world.host, booking.id, now=NOW)
    else:
        refuse(session, world.host, booking.id, reason="full", now=NOW)

    assert planned(session, booking) == {}
    undo_answer(session, world.host, booking.id, now=NOW)
    assert planned(session, booking) == {"request": DUE, "warning": WARNED}


def test_what_is_no_longer_so_as_it_leaves_does_not_leave_even_if_nobody_took_it_back(
    session: Session, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking = asked(session, world)
    monkeypatch.setattr(events, "_subscribers", [])  # whoever answers is not followed
    accept(session, world.host, booking.id, now=NOW)

    assert left(session) == []
    assert states(session, booking)["request"] == ("cancelled", "untrue")


def test_a_warning_late_by_an_outage_leaves_while_there_is_an_hour_to_answer(session: Session, world: World) -> None:
    first, second = asked(session, world), asked(session, world)
    left(session)

    in_time, too_late = NOW + DELAY - timedelta(hours=1, seconds=1), NOW + DELAY - timedelta(hours=1)
    assert len(claim(session, now=in_time, limit=1).outgoing) == 1
    assert left(session, now=too_late) == []
    warnings = {states(session, one)["warning"] for one in (first, second)}
    assert warnings == {("sending", ""), ("outdated", "too-late")}


def test_whoever_gives_up_tells_a_host_that_was_told_and_not_before_it_can_be_undone(
    session: Session, world: World
) -> None:
    untold, told = asked(session, world), asked(session, world)
    cancel(session, world.officer, untold.id, now=NOW)
    left(session)
    cancel(session, world.officer, told.id, now=DUE)

    assert planned(session, untold) == {}
    assert planned(session, told) == {"given-up": DUE + timedelta(minutes=10)}
    undo_cancel(session, world.officer, told.id, now=DUE)
    assert set(planned(session, told)) == {"warning"}  # what was asked is known already


def test_what_becomes_of_dates_proposed_is_told_and_an_open_proposal_keeps_the_warning(
    session: Session, world: World
) -> None:
    booking = asked(session, world)
    left(session)
    dates = OtherDates(first=in_days(12), until=in_days(22))
    made = propose(session, world.host, booking.id, dates, now=DUE)
    assert left(session, now=WARNED) == []  # it is not for the host to answer

    decline_proposal(session, world.officer, booking.id, made.id, now=WARNED)
    assert {subject[:27] for subject, _ in left(session, now=WARNED + UNDO)} == {
        "Vos dates ne conviennent pa",
        "Rappel : répondre avant le ",
    }
    again = propose(session, world.host, booking.id, dates, now=WARNED)
    accept_proposal(session, world.officer, booking.id, again.id, now=WARNED)
    (subject, body), *others = left(session, now=WARNED + UNDO)
    assert subject.startswith("Vos dates sont acceptées")
    assert "Du sam. 14 mars 2026 au lun. 23 mars 2026 (10 jours)" in body
    assert others == []


def test_a_proposal_taken_back_has_the_host_warned_again(session: Session, world: World) -> None:
    booking = asked(session, world)
    left(session)
    propose(session, world.host, booking.id, OtherDates(first=in_days(12)), now=DUE)
    left(session, now=WARNED)
    withdraw_proposal(session, world.host, booking.id, now=WARNED)

    assert planned(session, booking) == {"warning": WARNED + UNDO}


# What they say


def test_an_e_mail_says_what_is_needed_to_decide_and_nothing_more(session: Session, world: World) -> None:
    searched = {"sex": {"label": "Sexe", "type": "choice"}, "age": {"label": "Âge", "type": "range"}}
    place = post(session, world, searchable=searched)
    world.site.address, world.site.postcode, world.site.commune = "1 rue Fictive", "69001", "Lyon"
    make_site(session, world.here, code=world.here.code, phone="+33639980001")  # the court that asks
    somebody = person(session, world)
    asked(session, world, place, person_id=somebody.id)

    ((subject, body),) = left(session)

    assert "A.F., né(e) en 1990, femme, 35 à 39 ans" in body
    assert "Du jeu. 12 mars 2026 au sam. 21 mars 2026 (10 jours)" in body
    assert "1 rue Fictive, 69001 Lyon" in body
    assert f"{world.here.name}, 06 39 98 00 01" in body
    assert "avant le mer. 11 mars à 10 h, dans 9 jours" in body
    assert f"{ORIGIN}/d/" in body
    assert "Fictive" not in body.replace("1 rue Fictive", "").replace("Association", "")
    assert "Ada" not in subject + body
    assert "RG" not in subject


def test_nothing_is_said_of_a_person_that_the_kind_is_not_searched_on(session: Session, world: World) -> None:
    asked(session, world, person_id=person(session, world).id)

    ((_, body),) = left(session)

    assert "A.F., né(e) en 1990\n" in body


@pytest.mark.parametrize("has_doors", [True, False])
def test_hours_of_work_are_told_to_a_host_whose_doors_have_hours(
    session: Session, world: World, has_doors: bool
) -> None:
    searched = {"doors": {"label": "Portes", "type": "hours"}} if has_doors else {}
    place = post(session, world, searchable=searched)
    claimed = PlaceClaim(resource_id=place.id, first=in_days(10), until=in_days(20))
    held = hold(session, world.officer, claimed, now=NOW)
    work = hours_of_work(Filters(debut="8:00", fin="16h30", jours="125"))
    whom = Beneficiary(person_id=person(session, world).id)
    confirm_with_work(session, world.officer, held.id, now=NOW, beneficiary=whom, work=work)
    session.flush()

    ((_, body),) = left(session)

    said = "A.F., né(e) en 1990, travaille de 8 h à 16 h 30, lun. mar. ven." in body
    assert said is has_doors
    assert hours_of_work(Filters(debut="8:00")) is None


NASTY = "Le Pont\r\nBcc: tous@fictif.example\r\n\r\nCliquez ici\u2028\u202e"


def test_a_name_with_line_breaks_makes_no_line_and_no_header(session: Session, world: World) -> None:
    place = post(session, world, label=NASTY)
    place.name = NASTY
    session.flush()
    asked(session, world, place)

    ((subject, body),) = left(session)
    sent = message_of(
        UUID(int=7), sender="pj@fictif.example", recipient=HOST_ADDRESS, subject=subject, body=body, at=NOW
    )

    assert "Bcc" not in sent
    assert set(sent.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language", "Content-Type",
        "Content-Transfer-Encoding", "MIME-Version",
    }  # fmt: skip
    assert [line for line in body.splitlines() if line.startswith(("Bcc", "Cliquez"))] == []
    assert one_line(NASTY) == "Le Pont  Bcc: tous@fictif.example    Cliquez ici  "


def test_a_header_with_a_line_break_is_refused_by_construction() -> None:
    usual = {"sender": "pj@fictif.example", "recipient": HOST_ADDRESS, "subject": "Objet", "body": "Texte", "at": NOW}

    for name, value in {"subject": "Objet\r\nBcc: x@y.fr", "recipient": "a@b.fr\nBcc: x@y.fr"}.items():
        with pytest.raises(ValueError, match=r".+"):
            message_of(UUID(int=7), **usual | {name: value})  # type: ignore[arg-type]


# To whom


def test_the_address_given_goes_before_the_one_known_and_accounts_come_last(session: Session, world: World) -> None:
    booking = asked(session, world, post(session, world))
    world.site.email = ""
    for login in ("alix@fictif.example", "alix.specimen"):
        account = Account(login=login, name="Alix Fictif", organisation_id=world.site.organisation_id)
        session.add(account)
        session.flush()
        session.add(AccountRight(account_id=account.id, role=Role.PARTNER, territory_id=world.here.id))
    session.flush()
    by_account = asked(session, world, session.get_one(Resource, booking.resource_id))
    move_mailbox(session, world.host, world.site.id, "ailleurs@fictif.example", now=NOW)

    assert recipients_of(session, by_account) == {
        ("alix@fictif.example", "cancelled"),
        ("ailleurs@fictif.example", "planned"),
    }
    assert [(one.address, one.why) for one in mailboxes(session, world.host)] == [
        ("ailleurs@fictif.example", Why.GIVEN)
    ]


def recipients_of(session: Session, booking: Booking) -> set[tuple[str, str]]:
    rows = session.execute(
        text("SELECT recipient, state FROM host_mail WHERE booking_id = :id AND kind = 'request'"), {"id": booking.id}
    )
    return {(row.recipient, row.state) for row in rows}


def test_another_address_revokes_the_links_of_what_waits_and_is_told_it(session: Session, world: World) -> None:
    booking = asked(session, world)
    ((_, body),) = left(session)
    old = name_in(body)
    assert host_bearer(session, old, now=DUE).booking_id == booking.id

    assert move_mailbox(session, world.host, world.site.id, "ailleurs@fictif.example", now=DUE) == 1

    with pytest.raises(HostLinkOver):
        host_bearer(session, old, now=DUE)
    ((_, body),) = left(session, now=DUE + UNDO)
    assert host_bearer(session, name_in(body), now=DUE).booking_id == booking.id


def name_in(body: str) -> LinkName:
    """Return which link an e-mail has."""
    token = body.partition("/d/")[2].split()[0]
    name = read_token(HOUSE.derived(LINKS), token)
    assert name is not None
    return name


def test_a_wrong_address_is_refused_and_nobody_else_corrects_it(session: Session, world: World) -> None:
    post(session, world)
    for wrong in ("accueil", "a@b", "a@b.fr, c@d.fr", "a@b.fr\r\nBcc: c@d.fr", "é@b.fr", f"{'a' * 65}@b.fr"):
        with pytest.raises(InvalidRequest):
            move_mailbox(session, world.host, world.site.id, wrong, now=NOW)
    with pytest.raises(NotFound):
        move_mailbox(session, world.officer, world.site.id, HOST_ADDRESS, now=NOW)
    assert is_address("ne-pas.repondre+1@sous.fictif.example")


def test_who_answers_for_one_kind_of_several_does_not_move_the_address_of_all(session: Session, world: World) -> None:
    asked = post(session, world)
    other = make_kind(session, Shape.PLACES, host_accepts=True)
    make_resource(session, world.site, other)
    kinds = [session.get_one(Resource, asked.id).kind_id, other.id]
    reached, organisation_id = frozenset({world.here.id}), world.site.organisation_id
    rights = [Right(Role.PARTNER, reached, kind_id, organisation_id) for kind_id in kinds]
    one, both = (replace(world.host, rights=tuple(held)) for held in (rights[:1], rights))

    with pytest.raises(NotFound):
        move_mailbox(session, one, world.site.id, HOST_ADDRESS, now=NOW)
    move_mailbox(session, both, world.site.id, HOST_ADDRESS, now=NOW)


def test_a_site_that_nobody_answers_for_is_seen_by_whoever_looks(session: Session, world: World) -> None:
    place = post(session, world)
    world.site.email = ""
    session.flush()
    booking = asked(session, world, place)

    assert states(session, booking) == {"request": ("failed", "no-address"), "warning": ("failed", "no-address")}


# Once


def test_what_is_not_settled_is_flagged_after_its_lease_and_never_sent_again(session: Session, world: World) -> None:
    booking = asked(session, world)
    (mail,) = claim(session).outgoing

    assert flag_stale(session, now=DUE + LEASE - timedelta(seconds=1)) == 0
    assert flag_stale(session, now=DUE + LEASE) == 1
    assert settle(session, [MailOutcome(mail=mail, state=MailState.SENT, sent_at=DUE)]) == 0  # too late to say
    assert states(session, booking)["request"] == ("flagged", "unknown")
    assert claim(session, now=DUE + LEASE).outgoing == []


def test_two_who_claim_at_once_never_share_an_e_mail(database: Database) -> None:
    def fill(session: Session) -> None:
        world = make_world(session)
        place = post(session, world)
        for _ in range(12):
            asked(session, world, place)

    act(database.engine, fill)

    def claimed() -> list[UUID]:
        with Session(database.engine) as session, session.begin():
            return [one.id for one in claim(session, limit=4).outgoing]

    taken = [number for answer in at_once([claimed] * 6) if isinstance(answer, list) for number in answer]

    assert len(taken) == len(set(taken)) == 12


def test_on_the_screen_what_is_due_is_sent_as_it_would_be_received(session: Session, world: World) -> None:
    booking = asked(session, world)

    assert claim(session, provider="screen").outgoing == []

    assert states(session, booking)["request"] == ("sent", "")
    row = session.execute(text("SELECT provider, body_sealed FROM host_mail WHERE state = 'sent'")).one()
    assert row.provider == "screen"
    assert b"RG" not in row.body_sealed


# The outbox


def test_the_outbox_shows_administrators_their_territory_and_partners_theirs_in_the_demonstration(
    session: Session, world: World
) -> None:
    asked(session, world)
    claim(session, provider="screen")
    here, elsewhere = (make_actor(Role.ADMINISTRATOR, one) for one in (world.here, world.elsewhere))

    def seen(actor: Actor, *, with_hosts: bool = False, part: MailPart = MailPart.ALL) -> list[str]:
        return [one.state for one in mails(session, actor, part, with_hosts=with_hosts)]

    assert seen(here) == ["sent", "planned"]
    assert seen(here, part=MailPart.WAITING) == ["planned"]
    assert seen(here, part=MailPart.TO_HANDLE) == []
    assert seen(elsewhere) == seen(world.officer) == seen(world.host) == []
    assert seen(world.host, with_hosts=True) == ["sent", "planned"]
    assert seen(make_host(make_site(session, world.here).organisation_id, world.here), with_hosts=True) == []


@pytest.mark.parametrize(("provider", "is_shown"), [("screen", True), ("smtp", False)])
def test_a_text_is_read_as_it_left_logged_and_its_link_is_cut_once_a_server_took_it(
    session: Session, world: World, provider: str, is_shown: bool
) -> None:
    who = person(session, world)
    new_key(session, HOUSE, who.id)
    asked(session, world, person_id=who.id)
    claimed = claim(session, provider=provider)
    settle(session, [MailOutcome(mail=one, state=MailState.SENT, sent_at=DUE) for one in claimed.outgoing])
    admin = make_actor(Role.ADMINISTRATOR, world.here)
    number = mails(session, admin, MailPart.SENT, with_hosts=False)[0].id

    def read() -> str:
        return read_mail(session, admin, number, house=HOUSE, with_hosts=False, now=DUE).body

    body = read()
    assert "A.F., né(e) en 1990" in body
    assert (re.search(r"/d/[\w-]{34}", body) is not None) is is_shown
    assert session.execute(text("SELECT count(*) FROM consultation WHERE subject = 'host-mail'")).scalar_one() == 1
    session.execute(text("DELETE FROM person_key"))
    session.expire_all()
    assert read() == ""  # erasing somebody erases what was said of them
    with pytest.raises(NotFound):
        read_mail(session, world.host, number, house=HOUSE, with_hosts=False, now=DUE)


def test_a_person_has_what_is_flagged_leave_again_and_nothing_else(session: Session, world: World) -> None:
    booking = asked(session, world)
    claim(session)
    flag_stale(session, now=DUE + LEASE)
    admin = make_actor(Role.ADMINISTRATOR, world.here)
    (flagged,) = mails(session, admin, MailPart.TO_HANDLE, with_hosts=False)

    retry_mail(session, admin, flagged.id, now=DUE + LEASE)

    assert len(claim(session, now=DUE + LEASE).outgoing) == 1
    with pytest.raises(MailOver):
        retry_mail(session, admin, flagged.id, now=DUE + LEASE)
    assert states(session, booking)["request"] == ("sending", "")


# The link


def test_a_link_lasts_a_week_after_the_end_of_the_delay_and_acts_as_the_service(session: Session, world: World) -> None:
    booking = asked(session, world)
    request = session.execute(text("SELECT id, link_id, link_version FROM host_request")).one()
    name = LinkName(request.link_id, request.link_version)

    bearer = host_bearer(session, name, now=NOW)
    accept(session, bearer.actor, bearer.booking_id, now=NOW)

    assert booking.state == State.BOOKED
    author = session.execute(
        text("SELECT actor_id FROM history WHERE act = 'booking-booked' AND subject_id = :id"), {"id": str(booking.id)}
    ).scalar_one()
    assert author == request.id
    assert host_bearer(session, name, now=NOW + DELAY + timedelta(days=7, seconds=-1))
    for wrong, now in (
        (name, NOW + DELAY + timedelta(days=7)),
        (LinkName(name.link_id, 2), NOW),
        (LinkName(5, 1), NOW),
    ):
        with pytest.raises(HostLinkOver):
            host_bearer(session, wrong, now=now)


def test_a_setting_names_a_server_and_its_secret_is_not_shown() -> None:
    server = server_from("smtp://compte%40fictif:se%2Fcret@mail.fictif.example", "pj@fictif.example")

    assert (server.host, server.port, server.is_tls) == ("mail.fictif.example", 587, False)
    assert (server.user, server.password) == ("compte@fictif", "se/cret")
    assert "cret" not in repr(server)
    assert server_from("smtps://mail.fictif.example", "pj@fictif.example").port == 465
    for wrong in ("http://x", "smtp://", "mail.fictif.example:25"):
        with pytest.raises(ValueError, match=r".+"):
            server_from(wrong, "pj@fictif.example")
