"""Why: asked of who gives back or excuses, kept as a code, the words beside "other" sealed, and not for the host."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session

from availability.errors import InvalidRequest
from availability.rights import Actor, Right, Role
from availability.sealing import House
from booking.actions import cancel
from booking.bulk import Bulk, Seen, do_one, undo_one
from booking.dossier import dossier
from booking.models import Booking, State
from booking.outcomes import excuse, note_outcome, undo_excuse
from booking.pages.dossier_words import view_of
from booking.persons import NewPerson, create_person
from booking.queries import booking_for, history_of
from booking.reasons import EXCUSED_FOR, GIVEN_BACK_FOR, Reason
from booking.since import done_since
from booking.words import EXCUSE_WORDS, GIVEN_BACK_WORDS, act_sentence
from tests.booking.town import Town, make_town, stay
from tests.factories import NOW, in_days, in_minutes

HOUSE = House(b"a secret for these tests only")
SECRET = "opération du genou gauche"
SAID = Reason("other", SECRET, HOUSE)
RAW = text("""
    SELECT b.reason, b.reason_sealed, (SELECT string_agg(h.facts::text, ' ') FROM history h) AS facts
    FROM booking b WHERE b.id = :id""")


@pytest.fixture
def town(session: Session) -> Town:
    return make_town(session)


def for_somebody(session: Session, town: Town, *, bed: int = 0, days: tuple[int, int] = (1, 9)) -> Booking:
    """Return a stay booked for somebody who has a key of their own."""
    new = NewPerson(family_name="Exemple", given_name="Camille", birth_on=in_days(-12000 - bed), sex="F")
    person = create_person(session, town.officer, new, house=HOUSE, now=NOW, fiction=True)
    return stay(session, town, in_days(days[0]), in_days(days[1]), bed=bed, person=person)


def sentences(session: Session, actor: Actor, booking_id: UUID) -> list[str]:
    """Return the history as this actor reads it."""
    return [act_sentence(line.act, line.facts, "Alix") for line in history_of(session, actor, booking_id)]


def test_an_excuse_says_why_and_its_undo_forgets_it_but_not_the_history(session: Session, town: Town) -> None:
    booking = for_somebody(session, town)

    excuse(session, town.officer, booking.id, now=NOW, reason=Reason("transport"))
    excused = booking_for(session, town.officer, booking.id, now=NOW).reason
    view = view_of(dossier(session, town.officer, booking.id, now=NOW, house=HOUSE), now=NOW)
    undo_excuse(session, town.officer, booking.id, now=NOW)

    assert (excused, view.reason) == ("transport", "transport")
    assert booking_for(session, town.officer, booking.id, now=NOW).reason == ""
    assert sentences(session, town.officer, booking.id)[-2:] == [
        "Alix a excusé l’absence (transport).",
        "Alix a annulé l’excuse.",
    ]


def test_who_came_after_all_is_excused_for_nothing_any_more(session: Session, town: Town) -> None:
    booking = for_somebody(session, town)
    excuse(session, town.officer, booking.id, now=NOW, reason=SAID)

    note_outcome(session, town.officer, booking.id, State.HONOURED, now=in_minutes(60 * 30))

    assert (booking.reason, booking.reason_sealed) == ("", None)


def test_words_are_sealed_with_the_key_of_the_person_and_go_with_it(session: Session, town: Town) -> None:
    booking, case = for_somebody(session, town), stay(session, town, in_days(1), in_days(3), bed=1)
    for one in (booking, case):
        cancel(session, town.officer, one.id, now=NOW, reason=SAID)

    kept = [session.execute(RAW, {"id": one.id}).one() for one in (booking, case)]
    assert [row.reason for row in kept] == ["other", "other"]
    assert all(SECRET.encode() not in row.reason_sealed and SECRET not in row.facts for row in kept)
    assert _reasons(session, town, booking, case) == [f"autre motif\u00a0: «\u00a0{SECRET}\u00a0»"] * 2

    session.execute(text("DELETE FROM person_key"))
    session.expire_all()
    assert _reasons(session, town, booking, case) == ["autre motif", f"autre motif\u00a0: «\u00a0{SECRET}\u00a0»"]


def _reasons(session: Session, town: Town, *bookings: Booking) -> list[str]:
    found = [dossier(session, town.officer, one.id, now=NOW, house=HOUSE) for one in bookings]
    return [view_of(one, now=NOW).reason for one in found]


def test_the_host_reads_that_somebody_is_excused_and_never_why(session: Session, town: Town) -> None:
    booking, host = for_somebody(session, town), town.world.host
    excuse(session, town.officer, booking.id, now=NOW, reason=Reason("detention"))

    assert booking_for(session, host, booking.id, now=NOW).reason == ""
    assert sentences(session, host, booking.id)[-1] == "Alix a excusé l’absence."
    told = [one.facts for one in done_since(session, host, NOW.replace(hour=0), now=in_minutes(1)).news]
    assert told[0] == {"before": "booked"}
    assert "détention" in sentences(session, town.officer, booking.id)[-1]


@pytest.mark.parametrize(
    ("reason", "field", "problem"),
    [
        (Reason("bored"), "reason", "unknown-choice"),
        (Reason("agent-absent"), "reason", "unknown-choice"),  # why a service cancels is not why somebody is excused
        (Reason("health", SECRET, HOUSE), "reason_text", "only-with-other"),
        (Reason("", SECRET, HOUSE), "reason_text", "only-with-other"),
        (Reason("other", "x" * 201, HOUSE), "reason_text", "too-long"),
        (Reason("other", "a\x00b", HOUSE), "reason_text", "unreadable"),
    ],
)
def test_what_is_not_a_reason_is_refused_by_name_and_nothing_is_done(
    session: Session, town: Town, reason: Reason, field: str, problem: str
) -> None:
    booking = for_somebody(session, town)

    with pytest.raises(InvalidRequest) as refusal:
        excuse(session, town.officer, booking.id, now=NOW, reason=reason)

    assert (refusal.value.field, refusal.value.problem) == (field, problem)
    assert booking.state == State.BOOKED


def test_words_of_two_hundred_letters_are_kept(session: Session, town: Town) -> None:
    booking = for_somebody(session, town)

    excuse(session, town.officer, booking.id, now=NOW, reason=Reason("other", "é" * 200, HOUSE))

    assert "é" * 200 in _reasons(session, town, booking)[0]


def test_who_holds_the_link_says_why_they_cannot_come_and_an_officer_why_they_give_back(
    session: Session, town: Town
) -> None:
    booking, other = for_somebody(session, town), for_somebody(session, town, bed=1)
    assert booking.person_id is not None
    right = Right(Role.PROBATION_OFFICER, frozenset({town.world.here.id}))
    bearer = Actor(booking.person_id, "", (right,), town.world.here.id)

    cancel(session, bearer, booking.id, now=NOW, reason=Reason("children"))

    assert booking.reason == "children"
    with pytest.raises(InvalidRequest):
        cancel(session, town.officer, other.id, now=NOW, reason=Reason("children"))


def test_an_act_on_many_says_the_same_of_each_and_one_undo_forgets_it(session: Session, town: Town) -> None:
    bookings = [for_somebody(session, town, bed=bed) for bed in range(2)]

    done = [
        do_one(session, town.officer, Bulk.GIVE_BACK, Seen(one.id, one.revision), now=NOW, reason=Reason("entry-error"))
        for one in bookings
    ]
    reasons = [one.reason for one in bookings]
    for one in done:
        undo_one(session, town.officer, Bulk.GIVE_BACK, Seen(one.booking_id, one.revision), now=NOW)

    assert reasons == ["entry-error"] * 2
    assert [(one.reason, one.state) for one in bookings] == [("", State.BOOKED)] * 2


def test_every_reason_has_its_words_and_the_forms_show_them_in_order() -> None:
    assert tuple(EXCUSE_WORDS) == EXCUSED_FOR
    assert tuple(GIVEN_BACK_WORDS) == GIVEN_BACK_FOR
