"""Bracelet fittings and rounds in words, as the frozen pieces that the pages display. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import groupby, islice
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from availability.openings import local_day
from availability.places import Place, Source
from booking.fitting_queries import OPEN, Offers, RequestLine, Stage
from booking.fittings import (
    Counting,
    FittingTerms,
    Measure,
    Offer,
    Purpose,
    Team,
    WhyNot,
    Window,
    deadline,
    practical_days,
)
from booking.pages.booking_words import convene_address, zone_note
from booking.plans.round_offers import BestOffer
from booking.words import many
from portal.ui.dates import NBSP, day, ended, from_today, hour, long_day, moment

DAYS_SHOWN = 10
OFFERS_A_DAY = 4
WEEKDAYS = ("Lundi", "Mardi", "Mercredi", "Jeudi", "Vendredi", "Samedi", "Dimanche")
STAGE_WORDS = {
    Stage.WAITING: "à planifier",
    Stage.BOOKED: "planifiée",
    Stage.MISSED: "absent, à replanifier",
    Stage.FITTED: "posé",
    Stage.CLOSED: "close",
}
STAGE_BADGES = {
    Stage.WAITING: "info",
    Stage.BOOKED: "success",
    Stage.MISSED: "warning",
    Stage.FITTED: "success",
    Stage.CLOSED: "",
}
REMOVED = "retiré"  # of a removal that is done
PURPOSE_WORDS = {Purpose.FITTING: "Pose", Purpose.REMOVAL: "Dépose"}
WHY_NOT_WORDS = {
    WhyNot.AGENTS: ("créneau d’une équipe trop petite", "créneaux d’équipes trop petites"),
    WhyNot.SKILLS: ("créneau d’une équipe sans la compétence", "créneaux d’équipes sans la compétence"),
    WhyNot.NOBODY_HOME: ("créneau hors des heures de présence", "créneaux hors des heures de présence"),
    WhyNot.TAKEN: ("créneau déjà pris", "créneaux déjà pris"),
    WhyNot.TRAVEL: (
        "créneau trop serré : l’équipe n’aurait pas le temps de la route",
        "créneaux trop serrés : l’équipe n’aurait pas le temps de la route",
    ),
}
UNFIT_WORDS = {
    WhyNot.TOO_FAR: "Cette équipe ne va pas aussi loin.",
    WhyNot.AGENTS: "Cette équipe n’a pas assez d’agents pour cette visite.",
    WhyNot.SKILLS: "Cette équipe n’a pas la compétence demandée.",
    WhyNot.NOBODY_HOME: "Personne ne serait au domicile à cette heure.",
    WhyNot.TRAVEL: "Ce créneau vient de devenir impossible : l’équipe n’aurait plus le temps de la route.",
}
COUNTING_WORDS = {
    Counting.EVERY_DAY: "tous les jours comptent",
    Counting.PROLONGED: "tous les jours comptent, jusqu’au jour ouvré suivant",
    Counting.WORKING_DAYS: "jours ouvrés",
}


@dataclass(frozen=True)
class Row:
    """A request in the list."""

    id: str
    href: str
    who: str
    measure: str
    legal: str
    legal_note: str
    urgency: str  # "", soon or late
    practical: str
    stage: str
    badge: str
    detail: str
    asked: str


@dataclass(frozen=True)
class OfferButton:
    """A slot to take."""

    resource_id: str
    start: str
    when: str
    hour: str
    team: str
    detour: str
    note: str


@dataclass(frozen=True)
class OfferDay:
    """The slots of one day."""

    day: str
    offers: list[OfferButton]  # the best ones, by hour
    more: list[OfferButton]
    more_words: str


@dataclass(frozen=True)
class View:
    """A request in its sheet; the name and the address are shown because somebody opened it, which is logged."""

    id: str = ""
    who: str = ""
    stage: str = ""
    badge: str = ""
    measure: str = ""
    legal: str = ""
    urgency: str = ""
    practical: str = ""
    deadline_on: str = ""
    address: str = ""
    windows: str = ""
    visit: str = ""
    ordered: str = ""
    booked: str = ""
    round_href: str = ""
    convene_href: str = ""
    can_offer: bool = False
    can_give_back: bool = False
    can_close: bool = False
    can_reopen: bool = False


def row_of(line: RequestLine, terms: FittingTerms, href: str, *, now: datetime) -> Row:
    """Return a line of the list."""
    today = local_day(now, ZoneInfo(line.time_zone))
    return Row(
        id=str(line.id),
        href=href,
        who=initials(line.initials) or "personne effacée",
        measure=" – ".join(part for part in (measure_label(terms, line.measure), special_words(line, terms)) if part),
        legal=day(line.deadline_on) if line.deadline_on else "aucune",
        legal_note=legal_note(line, today),
        urgency=urgency(line, today),
        practical=between(terms, line.ordered_on),
        stage=stage_words(line),
        badge=STAGE_BADGES[line.stage],
        detail=booked_words(line) if line.stage in (Stage.BOOKED, Stage.FITTED) else "",
        asked=f"ordonnée le {day(line.ordered_on)}",
    )


def view_of(line: RequestLine, terms: FittingTerms, *, name: str, address: str, now: datetime) -> View:
    """Return what the sheet shows."""
    today = local_day(now, ZoneInfo(line.time_zone))
    is_open = line.stage in OPEN
    is_coming = line.stage is Stage.BOOKED and line.starts_at is not None and line.starts_at > now
    legal = "aucune (la loi ne fixe pas de délai)"
    if line.deadline_on:
        legal = " – ".join(part for part in (day(line.deadline_on), legal_note(line, today)) if part)
    source = source_words(terms.measure(line.measure)) if line.measure in _codes(terms) else ""
    return View(
        id=str(line.id),
        who=name or initials(line.initials) or "personne effacée",
        stage=stage_words(line),
        badge=STAGE_BADGES[line.stage],
        measure=measure_label(terms, line.measure),
        legal=f"{legal}{f' ({source})' if source else ''}",
        urgency=urgency(line, today),
        practical=f"{between(terms, line.ordered_on)} (deux à trois semaines après l’ordonnance)",
        deadline_on=line.deadline_on.isoformat() if line.deadline_on else "",
        address=address if line.is_exact else f"{address} (position approximative : centre de la commune)",
        windows=windows_words(line.windows) + zone_note(line.time_zone),
        visit=special_words(line, terms),
        ordered=day(line.ordered_on, year=True),
        booked=booked_words(line) if line.stage not in (Stage.WAITING, Stage.CLOSED) else "",
        round_href=_round_of(line) if line.stage in (Stage.BOOKED, Stage.FITTED, Stage.MISSED) else "",
        convene_href=convene_address(line.booking_id) if is_coming else "",
        can_offer=is_open,
        can_give_back=is_coming,
        can_close=is_open,
        can_reopen=line.stage is Stage.CLOSED,
    )


def stage_words(line: RequestLine) -> str:
    """Return where a request stands."""
    is_removed = line.stage is Stage.FITTED and line.purpose is Purpose.REMOVAL
    return REMOVED if is_removed else STAGE_WORDS[line.stage]


def special_words(line: RequestLine, terms: FittingTerms) -> str:
    """Return what sets a visit apart: "dépose, urgente, deux agents"; nothing for a usual fitting."""
    parts = [
        PURPOSE_WORDS[line.purpose].lower() if line.purpose is not Purpose.FITTING else "",
        "urgente" if line.is_urgent else "",
        agents_words(line.agents) if line.agents > 1 else "",
        *(terms.skills.get(code, code) for code in sorted(line.skills)),
    ]
    return ", ".join(part for part in parts if part)


def agents_words(agents: int) -> str:
    """Return "un agent", "deux agents"."""
    return ("un agent", "deux agents", "trois agents", "quatre agents")[min(max(agents, 1), 4) - 1]


def offer_days(found: Offers, *, zone: ZoneInfo, count: int = DAYS_SHOWN) -> list[OfferDay]:
    """Return the offers by day, the earliest day first; in a day, the best few by hour, then the others by hour."""
    by_day = groupby(sorted(found.offers, key=lambda one: one.day), key=lambda one: one.day)  # as ranked within a day
    return [_offer_day(on, list(offers), found.teams, zone) for on, offers in islice(by_day, count)]


def best_offers(found: Offers, best: Sequence[BestOffer], *, zone: ZoneInfo) -> list[OfferButton]:
    """Return the best slots on the rounds as they are, and the earliest of all when it is not among them."""
    buttons = [_best_button(one, found.teams, zone) for one in best]
    earliest = min(found.offers, key=lambda one: one.period.start, default=None)
    if earliest is None or any(one.start <= earliest.period.start for one in best):
        return buttons
    button = _button(earliest, found.teams, zone)
    return [*buttons, replace(button, note=", ".join(part for part in ("au plus tôt", button.note) if part))]


def offers_sentence(found: Offers) -> str:
    """Return how many slots fit, before the deadline and after it."""
    in_time = sum(one.is_in_time for one in found.offers)
    late = len(found.offers) - in_time
    if not found.offers:
        return ended(f"Aucun créneau ne convient d’ici au {day(found.until)}")
    said = f"{many(in_time, 'créneau convient', 'créneaux conviennent')}"
    if not in_time:
        return f"Aucun créneau avant la date limite{NBSP}; {many(late, 'convient', 'conviennent')} après elle."
    return ended(f"{said}{f' avant la date limite, {late} après elle' if late else ''}, d’ici au {day(found.until)}")


def reasons(found: Offers) -> list[str]:
    """Return why the rest can't be offered, with counts."""
    far = many(found.teams_too_far, "équipe trop éloignée", "équipes trop éloignées")
    counted = [(why, found.slots_refused.get(why, 0)) for why in WHY_NOT_WORDS]
    told = [many(count, *WHY_NOT_WORDS[why]) for why, count in counted if count]
    return [*([far] if found.teams_too_far else []), *told]


