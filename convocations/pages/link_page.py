"""The page behind a link: plain HTML, no script, nothing asked of any other address. Pure.

It weighs less than 15 KB in all. It says where and when, never who nor why.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote, urlencode

from convocations.link_view import Appointment, Day, LinkView, Offer, Place, Stage
from convocations.pages.html import Html, joined, tag
from convocations.wording import PageWords, autonyms, hour, long_day, page_words

STYLE = Html("".join(Path(__file__).with_name("link.css").read_text().splitlines()))
# The one style is named by its digest: nothing else may be laid on the page, and no script may run.
CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'none'",
        f"style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'",
        "img-src data:",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
INSTANT = "%Y%m%dT%H%MZ"


class Step(StrEnum):
    """Which question of an appointment that is set the page asks; the value is in its address."""

    NONE = ""
    MOVE = "deplacer"
    ABSENCE = "absence"


class ActName(StrEnum):
    """What a form asks for."""

    CHOOSE = "choose"
    MOVE = "move"
    CONFIRM = "confirm"
    CANNOT_COME = "cannot-come"
    STOP = "stop"
    RESUME = "resume"


@dataclass(frozen=True)
class Asked:
    """How a page is asked for: its link, its language, its question, and what has to be said first."""

    token: str
    language: str
    step: Step = Step.NONE
    said: str = ""


def written(at: datetime | None) -> str:
    """Return an instant as forms carry it; nothing when there is none."""
    return at.astimezone(UTC).strftime(INSTANT) if at else ""


def link_html(view: LinkView, asked: Asked) -> str:
    """Return the whole page of a link that is good."""
    words = page_words(asked.language)
    if view.stage is Stage.COMING and asked.step is Step.ABSENCE:
        title, body = words.cannot_come, _absence(view, asked, words)
    elif view.stage is Stage.COMING and asked.step is Step.MOVE:
        title, body = words.move, _moving(view, asked, words)
    elif view.stage is Stage.COMING:
        title, body = words.your_appointment, _coming(view, asked, words)
    elif view.stage in (Stage.CHOOSING, Stage.DECLINED):
        title, body = words.title, _choosing(view, asked, words)
    else:
        title, body = words.your_appointment, _over(view, asked, words)
    footer = None if asked.step is Step.ABSENCE else _footer(view, asked, words)  # one question a page
    return _page(title, joined(_said(asked.said), body), asked, footer=footer)


def plain_html(language: str, said: str) -> str:
    """Return a page that only says something: for a link that is not good, or an answer that has to wait."""
    words = page_words(language)
    return _page(words.your_appointment, tag("p", said, class_="say", role="alert"), Asked("", language))


def _page(title: str, body: Html, asked: Asked, *, footer: Html | None = None) -> str:
    words = page_words(asked.language)
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width,initial-scale=1"),
        tag("meta", name="robots", content="noindex"),
        tag("meta", name="format-detection", content="telephone=no"),
        tag("title", title),
        tag("link", rel="icon", href="data:,"),
        tag("style", STYLE),
    )
    main = tag("main", tag("h1", title), body)
    content = tag("body", _languages(asked), main, footer)
    return "<!doctype html>" + tag("html", head, content, lang=words.code, dir=words.direction)


def _languages(asked: Asked) -> Html:
    items = (
        tag(
            "li",
            tag(
                "a",
                name,
                href=_address(asked, language=code),
                lang=code,
                hreflang=code,
                aria_current="true" if code == asked.language else None,
            ),
        )
        for code, name in autonyms().items()
    )
    return tag("nav", tag("ul", *items), class_="tongues", aria_label=page_words(asked.language).language)


def _choosing(view: LinkView, asked: Asked, words: PageWords) -> Html:
    intro = words.not_coming if view.stage is Stage.DECLINED else None
    until = words.choose_until.format(day=long_day(view.choose_by, asked.language)) if view.choose_by else None
    return joined(
        tag("p", intro, class_="say", role="status") if intro else None,
        tag("p", until) if until else None,
        _hours(view, asked, words, ActName.CHOOSE),
    )


def _coming(view: LinkView, asked: Asked, words: PageWords) -> Html:
    appointment = _set(view)
    is_confirmed = appointment.is_confirmed
    acts = (
        None if is_confirmed else _act(ActName.CONFIRM, words.confirm, view, asked, is_main=True),
        _link(words.add_to_calendar, f"{asked.token}.ics{_address(asked)}"),
        _link(words.see_map, map_address(appointment.place), is_outside=True),
        _link(words.move, _address(asked, step=Step.MOVE)),
        _link(words.cannot_come, _address(asked, step=Step.ABSENCE)),
    )
    return joined(
        _card(appointment, asked.language),
        tag("p", "✓ ", words.coming if is_confirmed else words.booked, role="status"),
        tag("div", *acts, class_="acts"),
    )


def _moving(view: LinkView, asked: Asked, words: PageWords) -> Html:
    return joined(
        _card(_set(view), asked.language),
        tag("p", words.move_hint),
        tag("p", _link(words.keep, _address(asked, step=Step.NONE))),
        _hours(view, asked, words, ActName.MOVE),
    )


def _absence(view: LinkView, asked: Asked, words: PageWords) -> Html:
    acts = (
        _link(words.move, _address(asked, step=Step.MOVE)),
        _act(ActName.CANNOT_COME, words.sure_yes, view, asked, is_main=True),
        _link(words.keep, _address(asked, step=Step.NONE)),
    )
    return joined(
        _card(_set(view), asked.language),
        tag("p", words.sure),
        tag("div", *acts, class_="acts"),
    )


def _over(view: LinkView, asked: Asked, words: PageWords) -> Html:
    sentences = {Stage.PAST: words.past, Stage.CALLED_OFF: words.cancelled, Stage.TOO_LATE: words.link_expired}
    card = _card(view.appointment, asked.language) if view.appointment and view.stage is not Stage.TOO_LATE else None
    return joined(tag("p", sentences[view.stage], class_="say", role="status"), card)


def _card(appointment: Appointment, language: str) -> Html:
    local = appointment.starts_at.astimezone(appointment.place.zone)
    return tag(
        "p",
        tag(
            "time",
            tag("strong", long_day(local.date(), language)),
            tag("strong", hour(appointment.starts_at, appointment.place.zone, language)),
            datetime=local.isoformat(timespec="minutes"),
        ),
        _street(appointment.place),
        _clock(appointment.place, page_words(language)),
        class_="card",
    )


def _clock(place: Place, words: PageWords) -> Html | None:
    """Return whose hours these are, for somebody who lives by other ones."""
    return joined(tag("br"), tag("small", words.local_time.format(place=place.clock_of))) if place.clock_of else None


def _street(place: Place) -> Html:
    return tag("span", place.address, lang="fr", dir="ltr")


def _hours(view: LinkView, asked: Asked, words: PageWords, act: ActName) -> Html:
    if not view.offers:
        return tag("p", words.nothing_left, class_="say", role="status")
    known = view.appointment.place if view.seen and view.appointment else None  # its card says where it is
    where = [None if offer.place == known and len(view.offers) == 1 else offer.place for offer in view.offers]
    offers = (
        joined(_whereabouts(place, words) if place else None, *_days(offer, asked.language))
        for place, offer in zip(where, view.offers, strict=True)
    )
    shown = min(offer.days[0].on for offer in view.offers)  # a refusal comes back to the same days
    form = tag(
        "form",
        _hidden("act", act),
        _hidden("seen", written(view.seen)),
        *offers,
        method="post",
        action=_address(asked, step=Step.NONE, first=shown if view.earlier else None),
    )
    return joined(form, _pages(view, asked, words))


def _whereabouts(place: Place, words: PageWords) -> Html:
    return joined(
        tag("h2", words.place), tag("p", _street(place), _clock(place, words), tag("br"), _map_link(place, words))
    )


def _days(offer: Offer, language: str) -> list[Html]:
    return [_day(day, offer.place, language) for day in offer.days]


def _day(day: Day, place: Place, language: str) -> Html:
    buttons = (
        tag(
            "button",
            hour(start, place.zone, language),
            name="start",
            value=f"{written(start)}.{place.site_id}",
        )
        for start in day.starts
    )
    legend = tag("legend", long_day(day.on, language))
    return tag("fieldset", legend, tag("div", *buttons, class_="hours"))


def _pages(view: LinkView, asked: Asked, words: PageWords) -> Html | None:
    links = [
        _link(label, _address(asked, step=asked.step, first=first))
        for label, first in ((words.previous_times, view.earlier), (words.next_times, view.later))
        if first
    ]
    return tag("div", *links, class_="pages") if links else None


def _footer(view: LinkView, asked: Asked, words: PageWords) -> Html:
    messages = (
        (tag("p", words.sms_stopped, role="status"), _act(ActName.RESUME, words.resume_sms, view, asked))
        if view.refuses_sms
        else (_act(ActName.STOP, words.stop_sms, view, asked),)
    )
    return tag("footer", *messages, tag("p", words.footer))


def _act(act: ActName, label: str, view: LinkView, asked: Asked, *, is_main: bool = False) -> Html:
    return tag(
        "form",
        _hidden("act", act),
        _hidden("seen", written(view.seen)),
        tag("button", label, class_="main" if is_main else None),
        method="post",
        action=_address(asked, step=Step.NONE),
    )


def _said(said: str) -> Html | None:
    return tag("p", said, class_="say", role="alert") if said else None


def _hidden(name: str, value: str) -> Html:
    return tag("input", type="hidden", name=name, value=value)


def _link(label: str, address: str, *, is_outside: bool = False) -> Html:
    return tag("a", label, href=address, class_="act", rel="noreferrer" if is_outside else None)


def _map_link(place: Place, words: PageWords) -> Html:
    return tag("a", words.see_map, href=map_address(place), class_="plan", rel="noreferrer")


def _set(view: LinkView) -> Appointment:
    if view.appointment is None:
        raise ValueError(f"nothing is set at stage {view.stage}")
    return view.appointment


def map_address(place: Place) -> str:
    """Return where a map shows a place: the point when it is sure, else what a search for its address finds."""
    if place.lat is None or place.lon is None:
        return f"https://www.openstreetmap.org/search?query={quote(place.address)}"
    point = f"{place.lat:.5f}/{place.lon:.5f}"
    return f"https://www.openstreetmap.org/?mlat={place.lat:.5f}&mlon={place.lon:.5f}#map=17/{point}"


def _address(asked: Asked, *, language: str | None = None, step: Step | None = None, first: date | None = None) -> str:
    """Return the address of another page of the same link, relative to this one."""
    values = {
        "langue": language or asked.language,
        "etape": asked.step if step is None else step,
        "a-partir-de": first.isoformat() if first else "",
    }
    return "?" + urlencode({name: value for name, value in values.items() if value})
