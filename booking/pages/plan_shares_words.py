"""Fair shares in words: cases, loads before and after, why a case has nobody, what moving one costs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from availability.openings import local_day
from booking.models import State
from booking.pages.designate_words import kilometres
from booking.plans.share_cases import communes_of
from booking.plans.share_lines import Fault
from booking.plans.shares import CaseLine
from booking.question import Question
from optimizer.shares.plan import Step
from optimizer.shares.problem import Problem
from optimizer.shares.rank import Candidate
from portal.ui.dates import NBSP, day, plural

REASONS = {
    "full": "tous ceux qui conviennent sont complets",
    "conflict": "un conflit d’intérêts est signalé",
    "kind": "aucun ne prend cette mesure",
    "attribute": "aucun n’exerce la compétence demandée",
    "language": "aucun ne parle la langue demandée",
    "zone": "aucun n’intervient dans ce département",
    "distance": "aucun ne va aussi loin",
    "new-professional": "aucun service n’est ouvert dans votre ressort",
}
BROKEN = {
    "full": "complet",
    "conflict": "conflit d’intérêts",
    "kind": "ne prend pas cette mesure",
    "attribute": "n’exerce pas cette compétence",
    "language": "ne parle pas la langue",
    "zone": "hors de sa zone",
    "distance": "trop loin",
}
REFUSED = {
    "designated": "quelqu’un d’autre a été désigné entre-temps",
    "decided": "le service a répondu entre-temps",
    "full": "le service n’a plus de place",
    "closed": "le service est fermé",
    "quota": "le quota de la période est atteint",
    "gone": "le dossier a été retiré, ou le service n’est plus dans votre ressort",
    "unfit-conflict": "un conflit d’intérêts a été signalé",
    "unfit-competence": "le service n’exerce plus cette compétence",
    "unfit-language": "le service ne parle plus cette langue",
    "unfit-zone": "le service n’intervient plus dans ce département",
}
FAULTS = {
    "case-required": "le numéro manque",
    "case-too-long": "ce numéro est trop long",
    "case-not-a-number": "ceci n’est pas un numéro de dossier",
    "unknown-word": "ni commune, ni langue, ni compétence connue",
    "too-many-communes": "deux communes au plus",
    "two-competences": "une seule compétence",
    "violence": "aucune médiation n’est possible lorsque des violences sont alléguées",
}
LEAST_SHOWN = 1  # percent of a bar: what is there is seen


@dataclass(frozen=True)
class CaseRow:
    """A case of the list."""

    id: str
    ref: str
    asks: str
    since: str
    is_urgent: bool
    state: str
    badge: str
    href: str  # of the judge's table, for this case alone


@dataclass(frozen=True)
class Bar:
    """The load of a service before and after, as a bar and in words; what moving the picked case there would cost."""

    id: str
    name: str
    where: str
    words: str
    gains: str  # "+2"
    now: str  # widths
    added: str
    is_full: bool
    cost: str = ""
    may_take: bool = False
    has_it: bool = False


@dataclass(frozen=True)
class FaultRow:
    """A line that was not understood."""

    line: str
    why: str


@dataclass(frozen=True)
class OutRow:
    """A case that nobody has, why, and the smallest thing that would change it."""

    id: str
    ref: str
    asks: str
    why: str
    change: str


# --- cases ---


def asks_words(line: CaseLine, competences: Mapping[str, str]) -> str:
    """Return "Lyon et Bron, arabe, tutelle"."""
    communes = " et ".join(one.name for one in communes_of(line.communes))
    told = [communes, *line.languages, competences.get(line.competence, line.competence).lower()]
    return ", ".join(filter(None, told)) or "rien de particulier"


def table_of(line: CaseLine, kind: str) -> str:
    """Return the address of the judge's table for a case alone, with all that is known of it."""
    first, second, *_ = [*(f"{one.name} ({one.department})" for one in communes_of(line.communes)), "", ""]
    asked = Question(type=kind, p1=first, p2=second, rg=line.case_ref, competence=line.competence)
    return f"/designer/?{asked.to_query()}"


def case_row(
    line: CaseLine, kind: str, competences: Mapping[str, str], names: Mapping[int, str], *, zone: ZoneInfo
) -> CaseRow:
    """Return a case of the list, and whom it was asked of."""
    state, badge = "à confier", "new"
    if line.held_by is not None:
        is_accepted = line.state is State.BOOKED
        who = names.get(line.held_by, "un service")
        state, badge = (f"accepté par {who}", "success") if is_accepted else (f"demandé à {who}", "info")
    return CaseRow(
        id=str(line.id),
        ref=line.case_ref,
        asks=asks_words(line, competences),
        since=since_words(line.created_at, zone),
        is_urgent=line.is_urgent,
        state=state,
        badge=badge,
        href=table_of(line, kind),
    )


