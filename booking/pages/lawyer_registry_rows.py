"""Lawyers as the page of a registry shows them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from availability.openings import local_day
from availability.sealing import House
from booking.lawyer_invitations import Mailed, token_of_invitation
from booking.lawyer_models import LawyerInvitation, Per, Procedure
from booking.lawyer_registry import DateToRelease
from booking.lawyer_rules import ConventionLine, RuleLine
from booking.lawyers import Assisted
from booking.pages.lawyer_words import PER_WORDS, PROCEDURE_WORDS, mailed_words, nature_words
from portal.settings import secret_key, settings
from portal.ui.dates import NBSP, day, long_day, moment, plural


@dataclass(frozen=True)
class ReleaseRow:
    """A date to release, as displayed."""

    id: str
    when: str
    where: str
    who: str
    late: str


@dataclass(frozen=True)
class Line:
    """Something with a name, what is said of it, and an address to copy when it has one."""

    id: str
    name: str
    detail: str
    link: str = ""


@dataclass(frozen=True)
class Option:
    """Something to choose."""

    id: str
    label: str


def release_row(one: DateToRelease, known: dict[str, str]) -> ReleaseRow:
    """Return a date whose summons has not come."""
    return ReleaseRow(
        id=str(one.booking_id),
        when=moment(one.starts_at, ZoneInfo(one.time_zone)),
        where=dotted(one.court, one.name),
        who=dotted(one.lawyer or "", one.bar or "", one.case_ref, nature_words(known, one.nature)),
        late=f"Date prise le {day(one.given_on)}, assignation attendue le {long_day(one.summons_due_on)}",
    )


def invitation_line(one: LawyerInvitation, mailed: Mailed | None, zone: ZoneInfo) -> Line:
    """Return an invitation, with its link to copy."""
    link = f"{settings().origin}/invitation/{token_of_invitation(one, House(secret_key()))}"
    until = f"jusqu’au {day(local_day(one.expires_at, zone))}"
    return Line(str(one.id), one.name, f"{one.email}, {until}, {mailed_words(mailed, zone)}", link)


def whom_words(one: Assisted, zone: ZoneInfo) -> str:
    """Return whom a lawyer assists, and since when."""
    return dotted(one.person or f"affaire {one.case_ref}", f"depuis le {day(local_day(one.since_at, zone))}")


def rule_line(one: RuleLine, known: dict[str, str]) -> Line:
    """Return what lawyers may take."""
    family = nature_words(known, one.family) if one.family else "toutes natures"
    name = f"{PROCEDURE_WORDS[Procedure(one.procedure)]}, {family}"
    if not one.with_date:
        return Line(str(one.id), name, dotted(one.court, "sans date : le greffe fixe l’audience"))
    where = one.template or one.kind
    delay = f"prise {plural(one.min_delay_days, 'jour')} avant au moins" if one.min_delay_days else ""
    change = f"changée jusqu’à {plural(one.change_before_days, 'jour')} avant" if one.change_before_days else ""
    return Line(str(one.id), name, dotted(one.court, where, f"{one.minutes}{NBSP}min", delay, change))


def convention_line(one: ConventionLine) -> Line:
    """Return what was agreed."""
    name = one.lawyer or one.firm or one.bar
    return Line(str(one.id), name, dotted(one.court, f"{plural(one.most, 'date')} {PER_WORDS[Per(one.per)]}"))


def dotted(*parts: str) -> str:
    """Return what is not empty, with dots between."""
    return " · ".join(part for part in parts if part)
