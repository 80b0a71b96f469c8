"""Why somebody who waits has no bed in a plan, the smallest changes that would give one, and where else they could go.

Pure: of what was read of a court, and a plan. Codes and facts; the French is in booking/pages/plan_beds_words.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from booking.plans.beds import BedLine, Ward
from optimizer.beds.changes import Change, Kind, smallest_changes
from optimizer.beds.check import placement_prices
from optimizer.beds.explain import broken, why_not
from optimizer.beds.plan import Plan
from optimizer.beds.problem import Lock, Placement, Request
from optimizer.beds.rules import RULES
from optimizer.beds.scene import Scene, days_of

EQUIPMENT = "equipment"  # of the optimizer: here, whatever a section is searched on
MOST_CHOICES = 40
DAYS_A_BED = 2  # first nights listed of one bed


@dataclass(frozen=True, kw_only=True)
class Because:
    """A rule that stands in the way: in how many beds. `of` are the things that do not suit, with their beds."""

    code: str
    beds: int
    of: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Way:
    """A change that would give somebody a bed for the nights `[first, until)`.

    `codes` are what the section would have to accept, `moved` is the stay that would go to the bed `to`.
    """

    kind: str
    bed: BedLine
    first: date
    until: date
    days: int = 0
    codes: tuple[str, ...] = ()
    moved: str = ""
    to: BedLine | None = None
    moved_to: Placement | None = None

    @property
    def can_do(self) -> bool:
        """Say whether whoever plans may make it in the proposal itself: nobody else has to agree."""
        return self.kind in (Kind.NOTHING, Kind.MOVE)


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A bed where somebody could be from a night on, and what that would cost them."""

    placement: Placement
    cost: float
    rules: tuple[str, ...] = ()  # that it would break


def why(ward: Ward, plan: Plan, item: str) -> tuple[tuple[Because, ...], tuple[Way, ...]]:
    """Return a minimal conflict that leaves somebody without a bed, and the smallest changes, the least first."""
    scene = Scene(ward.problem, plan)
    request = ward.problem.request_of[item]
    reasons = tuple(_because(ward, item, one.code, one.rooms) for one in why_not(scene, item))
    return reasons, tuple(_way(ward, request, change) for change in smallest_changes(scene, item))


def spots(ward: Ward, plan: Plan, item: str, *, most: int = MOST_CHOICES) -> tuple[Spot, ...]:
    """Return where somebody could be, all others being where the plan has them: the least dear first."""
    scene, request = Scene(ward.problem, plan), ward.problem.request_of[item]
    found = [
        _spot(ward, request, Placement(room_id=room.id, first_on=scene.date(day)))
        for room in ward.problem.rooms
        for day in days_of(scene.free(request, room, RULES))[:DAYS_A_BED]
    ]
    return tuple(sorted(found, key=lambda one: (one.cost, one.placement.first_on, one.placement.room_id))[:most])


def spot_at(ward: Ward, plan: Plan, item: str, placement: Placement) -> Spot:
    """Return what it would be to have somebody at a place, with the rules that it would break."""
    request = ward.problem.request_of[item]
    return _spot(ward, request, placement, rules=broken(Scene(ward.problem, plan), request, placement))


def rebased(ward: Ward, plan: Plan) -> Plan:
    """Return a plan as it still holds: who has a bed has it, and who was given one that is taken since has none."""
    placed = dict(ward.in_force.placed)
    taken: dict[str, list[tuple[date, date]]] = {}
    for line in ward.stays.values():
        if not line.may_move:
            taken.setdefault(str(line.unit_id), []).append((line.first, line.until))
    for item, place in plan.placed.items():
        request = ward.problem.request_of.get(item)
        if request is None or request.lock is Lock.FROZEN or place.room_id not in ward.beds:
            continue
        until = place.first_on + timedelta(days=request.nights)
        if not any(first < until and place.first_on < end for first, end in taken.get(place.room_id, ())):
            placed[item] = place
    placed |= {one.id: one.present for one in ward.problem.requests if one.lock is Lock.FROZEN and one.present}
    return Plan(placed=placed)


def misfit_codes(ward: Ward, item: str, room_id: str) -> tuple[str, ...]:
    """Return what of a bed does not suit somebody who waits."""
    entry = ward.entries.get(item)
    if entry is None:
        return ()
    suited = ward.fits.of_entry[entry.id]
    return tuple(sorted(suited.misfits.get(ward.beds[room_id].resource_id, frozenset())))


def _spot(ward: Ward, request: Request, placement: Placement, rules: tuple[str, ...] = ()) -> Spot:
    cost = sum(line.cost for line in placement_prices(ward.problem, request, placement))
    return Spot(placement=placement, cost=cost, rules=rules)


def _because(ward: Ward, item: str, code: str, rooms: int) -> Because:
    if code != EQUIPMENT:
        return Because(code=code, beds=rooms)
    return Because(code=code, beds=rooms, of=tuple(_misfits(ward, item).most_common()))


def _misfits(ward: Ward, item: str) -> Counter[str]:
    """Return how many beds do not suit somebody, under each reason."""
    beds: Mapping[int, int] = Counter(bed.resource_id for bed in ward.beds.values())
    suited = ward.fits.of_entry[ward.entries[item].id]
    found: Counter[str] = Counter()
    for resource_id, codes in sorted(suited.misfits.items()):
        for code in sorted(codes):
            found[code] += beds.get(resource_id, 0)
    return Counter({code: count for code, count in found.items() if count})


def _way(ward: Ward, request: Request, change: Change) -> Way:
    room_id = change.placement.room_id
    codes = [*change.rules]
    if EQUIPMENT in codes:
        codes.remove(EQUIPMENT)
        codes.extend(misfit_codes(ward, request.id, room_id) or ("elsewhere",))
    return Way(
        kind=change.kind.value,
        bed=ward.beds[room_id],
        first=change.placement.first_on,
        until=change.placement.first_on + timedelta(days=request.nights),
        days=change.days,
        codes=tuple(codes),
        moved=change.moved_id or "",
        to=ward.beds[change.moved_to.room_id] if change.moved_to else None,
        moved_to=change.moved_to,
    )
