"""Saved searches in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from availability.models import Shape
from availability.openings import local_day
from booking.filters import Filters
from booking.pages.day_words import Card
from booking.pages.map_words import UNIT_WORDS
from booking.saved_searches import Saved, is_over
from booking.watching import News
from booking.words import many
from portal.ui.dates import NBSP, from_today

MOST_NAMED = 3
AGREEMENT = {Shape.NIGHTS: "", Shape.PLACES: "e", Shape.SLOTS: "", Shape.SESSIONS: ""}


@dataclass(frozen=True)
class SavedLine:
    """A saved search in the list of its owner."""

    id: str
    label: str
    detail: str
    news: str
    href: str
    is_current: bool


def address_of(saved: Saved | News) -> str:
    """Return the page that makes the search again."""
    return f"/carte/?{urlencode(saved.query)}"


def saved_line(saved: Saved, today: date, *, is_current: bool) -> SavedLine:
    """Return a saved search as a line: what it looks for, and what freed up since it was last opened."""
    filters = Filters.read(saved.query)
    silent = ""
    if not saved.is_active:
        silent = "ce type de place n’est plus proposé"
    elif is_over(filters, today):
        silent = "ses dates sont passées"
    news = many(saved.unseen, "nouveauté", "nouveautés") if saved.unseen else ""
    return SavedLine(
        id=str(saved.id),
        label=saved.label,
        detail=f"{saved.kind_label}{f'{NBSP}: {silent}' if silent else ''}",
        news=news,
        href=address_of(saved),
        is_current=is_current,
    )


def news_cards(news: Sequence[News], *, now: datetime, here: str) -> list[Card]:
    """Return what freed up, as cards of the day."""
    return [_news_card(one, now, here) for one in news]


def _news_card(one: News, now: datetime, here: str) -> Card:
    zone = ZoneInfo(here)
    names = list(dict.fromkeys(found.site_name for found in one.found))
    others = len(names) - MOST_NAMED
    where = ", ".join(names[:MOST_NAMED]) + (f" et {many(others, 'autre lieu', 'autres lieux')}" if others > 0 else "")
    return Card(
        id=str(one.saved_search_id),
        tag="Libéré",
        tone="success",
        title=f"{freed_words(one)} à votre recherche «{NBSP}{one.label}{NBSP}»",
        lines=[where, from_today(local_day(one.freed_at, zone), local_day(now, zone))],
        href=address_of(one),
        seconds=0,
        again="",
    )


def freed_words(news: News) -> str:
    """Return "Un lit s’est libéré qui correspond", "Des places se sont libérées qui correspondent"."""
    shape = Shape(news.kind.shape)
    one, several = UNIT_WORDS[shape]
    if len(news.found) == 1:
        return f"Un{AGREEMENT[shape]} {one} s’est libéré{AGREEMENT[shape]} qui correspond"
    return f"Des {several} se sont libéré{AGREEMENT[shape]}s qui correspondent"
