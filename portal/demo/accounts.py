"""Who signs in: a few people to be with one click, and somebody in every service of the country.

None has a password: the demonstration signs in by a click, and nothing else opens these accounts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from uuid import UUID

from availability.rights import Role
from portal.demo.catalogue import Catalogue, Place
from portal.demo.measure_kinds import DESIGNATED_BY, reserved_by
from portal.demo.names import family_name, given_name
from portal.demo.sheets import Sheet
from portal.demo.territories import Court


@dataclass(frozen=True, kw_only=True)
class Guest:
    """One person of the sign-in page."""

    login: str
    name: str
    title: str
    role: Role
    territory: str
    and_kinds: tuple[str, tuple[str, ...]] | None = None  # further rights: territory, kinds
    host: str = ""  # code of the organisation of a partner


# In the order of the sign-in page; each finds something to do.
GUESTS = (
    Guest(
        login="camille.exemple",
        name="Camille Exemple",
        title="Conseillère pénitentiaire d’insertion et de probation, SPIP du Rhône",
        role=Role.PROBATION_OFFICER,
        territory="CALYON",
    ),
    Guest(
        login="dominique.fictif",
        name="Dominique Fictif",
        title="Juge de l’application des peines, Lyon",
        role=Role.SENTENCE_JUDGE,
        territory="CALYON",
    ),
    Guest(
        login="louise.modele",
        name="Louise Modèle",
        title="Juge aux affaires familiales, Lyon",
        role=Role.FAMILY_JUDGE,
        territory="TGILYON",
        and_kinds=("CALYON", (*reserved_by(Role.FAMILY_JUDGE), "mediation-information")),
    ),
    Guest(
        login="gabriel.maquette",
        name="Gabriel Maquette",
        title="Juge des tutelles, Lyon",
        role=Role.GUARDIANSHIP_JUDGE,
        territory="CALYON",
    ),
    Guest(
        login="jeanne.prototype",
        name="Jeanne Prototype",
        title="Juge des enfants, Lyon",
        role=Role.CHILDRENS_JUDGE,
        territory="CALYON",
    ),
    Guest(
        login="alix.specimen",
        name="Alix Spécimen",
        title="Service de médiation familiale, Lyon",
        role=Role.PARTNER,
        territory="CALYON",
        host="mediation-001",
    ),
    Guest(
        login="sacha.echantillon",
        name="Sacha Échantillon",
        title="Greffe du tribunal judiciaire de Lyon",
        role=Role.REGISTRY,
        territory="TGILYON",
    ),
    Guest(
        login="noa.exemple",
        name="Noa Exemple",
        title="Surveillance électronique, pôle du Rhône",
        role=Role.MONITORING_AGENT,
        territory="CALYON",
    ),
    Guest(
        login="charlie.factice",
        name="Charlie Factice",
        title="Centre de semi-liberté de Lyon",
        role=Role.PARTNER,
        territory="CALYON",
        host="sl-tgilyon",
    ),
    Guest(
        login="marie.payet-exemple",
        name="Marie Payet-Exemple",
        title="Conseillère pénitentiaire d’insertion et de probation, La Réunion",
        role=Role.PROBATION_OFFICER,
        territory="CADENISREU",
    ),
    Guest(
        login="lou.demonstration",
        name="Lou Démonstration",
        title="Administration nationale",
        role=Role.ADMINISTRATOR,
        territory="FR",
    ),
)
# Written after everybody else, so that the others keep their numbers.
HOST_GUESTS = (
    Guest(
        login="robin.figurant",
        name="Robin Figurant",
        title="Encadrant de TIG, Lyon",
        role=Role.PARTNER,
        territory="CALYON",
        host="tig-69-001",
    ),
    Guest(
        login="salome.silhouette",
        name="Salomé Silhouette",
        title="Espace-rencontre, Lyon",
        role=Role.PARTNER,
        territory="CALYON",
        host="rencontre-69-0",
    ),
)
# Written last of all, for the same reason.
LAW_GUESTS = (
    Guest(
        login="hortense.fictive",
        name="Hortense Fictive",
        title="Avocate au barreau de Lyon",
        role=Role.LAWYER,
        territory="CALYON",
    ),
    Guest(
        login="basile.figurine",
        name="Basile Figurine",
        title="Enquêteur, commissariat de Lyon",
        role=Role.INVESTIGATOR,
        territory="TGILYON",
    ),
)
GUEST_LOGINS = tuple(guest.login for guest in (*GUESTS, *HOST_GUESTS, *LAW_GUESTS))


@dataclass(frozen=True)
class Member:
    """An account as the author of acts: `home` is the territory that its bookings belong to."""

    id: UUID
    home: int


class Accounts:
    """The rows of accounts and of their rights, and who acts where."""

    def __init__(self, catalogue: Catalogue, rng: Random) -> None:
        self.catalogue = catalogue
        self.rng = rng
        self.people = Sheet("account", "id login name title password_hash organisation_id is_active", numbered=False)
        self.rights = Sheet("account_right", "account_id role territory_id kind_id")
        self.agendas = Sheet("own_agenda", "account_id resource_id", numbered=False)
        self.by_court: dict[tuple[Role, int], Member] = {}
        self.by_host: dict[int, Member] = {}
        territories = catalogue.map.sheet
        self.territories = {row[0]: number for number, row in enumerate(territories.rows, 1)}
        self.organisations = {row[0]: number for number, row in enumerate(catalogue.organisations.rows, 1)}
        for guest in GUESTS:
            self._guest(guest)
        self._services()
        for guest in (*HOST_GUESTS, *LAW_GUESTS):
            self._guest(guest)
        self._agendas()

    def for_place(self, place: Place) -> Member:
        """Return who takes places of this kind around there."""
        role = {
            **DESIGNATED_BY,
            "audience-jaf": Role.REGISTRY,
            "audience-jcp": Role.REGISTRY,
            "bracelet": Role.MONITORING_AGENT,
            "jap-rdv": Role.SENTENCE_JUDGE,
            "visite": Role.FAMILY_JUDGE,
        }.get(place.kind, Role.PROBATION_OFFICER)
        return self.by_court[role, place.host.court.id]

    def host_of(self, place: Place) -> Member:
        """Return the partner who runs the place."""
        return self.by_host[place.host.organisation_id]

    def _guest(self, guest: Guest) -> None:
        organisation_id = self.organisations[guest.host] if guest.host else None
        home = self.territories[guest.territory]
        member = self._account(guest.login, guest.name, guest.title, organisation_id, home)
        self._right(member, guest.role, [home])
        territory, kinds = guest.and_kinds or ("", ())
        for kind in kinds:
            self._right(member, guest.role, [self.territories[territory]], self.catalogue.kinds[kind])
        if organisation_id is not None:
            self.by_host[organisation_id] = member
        for court in self._reached(guest):
            self.by_court.setdefault((guest.role, court.id), member)

    def _reached(self, guest: Guest) -> list[Court]:
        """Return the courts where the guest is the one who acts: those of their own service."""
        own = {"CALYON": "TGILYON", "CADENISREU": "TGIDENISRE"}.get(guest.territory, guest.territory)
        return [court for court in self.catalogue.map.courts if court.code == own]

    def _agendas(self) -> None:
        """Give the guests who receive their own agenda: the one that their service has in their name."""
        named = {name: number for number, login, name, *_ in self.people.rows if login in GUEST_LOGINS}
        for place in self.catalogue.places:
            if place.kind == "spip-rdv" and place.name in named:
                self.agendas.add(account_id=named.pop(place.name), resource_id=place.id)
        for guest in GUESTS:
            courts = {court.id for court in self._reached(guest)} if guest.role is Role.SENTENCE_JUDGE else set()
            offices = (one for one in self.catalogue.places if one.kind == "jap-rdv" and one.host.court.id in courts)
            if office := next(offices, None):
                number = next(row[0] for row in self.people.rows if row[1] == guest.login)
                self.agendas.add(account_id=number, resource_id=office.id)

    def _services(self) -> None:
        for department in self.catalogue.map.departments.values():
            courts = [court.id for court in self.catalogue.map.courts_in(department)]
            for role, title in (
                (Role.PROBATION_OFFICER, f"SPIP {department.of_it}"),
                (Role.MONITORING_AGENT, f"Pôle centralisateur {department.of_it}"),
            ):
                self._service(f"{role.value}.{department.code.lower()}".replace("_", "-"), title, role, courts)
        for court in self.catalogue.map.courts:
            for role, title in (
                (Role.SENTENCE_JUDGE, "Juge de l’application des peines"),
                (Role.FAMILY_JUDGE, "Juge aux affaires familiales"),
                (Role.GUARDIANSHIP_JUDGE, "Juge des tutelles"),
                (Role.CHILDRENS_JUDGE, "Juge des enfants"),
                (Role.REGISTRY, "Greffe"),
            ):
                login = f"{role.value}.{court.code.lower()}".replace("_", "-")
                self._service(login, f"{title}, {court.name}", role, [court.id])
        hosts = {place.host.organisation_id: place for place in self.catalogue.places if self._has_account(place)}
        for number, place in hosts.items():
            if number not in self.by_host:
                member = self._service(
                    f"service.{number}", place.host.name, Role.PARTNER, [place.host.court.id], number
                )
                self.by_host[number] = member

    @staticmethod
    def _has_account(place: Place) -> bool:
        return place.kind in (*DESIGNATED_BY, "semi-liberte", "placement-exterieur", "chrs")

    def _service(
        self, login: str, title: str, role: Role, territories: list[int], organisation_id: int | None = None
    ) -> Member:
        name = f"{given_name(self.rng, self.rng.choice('FM'))} {family_name(self.rng)}"
        # "zz" keeps guests first wherever accounts are sorted by login.
        member = self._account(f"zz.{login}", name, title, organisation_id, territories[0])
        self._right(member, role, territories)
        if organisation_id is None:
            for territory in territories:
                self.by_court.setdefault((role, territory), member)
        return member

    def _account(self, login: str, name: str, title: str, organisation_id: int | None, home: int) -> Member:
        number = UUID(int=self.rng.getrandbits(128), version=4)
        self.people.add(
            id=number,
            login=login,
            name=name,
            title=title,
            password_hash=None,
            organisation_id=organisation_id,
            is_active=True,
        )
        return Member(number, home)

    def _right(self, member: Member, role: Role, territories: Iterable[int], kind_id: int | None = None) -> None:
        for territory in territories:
            self.rights.add(account_id=member.id, role=role.value, territory_id=territory, kind_id=kind_id)