def initials(letters: str) -> str:
    """Return "A.D."."""
    return "".join(f"{letter}." for letter in letters)


def measure_label(terms: FittingTerms, code: str) -> str:
    """Return what a measure is called."""
    return next((one.label for one in terms.measures if one.code == code), code)


def legal_note(line: RequestLine, today: date) -> str:
    """Return how far the deadline is, while it still matters."""
    if line.deadline_on is None or line.stage in (Stage.FITTED, Stage.CLOSED):
        return ""
    if line.deadline_on < today:
        return f"dépassée {from_today(line.deadline_on, today)}"
    return from_today(line.deadline_on, today)


def urgency(line: RequestLine, today: date) -> str:
    """Return late, soon (two days) or nothing."""
    if line.deadline_on is None or line.stage in (Stage.FITTED, Stage.CLOSED):
        return ""
    if line.deadline_on < today:
        return "late"
    return "soon" if line.stage in OPEN and line.deadline_on - today <= timedelta(days=2) else ""


def between(terms: FittingTerms, ordered_on: date) -> str:
    """Return "entre le 10 et le 17 déc."."""
    first, last = practical_days(terms, ordered_on)
    return f"entre le {day(first)} et le {day(last)}"


def source_words(measure: Measure) -> str:
    """Return where the delay comes from, and how it is counted."""
    if measure.legal_days is None:
        return ""
    days = many(measure.legal_days, "jour", "jours")
    return ", ".join(part for part in (days, COUNTING_WORDS[measure.counting], measure.source) if part)


