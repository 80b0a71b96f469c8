"""The schema: bring a database to the latest revision, and say where it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from portal.database import make_engine

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class SchemaState:
    """Where a database is, and where it should be."""

    current: tuple[str, ...]
    wanted: tuple[str, ...]

    @property
    def is_latest(self) -> bool:
        """Say whether there is nothing to apply."""
        return set(self.current) == set(self.wanted)


def migrate(url: str) -> None:
    """Bring the database to the latest revision."""
    command.upgrade(_config(url), "heads")


def schema_state(url: str) -> SchemaState:
    """Return the revisions of a database, and the latest ones."""
    wanted = ScriptDirectory.from_config(_config(url)).get_heads()
    engine = make_engine(url, pool_size=1)
    try:
        with engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_heads()
    finally:
        engine.dispose()
    return SchemaState(tuple(sorted(current)), tuple(sorted(wanted)))


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations").replace("%", "%%"))
    config.attributes["url"] = url
    return config
