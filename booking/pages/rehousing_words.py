"""Where those go whose section closes, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from booking.filters import Filters
from booking.models import State
from booking.pages.booking_words import listed, open_address, whom
from booking.rehousing import Asked, Case, Line
from booking.words import many, why_not
from portal.ui.dates import NBSP, day, moment, nights

ADDRESS = "/etablissement/relogement/"
MOST_REASONS = 3
UNDO = "Annuler"
UNDONE = "C’est annulé : chacun a de nouveau son lit d’ici."
UNASKED = "La demande est retirée."
HOST_DECIDES = "Ce lieu doit accepter"
WAITS = "Rien ne change ici tant que ce lieu n’a pas répondu."
LEFT = "Ce lieu a accepté, et le lit d’ici est libre."
ACCEPTED = "Ce lieu a accepté : il reste à libérer le lit d’ici."


@dataclass(frozen=True)
class Row:
    """Somebody to re-house: where they are, where they would go, and why."""

    id: str
    who: str
    href: str
    here: str
    when: str
    there: str  # empty when nothing is proposed
    far: str
    why: str
    state: str  # proposed, asked, accepted, done, none
    resource_id: int = 0
    unit_id: int = 0
    here_id: int = 0
    revision: int = 0
    asks: bool = False  # the host of the bed proposed decides
    search: str = ""  # where one looks for a place by oneself


def row(line: Line) -> Row:
    """Return a line of the table."""
    case, bed = line.case, line.bed
    known = {
        "id": str(case.booking_id),
        "who": whom(case.initials, case.case_ref, None),
        "href": open_address(case.booking_id),
        "here": f"{case.section}, {case.bed}",
        "when": _when(case),
        "here_id": case.here_id,
        "revision": case.revision,
        "search": f"/carte/?{_wanted(case).to_query()}",
    }
    if case.asked is not None:
        return Row(**known, **_of_request(case.asked))
    if bed is None:
        return Row(**known, there="", far="", why=_why_none(case), state="none")
    there = ", ".join(part for part in (bed.site_name, bed.section, bed.name) if part)
    why = "Le plus proche qui convienne, et libre" if line.is_nearest else "Les plus proches sont proposés à d’autres"
    if case.host_accepts:
        why = f"{why}. {HOST_DECIDES}"
    if case.said_no:
        why = f"{why}. Ont déjà dit non, ou n’ont pas répondu{NBSP}: {listed(case.said_no)}"
    return Row(
        **known,
        there=there,
        far=_far(bed.distance_km, bed.commune),
        why=f"{why}.",
        state="proposed",
        resource_id=bed.resource_id,
        unit_id=bed.unit_id,
        asks=case.host_accepts,
    )


def _wanted(case: Case) -> Filters:
    person, (first, until) = str(case.person_id or ""), (day_.isoformat() for day_ in (case.first, case.until))
    return Filters(type=case.kind_code, personne=person, du=first, au=until)


def summary(rows: Sequence[Row], others: int) -> str:
    """Return the proposal in a sentence."""
    found = sum(one.state == "proposed" for one in rows)
    done, none = sum(one.state == "done" for one in rows), sum(one.state == "none" for one in rows)
    asked, accepted = (sum(one.state == state for one in rows) for state in ("asked", "accepted"))
    parts = []
    if found:
        parts.append(many(found, "lit proposé", "lits proposés"))
    if asked:
        parts.append(many(asked, "réponse attendue", "réponses attendues"))
    if accepted:
        parts.append(many(accepted, "lit accepté", "lits acceptés"))
    if done:
        parts.append(many(done, "personne relogée", "personnes relogées"))
    if none:
        parts.append(many(none, "personne sans solution", "personnes sans solution"))
    said = f"{listed(parts)}." if parts else "Personne de votre service n’est à reloger."
    if others:
        verb = "relève" if others < 2 else "relèvent"
        said += f" {many(others, 'autre personne', 'autres personnes')} {verb} d’autres services, qui les relogent."
    return said


def notice(count: int) -> str:
    """Return what the grid says of those booked on closed nights."""
    return f"{many(count, 'personne a', 'personnes ont')} un lit ici des nuits où c’est fermé."


def done(who: str, there: str) -> str:
    """Return that somebody was re-housed."""
    return f"Relogement de {who}{NBSP}: {there}."


def refused(who: str, why: str) -> str:
    """Return why somebody stays."""
    return f"{who}{NBSP}: {why}"


def asked(who: str, there: str) -> str:
    """Return that a host was asked, and that nothing changes until it answers."""
    return f"Demande envoyée pour {who}{NBSP}: {there}. {WAITS}"


def all_done(done: Sequence[Row], refused: Iterable[str]) -> str:
    """Return how many were re-housed, how many hosts were asked, and why the others were not."""
    asks = sum(one.asks for one in done)
    rehoused = len(done) - asks
    parts = [many(rehoused, "personne relogée", "personnes relogées")] if rehoused or not asks else []
    if asks:
        parts.append(many(asks, "demande envoyée", "demandes envoyées"))
    return " ".join([f"{listed(parts)}.", *refused])


def address(site_id: int) -> str:
    """Return the address of the proposal of an establishment."""
    return f"{ADDRESS}?id={site_id}"


def identifier(typed: object) -> UUID | None:
    """Return a booking that a page names, None when it names none."""
    try:
        return UUID(str(typed))
    except ValueError:
        return None


def _when(case: Case) -> str:
    stays = nights(case.first, case.until)
    return f"{stays} (déjà sur place)" if case.has_arrived else stays


def _of_request(asked: Asked) -> dict[str, Any]:
    """Return what a line says of what was asked of a host."""
    there = ", ".join(part for part in (asked.site_name, asked.section, asked.bed) if part)
    known = {"there": there, "far": "", "resource_id": asked.resource_id}
    if asked.state != State.REQUESTED:
        return {**known, "why": ACCEPTED, "state": "accepted"}
    until = (
        f"Réponse attendue avant le {moment(asked.expires_at, ZoneInfo(asked.time_zone))}. " if asked.expires_at else ""
    )
    return {**known, "why": f"{until}{WAITS}", "state": "asked"}


def _far(distance_km: float | None, commune: str) -> str:
    if distance_km is None:
        return commune
    near = "sur place" if distance_km < 0.5 else f"à {round(distance_km)}{NBSP}km"
    return f"{commune}, {near}" if commune else near


def _why_none(case: Case) -> str:
    if case.beds:
        return "Les lits qui conviennent sont proposés à d’autres."
    reasons = [why_not(reason, count) for reason, count in case.why_not[:MOST_REASONS]]
    if not reasons:
        return f"Aucun lieu de ce type à moins de 200{NBSP}km."
    return f"Aucun lit libre à ces dates{NBSP}: {listed(reasons)}."


def closed_from(cases: Sequence[Case]) -> str:
    """Return from when it is closed for them."""
    return f"Fermé à partir du {day(min(case.closed_on for case in cases))}" if cases else ""
