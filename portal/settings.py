"""The settings: every one typed, described, read from the environment or `.env`, and never from anywhere else."""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import AliasChoices, AwareDatetime, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "PLACEJUSTE_"
ENV_FILE = ".env"
PRICE = re.compile(r"([A-Z]{2}|\*)=\d(\.\d{1,6})?", re.ASCII)  # of a segment, less than ten euros


class Settings(BaseSettings):
    """Everything that an operator may choose. Names in the environment are upper case, after PLACEJUSTE_."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=ENV_FILE, extra="ignore", frozen=True, hide_input_in_errors=True
    )  # an error is read on a screen: without the secrets of what was given

    database_url: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("DATABASE_URL", "PLACEJUSTE_DATABASE_URL"),
        description="PostgreSQL 15 ou plus récent (postgresql://…). Sans elle : PostgreSQL embarqué, dans DATA_DIR.",
    )
    data_dir: Path = Field(default=Path(".data"), description="Base embarquée, secrets générés.")
    host: str = Field(default="127.0.0.1", description="Adresse d’écoute ; 0.0.0.0 pour toutes.")
    port: int = Field(default=3000, ge=1, le=65535, description="Un seul port pour les pages, les sockets et l’API.")
    public_url: str | None = Field(
        default=None,
        description="Adresse que tapent les utilisateurs (https://…). Sans elle : http://localhost et le port.",
    )
    demo: bool = Field(
        default=False, description="Démonstration : pays fictif, connexion en un clic, mention à l’écran."
    )
    now: AwareDatetime | None = Field(
        default=None, description="Instant où démarre l’horloge, pour les exercices ; en démonstration seulement."
    )
    secret_key: SecretStr | None = Field(
        default=None,
        description="Clé qui signe et chiffre, 32 caractères au moins. Sans elle : générée une fois dans DATA_DIR.",
    )
    workers: int = Field(default=1, ge=1, le=64, description="Processus serveurs ; plus d’un demande REDIS_URL.")
    redis_url: SecretStr | None = Field(
        default=None, description="Redis qui garde l’état des pages quand il y a plusieurs processus."
    )
    pool_size: int = Field(default=10, ge=2, le=200, description="Connexions à la base, par processus.")
    ban_url: str = Field(default="", description="Base adresse nationale (BAN). Vide : communes hors ligne seulement.")
    routing_url: str = Field(
        default="", description="Calculateur d’itinéraires (OSRM ou Valhalla). Vide : temps de trajet estimés."
    )
    routing_engine: Literal["osrm", "valhalla"] = Field(
        default="osrm", description="API du calculateur : osrm ou valhalla."
    )
    routing_timeout: float = Field(
        default=2, gt=0, le=10, description="Attente la plus longue du calculateur, en secondes ; ensuite, on estime."
    )
    session_hours: float = Field(default=8, gt=0, le=72, description="Durée d’une connexion, en heures.")
    api_token_minutes: int = Field(default=60, ge=1, le=1440, description="Durée d’un jeton de l’API, en minutes.")
    cookie_secure: bool | None = Field(
        default=None, description="Cookie de session par HTTPS seulement. Sans valeur : selon PUBLIC_URL."
    )
    login_attempts: str = Field(
        default="10/5 minutes", description="Essais de connexion permis, par identifiant et par adresse."
    )
    second_factor: Literal["required", "offered"] | None = Field(
        default=None,
        description="Second facteur : exigé des agents, ou proposé. Sans valeur : exigé, sauf en démonstration.",
    )
    metrics_token: SecretStr | None = Field(
        default=None, description="Jeton qui lit /metrics d’ailleurs que de cette machine."
    )
    solver_seconds: float = Field(
        default=30, gt=0, le=600, description="Durée la plus longue de la recherche d’une répartition, en secondes."
    )
    nightly_plans: bool = Field(
        default=True, description="Prépare la nuit une proposition de répartition, jamais appliquée d’elle-même."
    )
    link_guesses: str = Field(
        default="30/10 minutes", description="Faux liens de convocation permis, par adresse, avant de faire attendre."
    )
    link_requests: str = Field(
        default="300/5 minutes", description="Pages permises par lien de convocation, avant de faire attendre."
    )
    calendar_requests: str = Field(
        default="60/10 minutes", description="Lectures permises par adresse de calendrier, avant de faire attendre."
    )
    feeds_inside: bool = Field(
        default=False, description="Agendas importés : permet http et les adresses du réseau interne."
    )
    feeds_proxy: str = Field(
        default="", description="Agendas importés : proxy sortant (http://…), qui résout alors les noms."
    )
    trusted_proxies: int = Field(default=0, ge=0, le=5, description="Proxys devant, crus pour l’adresse du client.")
    twilio_account_sid: str = Field(
        default="",
        description="Compte Twilio. Vide : SMS à l’écran seulement. Avec PUBLIC_URL, il dit ce que devient chaque SMS.",
    )
    twilio_auth_token: SecretStr | None = Field(default=None, description="Secret du compte Twilio.")
    twilio_from: str = Field(
        default="", description="Expéditeur chez Twilio : numéro, nom, ou service de messagerie (MG…)."
    )
    twilio_base_url: str = Field(
        default="https://api.twilio.com", description="Adresse de Twilio, ou celle d’un proxy sortant."
    )
    twilio_answers: bool | None = Field(
        default=None,
        description="Les SMS demandent une réponse (OUI, 1…). Sans valeur : si TWILIO_FROM est un numéro.",
    )
    twilio_per_second: float = Field(
        default=0, ge=0, le=1000, description="SMS par seconde chez Twilio ; 0 : sans limite."
    )
    sms2_url: str = Field(
        default="",
        description="Second opérateur de SMS (docs/sms-provider.md), qui prend le relais du premier.",
    )
    sms2_token: SecretStr | None = Field(default=None, description="Jeton envoyé au second opérateur.")
    sms2_secret: SecretStr | None = Field(
        default=None, description="Secret qui signe ses accusés. Sans lui, aucun ne lui est demandé."
    )
    sms2_from: str = Field(default="", description="Expéditeur chez le second opérateur.")
    sms2_per_second: float = Field(default=0, ge=0, le=1000, description="SMS par seconde chez lui ; 0 : sans limite.")
    sms_failures: int = Field(
        default=5, ge=1, le=100, description="Échecs passagers de suite avant de laisser un opérateur souffler."
    )
    sms_prices: str = Field(
        default="", description="Prix d’un SMS par destination, en euros (FR=0.07,RE=0.09,*=0.10). Vide : non chiffré."
    )

    smtp_url: SecretStr | None = Field(
        default=None,
        description="Serveur de courriels (smtp://compte:secret@serveur:587, smtps://…). Sans lui : à l’écran.",
    )
    mail_from: str = Field(default="", description="Adresse qui envoie les courriels.")
    files_dir: Path | None = Field(
        default=None, description="Fichiers liés aux réservations, chiffrés. Sans elle : dans DATA_DIR."
    )
    files_most_mb: int = Field(default=10, ge=1, le=100, description="Taille la plus grande d’un fichier, en Mo.")

    imports_dir: Path | None = Field(
        default=None, description="Dossier surveillé où d’autres applications déposent leurs listes. Vide : aucun."
    )

    @model_validator(mode="after")
    def _refuse_what_contradicts(self) -> Self:
        if self.now is not None and not self.demo:
            raise ValueError("PLACEJUSTE_NOW est refusé hors démonstration (PLACEJUSTE_DEMO)")
        if self.database_url is not None and self.secret_key is None and not self.demo:
            raise ValueError("PLACEJUSTE_SECRET_KEY est obligatoire avec DATABASE_URL")
        if self.secret_key is not None and len(self.secret_key.get_secret_value()) < 32:
            raise ValueError("PLACEJUSTE_SECRET_KEY a moins de 32 caractères")
        if self.workers > 1 and self.redis_url is None:
            raise ValueError("PLACEJUSTE_WORKERS au-delà de 1 demande PLACEJUSTE_REDIS_URL")
        if len({bool(self.twilio_account_sid), self.twilio_auth_token is not None, bool(self.twilio_from)}) > 1:
            raise ValueError("PLACEJUSTE_TWILIO_ACCOUNT_SID, _AUTH_TOKEN et _FROM vont ensemble : tous, ou aucun")
        if bool(self.sms2_url) != (self.sms2_token is not None):
            raise ValueError("PLACEJUSTE_SMS2_URL et PLACEJUSTE_SMS2_TOKEN vont ensemble : les deux, ou aucun")
        if self.sms2_url and not self.sms2_url.startswith(("https://", "http://")):
            raise ValueError("PLACEJUSTE_SMS2_URL s’écrit https://…")
        if not all(PRICE.fullmatch(one) for one in self.sms_prices.replace(" ", "").split(",") if one):
            raise ValueError("PLACEJUSTE_SMS_PRICES s’écrit FR=0.07,RE=0.09,*=0.10")
        self._refuse_half_a_mail_server()
        return self

    def _refuse_half_a_mail_server(self) -> None:
        if (self.smtp_url is not None) != bool(self.mail_from):
            raise ValueError("PLACEJUSTE_SMTP_URL et PLACEJUSTE_MAIL_FROM vont ensemble : les deux, ou aucun")
        if self.smtp_url is not None:
            parts = urlsplit(self.smtp_url.get_secret_value())
            if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
                raise ValueError("PLACEJUSTE_SMTP_URL s’écrit smtp://compte:secret@serveur:587, ou smtps://…")
            if self.mail_from.count("@") != 1 or any(letter.isspace() for letter in self.mail_from):
                raise ValueError("PLACEJUSTE_MAIL_FROM est une adresse, comme ne-pas-repondre@exemple.fr")

    @property
    def origin(self) -> str:
        """Return scheme and authority that users type, without a final slash."""
        return (self.public_url or f"http://localhost:{self.port}").rstrip("/")

    @property
    def origins(self) -> list[str]:
        """Return the origins accepted from a browser: the public one, or this machine's names."""
        if self.public_url:
            return [self.origin]
        return [f"http://{name}:{self.port}" for name in ("localhost", "127.0.0.1")]

    @property
    def is_cookie_secure(self) -> bool:
        """Say whether the session cookie travels by HTTPS only."""
        return self.origin.startswith("https://") if self.cookie_secure is None else self.cookie_secure

    @property
    def requires_second_factor(self) -> bool:
        """Say whether agents give a second proof of who they are."""
        return self.second_factor == "required" if self.second_factor else not self.demo

    @property
    def has_twilio(self) -> bool:
        """Say whether messages leave by Twilio."""
        return bool(self.twilio_account_sid)

    @property
    def has_sms(self) -> bool:
        """Say whether messages leave by anybody, rather than staying on screen."""
        return self.has_twilio or bool(self.sms2_url)

    @property
    def can_answer(self) -> bool:
        """Say whether people can answer what Twilio sends: to a number or a service that has one, never to a name."""
        if self.twilio_answers is None:
            return self.twilio_from.startswith("+") and bool(self.public_url)
        return self.twilio_answers and bool(self.public_url)

    @property
    def files_folder(self) -> Path:
        """Return the folder of the files linked to bookings."""
        return (self.files_dir or self.data_dir / "files").resolve()

    @property
    def postgres_dir(self) -> Path:
        """Return the folder of the embedded PostgreSQL."""
        return (self.data_dir / "postgres").resolve()


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the settings of this process, read once."""
    return Settings()


def secret_key() -> bytes:
    """Return the key that signs and encrypts: the configured one, or one generated once in data_dir."""
    if configured := settings().secret_key:
        return configured.get_secret_value().encode()
    return _generated_key(settings().data_dir / "secret_key")


@lru_cache(maxsize=4)
def _generated_key(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        # O_EXCL: of two processes that start together, one writes and the other reads what it wrote.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_urlsafe(48).encode())
    return path.read_bytes()


@dataclass(frozen=True)
class SettingLine:
    """One setting as `doctor` shows it."""

    name: str
    value: str
    source: str
    description: str


def described(current: Settings) -> list[SettingLine]:
    """Return every setting with its value, secrets masked, and where it came from."""
    written = {name.upper() for name, value in dotenv_values(ENV_FILE).items() if value is not None}
    return [
        SettingLine(
            name=names[0],
            value=_shown(getattr(current, field)),
            source=_source(field, names, written, current),
            description=info.description or "",
        )
        for field, info in Settings.model_fields.items()
        for names in [_names(field)]
    ]


def _names(field: str) -> tuple[str, ...]:
    alias = Settings.model_fields[field].validation_alias
    if isinstance(alias, AliasChoices):
        return tuple(str(choice) for choice in alias.choices)
    return (f"{PREFIX}{field}".upper(),)


def _shown(value: object) -> str:
    if value is None:
        return "—"
    if isinstance(value, SecretStr):
        return "********"
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _source(field: str, names: tuple[str, ...], written: set[str], current: Settings) -> str:
    present = {name.upper() for name in os.environ}
    if any(name in present for name in names):
        return "environment"
    if any(name in written for name in names):
        return ENV_FILE
    return "generated" if field == "secret_key" and current.secret_key is None else "default"
