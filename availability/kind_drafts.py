"""What an administrator writes of a kind, and whether it can stand. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from availability.attributes import schema
from availability.claims import readable
from availability.errors import InvalidRequest
from availability.models import QuotaPeriod, Shape
from availability.rights import Role

MOST_LABEL = 80
MOST_LAYER = 24  # in the list of the map
LONGEST_CODE = 40
MOST_QUOTAS = 50
QUOTA_BOUNDS = (0, 100_000)

# As the constraints of the table say; both included.
BOUNDS: dict[str, tuple[int, int]] = {
    "position": (0, 999),
    "hold_minutes": (1, 1440),
    "request_days": (1, 366),
    "min_notice_days": (0, 365),
    "min_notice_min": (0, 10_080),
    "max_ahead_days": (1, 366),
    "max_days": (1, 3660),
    "slot_step_min": (1, 1440),
    "slot_duration_min": (1, 10_080),
    "buffer_before_min": (0, 1440),
    "buffer_after_min": (0, 1440),
    "fresh_days": (1, 366),
    "cancel_notice_min": (0, 43_200),
    "offer_hours": (1, 720),
}
# What only some shapes use: a bed has no step, an hour has no longest stay.
ONLY_FOR: dict[str, frozenset[Shape]] = {
    "max_days": frozenset({Shape.NIGHTS, Shape.PLACES}),
    "fresh_days": frozenset({Shape.NIGHTS, Shape.PLACES}),
    "is_designated": frozenset({Shape.PLACES}),
    "refused_if_violence": frozenset({Shape.PLACES}),
    "meeting_kind_id": frozenset({Shape.PLACES}),
    "hearing_kind_id": frozenset({Shape.PLACES}),
} | dict.fromkeys(
    (
        "min_notice_min",
        "ignores_holidays",
        "ignores_weekends",
        "closes_in_recess",
        "slot_step_min",
        "slot_duration_min",
        "buffer_before_min",
        "buffer_after_min",
    ),
    frozenset({Shape.SLOTS}),
)


@dataclass(frozen=True)
class RoleRight:
    """What a role may do with a kind: search it, at least."""

    role: Role
    may_reserve: bool = False
    may_set_hours: bool = False


@dataclass(frozen=True, kw_only=True)
class QuotaLine:
    """How many each service may take in a period: a service or a territory by its code, or all of them."""

    per: QuotaPeriod
    most: int
    organisation: str = ""
    territory: str = ""

    @property
    def of(self) -> tuple[str, str, str]:
        """Return what a kind has one line of."""
        return self.organisation, self.territory, self.per.value


@dataclass(frozen=True, kw_only=True)
class KindDraft:
    """Everything that an administrator writes of a kind; see `Kind` for what each column means."""

    label: str
    label_plural: str
    layer: str
    shape: Shape
    position: int = 0
    host_accepts: bool = False
    hold_minutes: int = 10
    request_days: int = 7
    min_notice_days: int = 0
    min_notice_min: int = 0
    max_ahead_days: int = 365
    max_days: int | None = None
    crosses_territories: bool = False
    ignores_holidays: bool = False
    ignores_weekends: bool = True
    closes_in_recess: bool = False
    slot_step_min: int = 30
    slot_duration_min: int = 45
    buffer_before_min: int = 0
    buffer_after_min: int = 0
    fresh_days: int = 30
    cancel_notice_min: int = 0
    offer_hours: int = 24
    is_designated: bool = False
    refused_if_violence: bool = False
    meeting_kind_id: int | None = None
    hearing_kind_id: int | None = None
    searchable: Mapping[str, Any] = field(default_factory=dict)
    rights: tuple[RoleRight, ...] = ()  # in the order of roles; a role that is not there has no right
    quotas: tuple[QuotaLine, ...] = ()  # sorted by `of`


COLUMNS = tuple(each.name for each in fields(KindDraft) if each.name not in ("rights", "quotas"))
_USUAL = {each.name: each.default for each in fields(KindDraft)}


def uses(shape: Shape, name: str) -> bool:
    """Say whether a column means something for this shape."""
    return shape in ONLY_FOR.get(name, frozenset(Shape))


def shaped(draft: KindDraft) -> KindDraft:
    """Return the draft with what its shape does not use as it usually is, and the spaces around its names left out."""
    unused: dict[str, Any] = {name: _USUAL[name] for name in ONLY_FOR if not uses(draft.shape, name)}
    names: dict[str, Any] = {name: str(getattr(draft, name)).strip() for name in ("label", "label_plural", "layer")}
    quotas = tuple(sorted(draft.quotas, key=lambda one: one.of))
    return replace(draft, **names, **unused, searchable=dict(draft.searchable), quotas=quotas)


def problems_of(draft: KindDraft) -> list[InvalidRequest]:
    """Return everything that keeps a draft from standing, in the order of the form."""
    checks = [
        *((_check_name, name, most) for name, most in _NAMES),
        *((_check_number, name, BOUNDS[name]) for name in BOUNDS if uses(draft.shape, name)),
    ]
    found = [problem for check, name, limit in checks if (problem := check(draft, name, limit))]  # type: ignore[operator]
    if not found and draft.min_notice_days > draft.max_ahead_days:
        found.append(InvalidRequest("min_notice_days", "nothing-left", most=draft.max_ahead_days))
    if draft.refused_if_violence and not draft.is_designated:
        found.append(InvalidRequest("refused_if_violence", "only-designated"))
    if draft.meeting_kind_id is not None and not draft.is_designated:
        found.append(InvalidRequest("meeting_kind_id", "only-designated"))
    if draft.hearing_kind_id is not None and draft.meeting_kind_id is None:
        found.append(InvalidRequest("hearing_kind_id", "only-with-meeting"))
    found += _quota_problems(draft.quotas)
    try:
        schema(draft.searchable)
    except InvalidRequest as refusal:
        found.append(InvalidRequest(f"searchable.{refusal.field}", refusal.problem, **_facts(refusal)))
    return found


def differences(before: KindDraft, after: KindDraft) -> dict[str, list[Any]]:
    """Return what differs, as history keeps it: column -> [before, after]."""
    return {
        each.name: [_plain(getattr(before, each.name)), _plain(getattr(after, each.name))]
        for each in fields(KindDraft)
        if getattr(before, each.name) != getattr(after, each.name)
    }


def slug(label: str) -> str:
    """Return the code that a name makes: "Lit d’hôpital" -> "lit-d-hopital"."""
    plain = unicodedata.normalize("NFKD", label.lower().replace("œ", "oe").replace("æ", "ae"))
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:LONGEST_CODE].rstrip("-") or "type"


_NAMES = (("label", MOST_LABEL), ("label_plural", MOST_LABEL), ("layer", MOST_LAYER))


def _check_name(draft: KindDraft, name: str, most: int) -> InvalidRequest | None:
    value = getattr(draft, name)
    try:
        readable(name, value)
    except InvalidRequest as refusal:
        return refusal
    if not value or not value.isprintable():
        return InvalidRequest(name, "unreadable" if value else "required")
    return InvalidRequest(name, "too-long", most=most) if len(value) > most else None


def _check_number(draft: KindDraft, name: str, limits: tuple[int, int]) -> InvalidRequest | None:
    value, (least, most) = getattr(draft, name), limits
    if value is None and name == "max_days":
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        return InvalidRequest(name, "not-numeric")
    return None if least <= value <= most else InvalidRequest(name, "out-of-range", least=least, most=most)


def _quota_problems(quotas: tuple[QuotaLine, ...]) -> list[InvalidRequest]:
    if len(quotas) > MOST_QUOTAS:
        return [InvalidRequest("quotas", "too-many", most=MOST_QUOTAS)]
    least, most = QUOTA_BOUNDS
    found = [
        InvalidRequest("quotas", "out-of-range", least=least, most=most)
        for one in quotas
        if not least <= one.most <= most
    ]
    if len({one.of for one in quotas}) < len(quotas):
        found.append(InvalidRequest("quotas", "quota-twice"))
    return found


def _facts(refusal: InvalidRequest) -> dict[str, object]:
    return {name: value for name, value in refusal.facts.items() if name not in ("field", "problem")}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple) and all(isinstance(one, QuotaLine) for one in value) and value:
        return [[one.organisation, one.territory, one.per.value, one.most] for one in value]
    if isinstance(value, tuple):
        return {one.role.value: [one.may_reserve, one.may_set_hours] for one in value}
    return value
