"""How often somebody may try: counters of attempts, shared by the workers when there is a Redis."""

from __future__ import annotations

from functools import lru_cache

from fastapi import Request
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter

from portal.settings import settings


@lru_cache(maxsize=1)
def _limiter() -> MovingWindowRateLimiter:
    redis = settings().redis_url
    if redis is None:
        return MovingWindowRateLimiter(MemoryStorage())
    return MovingWindowRateLimiter(RedisStorage(f"async+{redis.get_secret_value()}", implementation="redispy"))


def _allowance() -> RateLimitItem:
    return parse(settings().login_attempts)


async def may_try(*who: str) -> bool:
    """Count one attempt to sign in, and say whether it is within the allowance."""
    return await _limiter().hit(_allowance(), *who)


async def is_within(allowance: str, *what: str) -> bool:
    """Count one more of these, and say whether it is within an allowance such as "30/10 minutes"."""
    return await _limiter().hit(parse(allowance), *what)


async def forgive(*who: str) -> None:
    """Forget the attempts, after one that succeeded."""
    await _limiter().clear(_allowance(), *who)


def client_address(request: Request) -> str:
    """Return the address of the client, seen through the reverse proxies that the settings trust."""
    hops = settings().trusted_proxies
    chain = [part.strip() for part in request.headers.get("x-forwarded-for", "").split(",") if part.strip()]
    if hops and len(chain) >= hops:
        return chain[-hops]
    return request.client.host if request.client else "unknown"
