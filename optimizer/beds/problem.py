"""Who needs a bed, when, and which rooms there are. Frozen and pure.

Nights are civil dates, `[first, first + nights)`. Minutes of a day are counted from midnight. Costs are whole numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property

DAY_MIN = 24 * 60
MOST_NIGHTS = 3_660  # from the first night to the last of a problem: ten years


class BadProblemError(ValueError):
    """A problem that contradicts itself. `what` is a code, `id` says where."""

    def __init__(self, what: str, id: str = "") -> None:
        super().__init__(f"{what}: {id}" if id else what)
        self.what = what
        self.id = id


class Sex(StrEnum):
    """Of a person."""

    MEN = "men"
    WOMEN = "women"


class Policy(StrEnum):
    """Who sleeps in a room."""

    MEN = "men"
    WOMEN = "women"
    ONE_SEX = "one sex"  # either, never both on a night
    ANY = "any"


class Lock(StrEnum):
    """May what is placed already be placed elsewhere."""

    FREE = "free"
    MOVABLE = "movable"  # told already: at a cost
    FROZEN = "frozen"


@dataclass(frozen=True, kw_only=True)
class Ages:
    """Both included."""

    least: int = 0
    most: int = 150

    def __contains__(self, age: int) -> bool:
        return self.least <= age <= self.most


@dataclass(frozen=True, kw_only=True)
class Work:
    """When somebody works, and the minutes of travel from each establishment. An absent one is out of reach."""

    start_min: int
    end_min: int
    travel_minutes: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Placement:
    """A room from a first night on."""

    room_id: str
    first_on: date


@dataclass(frozen=True, kw_only=True)
class Establishment:
    """A house or a department of one, its doors open from `opens_min` to `closes_min` for those who work."""

    id: str
    opens_min: int = 0
    closes_min: int = DAY_MIN
    ages: Ages = Ages()
    specialisms: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Room:
    """Beds behind one door. `regimes` is None where any regime goes; `closed` are nights `[first, until)`."""

    id: str
    establishment_id: str
    beds: int = 1
    policy: Policy = Policy.ONE_SEX
    ages: Ages = Ages()
    regimes: frozenset[str] | None = None
    is_accessible: bool = False
    equipment: frozenset[str] = frozenset()
    specialisms: Mapping[str, int] = field(default_factory=dict)  # to the level at which they are practised: 1 is best
    closed: tuple[tuple[date, date], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Request:
    """A stay wanted, or one that is there already (`present`), to begin between two dates for a number of nights.

    `priority` is how many refusals of 1 a refusal of this one is worth. `specialisms` are the successive needs and
    their nights. `most_beds` is the size of room preferred.
    """

    id: str
    earliest_on: date
    latest_on: date
    nights: int
    sex: Sex
    age: int
    regime: str = ""
    priority: int = 1
    work: Work | None = None
    preferred_establishments: frozenset[str] = frozenset()
    not_in_room_with: frozenset[str] = frozenset()
    not_in_establishment_with: frozenset[str] = frozenset()
    needs_accessible: bool = False
    equipment_required: frozenset[str] = frozenset()
    equipment_preferred: frozenset[str] = frozenset()
    specialisms: tuple[tuple[str, int], ...] = ()
    most_beds: int | None = None
    present: Placement | None = None
    lock: Lock = Lock.FREE

    @property
    def slack_days(self) -> int:
        """Return the days that may pass after the earliest first night."""
        return (self.latest_on - self.earliest_on).days


@dataclass(frozen=True, kw_only=True)
class Weights:
    """What each thing that is not as wished costs, by night unless its comment says otherwise.

    `refused` None is more than all that the rest can cost together. `age` and `equipment_required` None make them
    impossible rather than dear.
    """

    refused: int | None = None  # a request, times its priority
    waited: int = 5  # a day after the earliest first night
    travel: int = 1  # a minute, one way
    not_preferred: int = 20  # another establishment than those preferred
    larger_room: int = 8
    department: int = 10  # an establishment without the specialism
    specialism: int = 20  # a room without it
    level: int = 10  # each level of the specialism below the best
    equipment_preferred: int = 20  # each one that lacks
    equipment_required: int | None = None  # each one that lacks
    age: int | None = None
    moved: int = 50  # a stay that is elsewhere, or at other dates, than it is at present
    moved_told: int = 1_000  # the same, somebody told already


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What `solve` is given.

    Raises: BadProblemError.
    """

    establishments: tuple[Establishment, ...]
    rooms: tuple[Room, ...]
    requests: tuple[Request, ...]
    weights: Weights = Weights()

    def __post_init__(self) -> None:
        _each_once("establishment", (one.id for one in self.establishments))
        _each_once("room", (room.id for room in self.rooms))
        _each_once("request", (request.id for request in self.requests))
        _sound_weights(self.weights)
        for house in self.establishments:
            if not 0 <= house.opens_min < house.closes_min <= DAY_MIN:
                raise BadProblemError("doors", house.id)
        for room in self.rooms:
            _sound_room(self, room)
        for request in self.requests:
            _sound_request(self, request)
        if len(self.requests) and self.horizon_nights > MOST_NIGHTS:
            raise BadProblemError("horizon")

    @cached_property
    def establishment_of(self) -> dict[str, Establishment]:
        """Return the establishments by id."""
        return {one.id: one for one in self.establishments}

    @cached_property
    def room_of(self) -> dict[str, Room]:
        """Return the rooms by id."""
        return {room.id: room for room in self.rooms}

    @cached_property
    def request_of(self) -> dict[str, Request]:
        """Return the requests by id."""
        return {request.id: request for request in self.requests}

    @cached_property
    def first_on(self) -> date:
        """Return the first night that matters."""
        return min(min(request.earliest_on, _present_on(request)) for request in self.requests)

    @cached_property
    def horizon_nights(self) -> int:
        """Return the nights from the first that matters to the last."""
        lasts = (max(request.latest_on, _present_on(request)).toordinal() + request.nights for request in self.requests)
        return max(lasts) - self.first_on.toordinal()

    @cached_property
    def refusal(self) -> int:
        """Return what a refusal of priority 1 costs: what the weights say, or more than all the rest together."""
        if self.weights.refused is not None:
            return self.weights.refused
        return 1 + sum(_dearest(self, request) for request in self.requests)

    @cached_property
    def worst_level(self) -> int:
        """Return the lowest level at which a specialism is practised: the greatest number."""
        return max((level for room in self.rooms for level in room.specialisms.values()), default=1)

    @cached_property
    def apart(self) -> dict[str, tuple[frozenset[str], frozenset[str]]]:
        """Return, for each who must be kept from others, those of their room and those of their establishment.

        Said on one side, it holds on both.
        """
        pairs: dict[str, tuple[set[str], set[str]]] = {}
        for request in self.requests:
            for kind, others in enumerate((request.not_in_room_with, request.not_in_establishment_with)):
                for other in others:
                    pairs.setdefault(request.id, (set(), set()))[kind].add(other)
                    pairs.setdefault(other, (set(), set()))[kind].add(request.id)
        return {id: (frozenset(rooms), frozenset(houses)) for id, (rooms, houses) in pairs.items()}