def deadline_words(
    terms: FittingTerms, code: str, ordered_on: date | None, *, given: date | None, holiday_zone: str
) -> str:
    """Return, as one types, until when the bracelet is to be fitted by law and when it usually is."""
    measure = next((one for one in terms.measures if one.code == code), None)
    if measure is None or ordered_on is None:
        return ""
    usual = f"En pratique{NBSP}: {between(terms, ordered_on)}"
    if given is not None:
        return f"À poser au plus tard le {day(given)}, date fixée par la décision. {usual}"
    last = deadline(measure, ordered_on, holiday_zone)
    if last is None:
        return f"La loi ne fixe pas de délai pour cette mesure. {usual}"
    return f"À poser au plus tard le {day(last)} ({source_words(measure)}). {usual}"


def windows_words(windows: Sequence[Window]) -> str:
    """Return "lun. à ven. de 8 h à 19 h ; sam. de 9 h à 12 h": days that follow and are alike are said together."""
    by_hours: dict[tuple[time, time], list[int]] = {}
    for window in windows:
        by_hours.setdefault((window.opens, window.until), []).append(window.weekday)
    return f"{NBSP}; ".join(f"{_days_words(days)} {_hours_words(*hours)}" for hours, days in by_hours.items())


def booked_words(line: RequestLine) -> str:
    """Return when and by which team."""
    if line.starts_at is None:
        return ""
    when = moment(line.starts_at, ZoneInfo(line.site_zone)) + zone_note(line.site_zone)
    return f"{when}, {line.team_name}"


