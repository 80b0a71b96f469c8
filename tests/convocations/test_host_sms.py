"""SMS to hosts: which an act causes, when, what they say, and what keeps one from leaving."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlmodel import Session

from availability.claims import PlaceClaim
from availability.errors import InvalidRequest, NotAllowed, NotFound
from availability.models import Shape, TerritoryLevel
from availability.rights import Role
from availability.sealing import House
from booking import events, host_phones
from booking.actions import Beneficiary, accept, cancel, confirm, hold, refuse
from booking.host_phones import look_at_phone, note_wish, phones_of, resume_phone, set_phone
from booking.host_requests import LINKS, host_bearer, tell_hosts
from booking.links import read_token
from booking.mailbox import mailboxes_found
from booking.models import Booking
from booking.pages.booking_words import open_address
from booking.phones import AmbiguousNumber
from convocations.answering import Heard, Reply, answer
from convocations.costs import costs
from convocations.delivery import Outgoing, failed, sent, settle
from convocations.errors import TextRefused, TextTelling
from convocations.host_sms import UNDO_FREED, claim_all, draft, follow_request, sentence, stale_all
from convocations.kinds import Failure, HostText, MessageKind
from convocations.outbox import Part, count_to_handle, messages, read_message, retry_message
from convocations.outbox import Query as Outbox
from convocations.pages.calls_part import number_of
from convocations.pages.convocation_words import message_row
from convocations.pages.to_call import row_of
from convocations.planning import UNDO
from convocations.routes import Routes
from convocations.segments import Encoding, measure
from convocations.template_queries import Scope, broken, sample
from convocations.templates import put_in_use, save_draft
from convocations.texts import Problem, Wrong, filled
from convocations.timing import Whereabouts, may_leave
from convocations.to_call import Call, Callee, count_to_call, note_call, take_call_back, to_call, whom_to_call
from tests.conftest import Database
from tests.factories import NOW, World, in_days, make_actor, make_kind, make_resource, make_territory, make_world
from tests.races import act, at_once, wait_until_somebody_waits

HOUSE = House(b"a secret of the tests, long enough")
ORIGIN = "https://placejuste.example"
NUMBER, TYPED = "+33639981234", "06 39 98 12 34"
PARIS = ZoneInfo("Europe/Paris")
LEASE = timedelta(seconds=60)
DUE = NOW + UNDO
# A third of nine days before their end is a Sunday: the evening before.
WARNED = datetime.fromisoformat("2026-03-07T19:30:00+01:00")


@pytest.fixture
def world(session: Session) -> World:
    return make_world(session)


@pytest.fixture(autouse=True)
def followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have requests followed, as in the application."""
    monkeypatch.setattr(events, "_subscribers", [])
    events.subscribe(tell_hosts)
    events.subscribe(follow_request)


def asked(session: Session, world: World, *, typed: str = TYPED, now: datetime = NOW) -> Booking:
    """Return a request on a post, whose service receives SMS on the number typed."""
    kind = make_kind(session, Shape.PLACES, host_accepts=True, request_days=9)
    place = make_resource(session, world.site, kind, capacity=20)
    if typed:
        set_phone(session, world.host, place.site_id, typed, house=HOUSE, fiction=True, now=now)
    claim = PlaceClaim(resource_id=place.id, first=in_days(20), until=in_days(30))
    held = hold(session, world.officer, claim, now=now, beneficiary=Beneficiary(case_ref="RG 26/00001"))
    return confirm(session, world.officer, held.id, now=now)


def taken(session: Session, now: datetime = DUE) -> list[Outgoing]:
    routes = Routes(prices={"*": 70_000})
    return claim_all(session, house=HOUSE, origin=ORIGIN, routes=routes, now=now, lease=LEASE).outgoing


def left(session: Session, now: datetime = DUE) -> list[Outgoing]:
    """Return what leaves now, once it is written down that it left."""
    found = taken(session, now)
    settle(session, [sent(one, f"SM{one.id.hex}", now) for one in found], now=now)
    return found


def rows(session: Session) -> list[tuple[str, str, str]]:
    """Return the kind of each message, its state and why it did not leave, in the order in which they are due."""
    found = session.execute(text("SELECT kind, state, failure FROM message ORDER BY due_at, kind"))
    return [(row.kind, row.state, row.failure) for row in found]