def until(request: Request, placement: Placement) -> date:
    """Return the day on which a stay so placed ends."""
    return placement.first_on + timedelta(days=request.nights)


def _dearest(problem: Problem, request: Request) -> int:
    """Return a cost that no place of somebody exceeds."""
    weights = problem.weights
    minutes = max(request.work.travel_minutes.values(), default=0) if request.work else 0
    by_night = (
        weights.travel * minutes
        + weights.not_preferred
        + weights.larger_room
        + weights.department
        + max(weights.specialism, weights.level * (problem.worst_level - 1))
        + weights.equipment_preferred * len(request.equipment_preferred)
        + (weights.equipment_required or 0) * len(request.equipment_required)
        + (weights.age or 0)
    )
    latest_on = max(request.latest_on, _present_on(request))
    waiting = weights.waited * (latest_on - request.earliest_on).days
    return by_night * request.nights + waiting + max(weights.moved, weights.moved_told)


def _present_on(request: Request) -> date:
    return request.present.first_on if request.present else request.earliest_on


def _each_once(what: str, ids: Iterable[str]) -> None:
    for id, count in Counter(ids).items():
        if count > 1:
            raise BadProblemError(f"{what} twice", id)


def _sound_weights(weights: Weights) -> None:
    for name, value in vars(weights).items():
        if value is not None and value < 0:
            raise BadProblemError("negative weight", name)


def _sound_room(problem: Problem, room: Room) -> None:
    if room.establishment_id not in problem.establishment_of:
        raise BadProblemError("unknown establishment", room.id)
    if room.beds < 0:
        raise BadProblemError("beds", room.id)
    if any(level < 1 for level in room.specialisms.values()):
        raise BadProblemError("level", room.id)
    if any(first >= last for first, last in room.closed):
        raise BadProblemError("closed nights", room.id)


def _sound_request(problem: Problem, request: Request) -> None:
    others = request.not_in_room_with | request.not_in_establishment_with
    faults = {
        "nights": not 1 <= request.nights <= MOST_NIGHTS,
        "latest before earliest": request.latest_on < request.earliest_on,
        "age": request.age < 0,
        "priority": request.priority < 1,
        "specialisms": any(nights < 1 for _, nights in request.specialisms)
        or sum(nights for _, nights in request.specialisms) > request.nights,
        "most beds": request.most_beds is not None and request.most_beds < 1,
        "kept from oneself": request.id in others,
        "kept from somebody unknown": not others <= problem.request_of.keys(),
        "unknown room": request.present is not None and request.present.room_id not in problem.room_of,
        "frozen nowhere": request.lock is Lock.FROZEN and request.present is None,
        "work": request.work is not None and not _is_sound(request.work),
    }
    for what, is_wrong in faults.items():
        if is_wrong:
            raise BadProblemError(what, request.id)


def _is_sound(work: Work) -> bool:
    return 0 <= work.start_min < work.end_min <= DAY_MIN and all(m >= 0 for m in work.travel_minutes.values())
