"""What a wall screen shows: today's hearings of its rooms, large, by hour and room. Plain HTML; pure."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime, tzinfo
from hashlib import sha256
from pathlib import Path
from typing import Any

from booking.pages.hours_words import capital
from booking.screens import CaseShown, DayShown, HearingShown, OnScreen
from portal.ui.dates import day, hour, long_day
from portal.ui.html import Html, joined, tag

HERE = Path(__file__)
STYLE = Html(HERE.with_name("wall.css").read_text())
SCRIPT = Html(HERE.with_name("wall.js").read_text())
VERSION = sha256((STYLE + SCRIPT).encode()).hexdigest()[:12]
MOST_A_CARD = 8  # cases; more are on the card that follows, since a wall is not scrolled
MOST_LINES, LETTERS_A_LINE = 14, 32  # the same for long names, in a card of the least width
NOTHING = "Aucune audience aujourd’hui."
NO_MORE = "Les audiences du jour sont terminées."
NO_ROOM = "Salle à préciser"
STAGE_WORDS = {
    OnScreen.WAITING: "",
    OnScreen.CALLED: "appelée",
    OnScreen.RUNNING: "en cours",
    OnScreen.DONE: "terminée",
    OnScreen.POSTPONED: "renvoyée",
    OnScreen.CALLED_BEFORE: "déjà appelée, voir le greffe",  # whoever comes late knows what to do, nobody is shamed
}


def wall_headers() -> dict[str, str]:
    """Return the headers of the page: its own style and script, and nothing from elsewhere."""
    policy = (
        "default-src 'none'",
        f"script-src '{_digest(SCRIPT)}'",
        f"style-src '{_digest(STYLE)}'",
        "connect-src 'self'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
    return {
        "Cache-Control": "private, no-cache",  # asked about each time, by its ETag
        "Content-Security-Policy": "; ".join(policy),
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex, nofollow",
    }


def wall_html(shown: DayShown) -> str:
    """Return the whole page of a screen."""
    title = tag("h1", tag("small", f"{shown.court} – {shown.screen}"), capital(long_day(shown.day)), id="day")
    clock = tag("p", hour(shown.at, shown.zone), class_="clock", id="clock")
    body = (
        tag("header", title, clock),
        _list(shown),
        tag("footer", tag("span", id="age", role="status"), tag("span", id="page"), id="foot"),
        tag("script", SCRIPT),
    )
    return _page(f"Audiences – {shown.screen}", "30", *body)


def gone_html(said: str) -> str:
    """Return a page that only says something, and asks again a minute later: a screen is nobody's to touch."""
    return _page("Affichage", "60", tag("main", tag("p", said, class_="none", role="alert")))


def etag_of(shown: DayShown) -> str:
    """Return what tells what a screen shows from what it showed."""
    said = joined(*_cards(shown)) + str(shown.day) + shown.screen + VERSION
    return f'"{sha256(said.encode()).hexdigest()[:32]}"'


def feed_of(shown: DayShown) -> dict[str, Any]:
    """Return the same for another program: instants with their offset, stages as codes and as they are said.

    What it has: see docs/api.md.
    """
    return {
        "court": {"code": shown.court_code, "name": shown.court},
        "screen": shown.screen,
        "day": shown.day.isoformat(),
        "at": shown.at.astimezone(shown.zone).isoformat(timespec="seconds"),
        "message": _nothing(shown) or None,
        "hearings": [_feed(one, shown.zone) for one in shown.hearings],
    }


def _feed(hearing: HearingShown, zone: tzinfo) -> dict[str, Any]:
    def said(at: datetime | None) -> str | None:
        return at.astimezone(zone).isoformat(timespec="minutes") if at else None

    return {
        "room": hearing.room or None,
        "kind": hearing.kind,
        "starts_at": said(hearing.starts_at),
        "ends_at": said(hearing.ends_at),
        "cases": [
            {
                "rank": case.rank,
                "label": case.label or None,
                "stage": case.stage,
                "said": _said(case, zone) or None,
                "expected_at": said(case.expected_at),
                "postponed_to": said(case.moved_on),
            }
            for case in hearing.cases
        ],
    }


def _page(title: str, again: str, *children: Html) -> str:
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width,initial-scale=1"),
        tag("meta", name="robots", content="noindex"),
        tag("title", title),
        tag("link", rel="icon", href="data:,"),
        tag("noscript", tag("meta", http_equiv="refresh", content=again)) if len(children) > 1 else _again(again),
        tag("style", STYLE),
    )
    return "<!doctype html>" + tag("html", head, tag("body", *children), lang="fr")


def _again(seconds: str) -> Html:
    return tag("meta", http_equiv="refresh", content=seconds)


def _list(shown: DayShown) -> Html:
    cards = list(_cards(shown))
    return tag(
        "main",
        *(cards or [tag("p", _nothing(shown), class_="none")]),
        id="list",
        data_at=str(int(shown.at.timestamp() * 1000)),
        data_zone=str(shown.zone),
        data_version=VERSION,
    )


def _nothing(shown: DayShown) -> str:
    """Return what is said when there is no hearing to show."""
    if shown.hearings:
        return ""
    return NO_MORE if shown.is_over else NOTHING


def _cards(shown: DayShown) -> Iterator[Html]:
    for hearing in shown.hearings:
        lines = sum(-(-len(case.label) // LETTERS_A_LINE) for case in hearing.cases)
        # Cards as equal as can be.
        count = max(-(-len(hearing.cases) // MOST_A_CARD), min(-(-lines // MOST_LINES), len(hearing.cases)), 1)
        size = max(-(-len(hearing.cases) // count), 1)
        parts = [hearing.cases[first : first + size] for first in range(0, len(hearing.cases), size)] or [()]
        for number, cases in enumerate(parts, 1):
            again = f" ({number}/{len(parts)})" if len(parts) > 1 else ""
            yield tag(
                "section",
                tag("h2", (hearing.room or NO_ROOM) + again),
                tag("p", tag("b", hour(hearing.starts_at, shown.zone)), f" – {capital(hearing.kind)}"),
                tag("ol", *(_case(case, shown.zone) for case in cases)) if cases else tag("p", "Aucune affaire."),
            )


def _case(case: CaseShown, zone: tzinfo) -> Html:
    label = case.label or f"Affaire n° {case.rank}"
    at = hour(case.expected_at, zone) if case.expected_at else ""
    return tag("li", tag("time", at), tag("b", label), tag("em", _said(case, zone)), class_=case.stage.value)


def _said(case: CaseShown, zone: tzinfo) -> str:
    words = STAGE_WORDS[case.stage]
    if case.stage is OnScreen.POSTPONED and case.moved_on is not None:
        return f"{words} au {day(case.moved_on.astimezone(zone).date())}, {hour(case.moved_on, zone)}"
    return words


def _digest(content: str) -> str:
    return f"sha256-{b64encode(sha256(content.encode()).digest()).decode()}"
