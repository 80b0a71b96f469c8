"""What is done with the lines of a file, besides what its columns are. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

from availability.errors import InvalidRequest
from booking.persons import LANGUAGES
from convocations.actions import REMINDERS

MOST_FOLDER = 40


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a file is read and what it does. Kept with its matching, and changed for one file on the page."""

    kind: str = ""  # of the appointments of hearing lists
    resource_id: int = 0  # where, when no column says it; 0: the columns say it
    minutes: int = 15  # of a case in a hearing, when no column says it
    guesses_years: bool = False  # 12/03/90 is 1990
    language: str = "fr"  # of whom no column says it
    reminder_hours: int = 48
    is_whole: bool = False  # the file holds every hearing of its days: one that is not in it was called off
    at_once: bool = False  # what arrives by the folder or by programs is done without anybody approving
    folder: str = ""  # the folder watched for this matching; empty: none

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """Return the options that were kept. Raises: InvalidRequest."""
        names = {one.name for one in fields(cls)}
        found = cls(**{name: value for name, value in kept.items() if name in names})
        found.check()
        return found

    def with_(self, **changes: Any) -> Options:
        """Return the same with changes. Raises: InvalidRequest."""
        changed = replace(self, **changes)
        changed.check()
        return changed

    @property
    def kept(self) -> dict[str, Any]:
        """Return what is stored."""
        return asdict(self)

    def check(self) -> None:
        """Refuse what nobody could have chosen. Raises: InvalidRequest."""
        if self.reminder_hours not in REMINDERS:
            raise InvalidRequest("reminder_hours", "unknown-choice")
        if self.language not in LANGUAGES:
            raise InvalidRequest("language", "unknown-choice")
        if not 1 <= self.minutes <= 600:
            raise InvalidRequest("minutes", "out-of-range", least=1, most=600)
        if len(self.folder) > MOST_FOLDER or not all(
            one.isascii() and (one.isalnum() or one in "-_") for one in self.folder
        ):
            raise InvalidRequest("folder", "unreadable")