def place_words(place: Place, *, ban_failed: bool) -> str:
    """Return who located an address, and how well."""
    if place.source is Source.BAN:
        return f"{place.label} – adresse trouvée par la Base Adresse Nationale"
    failed = ", la Base Adresse Nationale ne répond pas" if ban_failed else ""
    return f"{place.label} – centre de la commune seulement (répertoire hors ligne{failed})"


def kilometres(km: float) -> str:
    """Return "3,2 km", "24 km"."""
    return f"{km:.0f}{NBSP}km" if km >= 10 else f"{km:.1f}{NBSP}km".replace(".", ",")


def minutes_words(minutes: int) -> str:
    """Return "45 min", "1 h 05"."""
    return f"{minutes}{NBSP}min" if minutes < 60 else f"{minutes // 60}{NBSP}h{NBSP}{minutes % 60:02}"


def round_address(resource_id: object, on: date | str) -> str:
    """Return the address of a round."""
    return f"/tournee/?{urlencode({'equipe': str(resource_id), 'jour': str(on)})}"


def _codes(terms: FittingTerms) -> set[str]:
    return {one.code for one in terms.measures}


def _round_of(line: RequestLine) -> str:
    if line.starts_at is None:
        return ""
    return round_address(line.resource_id, local_day(line.starts_at, ZoneInfo(line.site_zone)))


def _best_button(one: BestOffer, teams: Mapping[int, Team], zone: ZoneInfo) -> OfferButton:
    return OfferButton(
        resource_id=str(one.resource_id),
        start=one.start.isoformat(),
        when=moment(one.start, zone),
        hour=hour(one.start, zone),
        team=team_name(teams[one.resource_id], teams),
        detour=added_words(one.added_minutes),
        note="" if one.is_in_time else "après la date limite",
    )


def added_words(minutes: int) -> str:
    """Return how much road a visit adds to a round."""
    return f"{minutes_words(minutes)} de route en plus" if minutes else "sur le chemin"


def _button(one: Offer, teams: Mapping[int, Team], zone: ZoneInfo) -> OfferButton:
    note = "" if one.is_in_time else "après la date limite"
    return OfferButton(
        resource_id=str(one.resource_id),
        start=one.period.start.isoformat(),
        when=moment(one.period.start, zone),
        hour=hour(one.period.start, zone),
        team=team_name(teams[one.resource_id], teams),
        detour=f"détour de {kilometres(one.detour_km)}",
        note=note,
    )


def _offer_day(on: date, offers: Sequence[Offer], teams: Mapping[int, Team], zone: ZoneInfo) -> OfferDay:
    def by_hour(some: Sequence[Offer]) -> list[OfferButton]:
        return [_button(one, teams, zone) for one in sorted(some, key=lambda one: (one.period.start, one.resource_id))]

    best, more = offers[:OFFERS_A_DAY], offers[OFFERS_A_DAY:]
    words = many(len(more), "autre créneau ce jour-là", "autres créneaux ce jour-là") if more else ""
    return OfferDay(long_day(on).capitalize(), by_hour(best), by_hour(more), words)


def team_name(team: Team, teams: Mapping[int, Team]) -> str:
    """Return the name of a team, and of its site where there are several."""
    sites = {one.site_name for one in teams.values()}
    return f"{team.name} ({team.site_name.partition(' — ')[0]})" if len(sites) > 1 else team.name


def _days_words(days: Sequence[int]) -> str:
    names = [WEEKDAYS[number].lower() for number in sorted(set(days))]
    follow = sorted(set(days)) == list(range(min(days), max(days) + 1))
    if follow and len(names) > 2:
        return f"du {names[0]} au {names[-1]}"
    return ", ".join(names)


def _hours_words(opens: time, until: time) -> str:
    if opens == until:
        return "toute la journée"
    end = _clock(until) + (" le lendemain" if until < opens and until != time() else "")
    return f"de {_clock(opens)} à {'minuit' if until == time() else end}"


def _clock(at: time) -> str:
    return f"{at.hour}{NBSP}h" + (f"{NBSP}{at.minute:02}" if at.minute else "")
