"""The waiting list as it is read: rank and reason, wish, offer, what was passed over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from urllib.parse import parse_qs, urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from booking.filters import Filters
from booking.pages import waiting_words as words
from booking.waiting_models import WaitingState
from booking.waiting_queries import Awaiting, ListedEntry, Offered, Skipped
from booking.waiting_rules import Place, Rank
from tests.factories import PROFILE

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")
ENTRY = ListedEntry(
    id=UUID(int=1),
    state=WaitingState.WAITING,
    kind_id=1,
    kind_code="semi-liberte",
    kind_label="lit de semi-liberté",
    shape="nights",
    searchable=PROFILE,
    label="À moins de 40 km de Lyon",
    resource_id=None,
    site_id=None,
    booking_id=None,
    query={"type": "semi-liberte", "lieu": "Lyon"},
    first_on=date(2026, 12, 1),
    until_on=date(2026, 12, 20),
    days=3,
    deadline_on=date(2026, 12, 12),
    deadline_source="Décision du juge",
    created_at=datetime(2026, 11, 12, 9, 0, tzinfo=UTC),
    ended_at=None,
    person_id=UUID(int=2),
    initials="AD",
    case_ref="",
    is_mine=True,
    left=1,
    place=Place(3, Rank.DEADLINE),
    offer=None,
    skips=(Skipped(7, "Centre fictif", "Section hommes", "sex", NOW), Skipped(7, "Centre fictif", "A", "quota", NOW)),
)
OFFER = Offered(
    id=UUID(int=3),
    booking_id=UUID(int=4),
    resource_id=7,
    site_name="Centre fictif",
    resource_name="Section hommes",
    unit_name="12",
    commune="Lyon",
    time_zone="Europe/Paris",
    first_on=date(2026, 12, 2),
    until_on=date(2026, 12, 5),
    starts_at=None,
    offered_at=NOW,
    ends_at=datetime(2026, 11, 25, 9, 0, tzinfo=UTC),
)


def plain(text: str) -> str:
    """Return a text whose spaces all break."""
    return text.replace("\u00a0", " ")


def test_a_card_says_the_rank_and_what_gives_it() -> None:
    card = words.card(ENTRY, now=NOW)

    assert (card.rank, plain(card.rank_why), card.is_urgent) == ("3e", "échéance légale le sam. 12 déc.", True)
    assert plain(card.since) == "Inscrite il y a 12 jours, 1 proposition laissée"
    assert plain(card.when) == "3 nuits de suite entre le mar. 1er déc. et le dim. 20 déc."
    assert plain(card.passed) == "Passée 2 fois : pourquoi ?"
    assert [one.why for one in card.passes] == [
        "place dans une autre section",
        "le quota de votre service est atteint",
    ]


def test_an_offer_says_what_is_kept_and_until_when() -> None:
    card = words.card(replace(ENTRY, state=WaitingState.OFFERED, offer=OFFER), now=NOW)

    assert plain(card.offer_what) == "Centre fictif, Section hommes, lit 12, Lyon"
    assert plain(card.offer_until) == "Gardée jusqu’au mer. 25 nov. à 10 h"
    assert card.seconds_left == 24 * 3600


@pytest.mark.parametrize(
    ("shape", "days", "said"),
    [
        ("nights", 19, "19 nuits, du mar. 1er au dim. 20 déc."),
        ("places", 19, "du mar. 1er déc. au dim. 20 déc."),
        ("places", None, "à partir d’un jour entre le mar. 1er déc. et le dim. 20 déc., sans date de fin"),
        ("slots", None, "un rendez-vous entre le mar. 1er déc. et le dim. 20 déc."),
    ],
)
def test_what_is_waited_for_is_said_as_people_do(shape: str, days: int | None, said: str) -> None:
    assert plain(words.wanted(shape, ENTRY.first_on, ENTRY.until_on, days)) == said


def test_the_form_is_opened_with_the_search_but_one_place_forgets_where_one_searched() -> None:
    filters = Filters.read({"type": "tig", "lieu": "Lyon", "sexe": "M", "site": "4", "page": "2", "du": "2026-12-01"})

    anywhere, one = (parse_qs(urlsplit(words.ask_address(filters, resource=of)).query) for of in ("", "7"))

    assert anywhere == {"type": ["tig"], "lieu": ["Lyon"], "sexe": ["M"], "du": ["2026-12-01"], "ajout": ["1"]}
    assert one == {"type": ["tig"], "sexe": ["M"], "du": ["2026-12-01"], "ressource": ["7"], "ajout": ["1"]}


def test_a_host_reads_the_order_and_nobody() -> None:
    awaited = Awaiting(
        ENTRY.kind_label, "nights", Place(1, Rank.DATE), None, ENTRY.created_at, ENTRY.first_on, ENTRY.until_on, 3
    )

    row = words.host_row(awaited, date(2026, 11, 24), PARIS)

    assert (row.rank, plain(row.why), plain(row.since)) == ("1er", "inscription le jeu. 12 nov.", "il y a 12 jours")


def test_what_just_ended_may_be_put_back_for_a_while() -> None:
    withdrawn = replace(ENTRY, state=WaitingState.WITHDRAWN, place=None, ended_at=NOW)

    assert words.card(withdrawn, now=NOW).can_put_back
    assert not words.card(replace(withdrawn, ended_at=ENTRY.created_at), now=NOW).can_put_back


def test_who_would_come_earlier_is_read_with_the_day_of_their_appointment() -> None:
    card = words.card(replace(ENTRY, shape="slots", booking_id=UUID(int=9), offer=OFFER), now=NOW)

    assert plain(card.when) == "avant son rendez-vous du sam. 19 déc."
    assert card.state == "Une date plus tôt est proposée à la personne"
