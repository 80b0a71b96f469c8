"""Series in words: what is owed, done, planned and left, and each occurrence. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from availability.claims import Claim, PlaceClaim, SlotClaim
from availability.errors import InvalidRequest
from availability.models import Shape
from availability.openings import local_day
from availability.slots import WhyNot
from availability.words import WHY_WORDS
from booking.models import State
from booking.pages.booking_words import dated, open_address, when
from booking.series_queries import ListedSeries, OccurrenceLine, SeriesLine, SeriesView
from booking.series_rules import A_DAY, Measure, Occurrence, Progress, Standing
from booking.words import STATE_BADGES, STATE_WORDS, hours, many
from portal.ui.dates import NBSP, day, hour, long_day, moment

LIST = "/series/"
PAGE = "/serie/"
FORM = "/serie/nouvelle/"
STANDING_WORDS = {
    Standing.RUNNING: "en cours",
    Standing.LATE: "en retard",
    Standing.DONE: "terminée",
    Standing.CANCELLED: "arrêtée",
}
STANDING_BADGES = {
    Standing.RUNNING: "info",
    Standing.LATE: "error",
    Standing.DONE: "success",
    Standing.CANCELLED: "",
}
WHY_OF_PLAN = {
    "past-deadline": "Après la date limite : réduisez la durée, ou commencez plus tôt.",
    "twice": "Cette heure est déjà celle d’une autre date de la série.",
    "taken": "Cette place est prise.",
    "closed": "Ce lieu est fermé ce jour-là.",
    "past": "Cette date est passée.",
    "too-soon": "C’est trop tôt pour ce service, qui demande un délai.",
    "too-far": "C’est plus loin que ce service ne réserve.",
    "too-long": "C’est plus long que ce service ne l’accepte.",
    WhyNot.TAKEN: "Cette heure est prise.",
}


@dataclass(frozen=True)
class Note:
    """What the sheet of a booking says of its series; empty when it is of none."""

    text: str = ""
    warning: str = ""
    done: int = 0  # per cent
    planned: int = 0
    href: str = ""


@dataclass(frozen=True)
class Figure:
    """One figure of a series."""

    label: str
    value: str


@dataclass(frozen=True)
class Row:
    """An occurrence on the page of its series."""

    number: str
    when: str
    where: str
    state: str
    badge: str
    said: str  # "12 h faites"
    href: str
    id: str = ""
    can_move: bool = False
    value: str = ""  # its claim, to come back to it


@dataclass(frozen=True)
class ListRow:
    """A series in the list."""

    href: str
    what: str
    where: str
    whom: str
    progress: str
    done: int
    limit: str
    state: str
    badge: str


@dataclass(frozen=True)
class Option:
    """What to do of an occurrence that is not free."""

    value: str
    label: str


@dataclass(frozen=True)
class PlanRow:
    """An occurrence of a plan, with the choices that it leaves."""

    number: int
    when: str
    is_free: bool
    is_replaced: bool
    is_left_out: bool
    why: str
    options: list[Option] = field(default_factory=list)
    chosen: str = ""


def note_of(view: SeriesView, booking_id: UUID) -> Note:
    """Return what the sheet of one of its bookings says of a series."""
    line, progress = view.line, view.progress
    if line.measure is Measure.MINUTES:
        text = f"{line.layer}{NBSP}: {sentence(line, progress)}"
    elif number := view.number_of(booking_id):
        text = f"{ordinal(number)} {noun(line)} sur {line.total}"
    else:
        text = f"Série de {many(line.total, noun(line), noun(line) + 's')}"
    return Note(
        text=text,
        warning=late_words(view),
        done=progress.percent,
        planned=min(progress.planned * 100 // progress.total, 100 - progress.percent),
        href=page_address(line.id),
    )


def sentence(line: SeriesLine, progress: Progress) -> str:
    """Return "105 h, 42 h faites, 35 h prévues, 28 h à placer"."""
    return ", ".join(
        [
            amount(line, progress.total),
            f"{amount(line, progress.done)} faites",
            f"{amount(line, progress.planned)} prévues",
            f"{amount(line, progress.left)} à placer",
        ]
    )


def figures(line: SeriesLine, progress: Progress) -> list[Figure]:
    """Return the same, each with its name."""
    values = {"Total": progress.total, "Fait": progress.done, "Prévu": progress.planned, "À placer": progress.left}
    return [Figure(label, amount(line, value)) for label, value in values.items()]


def amount(line: SeriesLine, value: int) -> str:
    """Return a number of hours, or of visits."""
    return hours(value) if line.measure is Measure.MINUTES else str(value)


def noun(line: SeriesLine) -> str:
    """Return what an occurrence is called."""
    if line.shape is Shape.PLACES:
        return "période"
    return "visite" if line.kind_code == "visite" else "séance"


def ordinal(number: int) -> str:
    """Return "1re", "3e", as feminine nouns have it."""
    return "1re" if number == 1 else f"{number}e"


def late_words(view: SeriesView) -> str:
    """Return that a series is late, done or stopped, and since when; nothing while it runs."""
    line, progress = view.line, view.progress
    match view.standing:
        case Standing.LATE if line.ends_by:
            left = amount(line, line.total - progress.done)
            return f"En retard{NBSP}: tout devait être fait le {day(line.ends_by, year=True)}, il reste {left}."
        case Standing.DONE:
            return f"Terminée{NBSP}: le total est atteint ({amount(line, progress.done)})."
        case Standing.CANCELLED:
            return "Arrêtée : ce qui restait a été rendu."
    return ""


def limit_words(line: SeriesLine, today: date) -> str:
    """Return until when all has to be done."""
    return dated(line.ends_by, today) if line.ends_by else ""


def title(line: SeriesLine) -> str:
    """Return what a series is: "TIG, 105 h", "10 visites"."""
    if line.measure is Measure.MINUTES:
        return f"{line.layer}, {hours(line.total)}"
    return many(line.total, noun(line), noun(line) + "s")


def whom(line: SeriesLine) -> str:
    """Return for whom it is."""
    if line.person_name:
        return line.person_name
    return _whom_unnamed(line)


def _whom_unnamed(line: SeriesLine) -> str:
    if line.held_by:
        return f"dossier passé à un autre service{NBSP}: {line.held_by}"
    return f"dossier {line.case_ref}" if line.case_ref else "personne effacée"


def has_begun(one: OccurrenceLine, now: datetime) -> bool:
    """Say whether an occurrence is under way, or over."""
    if one.starts_at is not None:
        return one.starts_at <= now
    return one.first_on is not None and one.first_on <= local_day(now, ZoneInfo(one.time_zone))


def rows_of(view: SeriesView, *, now: datetime) -> list[Row]:
    """Return the occurrences as displayed."""
    today = local_day(now, ZoneInfo(view.line.time_zone))
    return [_row(view.line, one, today, now) for one in view.occurrences]


def list_row(one: ListedSeries, *, now: datetime) -> ListRow:
    """Return a series in the list."""
    line = one.line
    today = local_day(now, ZoneInfo(line.time_zone))
    done = min(one.done * 100 // line.total, 100)
    initials = "".join(line.initials)
    return ListRow(
        href=page_address(line.id),
        what=title(line),
        where=" · ".join(dict.fromkeys((line.site_name, line.resource_name))),
        whom=initials or _whom_unnamed(line),
        progress=f"{amount(line, one.done)} sur {amount(line, line.total)}",
        done=done,
        limit=dated(line.ends_by, today) if line.ends_by else "",
        state=STANDING_WORDS[one.standing],
        badge=STANDING_BADGES[one.standing],
    )


def plan_rows(
    occurrences: Iterable[Occurrence], *, left_out: dict[int, Claim], zone: ZoneInfo, names: dict[int, str], here: int
) -> list[PlanRow]:
    """Return what would be taken, with the choices for what is not free; `names` are those of the other places."""
    rows = [_plan_row(one, zone, names, here) for one in occurrences]
    rows += [
        PlanRow(number, claim_words(claim, zone), False, False, True, "", [Option("", "La reprendre")])
        for number, claim in left_out.items()
    ]
    return sorted(rows, key=lambda row: row.number)


def claim_words(claim: Claim, zone: ZoneInfo) -> str:
    """Return when a claim is."""
    if isinstance(claim, SlotClaim):
        return f"{long_day(local_day(claim.start, zone))} à {hour(claim.start, zone)}"
    if isinstance(claim, PlaceClaim) and claim.until is not None:
        last = claim.until - A_DAY
        return f"le {long_day(last)}" if last == claim.first else f"du {long_day(claim.first)} au {long_day(last)}"
    return ""


def why_words(why: str) -> str:
    """Return why an occurrence is not free."""
    return WHY_OF_PLAN.get(why) or WHY_WORDS.get(why, "Cette date n’est pas libre.").partition(" : ")[0] + "."


def claim_value(claim: Claim) -> str:
    """Return a claim as a choice carries it."""
    if isinstance(claim, SlotClaim):
        return f"{claim.resource_id} {claim.start.isoformat()}"
    if isinstance(claim, PlaceClaim) and claim.until is not None:
        return f"{claim.resource_id} {claim.first.isoformat()} {claim.until.isoformat()}"
    return ""


def claim_in(value: str) -> Claim:
    """Return the claim of a choice. Raises: InvalidRequest for what no choice carries."""
    resource_id, _, dated = value.partition(" ")
    first, _, until = dated.partition(" ")
    try:
        if until:
            days = (date.fromisoformat(first), date.fromisoformat(until))
            return PlaceClaim(resource_id=bigint(resource_id), first=days[0], until=days[1])
        return SlotClaim(resource_id=bigint(resource_id), start=datetime.fromisoformat(first))
    except ValueError as error:
        raise InvalidRequest("answers", "unknown-choice") from error


def bigint(typed: str) -> int:
    """Return the number of a place. Raises: ValueError."""
    if not typed.isdecimal() or len(typed) > 18:
        raise ValueError(typed)
    return int(typed)


def page_address(series_id: object) -> str:
    """Return the address of a series."""
    return f"{PAGE}?{urlencode({'id': str(series_id)})}"


def form_address(**asked: object) -> str:
    """Return the address of the form, with what is known already."""
    kept = {name: str(value) for name, value in asked.items() if value}
    return f"{FORM}?{urlencode(kept)}" if kept else FORM


def _row(line: SeriesLine, one: OccurrenceLine, today: date, now: datetime) -> Row:
    is_to_note = one.state is State.BOOKED and one.ends_at is not None and one.ends_at <= now
    done = f"{hours(one.done_min)} faites" if line.measure is Measure.MINUTES and one.done_min else ""
    elsewhere = one.resource_name if one.resource_id != line.resource_id else ""
    return Row(
        number=f"{one.number}." if one.number else "–",
        when=when(one, today),
        where=" · ".join(dict.fromkeys(part for part in (one.site_name, elsewhere) if part and elsewhere)),
        state="à pointer" if is_to_note else STATE_WORDS[one.state],
        badge="warning" if is_to_note else STATE_BADGES[one.state],
        said=done,
        href=open_address(one.id),
        id=str(one.id),
        value=claim_value(SlotClaim(resource_id=one.resource_id, start=one.starts_at)) if one.starts_at else "",
        can_move=one.state is State.BOOKED and one.starts_at is not None and one.starts_at > now,
    )


def _plan_row(one: Occurrence, zone: ZoneInfo, names: dict[int, str], here: int) -> PlanRow:
    options = [Option(claim_value(claim), _option(claim, zone, names, here)) for claim in one.instead]
    return PlanRow(
        number=one.number,
        when=claim_words(one.claim, zone) + (_at(one.claim, names, here)),
        is_free=one.is_free,
        is_replaced=one.is_replaced,
        is_left_out=False,
        why=why_words(one.why) if one.why else "",
        options=[*options, Option("retirer", "La retirer de la série")] if one.why else [],
    )


def _option(claim: Claim, zone: ZoneInfo, names: dict[int, str], here: int) -> str:
    if isinstance(claim, SlotClaim):
        return moment(claim.start, zone) + _at(claim, names, here)
    return claim_words(claim, zone) + _at(claim, names, here)


def _at(claim: Claim, names: dict[int, str], here: int) -> str:
    return f", {names.get(claim.resource_id, 'ailleurs')}" if claim.resource_id != here else ""
