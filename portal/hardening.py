"""Settings that would expose people: outside the demonstration, the server does not start with them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from portal.settings import Settings

LEAST_LETTERS = 12  # different ones, of a key that was drawn at random
LEAST_TOKEN = 24
ENCRYPTED = frozenset({"require", "verify-ca", "verify-full"})  # of libpq's sslmode


class Unsafe(Exception):  # noqa: N818 - an answer
    """The settings would expose people; the dangers say how."""

    def __init__(self, dangers: list[Danger]) -> None:
        super().__init__("; ".join(one.setting for one in dangers))
        self.dangers = dangers


@dataclass(frozen=True)
class Danger:
    """A setting, what would happen with it, and how to mend it."""

    setting: str
    why: str
    how: str

    def __str__(self) -> str:
        """Return the line that is printed."""
        return f"{self.setting} : {self.why} → {self.how}"


def check_safe(current: Settings) -> None:
    """Refuse settings that would expose people. Raises: Unsafe."""
    if not current.demo and (found := list(dangers(current))):
        raise Unsafe(found)


def dangers(current: Settings) -> Iterator[Danger]:
    """Yield what is wrong with settings under which real people would be served."""
    yield from _of_the_way_in(current)
    yield from _of_secrets(current)
    yield from _of_the_ways_out(current)
    if current.second_factor == "offered":
        yield Danger("PLACEJUSTE_SECOND_FACTOR", "un mot de passe volé suffirait", "required, ou ne rien régler")
    if current.feeds_inside:
        yield Danger(
            "PLACEJUSTE_FEEDS_INSIDE",
            "un agenda importé lirait le réseau interne",
            "false, et PLACEJUSTE_FEEDS_PROXY vers un mandataire qui filtre",
        )


def _of_the_way_in(current: Settings) -> Iterator[Danger]:
    if current.public_url is None:
        if not _is_here(current.host):
            yield Danger(
                "PLACEJUSTE_PUBLIC_URL",
                f"le serveur écoute sur {current.host} sans savoir sous quelle adresse il est connu",
                "https://… (l’adresse que tapent les utilisateurs)",
            )
        return
    address = urlsplit(current.public_url)
    if address.scheme != "https" and not _is_here(address.hostname or ""):
        yield Danger("PLACEJUSTE_PUBLIC_URL", "tout passerait en clair, jetons compris", "https://…")
    if address.scheme == "https" and not current.is_cookie_secure:
        yield Danger("PLACEJUSTE_COOKIE_SECURE", "le jeton de session passerait aussi en clair", "ne rien régler")
    if address.scheme == "https" and current.trusted_proxies == 0:
        yield Danger(
            "PLACEJUSTE_TRUSTED_PROXIES",
            "le serveur ne parle pas HTTPS lui-même : sans mandataire reconnu, tous auraient une seule adresse, et les "
            "limites d’essais seraient celles de tous",
            "1 (un mandataire devant), ou plus",
        )


def _of_secrets(current: Settings) -> Iterator[Danger]:
    key = current.secret_key.get_secret_value() if current.secret_key else None
    if key is not None and len(set(key)) < LEAST_LETTERS:
        yield Danger("PLACEJUSTE_SECRET_KEY", "elle se devine", "32 octets au hasard : openssl rand -base64 48")
    token = current.metrics_token.get_secret_value() if current.metrics_token else None
    if token is not None and len(token) < LEAST_TOKEN:
        yield Danger("PLACEJUSTE_METRICS_TOKEN", "il se devine", f"{LEAST_TOKEN} caractères au hasard, ou plus")


def _of_the_ways_out(current: Settings) -> Iterator[Danger]:
    if current.database_url is not None:
        address = urlsplit(current.database_url.get_secret_value())
        mode = parse_qs(address.query).get("sslmode", [""])[0]
        if address.hostname and not _is_here(address.hostname) and mode not in ENCRYPTED:
            yield Danger("DATABASE_URL", "la base répondrait en clair sur le réseau", "…?sslmode=verify-full")
    if current.redis_url is not None:
        address = urlsplit(current.redis_url.get_secret_value())
        if address.scheme == "redis" and not _is_here(address.hostname or ""):
            yield Danger("PLACEJUSTE_REDIS_URL", "l’état des pages passerait en clair", "rediss://…")
    for name in ("ban_url", "routing_url", "twilio_base_url", "sms2_url"):
        address = urlsplit(getattr(current, name))
        if address.scheme == "http" and not _is_here(address.hostname or ""):
            yield Danger(f"PLACEJUSTE_{name.upper()}", "adresses et messages passeraient en clair", "https://…")


def _is_here(host: str) -> bool:
    """Say whether a host is this machine."""
    if host in ("localhost", ""):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