def since_words(at: datetime, zone: ZoneInfo) -> str:
    """Return the day since which a case waits."""
    on: date = local_day(at, zone)
    return day(on)


def list_sentence(waiting: int, services: int, free: int) -> str:
    """Return "18 dossiers à confier, 12 services ouverts, 31 places libres"."""
    if not waiting:
        return "Aucun dossier à confier."
    told = [
        plural(waiting, "dossier à confier", "dossiers à confier"),
        plural(services, "service ouvert", "services ouverts"),
        plural(free, "place libre", "places libres"),
    ]
    return ", ".join(told) + "."


def fault_rows(faults: Iterable[Fault]) -> list[FaultRow]:
    """Return what is wrong of each line that was not understood: those alone are left to correct."""
    rows = []
    for number, one in enumerate(faults, 1):
        about = f"«{NBSP}{one.value}{NBSP}»{NBSP}: " if one.value else ""
        rows.append(FaultRow(line=f"Ligne {number}", why=about + FAULTS[one.why]))
    return rows


# --- loads ---


@dataclass(frozen=True)
class Named:
    """A service, as it is called."""

    id: int
    name: str
    where: str


def bar(service: Named, most: int, before: int, after: int) -> Bar:
    """Return the load of a service with the plan in force, and with the proposal."""
    capacity = max(most, 1)
    least = min(before, after)
    change = after - before
    percent = round(100 * after / capacity)
    total = f"{after} sur {most}, {percent}{NBSP}%"
    return Bar(
        id=str(service.id),
        name=service.name,
        where=service.where,
        words=total if not change else f"{before} → {total}",
        gains=f"{change:+d}".replace("-", "−") if change else "",
        now=_width(least, capacity),
        added=_width(max(change, 0), capacity, room=100 - min(100 * least / capacity, 100)),
        is_full=after >= most,
    )


def _width(load: int, capacity: int, *, room: float = 100.0) -> str:
    share = 100 * load / capacity
    return f"{min(max(share, LEAST_SHOWN if load else 0), room):.1f}%"


def cost_words(problem: Problem, there: Candidate, here: Candidate | None) -> str:
    """Return what giving the picked case to a service would do: "70 % avec ce dossier, 12 km (+8 km)"."""
    if not there.is_possible:
        return ", ".join(BROKEN[rule] for rule in there.broken)
    capacity = problem.professional_of[there.professional_id].capacity
    told = [f"{round(100 * there.load_with / max(capacity, 1))}{NBSP}% avec ce dossier"]
    if there.distance_m is not None:
        told.append(kilometres(there.distance_m / 1000) + _farther(there, here))
    if days := problem.professional_of[there.professional_id].delay_days:
        told.append(f"attente {plural(days, 'jour')}")
    return ", ".join(told)


def _farther(there: Candidate, here: Candidate | None) -> str:
    if here is None or here.distance_m is None or there.distance_m is None:
        return ""
    change = round((there.distance_m - here.distance_m) / 1000)
    return f" ({'+' if change > 0 else '−'}{abs(change)}{NBSP}km)" if change else ""


def there_words(load: int, capacity: int, way_m: int | None, days: int) -> str:
    """Return what is known of whom has a case, with that load in all: "12 km, charge 70 %, attente 9 jours"."""
    told = [f"charge {round(100 * load / max(capacity, 1))}{NBSP}%"]
    if way_m is not None:
        told.insert(0, kilometres(way_m / 1000))
    if days:
        told.append(f"attente {plural(days, 'jour')}")
    return ", ".join(told)


# --- why not ---


def reasons_words(reasons: Sequence[str]) -> str:
    """Return why nobody has a case."""
    if not reasons:
        return "quelqu’un peut le prendre : relancez la recherche"
    return " ; ".join(REASONS.get(one, "aucun ne convient") for one in reasons)


def change_words(steps: Sequence[Step], name: str, competences: Mapping[str, str]) -> str:
    """Return the smallest thing that would let somebody have it: "quelqu’un qui parle ukrainien"."""
    return " et ".join(_step_words(step, name, competences) for step in steps)


def _step_words(step: Step, name: str, competences: Mapping[str, str]) -> str:
    values = ", ".join(competences.get(one, one).lower() for one in step.values)
    with_room = f" ({name} a de la place)" if name else ""
    match step.rule:
        case "full":
            return f"{plural(step.by, 'place de plus', 'places de plus')} chez {name}"
        case "language":
            return f"quelqu’un qui parle {values}{with_room}"
        case "attribute":
            return f"quelqu’un qui exerce : {values}{with_room}"
        case "zone":
            return f"que {name} intervienne aussi dans le {values}"
        case "distance":
            return f"que {name} aille {kilometres(step.by / 1000)} plus loin"
        case _:
            return "un service de plus"


def refused_words(why: str) -> str:
    """Return why a case could not be given."""
    return REFUSED.get(why, "ce n’est plus possible")
