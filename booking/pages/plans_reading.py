"""What a planning page reads: the searches of a court, the open proposal beside the plan in force, and its lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session

from availability.openings import local_day
from availability.rights import Actor
from booking.mediators import home_zone
from booking.pages.plans_desk import Desk, Item, Place, Shown
from booking.pages.plans_words import (
    LETTERS,
    Column,
    LineRow,
    Moves,
    OtherRow,
    Priced,
    RuleRow,
    RunRow,
    gains,
    joined,
    moved_words,
    moves_between,
    moves_sentence,
    priced,
    rule_rows,
    run_name,
    run_row,
    scope_words,
    total_of,
)
from booking.plans.kept import digest_of, last_runs, plan_in, prices_of, state_at
from booking.plans.models import ACTIVE, OptimizerRun
from booking.plans.planner import Reading

LINES_AT_ONCE = 40
# What becomes of an item, and the badge that says it.
KINDS = {
    "placed": ("reçoit une place", "new"),
    "moved": ("change de place", "info"),
    "lost": ("perd sa place", "error"),
    "out": ("sans place", "warning"),
}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a page wants to see; nothing said: the first kind, the usual period, the last proposal."""

    kind: str = ""
    first: date | None = None
    until: date | None = None
    open: str = ""
    beside: tuple[str, ...] = ()
    filter: str = ""  # one of KINDS
    query: str = ""
    page: int = 0
    locks: Mapping[str, str] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()
    own: Any = None  # what the page wants of its own


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """The open proposal, as it is shown."""

    run: OptimizerRun
    name: str
    sentence: str
    moves: str
    better: str
    worse: str
    is_stale: bool
    columns: list[Column]
    rules: list[RuleRow]
    lines: list[LineRow]
    lines_found: int
    counts: dict[str, int]  # lines by kind
    others: list[OtherRow]
    changes: tuple[str, ...]  # items that an application would change
    done: frozenset[str]
    groups: dict[str, str]  # item -> group of its place
    refused: list[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Look:
    """Everything that a planning page shows."""

    kinds: list[tuple[str, str]]
    kind: str = ""
    kind_id: int = 0
    today: date
    zone: ZoneInfo
    first: date
    until: date
    total: int = 0  # items of the scope
    runs: list[RunRow] = field(default_factory=list)
    last: OptimizerRun | None = None
    proposal: Proposal | None = None
    own: Any = None


def look(session: Session, actor: Actor, desk: Desk, asked: Asked, *, now: datetime) -> Look:
    """Return what a page shows; days that end too far, or before they begin, are brought to what can be planned.

    Raises: NotAllowed, NotFound.
    """
    kinds = desk.planner.kinds(session, actor)
    zone = home_zone(session, actor)
    today = local_day(now, zone)
    first = asked.first or today + timedelta(days=1)
    until = asked.until if asked.until is not None and first < asked.until else first + desk.ahead
    until = min(until, first + desk.most_ahead)  # what is shown is read: not a century because an address says so
    choices = [(kind.code, kind.label[:1].upper() + kind.label[1:]) for kind in kinds]
    if not kinds:
        return Look(kinds=choices, today=today, zone=zone, first=first, until=until)
    kind = next((one for one in kinds if one.code == asked.kind), kinds[0])
    runs = last_runs(session, desk.problem, territory_id=actor.home_territory_id, kind_id=kind.id)
    opened = next((run for run in runs if str(run.id) == asked.open and run.plan is not None), None)
    opened = opened or next((run for run in runs if run.plan is not None), None)
    plans = {run.id: plan_in(desk.problem, run.plan) for run in runs}
    base = Shown(
        actor=actor,
        now=now,
        zone=zone,
        today=today,
        kind_id=kind.id,
        first=first,
        until=until,
        asked=asked.own,
        locks=asked.locks,
    )
    shown = _opened(session, desk, base, opened, plans)
    proposal = None
    if opened is not None:
        proposals = [(run, plans[run.id]) for run in runs if run.plan is not None]
        proposal = _proposal(session, desk, shown, asked, proposals)
    in_view = {one.run_id for one in proposal.columns} if proposal else set()
    return Look(
        kinds=choices,
        kind=kind.code,
        kind_id=kind.id,
        today=today,
        zone=zone,
        first=first,
        until=until,
        total=_total(session, desk, shown, runs),
        runs=[
            _marked(run_row(desk, run, plans[run.id], now=now, zone=zone), opened, in_view, is_last=run is runs[0])
            for run in runs
        ],
        last=runs[0] if runs else None,
        proposal=proposal,
        own=desk.own(session, shown),
    )


def _opened(session: Session, desk: Desk, base: Shown, run: OptimizerRun | None, plans: Mapping[UUID, Any]) -> Shown:
    """Return what is shown with the open run and its problem as it is now; with none, that of a run not asked yet."""
    about = run or OptimizerRun(
        problem=desk.problem,
        territory_id=base.actor.home_territory_id,
        kind_id=base.kind_id,
        requested_by=base.actor.account_id,
        first_on=base.first,
        until_on=base.until,
        settings={},
        created_at=base.now,
        heartbeat_at=base.now,
    )
    reading = desk.planner.read(session, about, now=base.now)
    return replace(base, run=run, reading=reading, plan=plans[run.id] if run else None)


def _total(session: Session, desk: Desk, shown: Shown, runs: Sequence[OptimizerRun]) -> int:
    """Return how many items the search that runs is about, or else the scope that is chosen."""
    active = next((run for run in runs if state_at(run, shown.now) in ACTIVE), None)
    if active is not None and (shown.run is None or active.id != shown.run.id):
        return desk.count(desk.planner.read(session, active, now=shown.now).problem)
    return desk.count(_reading(shown).problem)


def _reading(shown: Shown) -> Reading:
    assert shown.reading is not None  # noqa: S101 - `_opened` reads it
    return shown.reading


def _marked(row: RunRow, opened: OptimizerRun | None, in_view: set[str], *, is_last: bool) -> RunRow:
    """Return a search marked as open, or as beside it; only the last one is resumed."""
    is_open = opened is not None and row.id == str(opened.id)
    is_beside = row.id in in_view and not is_open
    return replace(row, is_open=is_open, is_beside=is_beside, can_resume=row.can_resume and is_last)


# --- the open proposal ---


@dataclass(frozen=True, kw_only=True)
class _Compared:
    """The plan in force and the open one, item by item."""

    before: Mapping[str, str]
    after: Mapping[str, str]
    moves: Moves
    done: frozenset[str]


def _proposal(
    session: Session, desk: Desk, shown: Shown, asked: Asked, proposals: Sequence[tuple[OptimizerRun, Any]]
) -> Proposal:
    """Return the open proposal, which is among `proposals`, each with its plan."""
    run, reading = shown.run, _reading(shown)
    assert run is not None  # noqa: S101 - whoever calls opened it
    before, after = desk.places(reading.in_force), desk.places(shown.plan)
    done = frozenset(desk.done(session, run))
    compared = _Compared(before=before, after=after, moves=moves_between(before, after), done=done)
    moves = compared.moves
    first = [(run, shown.plan)]
    others = [one for one in proposals if str(one[0].id) in asked.beside and one[0].id != run.id]
    columns = [*first, *others][: len(LETTERS)]
    now, counted = _prices(desk, columns)
    better, worse = gains(desk, now, counted[0])
    lines = _lines(session, desk, shown, asked, compared)
    chosen = _chosen(lines, asked)
    page = chosen[asked.page * LINES_AT_ONCE : (asked.page + 1) * LINES_AT_ONCE]
    said = desk.sentence(session, shown) if desk.sentence else ""
    return Proposal(
        run=run,
        name=run_name(run, shown.zone, shown.today),
        sentence=said,
        # A sentence of its own says already how many get a place.
        moves=moves_sentence(desk, moves) if moves.moved or moves.lost or moves.same or not said else "",
        better=joined(better),
        worse=joined(worse),
        is_stale=run.applied_at is None and run.digest != digest_of(reading.problem),
        columns=[
            Column(
                run_id=str(one.id),
                letter=letter,
                name=run_name(one, shown.zone, shown.today),
                scope=scope_words(one.first_on, one.until_on),
            )
            for letter, (one, _) in zip(LETTERS, columns, strict=False)
        ],
        rules=rule_rows(desk, now, counted),
        lines=page,
        lines_found=len(chosen),
        counts={kind: sum(line.kind == kind for line in lines) for kind in KINDS},
        others=_others(desk, run, before, now),
        changes=tuple(one for one in (*moves.placed, *moves.moved, *moves.lost) if one not in done),
        done=done,
        groups=_groups(session, desk, shown, after),
        refused=desk.refused(session, shown) if desk.refused else [],
    )


def _prices(desk: Desk, columns: Sequence[tuple[OptimizerRun, Any]]) -> tuple[Priced, list[Priced]]:
    totals = [total_of(desk, run, plan) for run, plan in columns]
    now = priced(desk, prices_of(columns[0][0].prices.get("before")), totals[0])
    after = [
        priced(desk, prices_of(run.prices.get("after")), total) for (run, _), total in zip(columns, totals, strict=True)
    ]
    return now, after


def _others(desk: Desk, run: OptimizerRun, before: Mapping[str, str], now: Priced) -> list[OtherRow]:
    """Return the compromises that the search found beside its plan, with what moves and what it gains."""
    rows = []
    for number, other in enumerate((run.plan or {}).get("others", ())):
        plan = plan_in(desk.problem, other)
        total = total_of(desk, run, plan_in(desk.problem, run.plan))
        better, worse = gains(desk, now, priced(desk, prices_of(other["price"]), total))
        moves = moves_between(before, desk.places(plan))
        told = [*better, *worse] or ["rien de plus"]
        rows.append(OtherRow(number=number, moves=moved_words(desk, len(moves.moved)), gains=joined(told)))
    return rows


def _groups(session: Session, desk: Desk, shown: Shown, after: Mapping[str, str]) -> dict[str, str]:
    places = desk.wheres(session, shown, set(after.values()))
    return {item: places[where].group or where for item, where in after.items() if where in places}


def _lines(session: Session, desk: Desk, shown: Shown, asked: Asked, compared: _Compared) -> list[LineRow]:
    """Return a line for each item that changes or has no place, by place."""
    before, after, moves = compared.before, compared.after, compared.moves
    whys = desk.whys(shown.run) if shown.run is not None else {}
    changed = {
        **dict.fromkeys(moves.placed, "placed"),
        **dict.fromkeys(moves.moved, "moved"),
        **dict.fromkeys(moves.lost, "lost"),
    }
    kinds = {**dict.fromkeys((one for one in whys if one not in changed), "out"), **changed}
    items = desk.items(session, shown, kinds)
    wheres = {before.get(one, "") for one in kinds} | {after.get(one, "") for one in kinds}
    places = desk.wheres(session, shown, wheres - {""})
    found = []
    for one, kind in kinds.items():
        if one not in items:
            continue
        was, then = places.get(before.get(one, "")), places.get(after.get(one, ""))
        line = _line(one, kind, items[one], was, then)
        line = replace(
            line,
            lock=asked.locks.get(one, line.lock),
            is_ticked=one not in asked.left_out,
            is_done=one in compared.done,
            why=whys.get(one, ""),
        )
        found.append(((kind == "out", then is None, then.rank if then else (), line.label), line))
    return [line for _, line in sorted(found, key=lambda one: one[0])]


def _line(id: str, kind: str, item: Item, was: Place | None, then: Place | None) -> LineRow:
    return LineRow(
        id=id,
        label=item.label,
        hint=item.hint,
        was=was.label if was else "",
        then=then.label if then else "",
        kind=kind,
        word=KINDS[kind][0],
        tone=KINDS[kind][1],
        href=item.href,
        lock=item.lock,
        is_fixed=item.is_fixed,
    )


def _chosen(lines: Sequence[LineRow], asked: Asked) -> list[LineRow]:
    """Return the lines of the kind and with the words that are asked for."""
    wanted = asked.query.casefold().split()
    return [
        line
        for line in lines
        if (not asked.filter or line.kind == asked.filter)
        and all(word in f"{line.label} {line.hint} {line.was} {line.then} {line.why}".casefold() for word in wanted)
    ]
