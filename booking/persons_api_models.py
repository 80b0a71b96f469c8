"""What the routes of people and of files that pass are given and answer, as programs write it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from availability.wire import BirthDay, Day, Flag, Given, Identifier, Line, Told
from booking.person_models import REASON_LENGTH, DivestmentState, FileKind, PhoneKind, Said
from booking.persons import MOST_ALIASES, NewPerson

Name = Annotated[Line, Field(min_length=1, max_length=200)]
Alias = Annotated[Line, Field(max_length=200)]
Words = Annotated[Line, Field(max_length=REASON_LENGTH)]


class PersonGiven(Given):
    """Somebody whose file is opened. `phone` is read as in a French territory, or abroad with its country code."""

    family_name: Name
    given_name: Name
    birth_on: BirthDay
    sex: Literal["F", "M"]
    usage_name: Alias = ""
    aliases: Annotated[list[Alias], Field(max_length=MOST_ALIASES)] = Field(default=[])
    file_number: Annotated[Line, Field(max_length=64)] = ""
    language: Annotated[Line, Field(max_length=2)] = "fr"
    phone: Annotated[Line, Field(max_length=60)] = ""
    address: Annotated[Line, Field(max_length=300)] = ""
    although_alike: Flag = Field(default=False, description="Open the file although somebody alike is known.")

    @property
    def new(self) -> NewPerson:
        """Return the person to create."""
        values = self.model_dump(exclude={"although_alike"})
        return NewPerson(**values | {"aliases": tuple(self.aliases)})


class PersonChanges(Given):
    """What is changed of a file: only the fields given."""

    family_name: Name | None = None
    given_name: Name | None = None
    usage_name: Alias | None = None
    aliases: Annotated[list[Alias], Field(max_length=MOST_ALIASES)] | None = None
    birth_on: BirthDay | None = None
    sex: Literal["F", "M"] | None = None
    language: Annotated[Line, Field(max_length=2)] | None = None
    file_number: Annotated[Line, Field(max_length=64)] | None = None
    address: Annotated[Line, Field(max_length=300)] | None = None

    @property
    def changes(self) -> dict[str, Any]:
        """Return the fields that were given."""
        return self.model_dump(exclude_none=True)


class PhoneGiven(Given):
    """A number to call somebody at, read where they live first."""

    number: Annotated[Line, Field(min_length=1, max_length=60)]
    kind: PhoneKind = PhoneKind.MOBILE
    since_on: Day | None = Field(default=None, description="Today when it is not given.")
    is_for_messages: Flag = False


class PhoneChanges(Given):
    """One thing that is said of a number."""

    is_for_messages: Literal[True] | None = None
    until_on: Day | None = Field(default=None, description="Since when it is no longer theirs.")
    agrees: Flag | None = Field(default=None, description="To messages on this number; with `how`.")
    how: Said | None = None
    on: Day | None = Field(default=None, description="When it was said; today when it is not given.")


class FileGiven(Given):
    """A file number of another court or service."""

    kind: FileKind
    number: Annotated[Line, Field(min_length=1, max_length=64)]


class MergeGiven(Given):
    """The other file of the same person, which is then closed."""

    absorbed_id: UUID


class UnmergeGiven(Given):
    """The merge that was a mistake."""

    merge_id: UUID


class DivestmentGiven(Given):
    """Whose file is asked for; or offered, `to_territory_id`, by the service that holds it."""

    person_id: UUID
    to_territory_id: Identifier | None = None
    why: Words = ""


class RefusalGiven(Given):
    """Why a file stays where it is."""

    why: Annotated[Words, Field(min_length=1)]


class PersonTold(Told):
    """A person in a list of choices: no phone, no address."""

    id: UUID
    family_name: str
    given_name: str
    birth_on: date
    sex: str
    file_number: str


class AlikeTold(PersonTold):
    """Somebody known who may be the same, and why."""

    same_day: bool
    same_number: bool
    same_file: bool


class PairTold(Told):
    """Two files that may be of one person."""

    first: AlikeTold
    second: AlikeTold


class PhoneTold(Told):
    """A number, and what was said of it."""

    id: UUID
    kind: PhoneKind
    number: str
    can_receive_sms: bool
    since_on: date
    until_on: date | None
    is_for_messages: bool
    consent_at: datetime | None
    consent_how: Said | None
    refused_at: datetime | None
    refused_how: Said | None


class FileTold(Told):
    """A file number."""

    id: UUID
    kind: FileKind
    number: str


class FollowingTold(Told):
    """A service that follows, or followed."""

    id: UUID
    territory_id: int
    service: str
    officer: str | None
    since_on: date
    until_on: date | None


class MergedTold(Told):
    """A file that was merged into this one, and by which act."""

    merge_id: UUID
    name: str
    birth_on: date
    file_number: str
    at: datetime


class PersonFileTold(PersonTold):
    """A file in clear; reading it is logged. `revision` ends its ETag."""

    revision: int
    usage_name: str
    aliases: list[str]
    language: str
    address: str
    territory_id: int
    phones: list[PhoneTold]
    files: list[FileTold]
    followings: list[FollowingTold]
    merged: list[MergedTold]


class DivestmentTold(Told):
    """A file that passes from one service to another, or does not."""

    id: UUID
    person_id: UUID
    state: DivestmentState
    from_territory_id: int
    to_territory_id: int
    is_ours_to_answer: bool
    why: str
    answer: str
    asked_at: datetime
    due_at: datetime = Field(description="Without an answer, the file passes then.")
    reminded_at: datetime | None
    ended_at: datetime | None
