"""Travel times of a search by the routing engine of the settings, asked before its transaction and never inside it."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from availability.rights import Actor
from availability.routing import Engine, Router
from availability.search import Wish, sites_to_time
from portal.database import read
from portal.settings import settings


async def timed(actor: Actor, wish: Wish) -> Wish:
    """Return the wish with the travel times that the engine gives; the same wish when there is none, or no way to go.

    Raises: NotAllowed.
    """
    if not settings().routing_url or wish.origin is None:
        return wish
    places = await read(sites_to_time, actor, wish)
    return replace(wish, times=await router().minutes(wish.origin, places))


@lru_cache(maxsize=1)
def router() -> Router:
    """Return the engine of this process, with what it said lately."""
    chosen = settings()
    return Router(chosen.routing_url, Engine(chosen.routing_engine), chosen.routing_timeout)
