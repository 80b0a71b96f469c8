"""What a court lets lawyers take: its rules by procedure and family of natures, and its conventions on numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.claims import readable
from availability.errors import InvalidRequest, NotFound
from availability.history import Act, record
from availability.models import Kind, Shape, Site
from availability.rights import Actor
from booking.date_waits import look_again
from booking.lawyer_models import NAME_LENGTH, LawyerConvention, LawyerProfile, LawyerRule, Per, Procedure
from booking.natures import natures
from booking.plans.hearings import PLANNERS

SAID_BY_RULE = ("with_date", "minutes", "min_delay_days", "change_before_days")  # of whatever it is about
MOST_MINUTES, MOST_DAYS, MOST_AGREED = 1440, 365, 500

RULES = text("""
    SELECT r.id, r.site_id, s.name AS court, r.kind_id, k.label AS kind, r.line_id, t.name AS template, r.procedure,
           r.family, r.with_date, r.minutes, r.min_delay_days, r.change_before_days
    FROM lawyer_rule r JOIN site s ON s.id = r.site_id JOIN kind k ON k.id = r.kind_id
    LEFT JOIN hearing_template t ON t.id = r.line_id
    WHERE s.territory_id = ANY(:mine) ORDER BY s.name, r.procedure, r.family, r.id LIMIT 500""")
CONVENTIONS = text("""
    SELECT c.id, c.site_id, s.name AS court, coalesce(p.name, '') AS lawyer, c.firm, c.bar, c.per, c.most
    FROM lawyer_convention c JOIN site s ON s.id = c.site_id LEFT JOIN lawyer_profile p ON p.account_id = c.account_id
    WHERE s.territory_id = ANY(:mine) ORDER BY s.name, c.bar, c.firm, p.name, c.id LIMIT 500""")
# A court is where hearings are held.
COURTS = text("""
    SELECT s.id, s.name FROM site s WHERE s.territory_id = ANY(:mine)
      AND EXISTS (SELECT FROM resource r JOIN kind k ON k.id = r.kind_id WHERE r.site_id = s.id AND k.shape = :shape)
    ORDER BY s.name, s.id LIMIT 300""")
LINES = text("""
    SELECT coalesce(t.line_id, t.id) AS id, min(t.name) AS name, t.site_id, t.kind_id
    FROM hearing_template t JOIN site s ON s.id = t.site_id
    WHERE s.territory_id = ANY(:mine) AND t.is_active GROUP BY 1, 3, 4 ORDER BY 2, 1 LIMIT 300""")


@dataclass(frozen=True, kw_only=True)
class RuleSpec:
    """What lawyers take for a procedure and a family, in sessions of a kind. Raises: InvalidRequest."""

    site_id: int
    kind_id: int
    line_id: int | None = None
    procedure: Procedure
    family: str = ""
    with_date: bool = True
    minutes: int = 20
    min_delay_days: int = 0
    change_before_days: int = 0

    def __post_init__(self) -> None:
        _within("minutes", self.minutes, 1, MOST_MINUTES)
        _within("min_delay_days", self.min_delay_days, 0, MOST_DAYS)
        _within("change_before_days", self.change_before_days, 0, MOST_DAYS)


@dataclass(frozen=True, kw_only=True)
class RuleLine:
    """A rule, as its court reads it."""

    id: int
    site_id: int
    court: str
    kind_id: int
    kind: str
    line_id: int | None
    template: str | None
    procedure: str
    family: str
    with_date: bool
    minutes: int
    min_delay_days: int
    change_before_days: int


@dataclass(frozen=True, kw_only=True)
class ConventionLine:
    """A convention, as its court reads it; one of `lawyer`, `firm` and `bar` is said."""

    id: int
    site_id: int
    court: str
    lawyer: str
    firm: str
    bar: str
    per: str
    most: int


@dataclass(frozen=True)
class RuleChoices:
    """What a form of rules offers, as (number, name)."""

    courts: tuple[tuple[int, str], ...]
    kinds: tuple[tuple[int, str], ...]
    lines: tuple[tuple[int, str], ...]


def rules_of(session: Session, actor: Actor) -> list[RuleLine]:
    """Return the rules of the actor's courts."""
    return [RuleLine(**row._mapping) for row in session.execute(RULES, {"mine": _mine(actor)})]


