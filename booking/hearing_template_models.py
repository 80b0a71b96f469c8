"""Tables of hearing sessions that come again: the template that opens them, and each session that it opened."""

from __future__ import annotations

from datetime import date, datetime, time
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Column, ForeignKey, String, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from availability.models import days, instant, json_object, key, one_of

NAME_LENGTH = 120
ONE_SESSION_PER_DAY = "template_session_once"


class Formation(StrEnum):
    """Who decides. Source: code de l'organisation judiciaire, art. L212-1."""

    SINGLE = "single"  # juge unique
    PANEL = "panel"  # formation collégiale


def _to(target: str, *, nullable: bool = False, index: bool = False) -> Any:
    column: Column[Any] = Column(BigInteger, ForeignKey(target), nullable=nullable, index=index)
    return Field(default=None, sa_column=column)


class HearingTemplate(SQLModel, table=True):
    """What a court opens again and again: days `[valid_from, valid_until)` of a recurrence, in the site's wall time.

    One that changes from a day on is followed by another of the same line: see booking/hearing_templates.py.
    """

    __tablename__ = "hearing_template"
    __table_args__ = (
        one_of("formation", Formation),
        CheckConstraint("valid_until IS NULL OR valid_until > valid_from", name="hearing_template_valid"),
        CheckConstraint(
            "max_cases BETWEEN 1 AND 500 AND max_minutes BETWEEN 1 AND 1440", name="hearing_template_holds"
        ),
        CheckConstraint("horizon_days BETWEEN 0 AND 400", name="hearing_template_horizon"),
        CheckConstraint("take_before_days BETWEEN 0 AND 365", name="hearing_template_last_day"),
        CheckConstraint(
            "judges BETWEEN 0 AND 9 AND clerks BETWEEN 0 AND 9 AND prosecutors BETWEEN 0 AND 9"
            " AND interpreters BETWEEN 0 AND 9",
            name="hearing_template_people",
        ),
    )

    id: int = key()
    line_id: int | None = _to("hearing_template.id", nullable=True, index=True)  # the first of its line; none: itself
    replaces_id: int | None = _to("hearing_template.id", nullable=True)
    replaced_until: date | None = None  # the end that the one it replaces had, for the undo
    site_id: int = _to("site.id", index=True)
    kind_id: int = _to("kind.id")
    name: str = Field(sa_column=Column(String(NAME_LENGTH), nullable=False))  # the chamber, as its sessions are named
    formation: str = Formation.SINGLE
    room_id: int | None = _to("resource.id", nullable=True)
    rrule: str = ""
    anchor_on: date
    valid_from: date
    valid_until: date | None = None
    except_on: list[date] = days()
    extra_on: list[date] = days()
    starts: time
    max_minutes: int
    max_cases: int
    quotas: dict[str, Any] = json_object()  # NAC family -> most cases of it
    horizon_days: int = 180  # 0: only the months that somebody opens
    take_before_days: int = 0  # the last day for taking a date, so many days before the session
    sits_on_holidays: bool = False
    sits_in_recess: bool = False
    judges: int = 1
    clerks: int = 1
    prosecutors: int = 0
    interpreters: int = 0
    named_ids: list[int] = Field(
        default_factory=list, sa_column=Column(ARRAY(BigInteger), nullable=False, server_default=text("'{}'"))
    )  # resources: those of the people required who are known already
    needs_video: bool = False
    is_active: bool = True  # False: taken back
    created_at: datetime = instant()


class TemplateSession(SQLModel, table=True):
    """A session that a template opened; `held_ids` are the room and the people whose time it takes, as `holder_id`."""

    __tablename__ = "template_session"
    __table_args__ = (UniqueConstraint("template_id", "on_day", name=ONE_SESSION_PER_DAY),)

    resource_id: int = Field(
        default=None,
        sa_column=Column(BigInteger, ForeignKey("hearing_session.resource_id", ondelete="CASCADE"), primary_key=True),
    )
    template_id: int = _to("hearing_template.id")
    on_day: date
    holder_id: UUID = Field(unique=True)
    held_ids: list[int] = Field(
        default_factory=list, sa_column=Column(ARRAY(BigInteger), nullable=False, server_default=text("'{}'"))
    )
    by_hand: bool = False  # changed by somebody: it stays as they left it
