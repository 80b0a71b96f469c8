"""The page behind a link: plain HTML, no script, nothing asked of any other address. Pure.

It weighs less than 15 KB in all. It says where and when, never who nor why.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote, urlencode

from convocations.link_models import DayPart
from convocations.link_view import Appointment, Day, LinkView, Moved, Offer, Place, Sooner, Stage
from convocations.pages.link_forms import NOTHING_TYPED, Typed, absence_form, call_form, service_card, year_form
from convocations.wording import PageWords, autonyms, hour, long_day, moment, page_words
from portal.ui.html import Html, joined, tag
from portal.ui.plain import plain_style

STYLE = plain_style(Path(__file__).with_name("link.css"))
INSTANT = "%Y%m%dT%H%MZ"
BIG = "grande"  # the size of letters that an address asks for


class Step(StrEnum):
    """Which question of an appointment that is set the page asks; the value is in its address."""

    NONE = ""
    MOVE = "deplacer"
    ABSENCE = "absence"
    CALL = "rappel"
    WHO = "contact"


class ActName(StrEnum):
    """What a form asks for."""

    CHOOSE = "choose"
    MOVE = "move"
    CONFIRM = "confirm"
    CANNOT_COME = "cannot-come"
    STOP = "stop"
    RESUME = "resume"
    TAKE_BACK = "take-back"
    CALL = "call"
    UNCALL = "uncall"
    WHO = "who"
    EARLIER = "earlier"
    NO_EARLIER = "no-earlier"
    TAKE_EARLIER = "take-earlier"
    LEAVE_EARLIER = "leave-earlier"


CHOICES = (ActName.CHOOSE, ActName.MOVE, ActName.TAKE_BACK)  # forms that name an hour
OFFERED = (ActName.TAKE_EARLIER, ActName.LEAVE_EARLIER)  # forms that name the hour that is held


@dataclass(frozen=True)
class Asked:
    """How a page is asked for: its link, its language, its question, and what has to be said first.

    `is_big` and `help` (the mark of whoever helps) stay in every address and form of the page. `opens_maps`: the device
    has an application of its own for addresses that begin with `geo:`.
    """

    token: str
    language: str
    step: Step = Step.NONE
    said: str = ""
    is_big: bool = False
    help: str = ""
    opens_maps: bool = False
    typed: Typed = NOTHING_TYPED


def written(at: datetime | None) -> str:
    """Return an instant as forms carry it; nothing when there is none."""
    return at.astimezone(UTC).strftime(INSTANT) if at else ""


def link_html(view: LinkView, asked: Asked) -> str:
    """Return the whole page of a link that is good."""
    words = page_words(asked.language)
    is_late = view.appointment is not None and view.appointment.late_since is not None
    if asked.step is Step.CALL and view.call is None:
        title, body = words.call_me, call_form(view, asked, words, _form_start(ActName.CALL, view, asked), _back(asked))
    elif asked.step is Step.WHO:
        title, body = words.who_to_call, _whom(view, asked, words)
    elif view.stage is Stage.COMING and asked.step is Step.ABSENCE and not is_late:
        title, body = words.cannot_come, _absence(view, asked, words)
    elif view.stage is Stage.COMING and asked.step is Step.MOVE and not is_late:
        title, body = words.move, _moving(view, asked, words)
    elif view.stage is Stage.COMING and view.sooner:
        title, body = words.earlier_free, _sooner(view.sooner, view, asked, words)
    elif view.stage is Stage.COMING:
        title, body = words.your_appointment, _coming(view, asked, words)
    elif view.stage is Stage.CHOOSING:
        title, body = words.title, _choosing(view, asked, words)
    elif view.stage is Stage.DECLINED:
        title, body = words.given_up, _choosing(view, asked, words)
    else:
        title, body = words.your_appointment, _over(view, asked, words)
    is_question = asked.step in (Step.ABSENCE, Step.CALL, Step.WHO) and not is_late  # one a page
    footer = None if is_question else _footer(view, asked, words)
    helped = tag("p", words.helped, class_="say") if asked.help else None
    return _page(title, joined(helped, _said(asked.said), body), asked, footer=footer)


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
    content = tag(
        "body",
        tag("header", _languages(asked), _size(asked, words) if asked.token else None, class_="top"),
        main,
        footer,
    )
    size = "big" if asked.is_big else None
    return "<!doctype html>" + tag("html", head, content, lang=words.code, dir=words.direction, class_=size)


def _size(asked: Asked, words: PageWords) -> Html:
    label = words.usual_text if asked.is_big else words.bigger_text
    return tag("p", tag("a", label, href=_address(replace(asked, is_big=not asked.is_big))), class_="size")


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
    intro = words.cancelled if view.stage is Stage.DECLINED else None
    until = words.choose_until.format(day=long_day(view.choose_by, asked.language)) if view.choose_by else None
    return joined(
        tag("p", intro, class_="say", role="status") if intro else None,
        _taking_back(view, asked, words),
        tag("p", words.certificate) if intro else None,
        tag("p", until) if until else None,
        _hours(view, asked, words, ActName.CHOOSE),
        _asking(view, asked, words),
    )


def _taking_back(view: LinkView, asked: Asked, words: PageWords) -> Html | None:
    """Return the way back from "I cannot come", while the hour is free."""
    if view.again is None:
        return None
    place = view.again.place
    value = f"{written(view.again.starts_at)}.{place.site_id}"
    label = words.take_back.format(moment=moment(view.again.starts_at, place.zone, asked.language))
    start, end = _form_start(ActName.TAKE_BACK, view, asked)
    return tag("form", start, tag("button", label, name="start", value=value), **end)


def _asking(view: LinkView, asked: Asked, words: PageWords) -> Html:
    """Return how to reach the service: a request to be called, or that it was received, and whom to call."""
    who = tag("p", tag("a", words.who_to_call, href=_address(asked, step=Step.WHO), class_="who"))
    if view.call is None:
        return joined(_link(words.call_me, _address(asked, step=Step.CALL)), who)
    part = words.call_morning if view.call.part is DayPart.MORNING else words.call_afternoon
    received = words.call_received.format(moment=moment(view.call.at, view.call.zone, asked.language))
    said = tag("p", received, tag("br"), part, role="status")
    return joined(tag("div", said, _act(ActName.UNCALL, words.call_cancel, view, asked), class_="calm"), who)


def _whom(view: LinkView, asked: Asked, words: PageWords) -> Html:
    if view.contact is None:
        form = _form_start(ActName.WHO, view, asked)
        return joined(year_form(asked.typed, words, form), _back(asked))
    return joined(service_card(view.contact, words), _back(asked))


def _back(asked: Asked) -> Html:
    return tag("p", _link(page_words(asked.language).back, _address(asked, step=Step.NONE)))


def _sooner(sooner: Sooner, view: LinkView, asked: Asked, words: PageWords) -> Html:
    """Return the earlier date that is held, then the appointment that it would replace."""
    place = sooner.appointment.place
    until = words.earlier_until.format(moment=moment(sooner.until, place.zone, asked.language))
    forms = (
        _answer(ActName.TAKE_EARLIER, words.earlier_take, sooner, view, asked),
        _answer(ActName.LEAVE_EARLIER, words.keep, sooner, view, asked),
    )
    return joined(
        _card(sooner.appointment, asked.language),
        tag("p", until),
        tag("div", *forms, class_="acts"),
        tag("h2", words.your_appointment),
        _coming(view, asked, words),
    )


def _answer(act: ActName, label: str, sooner: Sooner, view: LinkView, asked: Asked) -> Html:
    start, end = _form_start(act, view, asked)
    value = f"{written(sooner.appointment.starts_at)}.{sooner.appointment.place.site_id}"
    kind = "main" if act is ActName.TAKE_EARLIER else None
    return tag("form", start, tag("button", label, name="start", value=value, class_=kind), **end)


def _wishing(view: LinkView, asked: Asked, words: PageWords) -> Html | None:
    """Return how to be told of an earlier date, or that one will be; nothing while one is offered."""
    if view.wants_earlier is None or view.sooner:
        return None
    if not view.wants_earlier:
        return _act(ActName.EARLIER, words.earlier_ask, view, asked)
    said = tag("p", words.earlier_asked, role="status")
    return tag("div", said, _act(ActName.NO_EARLIER, words.earlier_unask, view, asked), class_="calm")


def _moved(moved: Moved, view: LinkView, asked: Asked, words: PageWords) -> Html:
    """Return from when to when the appointment went, and the way back while there is one."""
    now = _set(view)
    before = moment(moved.before, moved.place.zone, asked.language)
    after = moment(now.starts_at, now.place.zone, asked.language)
    said = tag("p", words.moved_from.format(before=before), tag("br"), words.moved_to.format(after=after))
    if not moved.may_go_back:
        return said
    start, end = _form_start(ActName.MOVE, view, asked)
    value = f"{written(moved.before)}.{moved.place.site_id}"
    back = tag("form", start, tag("button", words.move_back.format(moment=before), name="start", value=value), **end)
    return joined(said, back)


def _coming(view: LinkView, asked: Asked, words: PageWords) -> Html:
    appointment = _set(view)
    is_confirmed, late = appointment.is_confirmed, appointment.late_since
    acts = (
        None if is_confirmed else _act(ActName.CONFIRM, words.confirm, view, asked, is_main=not view.sooner),
        _link(words.add_to_calendar, f"{asked.token}.ics{_address(asked)}"),
        _link(words.see_map, map_address(appointment.place), is_outside=True),
        _way(appointment.place, asked, words),
        None if late else _link(words.move, _address(asked, step=Step.MOVE)),
        _wishing(view, asked, words),
        None if late else _link(words.cannot_come, _address(asked, step=Step.ABSENCE)),
    )
    until = appointment.change_until
    still = words.change_until.format(moment=moment(until, appointment.place.zone, asked.language)) if until else None
    since = words.too_late_since.format(moment=moment(late, appointment.place.zone, asked.language)) if late else ""
    booked = words.moved if view.moved else words.booked
    return joined(
        _card(appointment, asked.language),
        tag("p", "✓ ", words.coming if is_confirmed else booked, role="status"),
        _moved(view.moved, view, asked, words) if view.moved else None,
        tag("p", still) if still else None,
        tag("p", f"{words.too_late} {since}") if late else None,
        tag("div", *acts, _asking(view, asked, words), class_="acts"),
    )


def _way(place: Place, asked: Asked, words: PageWords) -> Html | None:
    """Return the way there: by the application of the device when it has one, else on the map."""
    if asked.opens_maps:
        return _link(words.directions, geo_address(place), is_outside=True)
    address = way_address(place)
    return _link(words.directions, address, is_outside=True) if address else None


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
        absence_form(words, _form_start(ActName.CANNOT_COME, view, asked)),
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
    return joined(tag("p", sentences[view.stage], class_="say", role="status"), card, _asking(view, asked, words))


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
    number = tag("p", tag("small", f"N°\N{NO-BREAK SPACE}{view.number}"), lang="fr", dir="ltr") if view.number else None
    return tag("footer", *messages, tag("p", words.footer), number)


def _act(act: ActName, label: str, view: LinkView, asked: Asked, *, is_main: bool = False) -> Html:
    start, end = _form_start(act, view, asked)
    return tag("form", start, tag("button", label, class_="main" if is_main else None), **end)


def _form_start(act: ActName, view: LinkView, asked: Asked) -> tuple[Html, dict[str, str]]:
    """Return the hidden fields of a form, and its attributes."""
    hidden = joined(_hidden("act", act), _hidden("seen", written(view.seen)))
    return hidden, {"method": "post", "action": _address(asked, step=Step.NONE)}


def _said(said: str) -> Html | None:
    return tag("p", said, class_="say", role="alert", id="said") if said else None


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


def geo_address(place: Place) -> str:
    """Return where a place is, for the application of a phone. Source: RFC 5870."""
    if place.lat is None or place.lon is None:
        return f"geo:0,0?q={quote(place.address)}"
    point = f"{place.lat:.5f},{place.lon:.5f}"
    return f"geo:{point}?q={point}"


def way_address(place: Place) -> str:
    """Return where a map shows the way to a place; empty when its point is not sure."""
    if place.lat is None or place.lon is None:
        return ""
    return f"https://www.openstreetmap.org/directions?to={place.lat:.5f}%2C{place.lon:.5f}"


def _address(asked: Asked, *, language: str | None = None, step: Step | None = None, first: date | None = None) -> str:
    """Return the address of another page of the same link, relative to this one."""
    values = {
        "langue": language or asked.language,
        "etape": asked.step if step is None else step,
        "a-partir-de": first.isoformat() if first else "",
        **kept_in_addresses(asked),
    }
    return "?" + urlencode({name: value for name, value in values.items() if value})


def kept_in_addresses(asked: Asked) -> dict[str, str]:
    """Return what every address of the page carries besides its language."""
    return {"taille": BIG if asked.is_big else "", "aide": asked.help}
