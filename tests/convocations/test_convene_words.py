"""Convening in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from booking.links import LinkName
from booking.models import State
from convocations.convening import Start, Summonable
from convocations.kinds import Failure, MessageClass, MessageKind, MessageState, Standing
from convocations.outbox import ListedMessage
from convocations.pages.convene_words import (
    NO_PHONE,
    REFUSES,
    cost,
    days_of,
    groups,
    leaves,
    note_of,
    read_value,
    start_choice,
    value_of,
)
from convocations.pages.convocation_words import (
    FAILURE_WORDS,
    MESSAGE_WORDS,
    NONE_WORDS,
    STATE_WORDS,
    TAB_WORDS,
    answer_of,
    failure_words,
    message_row,
    view_of,
    when_of,
)
from convocations.queries import ListedConvocation, Tab
from convocations.segments import measure
from tests.convocations.test_convening import receiver

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
START = datetime(2026, 11, 26, 8, 30, tzinfo=UTC)
PARIS, REUNION = ZoneInfo("Europe/Paris"), ZoneInfo("Indian/Reunion")
LINE = ListedConvocation(
    id=uuid4(),
    link=LinkName(1, 1),
    standing=Standing.SET,
    choose_by=None,
    confirmed_at=None,
    created_at=NOW,
    reminder_hours=48,
    resource_ids=(1,),
    booking_id=uuid4(),
    state=State.BOOKED,
    starts_at=START,
    ends_at=START + timedelta(minutes=30),
    organisation_id=1,
    kind_id=1,
    kind_code="rdv",
    kind_label="rendez-vous",
    resource_id=1,
    resource_name="Agent A",
    site_id=1,
    site_name="Service",
    address="1 rue Fictive",
    postcode="75001",
    commune="Paris",
    time_zone="Europe/Paris",
    person_id=uuid4(),
    initials="AD",
    case_ref="",
    language="fr",
    refuses_sms=False,
    is_blocked=False,
    key_at=NOW,
)
MESSAGE = ListedMessage(
    id=uuid4(),
    convocation_id=uuid4(),
    kind=MessageKind.REMINDER,
    category=MessageClass.INFORMATION,
    state=MessageState.PLANNED,
    failure="",
    due_at=NOW + timedelta(hours=3),
    sent_at=None,
    delivered_at=None,
    about_at=START,
    handled_at=None,
    time_zone="Europe/Paris",
    initials="AD",
    phone_end="34",
    segments=None,
    attempts=0,
    provider="",
    link=LinkName(1, 1),
    appointment="rendez-vous",
    has_body=False,
)


def plain(words: str) -> str:
    return words.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("a" * 148, "1 SMS, 148 caractères sur 160"),
        ("a" * 160, "1 SMS, 160 caractères sur 160"),
        ("a" * 161, "2 SMS, 161 caractères sur 306"),
        ("ш" * 70, "1 SMS, 70 caractères sur 70, alphabet étendu"),
        ("ш" * 71, "2 SMS, 71 caractères sur 134, alphabet étendu"),
    ],
)
def test_the_cost_is_said_in_segments(body: str, said: str) -> None:
    assert plain(cost(measure(body))) == said


def test_when_it_leaves_is_said_by_the_clock_of_the_person() -> None:
    tomorrow = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)

    assert plain(leaves(NOW + timedelta(seconds=30), PARIS, now=NOW)).startswith("Partira dans 30 secondes")
    assert plain(leaves(tomorrow, REUNION, now=NOW)) == "Partira mer. 25 nov. à 8 h, heure de La Réunion."
    assert plain(leaves(tomorrow, PARIS, now=NOW)) == "Partira mer. 25 nov. à 5 h."
    assert leaves(None, PARIS, now=NOW) == "Aucun SMS ne partira."


def test_who_receives_nothing_is_said_before() -> None:
    assert note_of(Summonable(can_receive=True)) == ""
    assert note_of(Summonable(can_receive=True, refuses=True)) == REFUSES
    assert note_of(Summonable(refuses=True)) == NO_PHONE


def test_a_start_survives_the_form_and_nothing_else_does() -> None:
    start = Start(12, START, date(2026, 11, 26))

    assert read_value(value_of(start)) == (12, START)
    wrong = ("", "12", "12|", "|2026-11-26", f"x|{START.isoformat()}", "12|2026-11-26T08:30:00")
    for broken in (*wrong, f"{'1' * 19}|{START.isoformat()}"):
        assert read_value(broken) is None


def test_starts_are_grouped_by_day_and_agents_by_site() -> None:
    first, second = Start(1, START, date(2026, 11, 26)), Start(1, START + timedelta(days=1), date(2026, 11, 27))
    choices = [start_choice(one, receiver(), says_who=True) for one in (first, second)]
    shown = days_of([first, second], choices)
    two = groups([receiver(), replace(receiver(), id=2, name="Agent B")])
    alone = groups([receiver()])

    assert [plain(day.label) for day in shown] == ["jeudi 26 novembre 2026", "vendredi 27 novembre 2026"]
    assert plain(choices[0].words) == "jeu. 26 nov. à 9 h 30, Agent A"
    far = replace(receiver(), zone=ZoneInfo("Indian/Reunion"))
    assert plain(start_choice(first, far, says_who=False).hour) == "12 h 30 (heure locale : La Réunion)"
    assert plain(start_choice(first, far, says_who=False, here="Indian/Reunion").hour) == "12 h 30"
    assert [option.value for option in two[0].options] == ["s1", "r1", "r2"]
    assert [option.value for option in alone[0].options] == ["r1"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, "n’a pas encore répondu"),
        ({"confirmed_at": NOW}, "a confirmé"),
        ({"ends_at": NOW}, "à pointer"),
        ({"state": State.HONOURED}, "est venu(e)"),
        ({"state": State.CANCELLED}, "rendez-vous annulé"),
        ({"standing": Standing.DECLINED}, "a dit ne pas pouvoir venir"),
        ({"standing": Standing.WITHDRAWN}, "convocation annulée"),
        ({"standing": Standing.CHOOSING, "choose_by": date(2026, 11, 24)}, "n’a pas encore choisi"),
        ({"standing": Standing.CHOOSING, "choose_by": date(2026, 11, 23)}, "n’a pas choisi à temps"),
    ],
)
def test_each_answer_has_its_words(changed: dict[str, object], words: str) -> None:
    line = replace(LINE, **changed)  # type: ignore[arg-type]

    assert answer_of(line, now=NOW)[0] == words


def test_only_what_would_be_heard_is_offered() -> None:
    def acts(line: ListedConvocation, *, may_note: bool = True, now: datetime = NOW) -> set[str]:
        view = view_of(line, [], may_note=may_note, now=now)
        return {name for name in view.__dataclass_fields__ if name.startswith("can_") and getattr(view, name)}

    over = START + timedelta(hours=1)
    blocked = view_of(replace(LINE, refuses_sms=True, is_blocked=True), [], may_note=True, now=NOW)
    assert "bloqué chez l’opérateur" in blocked.refusal
    assert acts(LINE) == {"can_move", "can_withdraw", "can_excuse"}
    assert acts(LINE, may_note=False) == set()
    assert acts(LINE, now=over) == {"can_note", "can_excuse"}
    assert acts(replace(LINE, state=State.EXCUSED), now=over) == {"can_note"}
    assert acts(replace(LINE, state=State.HONOURED), now=over) == {"can_note"}
    assert acts(replace(LINE, standing=Standing.WITHDRAWN, state=State.CANCELLED)) == set()
    assert view_of(replace(LINE, standing=Standing.WITHDRAWN), [], may_note=True, now=NOW).link == ""


def test_every_state_and_reason_has_french() -> None:
    assert set(STATE_WORDS) == set(MessageState)
    assert set(MESSAGE_WORDS) == set(MessageKind)
    assert set(FAILURE_WORDS) == set(Failure)
    assert set(TAB_WORDS) == set(NONE_WORDS) == set(Tab)
    assert failure_words("provider-21408") == "refus de l’opérateur (21408)"


def test_a_message_says_when_and_to_whom_and_what_can_be_done() -> None:
    waiting = message_row(MESSAGE, now=NOW)
    failed = message_row(replace(MESSAGE, state=MessageState.FAILED, failure=Failure.NO_PHONE, phone_end=""), now=NOW)
    handled = message_row(replace(MESSAGE, state=MessageState.FAILED, handled_at=NOW), now=NOW)

    assert (plain(waiting.at), plain(waiting.phone), waiting.can_cancel) == ("partira aujourd’hui à 13 h", "… 34", True)
    assert (failed.can_retry, failed.can_handle, failed.phone) == (True, True, "sans numéro")
    assert (handled.state, handled.can_handle) == ("échoué, traité", False)
    assert plain(when_of(LINE, now=NOW)) == "jeu. 26 nov. à 9 h 30"


def test_a_message_that_the_phone_has_says_since_when_and_one_that_it_has_not_says_why() -> None:
    left = replace(MESSAGE, state=MessageState.SENT, sent_at=NOW)
    arrived = message_row(replace(left, delivered_at=NOW + timedelta(minutes=1)), now=NOW)
    lost = message_row(replace(left, state=MessageState.UNDELIVERED, failure="unreachable"), now=NOW)

    assert plain(arrived.at).startswith("remis aujourd’hui à ")
    assert (lost.state, lost.why) == ("non remis", "téléphone éteint ou hors de portée")
    assert (lost.can_retry, lost.can_handle) == (True, True)
