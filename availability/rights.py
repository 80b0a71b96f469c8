"""Who may: roles, rights and the actor of an act. A right is role x territory x kind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from uuid import UUID


class Role(StrEnum):
    """What a person does here. The French term is the one that users know."""

    PROBATION_OFFICER = "probation_officer"  # CPIP, DPIP, secrétariat de SPIP
    SENTENCE_JUDGE = "sentence_judge"  # juge de l'application des peines (JAP), greffe du SAP
    FAMILY_JUDGE = "family_judge"  # juge aux affaires familiales (JAF) and registry
    GUARDIANSHIP_JUDGE = "guardianship_judge"  # juge des contentieux de la protection, for guardianship (tutelles)
    CHILDRENS_JUDGE = "childrens_judge"  # juge des enfants
    REGISTRY = "registry"  # greffe
    MONITORING_AGENT = "monitoring_agent"  # agent PSE, pôle centralisateur
    PARTNER = "partner"  # host organisation, mediation service, centre
    ADMINISTRATOR = "administrator"  # local or national, by territory
    LAWYER = "lawyer"  # avocat: their own cases and clients only, whatever the territory
    INVESTIGATOR = "investigator"  # enquêteur: reads the dates to which people may be convened


# Those who ask for places on behalf of somebody, and so hold the files of people.
REQUESTERS = (
    Role.PROBATION_OFFICER,
    Role.SENTENCE_JUDGE,
    Role.FAMILY_JUDGE,
    Role.GUARDIANSHIP_JUDGE,
    Role.CHILDRENS_JUDGE,
    Role.REGISTRY,
    Role.MONITORING_AGENT,
)
SEARCHERS = (*REQUESTERS, Role.ADMINISTRATOR)


@dataclass(frozen=True)
class Right:
    """A role held over some territories, for one kind or for all.

    `territory_ids` is the whole subtree, already expanded.
    `organisation_id` narrows a partner to its own places.
    """

    role: Role
    territory_ids: frozenset[int]
    kind_id: int | None = None
    organisation_id: int | None = None

    def covers(self, *, territory_id: int, kind_id: int | None = None, organisation_id: int | None = None) -> bool:
        """Say whether the right reaches this territory, and this kind and this organisation when they are given."""
        reaches_kind = self.kind_id is None or kind_id is None or self.kind_id == kind_id
        is_everywhere = (
            self.organisation_id is None and self.role is not Role.PARTNER
        )  # a partner of nobody runs nothing
        reaches_host = is_everywhere or organisation_id is None or self.organisation_id == organisation_id
        return reaches_kind and reaches_host and territory_id in self.territory_ids


@dataclass(frozen=True)
class Actor:
    """Somebody, or a program, on whose behalf an act is done. Passed to every query and action."""

    account_id: UUID
    name: str
    rights: tuple[Right, ...]
    home_territory_id: int
    organisation_id: int | None = None
    own_resource_id: int | None = None  # their agenda, which they run whatever their roles; None when it is not asked
    roles: frozenset[Role] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "roles", frozenset(right.role for right in self.rights))

    def has(self, *roles: Role) -> bool:
        """Say whether the actor holds one of these roles somewhere."""
        return not self.roles.isdisjoint(roles)

    def territories(self, roles: Iterable[Role] = tuple(Role), *, kind_id: int | None = None) -> frozenset[int]:
        """Return every territory reached with one of these roles, for this kind when one is given."""
        return _territories(self.rights, frozenset(roles), kind_id)

    def rights_in(self, roles: Iterable[str], *, kind_id: int) -> tuple[Right, ...]:
        """Return the rights held in one of these roles on this kind.

        A right is role x territory x kind: a role that may, held elsewhere or for another kind, gives nothing here.
        """
        named = frozenset(roles)
        return tuple(right for right in self.rights if right.role in named and right.kind_id in (None, kind_id))

    def may(self, role: Role, *, territory_id: int, kind_id: int | None = None) -> bool:
        """Say whether the actor holds this role there, for this kind when one is given."""
        return any(
            right.role is role and right.covers(territory_id=territory_id, kind_id=kind_id) for right in self.rights
        )


@lru_cache(maxsize=4096)
def _territories(rights: tuple[Right, ...], roles: frozenset[Role], kind_id: int | None) -> frozenset[int]:
    return frozenset(
        territory_id
        for right in rights
        if right.role in roles and (right.kind_id in (None, kind_id) or kind_id is None)
        for territory_id in right.territory_ids
    )