def test_a_request_is_told_once_with_its_link_then_its_end_and_nothing_of_whom_it_is_for(
    session: Session, world: World
) -> None:
    booking = asked(session, world)

    assert taken(session, DUE - timedelta(seconds=1)) == []
    (request,) = left(session)
    assert (request.to, request.kind) == (NUMBER, MessageKind.OFFER)
    before, link = request.body.rsplit(" ", 1)
    assert before == "Une demande de place attend votre réponse avant le mercredi 11 mars à 10 h :"
    name = read_token(HOUSE.derived(LINKS), link.removeprefix(f"{ORIGIN}/d/"))
    assert name is not None
    assert host_bearer(session, name, now=DUE).booking_id == booking.id
    assert left(session, DUE + timedelta(minutes=1)) == []
    (warning,) = left(session, WARNED)
    assert warning.kind is MessageKind.REMINDER
    assert left(session, WARNED + timedelta(days=1)) == []


def test_what_a_host_was_told_is_counted_where_its_place_is(session: Session, world: World) -> None:
    asked(session, world)
    left(session)

    (counted,) = costs(session, make_actor(Role.ADMINISTRATOR, world.here), since=NOW.date())
    assert (counted.messages, counted.segments, counted.cost_micros) == (1, 1, 70_000)
    assert costs(session, make_actor(Role.ADMINISTRATOR, world.elsewhere), since=NOW.date()) == []


@pytest.mark.parametrize("answered", [accept, refuse])
def test_nothing_leaves_once_it_is_answered(session: Session, world: World, answered: Any) -> None:
    booking = asked(session, world)
    more = {"reason": "full"} if answered is refuse else {}
    answered(session, world.host, booking.id, now=NOW, **more)

    assert left(session) == []
    assert left(session, WARNED) == []


def test_facts_are_read_again_at_sending(session: Session, world: World) -> None:
    booking = asked(session, world)
    session.execute(text("UPDATE booking SET state = 'booked', expires_at = NULL WHERE id = :id"), {"id": booking.id})

    assert left(session) == []
    assert rows(session)[0] == ("offer", "cancelled", Failure.OTHER_STATE)


@pytest.mark.parametrize(("was_told", "told"), [(True, [MessageKind.CANCELLATION]), (False, [])])
def test_a_host_that_was_told_of_a_request_is_told_that_it_is_withdrawn(
    session: Session, world: World, was_told: bool, told: list[MessageKind]
) -> None:
    booking = asked(session, world)
    at = NOW + timedelta(hours=1) if was_told else NOW
    if was_told:
        left(session)
    cancel(session, world.officer, booking.id, now=at)

    assert left(session, at + UNDO_FREED - timedelta(seconds=1)) == []
    assert [one.kind for one in left(session, at + UNDO_FREED)] == told


def test_at_night_and_on_sundays_it_waits_and_a_warning_leaves_earlier(session: Session, world: World) -> None:
    saturday_night = datetime.fromisoformat("2026-03-07T22:00:00+01:00")
    asked(session, world, now=saturday_night)
    session.execute(text("UPDATE message SET due_at = :now WHERE kind = 'offer'"), {"now": saturday_night})

    assert left(session, saturday_night + timedelta(hours=2)) == []
    due = {row.kind: row.due_at for row in session.execute(text("SELECT kind, due_at FROM message"))}
    where = Whereabouts(PARIS, "")
    assert due["offer"] == datetime.fromisoformat("2026-03-09T08:00:00+01:00")
    assert due["reminder"] == datetime.fromisoformat("2026-03-13T19:30:00+01:00")
    assert all(may_leave(at, where) for at in due.values())


def test_without_a_number_nothing_is_planned_and_one_removed_receives_nothing_more(
    session: Session, world: World
) -> None:
    asked(session, world, typed="")
    assert rows(session) == []

    asked(session, world)
    set_phone(session, world.host, world.site.id, "", house=HOUSE, fiction=True, now=NOW)
    assert left(session) == []
    assert rows(session)[0] == ("offer", "cancelled", Failure.NO_PHONE)


@pytest.mark.parametrize("by_provider", [True, False])
def test_stop_turns_off_the_sms_of_that_number_and_giving_it_again_turns_them_on(
    session: Session, world: World, by_provider: bool
) -> None:
    asked(session, world)
    (request,) = taken(session)
    if by_provider:
        settle(session, [failed(request, Failure.BLOCKED)], now=DUE)
    else:
        settle(session, [sent(request, "SM1", DUE)], now=DUE)
        heard = Heard(provider="twilio", provider_id="SM2", mark=HOUSE.blind_index(NUMBER), body="STOP")
        assert answer(session, heard, now=DUE).reply is Reply.NONE  # the provider answers by itself

    assert is_stopped(session, world)
    assert left(session, WARNED) == []
    assert rows(session)[-1][:2] == ("reminder", "withheld")
    set_phone(session, world.host, world.site.id, TYPED, house=HOUSE, fiction=True, now=WARNED)
    assert not is_stopped(session, world)


