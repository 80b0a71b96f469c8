"""REST route of common dates: the search of the page, for programs of a registry. It takes nothing."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field

from availability.errors import Refusal
from availability.rights import Actor
from availability.wire import (
    BEARER,
    WRITE,
    BoundedRoute,
    Day,
    Flag,
    Given,
    Identifier,
    Told,
    answer,
)
from booking.common_dates import (
    FROM,
    MINUTES,
    MOST_PEOPLE,
    TO,
    Blocker,
    DaysWithout,
    Need,
    Part,
    Possibility,
    RoomWish,
    Wanted,
)
from booking.hearing_templates import SETTERS
from booking.meeting_search import Answer, search
from booking.video_links import LinksFull
from portal import database
from portal.clock import now
from portal.policy import requires
from portal.problems import problem

router = APIRouter(tags=["hearings"], dependencies=[BEARER], route_class=BoundedRoute)
Setter = Annotated[Actor, requires(*SETTERS)]
Wall = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="Wall time of the court, HH:MM.")]


def _links_full(refusal: Refusal) -> str:
    most = refusal.facts.get("most")
    reached = f"Le plafond national, {most} visioconférences à la fois, est atteint à cette heure"
    return f"{reached}\N{NO-BREAK SPACE}: choisissez-en une autre."


problem(LinksFull, 409, "links-full", "Plafond national atteint", _links_full)


class CommonDatesAsked(Given):
    """Who is to meet, for how long, where and when."""

    site_id: Identifier = Field(description="The court.")
    people: list[Identifier] = Field(
        min_length=1, max_length=MOST_PEOPLE, description="Resources: judges, clerks, prosecutors, agents…"
    )
    minutes: Annotated[int, Field(strict=True, ge=MINUTES[0], le=MINUTES[1])]
    first_on: Day
    last_on: Day = Field(description="The last civil day, included.")
    room: RoomWish = RoomWish.ANY
    room_id: Identifier | None = Field(None, description="This room, instead of any of the court.")
    far_end_id: Identifier | None = Field(None, description="A video unit elsewhere; `room` is then `video`.")
    opens: Wall = f"{FROM:%H:%M}"
    closes: Wall = f"{TO:%H:%M}"
    keeps_noon: Flag = Field(True, description="Nothing between 12:30 and 13:30.")
    sits_in_recess: Flag = False

    def wanted(self) -> Wanted:
        """Return what is sought. Raises: InvalidRequest."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        walls = {name: time.fromisoformat(values[name]) for name in ("opens", "closes")}
        return Wanted(**(values | walls | {"people": tuple(self.people)}))


class PossibilityTold(Told):
    """An hour at which all are free."""

    start: datetime
    end: datetime
    room_id: int | None
    video_id: int | None = Field(description="The video unit in the court.")


class NeedTold(Told):
    """Somebody or something that is needed."""

    what: Part
    resource_id: int | None = Field(description="Null when any of several will do.")


class BlockerTold(Told):
    """Who stands in the way, alone or together, and what there would be without them."""

    who: list[NeedTold]
    count: int
    first: PossibilityTold


class DaysWithoutTold(Told):
    """Days on which the court sits and on which there is no date."""

    first_on: date
    last_on: date
    who: list[NeedTold] = Field(description="Free at no time of them for so long; empty: each is, but never all.")


class CommonDatesTold(Told):
    """The first common dates, none of which overlaps another. Of agendas, only this is told."""

    items: list[PossibilityTold]
    count: int = Field(description="How many there are, within the days asked.")
    blockers: list[BlockerTold]
    before: list[DaysWithoutTold] = Field(description="Why there is none earlier, or none at all, by days.")
    later: PossibilityTold | None = Field(description="The first after the last day, when there is none before.")


@router.post(
    "/common-dates",
    summary="Find dates common to several people, and who blocks",
    response_model=CommonDatesTold,
    responses=WRITE,
)
async def common_dates(request: Request, actor: Setter, asked: CommonDatesAsked) -> Response:
    """Return the first five dates at which everybody, a room and both ends of a link are free, and who blocks."""
    found: Answer = await database.read(search, actor, asked.wanted(), now=now())
    return answer(
        request,
        CommonDatesTold(
            items=[_possibility(one) for one in found.found.first],
            count=found.found.count,
            blockers=[_blocker(one) for one in found.found.blockers],
            before=[_without(one) for one in found.found.before],
            later=_possibility(found.later) if found.later else None,
        ),
    )


def _possibility(one: Possibility) -> PossibilityTold:
    return PossibilityTold(start=one.period.start, end=one.period.end, room_id=one.room_id, video_id=one.video_id)


def _blocker(one: Blocker) -> BlockerTold:
    return BlockerTold(who=[_need(need) for need in one.needs], count=one.count, first=_possibility(one.first))


def _without(one: DaysWithout) -> DaysWithoutTold:
    who = [_need(need) for need in one.needs]
    return DaysWithoutTold(first_on=one.first_on, last_on=one.last_on, who=who)


def _need(one: Need) -> NeedTold:
    return NeedTold(what=one.part, resource_id=one.resource_id or None)
