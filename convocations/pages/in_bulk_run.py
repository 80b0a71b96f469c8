"""A list summoned line by line, each in its own transaction, or party by party: what programs and the page do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, cast
from uuid import UUID

from availability.claims import SlotClaim
from availability.errors import Refusal
from availability.rights import Actor
from availability.sealing import House
from convocations.in_bulk import Foreseen, Order, Summoned, foresee, summon_one, summoned_under
from convocations.together import NotAllFit, convene_together
from portal.clock import now
from portal.database import act, read
from portal.settings import secret_key


async def foresee_list(actor: Actor, order: Order, person_ids: Sequence[UUID], key: str) -> list[Foreseen]:
    """Return what would become of each, in the order of the list; who was summoned under this key is not counted."""
    done = await read(summoned_under, actor, order, key, person_ids)
    left = [one for one in dict.fromkeys(person_ids) if one not in done]
    found = await read(foresee, actor, order, left, house=House(secret_key()), now=now()) if left else []
    by_person = {one.person_id: one for one in found} | {one: Foreseen(person_id=one) for one in done}
    return [by_person[one] for one in dict.fromkeys(person_ids)]


async def run_list(
    actor: Actor, order: Order, person_ids: Sequence[UUID], key: str
) -> AsyncIterator[tuple[Foreseen, Summoned]]:
    """Yield what became of each person of a list, as it is done. Raises: as `foresee`, and KeyReused."""
    for line in await foresee_list(actor, order, person_ids, key):
        yield line, await run_line(actor, order, line, key)


async def run_line(actor: Actor, order: Order, line: Foreseen, key: str) -> Summoned:
    """Return what became of one person; a refusal is an answer like another."""
    if line.refusal is not None:
        return Summoned(person_id=line.person_id, refusal=line.refusal)
    try:
        return await act(summon_one, actor, order, line, key=key, now=now())
    except Refusal as refusal:
        return Summoned(person_id=line.person_id, refusal=refusal)


async def run_together(
    actor: Actor,
    order: Order,
    parties: Sequence[tuple[Sequence[UUID], SlotClaim]],
    key: str,
    *,
    are_all_needed: bool,
) -> list[Summoned]:
    """Summon the first party to one appointment, then each other one to its own; return what became of each person.

    Whoever does not fit in a party after the first is left out. Raises: as `convene_together`, for the first party.
    """
    (ids, claim), *others = parties
    how: dict[str, Any] = {"are_all_needed": are_all_needed, "now": now()}
    done = await act(convene_together, actor, order, ids, claim, key=key, **how)
    for number, (more, elsewhere) in enumerate(others, start=2):
        done = [*done, *await _party(actor, order, more, elsewhere, f"{key} {number}")]
    return done


async def _party(actor: Actor, order: Order, ids: Sequence[UUID], claim: SlotClaim, key: str) -> list[Summoned]:
    try:
        return await act(convene_together, actor, order, ids, claim, key=key, are_all_needed=False, now=now())
    except NotAllFit as refusal:
        return cast("list[Summoned]", refusal.facts["done"])
    except Refusal as refusal:
        return [Summoned(person_id=one, refusal=refusal) for one in ids]
