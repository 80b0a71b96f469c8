"""The page by which a host answers a request without an account: plain HTML, no script, made for a phone. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from availability.models import Shape
from booking.actions import REFUSAL_REASONS
from booking.hosting import HostedRequest
from booking.models import State
from booking.pages.request_words import (
    BY_LINK,
    answer_by,
    became,
    dates,
    is_soon,
    proposed,
    spaced,
    what,
    where,
    whom,
)
from booking.words import REFUSAL_WORDS
from portal.ui.dates import moment
from portal.ui.html import Html, joined, tag
from portal.ui.plain import plain_style

STYLE = plain_style(Path(__file__).with_name("host_link.css"))
TITLE = "Une demande de place"
NAMES_SOMEBODY = (State.REQUESTED, State.BOOKED)  # once it is over, nobody needs to be recognised


class Step(StrEnum):
    """Which question the page asks; the value is in its address."""

    NONE = ""
    REFUSE = "refuser"
    PROPOSE = "proposer"


class ActName(StrEnum):
    """What a form asks for."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    PROPOSE = "propose"
    WITHDRAW = "withdraw"
    UNDO = "undo"


@dataclass(frozen=True, kw_only=True)
class HostView:
    """What the page shows: the request as it is now, and what may be done."""

    request: HostedRequest
    may_undo: bool
    hours: tuple[datetime, ...] = ()
    now: datetime

    @property
    def zone(self) -> ZoneInfo:
        """Return the civil time of the place."""
        return ZoneInfo(self.request.time_zone)

    @property
    def is_waiting(self) -> bool:
        """Say whether an answer would be heard."""
        return self.request.state is State.REQUESTED


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What was typed in a form that was refused, and why."""

    said: str = ""  # beside the form, or at the top when there is none
    first: str = ""
    last: str = ""
    start: str = ""
    reason: str = ""


NOTHING = Typed()


def host_html(view: HostView, step: Step, typed: Typed = NOTHING) -> str:
    """Return the whole page of a link that is good."""
    if not view.is_waiting:
        return _page(TITLE, _said(typed.said), _over(view), _facts(view))
    if step is Step.REFUSE:
        return _page("Refuser la demande", _facts(view), _refusing(typed))
    if step is Step.PROPOSE:
        return _page("Proposer d’autres dates", _facts(view), _proposing(view, typed))
    return _page(TITLE, _said(typed.said), _deadline(view), _facts(view), _answers(view))


def plain_html(said: str) -> str:
    """Return a page that only says something: for a link that is not good, or an answer that has to wait."""
    return _page(TITLE, tag("p", said, class_="say", role="alert"))


def _page(title: str, *children: Html | None) -> str:
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width,initial-scale=1"),
        tag("meta", name="robots", content="noindex"),
        tag("title", title),
        tag("link", rel="icon", href="data:,"),
        tag("style", STYLE),
    )
    footer = tag("footer", tag("p", "PlaceJuste – ce lien n’agit que sur cette demande."))
    body = tag("body", tag("main", tag("h1", title), joined(*children)), footer)
    return "<!doctype html>" + tag("html", head, body, lang="fr")


def _facts(view: HostView) -> Html:
    request = view.request
    is_named = request.state in NAMES_SOMEBODY
    asker = ", ".join(part for part in (request.court_name, spaced(request.asker_phone)) if part)
    facts = (
        ("Quoi", what(request)),
        ("Où", where(request)),
        ("Quand", dates(request, view.zone)),
        ("Pour", whom(request, now=view.now) if is_named else ""),
        ("Demandé par", asker),
    )
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", words)) for name, words in facts if words), class_="facts")


def _deadline(view: HostView) -> Html:
    request = view.request
    if request.other is not None:
        return tag("p", proposed(request, view.now, view.zone), class_="done", role="status")
    words = answer_by(request.expires_at, view.now, view.zone) if request.expires_at else ""
    return tag("p", f"{words}.", class_="late" if is_soon(request, view.now) else None)


def _answers(view: HostView) -> Html:
    can_propose = view.request.shape is not Shape.SESSIONS
    if view.request.other is not None:
        acts = (
            _act(ActName.WITHDRAW, "Retirer ma proposition"),
            _act(ActName.ACCEPT, "Accepter les dates demandées"),
            _link("Refuser la demande", Step.REFUSE),
        )
        return tag("div", *acts, class_="acts")
    return tag(
        "div",
        _act(ActName.ACCEPT, "Accepter", is_main=True),
        _link("Proposer d’autres dates", Step.PROPOSE) if can_propose else None,
        _link("Refuser", Step.REFUSE),
        class_="acts",
    )


def _refusing(typed: Typed) -> Html:
    reasons = (
        tag(
            "label",
            tag("input", type="radio", name="reason", value=reason, required=True, checked=reason == typed.reason),
            REFUSAL_WORDS[reason][:1].upper() + REFUSAL_WORDS[reason][1:],
            class_="choice",
        )
        for reason in REFUSAL_REASONS
    )
    return tag(
        "form",
        _hidden("act", ActName.REFUSE),
        _error(typed.said),
        tag("fieldset", tag("legend", "Pour quel motif ?"), *reasons),
        tag("div", tag("button", "Refuser la demande", class_="main"), _link("Revenir", Step.NONE), class_="acts"),
        method="post",
        action="?etape=refuser",
    )


def _proposing(view: HostView, typed: Typed) -> Html:
    is_timed = view.request.shape is Shape.SLOTS
    fields = _hours(view, typed) if is_timed else _days(view, typed)
    hint = "Les dates demandées et celles que vous proposez sont gardées toutes les deux jusqu’à la réponse."
    if is_timed and not view.hours:
        return joined(
            tag("p", "Aucune autre heure n’est libre dans les deux mois.", class_="say", role="status"),
            tag("div", _link("Revenir", Step.NONE), class_="acts"),
        )
    return tag(
        "form",
        _hidden("act", ActName.PROPOSE),
        tag("p", hint),
        _error(typed.said),
        fields,
        tag("div", tag("button", "Proposer ces dates", class_="main"), _link("Revenir", Step.NONE), class_="acts"),
        method="post",
        action="?etape=proposer",
    )


def _days(view: HostView, typed: Typed) -> Html:
    today = view.now.astimezone(view.zone).date().isoformat()
    is_nights = view.request.shape is Shape.NIGHTS
    labels = ("Arrivée", "Départ") if is_nights else ("Premier jour", "Dernier jour")
    hint = None if is_nights else tag("small", "Laissez vide s’il n’y a pas de date de fin.")
    first = tag("input", type="date", name="first", id="first", value=typed.first, min=today, required=True)
    last = tag("input", type="date", name="last", id="last", value=typed.last, min=today, required=is_nights)
    return joined(
        tag("div", tag("label", labels[0], for_="first"), first, class_="field"),
        tag("div", tag("label", labels[1], for_="last"), hint, last, class_="field"),
    )


def _hours(view: HostView, typed: Typed) -> Html:
    options = (
        tag("option", moment(start, view.zone), value=start.isoformat(), selected=start.isoformat() == typed.start)
        for start in view.hours
    )
    select = tag("select", *options, name="start", id="start", required=True)
    return tag("div", tag("label", "Heures libres", for_="start"), select, class_="field")


def _over(view: HostView) -> Html:
    """Return what became of the request, when, and by whom: the same for whoever opens the link."""
    request = view.request
    by = {
        State.CANCELLED: "par le service qui demandait",
        State.LAPSED: "",
    }.get(request.state, BY_LINK if request.by_link else f"par {request.answered_by}" if request.answered_by else "")
    words = f"Demande {became(request)}, {moment(request.moved_at, view.zone)}{f', {by}' if by else ''}."
    undo = tag("div", _act(ActName.UNDO, "Annuler ma réponse"), class_="acts") if view.may_undo else None
    return joined(tag("p", words, class_="done", role="status"), undo)


def _act(act: ActName, label: str, *, is_main: bool = False) -> Html:
    button = tag("button", label, class_="main" if is_main else None)
    return tag("form", _hidden("act", act), button, method="post", action="?")


def _hidden(name: str, value: str) -> Html:
    return tag("input", type="hidden", name=name, value=value)


def _link(label: str, step: Step) -> Html:
    return tag("a", label, href=f"?etape={step}" if step else "?", class_="act")


def _said(said: str) -> Html | None:
    return tag("p", said, class_="say", role="alert") if said else None


def _error(said: str) -> Html | None:
    return tag("p", said, class_="error", role="alert") if said else None