def conventions_of(session: Session, actor: Actor) -> list[ConventionLine]:
    """Return the conventions of the actor's courts."""
    return [ConventionLine(**row._mapping) for row in session.execute(CONVENTIONS, {"mine": _mine(actor)})]


def choices_for_rules(session: Session, actor: Actor) -> RuleChoices:
    """Return what the actor may choose for a rule."""
    asked = {"mine": _mine(actor), "shape": Shape.SESSIONS.value}
    kinds = session.exec(select(Kind).where(Kind.shape == Shape.SESSIONS, col(Kind.is_active)).order_by(col(Kind.id)))
    return RuleChoices(
        courts=tuple((row.id, row.name) for row in session.execute(COURTS, asked)),
        kinds=tuple((kind.id, kind.label) for kind in kinds),
        lines=tuple((row.id, row.name) for row in session.execute(LINES, asked)),
    )


def rules_for(session: Session, site_id: int, procedure: Procedure, nature: str) -> list[LawyerRule]:
    """Return the rules of a court that decide for a nature: those of the longest family that it begins with."""
    found = session.exec(
        select(LawyerRule)
        .where(LawyerRule.site_id == site_id, LawyerRule.procedure == procedure)
        .order_by(col(LawyerRule.id))
    ).all()
    fitting = [rule for rule in found if nature.startswith(rule.family)]
    longest = max((len(rule.family) for rule in fitting), default=0)
    return [rule for rule in fitting if len(rule.family) == longest]


def set_rule(session: Session, actor: Actor, spec: RuleSpec, *, now: datetime) -> LawyerRule:
    """Write a rule, or write over the one of the same court, procedure, family, kind and template.

    Raises: NotFound, InvalidRequest.
    """
    _own_site(session, actor, spec.site_id)
    kind = session.get(Kind, spec.kind_id)
    if kind is None or kind.shape != Shape.SESSIONS:
        raise InvalidRequest("kind", "unknown-choice")
    family = _family(session, spec.family)
    if (
        spec.line_id is not None
        and not session.execute(_LINE, {"id": spec.line_id, "site_id": spec.site_id, "kind_id": spec.kind_id}).scalar()
    ):
        raise InvalidRequest("template", "not-of-this-kind")
    values = {name: getattr(spec, name) for name in RuleSpec.__dataclass_fields__} | {"family": family}
    rule_id = session.execute(_SET_RULE, values).scalar_one()
    _write_down(session, actor, "lawyer-rule-set", rule_id, now=now, **values)
    look_again(session, spec.site_id)
    return session.get_one(LawyerRule, rule_id, populate_existing=True)


def remove_rule(session: Session, actor: Actor, rule_id: int, *, now: datetime) -> RuleSpec:
    """Take a rule away, and return what puts it back: dates taken by it stand. Raises: NotFound."""
    rule = session.get(LawyerRule, rule_id, with_for_update=True)
    if rule is None:
        raise NotFound(rule_id=rule_id)
    _own_site(session, actor, rule.site_id)
    names = RuleSpec.__dataclass_fields__
    spec = RuleSpec(**{name: getattr(rule, name) for name in names} | {"procedure": Procedure(rule.procedure)})
    session.delete(rule)
    _write_down(session, actor, "lawyer-rule-removed", rule_id, now=now, site_id=spec.site_id)
    look_again(session, spec.site_id)
    return spec


def set_convention(
    session: Session,
    actor: Actor,
    site_id: int,
    *,
    per: Per,
    most: int,
    account_id: UUID | None = None,
    firm: str = "",
    bar: str = "",
    now: datetime,
) -> LawyerConvention:
    """Agree with a lawyer, a firm or a bar on a number of dates in a session or a month; again writes over it.

    Raises: NotFound, InvalidRequest.
    """
    _own_site(session, actor, site_id)
    _within("most", most, 0, MOST_AGREED)
    firm, bar = (" ".join(readable("name", one).split()) for one in (firm, bar))
    if max(len(firm), len(bar)) > NAME_LENGTH:
        raise InvalidRequest("name", "too-long", most=NAME_LENGTH)
    if sum((account_id is not None, bool(firm), bool(bar))) != 1:
        raise InvalidRequest("name", "required")
    if account_id is not None and session.get(LawyerProfile, account_id) is None:
        raise NotFound(account_id=account_id)
    values = {"site_id": site_id, "account_id": account_id, "firm": firm, "bar": bar, "per": per, "most": most}
    found = session.execute(_SET_CONVENTION, values).scalar_one()
    kept = {"site_id": site_id, "per": per, "most": most, "with": "bar" if bar else "firm" if firm else "lawyer"}
    _write_down(session, actor, "lawyer-convention-set", found, now=now, **kept)
    look_again(session, site_id)
    return session.get_one(LawyerConvention, found, populate_existing=True)