def is_stopped(session: Session, world: World) -> bool:
    return phones_of(session, [world.site.id], house=HOUSE)[world.site.id].is_stopped


def test_an_administrator_gives_a_number_for_a_host_and_only_the_host_has_it_told_again_after_stop(
    session: Session, world: World
) -> None:
    asked(session, world)
    note_wish(session, HOUSE.blind_index(NUMBER), wants=False, now=NOW, how="sms")
    here, elsewhere = (make_actor(Role.ADMINISTRATOR, one) for one in (world.here, world.elsewhere))

    set_phone(session, here, world.site.id, TYPED, house=HOUSE, fiction=True, now=NOW)
    assert is_stopped(session, world), "an administrator does not speak for whoever said STOP"
    assert look_at_phone(session, here, world.site.id, house=HOUSE, now=NOW) == NUMBER
    assert [one.site_id for one in mailboxes_found(session, here, "")] == [world.site.id]
    assert [one.site_id for one in mailboxes_found(session, here, world.site.name.upper())] == [world.site.id]
    assert mailboxes_found(session, here, "ailleurs") == mailboxes_found(session, elsewhere, "") == []
    for other in (here, elsewhere, world.officer):
        with pytest.raises(NotFound):
            resume_phone(session, other, world.site.id, now=NOW)
    with pytest.raises(NotFound):
        set_phone(session, elsewhere, world.site.id, TYPED, house=HOUSE, fiction=True, now=NOW)

    for typed in ("", "06 39 98 43 21"):  # given afresh, the STOP would be forgotten
        with pytest.raises(InvalidRequest, match="said-stop"):
            set_phone(session, here, world.site.id, typed, house=HOUSE, fiction=True, now=NOW)
    assert is_stopped(session, world)

    resume_phone(session, world.host, world.site.id, now=NOW)
    assert not is_stopped(session, world)
    assert session.execute(text("SELECT reason FROM consultation WHERE subject = 'site'")).scalars().all() == [
        "host-phone"
    ]


def test_a_lease_that_ends_is_asked_about_with_the_number_that_was_written_to(session: Session, world: World) -> None:
    asked(session, world)
    (request,) = taken(session)
    after = DUE + LEASE

    (asked_about,) = stale_all(session, house=HOUSE, now=after, again=LEASE)
    assert (asked_about.to, asked_about.body, asked_about.attempts) == (NUMBER, request.body, 1)
    set_phone(session, world.host, world.site.id, "06 39 98 12 35", house=HOUSE, fiction=True, now=after)
    assert stale_all(session, house=HOUSE, now=after + LEASE, again=LEASE) == []
    assert rows(session)[0] == ("offer", "flagged", Failure.UNKNOWN)


