"""What is configured, and whether it answers."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from portal import database, embedded
from portal.build import is_built
from portal.migrate import schema_state
from portal.settings import described, settings

TIMEOUT_S = 5
OLDEST_POSTGRES = 150000  # server_version_num of PostgreSQL 15


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    subject: str
    is_fine: bool
    fact: str

    def __str__(self) -> str:
        """Return the line that `doctor` prints."""
        return f"{'ok   ' if self.is_fine else 'ÉCHEC'}  {self.subject:<22} {self.fact}"


def setting_lines() -> list[str]:
    """Return one line a setting: name, value, where it came from, what it is for."""
    lines = described(settings())
    sources = {"default": "défaut", "environment": "environnement", "generated": "générée"}
    return [
        f"{one.name:<30} {one.value:<26} {sources.get(one.source, one.source):<14} {one.description}" for one in lines
    ]


def examined() -> list[Finding]:
    """Return what was found of the database, the outside services and the pages."""
    return [*_database(), *_redis(), *_addresses(), _routing(), _messages(), _mails(), _pages()]


def _database() -> list[Finding]:
    if settings().database_url is None and embedded.running(settings().postgres_dir) is None:
        return [Finding("base de données", True, "embarquée, arrêtée (placejuste serve la démarre)")]
    url = database.database_url()
    try:
        return [_version(url), _schema(url)]
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).splitlines()[0]
        return [Finding("base de données", False, f"injoignable : {reason}")]


def _version(url: str) -> Finding:
    engine = database.make_engine(url, pool_size=1)
    with contextlib.closing(engine.connect()) as connection:
        number = int(str(connection.execute(text("SHOW server_version_num")).scalar()))
        version = connection.execute(text("SHOW server_version")).scalar()
    engine.dispose()
    return Finding("base de données", number >= OLDEST_POSTGRES, f"PostgreSQL {version}")


def _schema(url: str) -> Finding:
    state = schema_state(url)
    fact = "à jour" if state.is_latest else "à migrer (placejuste migrate)"
    return Finding("schéma", state.is_latest, f"{fact} ({', '.join(state.current) or 'vide'})")


def _redis() -> list[Finding]:
    configured = settings().redis_url
    if configured is None:
        return [Finding("redis", True, "non configuré (un seul processus)")]
    import redis

    try:
        client = redis.Redis.from_url(configured.get_secret_value(), socket_timeout=TIMEOUT_S)
        client.ping()
    except redis.RedisError as error:
        return [Finding("redis", False, f"injoignable : {error}")]
    return [Finding("redis", True, "répond")]


def _addresses() -> list[Finding]:
    url = settings().ban_url
    if not url:
        return [Finding("base adresse (BAN)", True, "non configurée : communes hors ligne seulement")]
    try:
        answer = httpx.get(f"{url.rstrip('/')}/search/", params={"q": "Paris", "limit": 1}, timeout=TIMEOUT_S)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        return [Finding("base adresse (BAN)", False, f"{url} : {error}")]
    return [Finding("base adresse (BAN)", True, f"{url} répond")]


def _routing() -> Finding:
    url = settings().routing_url
    if not url:
        return Finding("itinéraires", True, "non configurés : temps de trajet estimés selon la distance")
    try:
        httpx.get(url, timeout=TIMEOUT_S)  # any answer will do
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Finding("itinéraires", False, f"{url} injoignable, temps de trajet estimés : {error}")
    return Finding("itinéraires", True, f"{settings().routing_engine}, {url} répond")


def _messages() -> Finding:
    if not settings().has_twilio:
        return Finding("SMS", True, "à l’écran seulement : aucun ne part (Twilio n’est pas configuré)")
    url = settings().twilio_base_url
    try:
        httpx.get(url, timeout=TIMEOUT_S)  # any answer will do: nothing is asked of the account
    except httpx.HTTPError as error:
        return Finding("SMS", False, f"par Twilio, {url} injoignable : {error}")
    return Finding("SMS", True, f"par Twilio, {url} répond")


def _mails() -> Finding:
    configured = settings().smtp_url
    if configured is None:
        return Finding("courriels", True, "à l’écran seulement : aucun ne part (SMTP_URL n’est pas configuré)")
    parts = urlsplit(configured.get_secret_value())  # its account and its secret are not said
    where = f"{parts.hostname}:{parts.port or (465 if parts.scheme == 'smtps' else 587)}"
    try:
        with socket.create_connection((parts.hostname or "", int(where.rpartition(":")[2])), timeout=TIMEOUT_S):
            return Finding("courriels", True, f"par {where}, qui répond, de {settings().mail_from}")
    except OSError as error:
        return Finding("courriels", False, f"par {where}, injoignable : {error}")


def _pages() -> Finding:
    return Finding("pages", True, "construites" if is_built() else "à construire (placejuste serve le fait)")