def remove_convention(session: Session, actor: Actor, convention_id: int, *, now: datetime) -> LawyerConvention:
    """End a convention, and return what it was. Raises: NotFound."""
    row = session.get(LawyerConvention, convention_id, with_for_update=True)
    if row is None:
        raise NotFound(convention_id=convention_id)
    _own_site(session, actor, row.site_id)
    was = LawyerConvention(**row.model_dump())
    session.delete(row)
    _write_down(session, actor, "lawyer-convention-removed", convention_id, now=now, site_id=was.site_id)
    look_again(session, was.site_id)
    return was


def write_rule(session: Session, actor: Actor, spec: RuleSpec, *, now: datetime) -> Callable[..., Any]:
    """Write a rule, and return what takes it back: away, or as the one that it was written over.

    Raises: NotFound, InvalidRequest.
    """
    known = {one.id: one for one in rules_of(session, actor)}
    row = set_rule(session, actor, spec, now=now)
    if (before := known.get(row.id)) is None:
        return partial(remove_rule, rule_id=row.id)
    return partial(set_rule, spec=replace(spec, **{name: getattr(before, name) for name in SAID_BY_RULE}))


def write_convention(
    session: Session, actor: Actor, agreed: dict[str, Any], most: int, *, now: datetime
) -> Callable[..., Any]:
    """Write a convention, and return what takes it back, as of a rule. Raises: NotFound, InvalidRequest."""
    known = {one.id: one.most for one in conventions_of(session, actor)}
    row = set_convention(session, actor, **agreed, most=most, now=now)
    if row.id not in known:
        return partial(remove_convention, convention_id=row.id)
    return partial(set_convention, **agreed, most=known[row.id])


_LINE = text("""
    SELECT 1 FROM hearing_template WHERE coalesce(line_id, id) = :id AND site_id = :site_id AND kind_id = :kind_id
    LIMIT 1""")
_SET_RULE = text("""
    INSERT INTO lawyer_rule (site_id, kind_id, line_id, procedure, family, with_date, minutes, min_delay_days,
                             change_before_days)
    VALUES (:site_id, :kind_id, :line_id, :procedure, :family, :with_date, :minutes, :min_delay_days,
            :change_before_days)
    ON CONFLICT ON CONSTRAINT lawyer_rule_once DO UPDATE
      SET (with_date, minutes, min_delay_days, change_before_days)
        = (excluded.with_date, excluded.minutes, excluded.min_delay_days, excluded.change_before_days)
    RETURNING id""")
_SET_CONVENTION = text("""
    INSERT INTO lawyer_convention (site_id, account_id, firm, bar, per, most)
    VALUES (:site_id, :account_id, :firm, :bar, :per, :most)
    ON CONFLICT ON CONSTRAINT lawyer_convention_once DO UPDATE SET most = excluded.most RETURNING id""")


def _own_site(session: Session, actor: Actor, site_id: int) -> Site:
    site = session.get(Site, site_id)
    if site is None or site.territory_id not in actor.territories(PLANNERS):
        raise NotFound(site_id=site_id)
    return site


def _family(session: Session, typed: str) -> str:
    family = readable("family", typed).upper()
    if family and family not in natures(session):
        raise InvalidRequest("family", "unknown-choice", value=family[:10])
    return family


def _mine(actor: Actor) -> Sequence[int]:
    return sorted(actor.territories(PLANNERS))


def _within(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise InvalidRequest(name, "out-of-range", least=least, most=most)


def _write_down(session: Session, actor: Actor, act: str, subject_id: int, *, now: datetime, **facts: object) -> None:
    session.flush()
    record(session, actor, Act(act=act, subject="lawyer-rules", subject_id=subject_id, at=now, facts=facts))