@pytest.mark.parametrize(
    ("typed", "problem"),
    [("04 76 00 00 00", "not-mobile"), ("12", "not-a-number"), ("75 12 34", "ambiguous-number")],
)
def test_a_number_is_a_mobile_that_is_one_only(session: Session, world: World, typed: str, problem: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        set_phone(session, world.host, world.site.id, typed, house=HOUSE, fiction=True, now=NOW)

    assert refused.value.problem == problem
    assert isinstance(refused.value, AmbiguousNumber) is (problem == "ambiguous-number")


def test_a_number_is_sealed_and_set_by_whoever_runs_the_place_only(session: Session, world: World) -> None:
    with pytest.raises(NotFound):
        set_phone(session, world.officer, world.site.id, TYPED, house=HOUSE, fiction=True, now=NOW)
    set_phone(session, world.host, world.site.id, TYPED, house=HOUSE, fiction=True, now=NOW)

    kept = session.execute(text("SELECT number_sealed FROM host_phone")).scalar_one()
    assert NUMBER[3:].encode() not in bytes(kept)
    assert "12 34" not in str(session.execute(text("SELECT facts FROM history ORDER BY id DESC LIMIT 1")).scalar())


@pytest.mark.parametrize("kind", [MessageKind.OFFER, MessageKind.REMINDER, MessageKind.CANCELLATION])
def test_what_is_said_is_one_or_two_segments_of_gsm(kind: MessageKind) -> None:
    at = datetime.fromisoformat("2026-08-26T16:45:00+02:00")  # a long day, in a month with a circumflex
    link = f"https://placejuste.justice.gouv.fr/d/{'x' * 34}"
    said = measure(sentence(kind, answer_by=at, zone=PARIS, link=link))

    assert said.encoding is Encoding.GSM_7
    assert said.segments <= 2


def test_administrators_of_the_country_write_what_hosts_are_told_with_the_same_checks(
    session: Session, world: World
) -> None:
    country = make_territory(session, level=TerritoryLevel.COUNTRY)
    administrator = make_actor(Role.ADMINISTRATOR, country)
    booking = asked(session, world)
    scope = Scope(HostText.OFFER, kind_id=booking.kind_id)
    said = "Une place vous est demandée. Répondez avant le {repondre_avant} : {lien}"

    made = put_in_use(session, administrator, scope, said, seen=None, now=NOW)
    shown = sample(session, make_actor(Role.ADMINISTRATOR, world.here), scope, origin=ORIGIN, now=NOW)
    (request,) = left(session)
    assert request.body.startswith("Une place vous est demandée. Répondez avant le mercredi 11 mars à 10 h : https://")
    assert session.execute(text("SELECT text_id FROM message WHERE state = 'sent'")).scalar_one() == made
    assert shown.is_real
    assert filled(said, HostText.OFFER, "fr", shown.facts).startswith(request.body.rsplit("/", 1)[0])

    for wrong, problem in (
        ("Répondez : {lien}", Problem(Wrong.MISSING, "repondre_avant", "repondre_avant")),
        ("{quand} {repondre_avant} {lien}", Problem(Wrong.NOT_HERE, "quand", "repondre_avant")),
        ("{delai} {repondre_avant} {lien}", Problem(Wrong.UNKNOWN, "delai", "repondre_avant")),
        ("Pour {nom}, avant le {repondre_avant} : {lien}", Problem(Wrong.FORBIDDEN, "nom")),
    ):
        with pytest.raises(TextRefused) as refused:
            save_draft(session, administrator, scope, wrong, now=NOW)
        assert refused.value.facts["problems"] == [problem]
    with pytest.raises(TextTelling):
        put_in_use(session, administrator, scope, f"TIG. {said}", seen=made, now=NOW)
    with pytest.raises(NotAllowed):
        save_draft(session, make_actor(Role.ADMINISTRATOR, world.here), scope, said, now=NOW)
    for beyond in (replace(scope, language="en"), replace(scope, organisation_id=world.site.organisation_id)):
        with pytest.raises(InvalidRequest):
            save_draft(session, administrator, beyond, said, now=NOW)


def test_a_text_to_hosts_that_cannot_be_filled_in_never_keeps_one_from_leaving_and_is_shown(
    session: Session, world: World
) -> None:
    asked(session, world)
    bad = """
        INSERT INTO message_text (id, message_kind, language, number, state, body, written_by, written_at, used_at)
        VALUES (gen_random_uuid(), 'host-offer', 'fr', 1, 'in_use', '{oops} {lien}', gen_random_uuid(), :now, :now)"""
    session.execute(text(bad), {"now": NOW})

    (request,) = left(session)

    assert request.body.startswith("Une demande de place attend votre réponse")
    ((_, scope, at),) = broken(session, make_actor(Role.ADMINISTRATOR, world.here), is_national=True)
    assert (scope, at) == (Scope(HostText.OFFER), DUE)


def failed_one(session: Session, code: str = "unreachable") -> UUID:
    """Have the request leave in vain, and return its message."""
    (request,) = taken(session)
    settle(session, [failed(request, code)], now=DUE)
    return request.id


def test_whoever_asked_reads_in_the_outbox_what_a_host_is_told_but_not_the_link_that_answers(
    session: Session, world: World
) -> None:
    booking = asked(session, world)
    (waiting, _) = reversed(messages(session, world.officer, Outbox(), house=HOUSE))
    drafted = draft(session, waiting.id)
    (told,) = left(session)
    (sent_one,) = messages(session, world.officer, Outbox(part=Part.SENT), house=HOUSE)
    read = read_message(session, world.officer, sent_one.id, house=HOUSE, now=DUE)

    assert (sent_one.host, sent_one.phone_end, sent_one.initials) == (world.site.name, "34", "")
    assert (sent_one.convocation_id, sent_one.booking_id) == (None, booking.id)
    assert read.body == told.body.rsplit(" ", 1)[0] + " (lien du lieu)" == drafted
    row = message_row(sent_one, now=DUE)
    assert (row.kind, row.whom, row.sheet) == ("Demande à un lieu", world.site.name, open_address(booking.id))
    # Neither the host itself, whom its own page tells, nor another service.
    for other in (world.host, world.stranger):
        assert messages(session, other, Outbox(), house=HOUSE) == []
        with pytest.raises(NotFound):
            read_message(session, other, sent_one.id, house=HOUSE, now=DUE)


def test_a_host_that_no_sms_reached_is_called_for_by_whoever_asked_until_it_answers(
    session: Session, world: World
) -> None:
    world.site.phone = "04 00 00 00 00"
    booking = asked(session, world)
    message_id = failed_one(session)
    session.execute(text("UPDATE host_mail SET state = 'sent', sent_at = :now WHERE kind = 'request'"), {"now": DUE})

    (one,) = to_call(session, world.officer, now=DUE)
    row = row_of(one, now=DUE, with_service=False)
    assert (row.act, row.to_say) == (f"Appeler\N{NO-BREAK SPACE}{world.site.name}", "une demande attend une réponse")
    assert (row.why, row.mailed) == ("téléphone éteint ou hors de portée", "le courriel est parti")
    assert (count_to_call(session, world.officer, now=DUE), count_to_handle(session, world.officer)) == (1, 1)
    assert to_call(session, world.stranger, now=DUE) == []
    callee = whom_to_call(session, world.officer, message_id, house=HOUSE, now=DUE)
    assert callee == Callee(world.site.name, NUMBER, "04 00 00 00 00")
    assert number_of(callee).office_href == "tel:0400000000"

    note_call(session, world.officer, message_id, Call.TOLD, now=DUE)
    told = to_call(session, world.officer, now=DUE)
    take_call_back(session, world.officer, message_id, now=DUE)
    assert (told, len(to_call(session, world.officer, now=DUE))) == ([], 1)
    accept(session, world.host, booking.id, now=DUE)
    session.flush()
    assert to_call(session, world.officer, now=DUE) == []


def test_a_host_that_said_stop_is_not_called_for_and_what_failed_leaves_again(session: Session, world: World) -> None:
    asked(session, world)
    message_id = failed_one(session, Failure.BLOCKED)
    assert [one.failure for one in to_call(session, world.officer, now=DUE)] == [Failure.BLOCKED]

    session.execute(text("UPDATE message SET state = 'withheld', failure = 'refused'"))
    assert to_call(session, world.officer, now=DUE) == []
    session.execute(text("UPDATE message SET state = 'failed', failure = 'unreachable' WHERE kind = 'offer'"))
    set_phone(session, world.host, world.site.id, TYPED, house=HOUSE, fiction=True, now=DUE)
    session.expire_all()
    retry_message(session, world.officer, message_id, now=DUE)
    session.flush()
    assert [one.id for one in left(session)] == [message_id]


@pytest.mark.parametrize("stands", [True, pytest.param(False, id="control")])
def test_a_stop_that_arrives_while_an_administrator_gives_the_number_again_stands(
    database: Database, monkeypatch: pytest.MonkeyPatch, stands: bool
) -> None:
    if not stands:
        monkeypatch.setattr(host_phones, "_HOLD_SAME", text("SELECT 1 WHERE :mark IS NULL"))
    with Session(database.engine) as session, session.begin():
        world = make_world(session)
        set_phone(session, world.host, world.site.id, TYPED, house=HOUSE, fiction=True, now=NOW)
        site_id, administrator = world.site.id, make_actor(Role.ADMINISTRATOR, world.here)

    def give(session: Session) -> None:
        set_phone(session, administrator, site_id, TYPED, house=HOUSE, fiction=True, now=NOW)

    with ThreadPoolExecutor(1) as threads:
        with Session(database.engine) as stopping, stopping.begin():
            note_wish(stopping, HOUSE.blind_index(NUMBER), wants=False, now=NOW, how="sms")
            given = threads.submit(act, database.engine, give)
            wait_until_somebody_waits(database.engine)
        given.result()

    phones = act(database.engine, lambda session: phones_of(session, [site_id], house=HOUSE))
    assert phones[site_id].is_stopped is stands


def test_a_decision_and_a_sending_at_once_leave_one_sms_or_none(database: Database) -> None:
    with Session(database.engine) as session, session.begin():
        world = make_world(session)
        booking_id: UUID = asked(session, world).id
        runs = world.host

    def decide() -> None:
        act(database.engine, lambda session: accept(session, runs, booking_id, now=DUE))

    def send() -> int:
        return len(act(database.engine, taken))

    outcomes = at_once([decide, send, send])

    assert not [one for one in outcomes if isinstance(one, Exception)]
    assert sum(one for one in outcomes if isinstance(one, int)) <= 1
    assert act(database.engine, lambda session: left(session, DUE + LEASE)) == []
