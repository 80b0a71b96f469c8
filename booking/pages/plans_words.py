"""What every planning page says: the proposals rule by rule, what they gain, what moves, where a search is. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from availability.openings import local_day
from booking.pages.plans_desk import Desk, RuleWords
from booking.plans.kept import state_at
from booking.plans.models import OptimizerRun, RunState
from booking.plans.settings import FACTORS, USUAL
from optimizer.manners import Manner
from optimizer.searching import Price
from portal.ui.dates import NBSP, day, grouped, hour, moment, plural

LETTERS = "ABC"  # proposals side by side
UNPLACED_RULES = ("unplaced", "refused")  # what counts the items without a place, as the four problems name it
FILTER_WORDS = {"placed": "place nouvelle", "moved": "place changée", "lost": "place perdue", "out": "sans place"}
LEVEL_WORDS = ("pas du tout", "peu", "comme d’habitude", "beaucoup", "avant tout")
STATE_WORDS = {
    RunState.QUEUED: ("en attente", "info"),
    RunState.RUNNING: ("en cours", "new"),
    RunState.STOPPED: ("arrêtée", "warning"),
    RunState.DONE: ("terminée", "success"),
    RunState.FAILED: ("en échec", "error"),
    RunState.INTERRUPTED: ("interrompue", "error"),
}
ENDED_WORDS = {
    RunState.FAILED: "La recherche a échoué. Rien n’a été changé : vous pouvez la relancer.",
    RunState.INTERRUPTED: "La recherche a été interrompue (serveur arrêté). Rien n’a été changé : relancez-la.",
    RunState.STOPPED: "Recherche arrêtée : voici la meilleure proposition trouvée jusque-là.",
    RunState.DONE: "Recherche terminée.",
}
MANNER_WORDS = {
    Manner.PLAN: "",
    Manner.REPAIR: "réparation",
    Manner.BETTER: "compromis",
    Manner.BY_HAND: "modifiée à la main",
}


@dataclass(frozen=True)
class KindChoice:
    """One kind of things to plan."""

    code: str
    label: str


@dataclass(frozen=True)
class FilterChoice:
    """A kind of lines, with how many there are."""

    code: str
    label: str


@dataclass(frozen=True)
class RefusedRow:
    """What could not be applied, in a line."""

    what: str
    why: str


@dataclass(frozen=True)
class SliderView:
    """A slider as the form shows it."""

    name: str
    label: str
    hint: str
    level: int
    word: str


@dataclass(frozen=True)
class WeightView:
    """One weight of the detail: by how much it is multiplied."""

    name: str
    label: str
    factor: str


@dataclass(frozen=True)
class RunRow:
    """A search of the past, and its proposal if it has one."""

    id: str
    name: str
    when: str
    state: str
    badge: str
    found: str
    scope: str
    applied: str
    is_applied: bool
    has_plan: bool
    is_open: bool = False
    is_beside: bool = False
    can_resume: bool = False


@dataclass(frozen=True)
class Column:
    """A proposal at the head of the table."""

    run_id: str
    letter: str
    name: str
    scope: str


@dataclass(frozen=True)
class Cell:
    """What a proposal has of a rule, and how that differs from the present plan: said, not only coloured."""

    text: str
    change: str = ""
    tone: str = ""  # better, worse, same


@dataclass(frozen=True)
class RuleRow:
    """One rule: the present plan, then each proposal."""

    rule: str
    label: str
    now: str
    cells: list[Cell]
    cost: str  # of the open proposal, in the detail


@dataclass(frozen=True)
class LineRow:
    """An item of the open proposal: from where to where."""

    id: str
    label: str
    hint: str
    was: str
    then: str
    kind: str  # placed, moved, lost
    word: str
    tone: str  # of the badge
    href: str = ""
    lock: str = "free"
    is_fixed: bool = False
    is_ticked: bool = True
    is_done: bool = False
    why: str = ""


@dataclass(frozen=True)
class OtherRow:
    """A compromise that a search found beside its plan."""

    number: int
    moves: str
    gains: str


@dataclass(frozen=True)
class Chart:
    """The best value and the bound against time, as points of a drawing, and the same in words."""

    value: str = ""
    bound: str = ""
    seconds: list[str] = field(default_factory=list)
    words: str = ""


CHART_WIDTH, CHART_HEIGHT, CHART_LEFT = 480, 140, 0
CHART_PAD = 8


# --- numbers ---


def number(value: float) -> str:
    """Return a number as one reads it: "1 234", "3,5"."""
    rounded = round(value, 1) if abs(value) < 100 else round(value)
    if rounded == int(rounded):
        return grouped(int(rounded))
    return f"{rounded:.1f}".replace(".", ",")


def counted(value: float, unit: tuple[str, str]) -> str:
    """Return a number with its unit; French has no plural under two."""
    one, several = unit
    word = one if abs(value) < 2 else several
    return f"{number(value)}{NBSP}{word}" if word else number(value)


@dataclass(frozen=True, kw_only=True)
class Priced:
    """What a plan has of each rule, as the page says it: None where nothing can be said."""

    counts: Mapping[str, float | None]
    costs: Mapping[str, float]


def priced(desk: Desk, prices: Iterable[Price], total: int) -> Priced:
    """Return what is said of a plan of so many items: means are of those with a place."""
    found = {one.rule: one for one in prices}
    waiting = next((found[rule].count for rule in UNPLACED_RULES if rule in found), 0)
    placed = total - waiting
    counts: dict[str, float | None] = {}
    for rule, words in desk.rules.items():
        if rule not in found or (words.is_nothing_at_zero and not found[rule].count):
            counts[rule] = None
        elif not words.is_mean:
            counts[rule] = found[rule].count / words.by
        else:
            counts[rule] = found[rule].count / words.by / placed if placed > 0 else None
    return Priced(counts=counts, costs={rule: one.cost for rule, one in found.items()})


def total_of(desk: Desk, run: OptimizerRun, plan: Any) -> int:
    """Return how many items a run is about."""
    return len(desk.places(plan)) + len((run.plan or {}).get("unplaced", ()))


# --- rule by rule ---


def rule_rows(desk: Desk, now: Priced, proposals: Sequence[Priced]) -> list[RuleRow]:
    """Return the table of the present plan beside proposals; a rule that nobody counts is not told."""
    rows = []
    for rule, words in desk.rules.items():
        told = [now.counts.get(rule), *(one.counts.get(rule) for one in proposals)]
        if all(one is None for one in told) or not any(told):
            continue
        cost = proposals[0].costs.get(rule) if proposals else None
        rows.append(
            RuleRow(
                rule=rule,
                label=words.label,
                now=_said(told[0], words),
                cells=[_cell(words, told[0], one) for one in told[1:]],
                cost=number(cost) if cost is not None else "–",
            )
        )
    return rows


def _said(value: float | None, words: RuleWords) -> str:
    return "–" if value is None else counted(value, words.unit)


def _cell(words: RuleWords, before: float | None, after: float | None) -> Cell:
    if before is None or after is None:
        return Cell(text=_said(after, words))
    change = _shown(after) - _shown(before)
    if not change:
        return Cell(text=_said(after, words), change="= inchangé", tone="same")
    arrow, sign, tone = ("▼", "−", "better") if change < 0 else ("▲", "+", "worse")
    side = "mieux" if change < 0 else "moins bien"
    return Cell(text=_said(after, words), change=f"{arrow} {sign}{number(abs(change))}, {side}", tone=tone)


def _shown(value: float) -> float:
    """Return a value as it is written: two that read the same do not differ."""
    return round(value, 1) if abs(value) < 100 else round(value)


def gains(desk: Desk, before: Priced, after: Priced) -> tuple[list[str], list[str]]:
    """Return what a plan gains and what it loses, in plain words: "3 affaires de plus placées"."""
    better, worse = [], []
    for rule, words in desk.rules.items():
        one, other = before.counts.get(rule), after.counts.get(rule)
        if words.is_detail or one is None or other is None:
            continue
        change = _shown(other) - _shown(one)
        if change < 0:
            better.append(counted(-change, words.better))
        elif change > 0:
            worse.append(counted(change, words.worse))
    return better, worse


def joined(words: Sequence[str]) -> str:
    """Return "a, b et c"."""
    return " et ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


# --- what moves ---


@dataclass(frozen=True, kw_only=True)
class Moves:
    """How a plan differs from the one in force: items placed, moved, that lose their place, and that stay."""

    placed: tuple[str, ...]
    moved: tuple[str, ...]
    lost: tuple[str, ...]
    same: tuple[str, ...]


def moves_between(before: Mapping[str, str], after: Mapping[str, str]) -> Moves:
    """Return what changes from one plan to another."""
    return Moves(
        placed=tuple(one for one in after if one not in before),
        moved=tuple(one for one, where in after.items() if one in before and before[one] != where),
        lost=tuple(one for one in before if one not in after),
        same=tuple(one for one, where in after.items() if before.get(one) == where),
    )


def moves_sentence(desk: Desk, moves: Moves) -> str:
    """Return "12 affaires placées, 3 déplacées, 1 sans place, 126 où elles sont"."""
    e = "e" if desk.is_feminine else ""
    they = "elles" if desk.is_feminine else "ils"
    told = [
        (len(moves.placed), f"placé{e}"),
        (len(moves.moved), f"déplacé{e}"),
        (len(moves.lost), "sans place"),
    ]
    parts = [_those(count, word) for count, word in told if count]
    if moves.same:
        stay = "reste" if len(moves.same) < 2 else "restent"
        they = they.rstrip("s") if len(moves.same) < 2 else they
        is_there = "est" if len(moves.same) < 2 else "sont"
        parts.append(f"{len(moves.same)}{NBSP}{stay} où {they} {is_there}")
    if not parts:
        return "Rien ne change."
    first, *rest = parts
    count, _, words = first.partition(NBSP)
    noun = desk.noun[0] if int(count) < 2 else desk.noun[1]
    return ", ".join([f"{count}{NBSP}{noun} {words}", *rest]) + "."


def _those(count: int, word: str) -> str:
    agreed = word if count < 2 or word == "sans place" else word + "s"
    return f"{count}{NBSP}{agreed}"


def moved_words(desk: Desk, count: int) -> str:
    """Return "3 affaires déplacées"."""
    e = "e" if desk.is_feminine else ""
    if not count:
        return f"aucun{e} {desk.noun[0]} déplacé{e}"
    one, several = desk.noun
    return plural(count, f"{one} déplacé{e}", f"{several} déplacé{e}s")


# --- searches ---


def run_name(run: OptimizerRun, zone: ZoneInfo, today: date) -> str:
    """Return how a proposal is called: "Proposition de 14 h 32", "Proposition de la nuit"."""
    on = local_day(run.created_at, zone)
    if run.requested_by is None:
        return "Proposition de la nuit" if on == today else f"Proposition de la nuit du {day(on)}"
    at = hour(run.created_at, zone)
    name = f"Proposition de {at}" if on == today else f"Proposition du {moment(run.created_at, zone)}"
    manner = MANNER_WORDS[Manner(run.manner)]
    return f"{name} ({manner})" if manner else name


def scope_words(first: date, until: date) -> str:
    """Return "du lun. 30 nov. au ven. 22 janv."; `until` is the day after."""
    return f"du {day(first)} au {day(date.fromordinal(until.toordinal() - 1))}"


def run_row(desk: Desk, run: OptimizerRun, plan: Any, *, now: datetime, zone: ZoneInfo) -> RunRow:
    """Return a search as the history shows it."""
    state = state_at(run, now)
    word, badge = STATE_WORDS[state]
    placed = len(desk.places(plan)) if plan is not None else 0
    return RunRow(
        id=str(run.id),
        name=run_name(run, zone, local_day(now, zone)),
        when=moment(run.created_at, zone),
        state=word,
        badge=badge,
        found=plural(placed, *desk.placed) if plan is not None else "–",
        scope=scope_words(run.first_on, run.until_on) if desk.has_days else "",
        applied=moment(run.applied_at, zone) if run.applied_at else "",
        is_applied=run.applied_at is not None,
        has_plan=plan is not None,
        can_resume=state in (RunState.INTERRUPTED, RunState.FAILED),
    )


def ended_words(run: OptimizerRun, state: RunState) -> str:
    """Return how the last search ended; nothing while it runs."""
    if run.plan is None and state is RunState.STOPPED:
        return "La recherche a été arrêtée avant de commencer."
    if run.plan is not None and run.plan["ended"] == "proved":
        return "Recherche terminée : il n’existe pas de meilleure proposition."
    return ENDED_WORDS.get(state, "")


def figures(desk: Desk, run: OptimizerRun, total: int) -> str:
    """Return where a search is: "138 affaires placées sur 150, 4 s"."""
    if not run.progress:
        return "Lecture de ce qui est à répartir…" if run.state == RunState.RUNNING else "En attente…"
    seconds, _, _, unplaced = run.progress[-1]
    found = plural(max(total - int(unplaced or 0), 0), *desk.placed)
    return f"{found} sur{NBSP}{total}, {int(seconds or 0)}{NBSP}s"


def chart(progress: Sequence[Sequence[float | None]]) -> Chart:
    """Return the curve of the best value, which goes down, and of the bound, which goes up to it."""
    if not progress:
        return Chart()
    seconds = [point[0] or 0.0 for point in progress]
    values = [point[1] or 0.0 for point in progress]
    bounds = [(at, point[2]) for at, point in zip(seconds, progress, strict=True) if point[2] is not None]
    last = max(seconds[-1], 0.1)
    low = min([*values, *(bound for _, bound in bounds)])
    top = max(values)
    points = [_point(at / last, value, low, top) for at, value in zip(seconds, values, strict=True)]
    return Chart(
        value=" ".join(points),
        bound=" ".join(_point(at / last, bound, low, top) for at, bound in bounds),
        seconds=[f"{number(last * part)}{NBSP}s" for part in (0, 0.5, 1)],
        words=_chart_words(values, bounds[-1][1] if bounds else None),
    )


def _point(share: float, value: float, low: float, top: float) -> str:
    height = (top - value) / (top - low) if top > low else 0.5
    return f"{share * CHART_WIDTH:.1f},{CHART_PAD + height * (CHART_HEIGHT - 2 * CHART_PAD):.1f}"


def _chart_words(values: Sequence[float], bound: float | None) -> str:
    first, best = values[0], values[-1]
    better = round(100 * (first - best) / first) if first else 0
    said = f"Coût abaissé de {better}{NBSP}% depuis la première trouvée" if better else "Première proposition trouvée"
    if bound is None or not best:
        return f"{said}."
    gap = max(100 * (best - bound) / best, 0.0)
    if gap < 0.05:
        return f"{said} ; rien de mieux n’est possible."
    return f"{said} ; au plus {number(gap)}{NBSP}% au-dessus du mieux possible."


# --- wishes ---


def slider_views(desk: Desk, levels: Mapping[str, int]) -> list[SliderView]:
    """Return the sliders as they stand."""
    return [
        SliderView(
            name=one.name,
            label=one.label,
            hint=one.hint,
            level=levels.get(one.name, USUAL),
            word=LEVEL_WORDS[levels.get(one.name, USUAL)],
        )
        for one in desk.sliders
    ]


def weight_views(desk: Desk, factors: Mapping[str, float]) -> list[WeightView]:
    """Return the weights of the detail as they stand."""
    return [
        WeightView(name=name, label=label, factor=f"{factors.get(name, 1.0):g}") for name, label in desk.weights.items()
    ]


def wishes_words(desk: Desk, settings: Mapping[str, Any]) -> str:
    """Return what was wished of a run, if it was not the usual: "attendre moins : beaucoup"."""
    levels = settings.get("sliders") or {}
    told = [
        f"{one.label.lower()}{NBSP}: {LEVEL_WORDS[levels[one.name]]}"
        for one in desk.sliders
        if levels.get(one.name, USUAL) != USUAL and levels[one.name] in range(len(FACTORS))
    ]
    locks = len([level for level in (settings.get("locks") or {}).values() if level != "free"])
    if locks:
        told.append(plural(locks, "verrou"))
    return ", ".join(told)


def applied_words(desk: Desk, done: int, already: int, refused: int) -> str:
    """Return what an application did."""
    if not done and not refused:
        return "Tout était déjà appliqué : rien n’a changé."
    e = "e" if desk.is_feminine else ""
    said = plural(done, f"{desk.noun[0]} mis{e} en place", f"{desk.noun[1]} mis{e}{'s' if e else ''} en place")
    if already:
        said += f", {already}{NBSP}déjà en place"
    if refused:
        said += f". {plural(refused, 'élément n’a', 'éléments n’ont')} pas pu l’être : la raison est dite plus bas"
    return said + "."


def filter_choices(counts: Mapping[str, int]) -> list[FilterChoice]:
    """Return the kinds of lines that there are: "place nouvelle (12)"."""
    return [
        FilterChoice("", f"toutes ({grouped(sum(counts.values()))})"),
        *(FilterChoice(kind, f"{FILTER_WORDS[kind]} ({grouped(count)})") for kind, count in counts.items() if count),
    ]


def lines_words(found: int, page: int, at_once: int) -> str:
    """Return "lignes 41 à 80 sur 138"; nothing when they are all there."""
    if found <= at_once:
        return ""
    last = min((page + 1) * at_once, found)
    return f"lignes {grouped(page * at_once + 1)} à {grouped(last)} sur{NBSP}{grouped(found)}"
