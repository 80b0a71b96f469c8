"""Stays that go on otherwise, in words: what was done, what an exchange is, why not. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from availability.errors import NotAllowed, NotFound, NotOpen, PeriodTaken, Refusal
from booking.errors import AlreadyDecided, ChangedMeanwhile
from booking.establishment import Bed, Establishment, Section, Stay
from booking.pages.booking_words import whom
from booking.pages.bulk_words import why as why_of_one
from portal.problems import sentence
from portal.ui.dates import NBSP, day, ended, nights

NOT_DATES = "Ces dates ne se lisent pas : choisissez une arrivée et un départ dans le calendrier."
NOT_CHOSEN = "Choisissez d’abord un séjour."
NO_OTHER = "Choisissez avec quel séjour échanger."
NOT_YOURS = {
    "stay-dates": "Les dates sont décidées par le service qui a réservé. Vous pouvez changer le lit.",
    "stay-sections": "Seul le service qui a réservé change quelqu’un de section.",
}
UNDO = "Annuler"
UNDONE = "C’est annulé : les lits et les dates sont ceux d’avant."


@dataclass(frozen=True)
class Option:
    """A choice of a list."""

    value: str
    label: str


@dataclass(frozen=True)
class Known:
    """A stay that whoever looks may change, as it is known by the page that shows it."""

    stay: Stay
    bed: Bed
    section: Section

    @property
    def who(self) -> str:
        """Return for whom it is, with initials rather than a name."""
        return whom(self.stay.initials, self.stay.case_ref, None)


def known_stays(shown: Establishment) -> dict[str, Known]:
    """Return the stays that whoever looks may change, by booking: where each sleeps last."""
    return {
        str(stay.booking_id): Known(stay, bed, section)
        for section in shown.sections
        for stay, bed in sorted(_stays(section), key=lambda one: one[0].until)
        if stay.may_bed and stay.booking_id
    }


def _stays(section: Section) -> Iterator[tuple[Stay, Bed]]:
    return ((stay, bed) for bed in section.beds for stay in bed.stays)


def bed_options(one: Known) -> list[Option]:
    """Return the beds of the section of a stay, its own first in words."""
    return [
        Option(str(bed.unit_id), f"{bed.name} (le sien)" if bed.unit_id == one.bed.unit_id else bed.name)
        for bed in one.section.beds
    ]


def swap_options(known: Mapping[str, Known], chosen: str) -> list[Option]:
    """Return the stays with which one has a night in common, in another bed."""
    mine = known[chosen]
    return [
        Option(number, _label(one))
        for number, one in known.items()
        if one.bed.unit_id != mine.bed.unit_id
        and one.stay.from_on < mine.stay.until_on
        and mine.stay.from_on < one.stay.until_on
    ]


def _label(one: Known) -> str:
    return f"{one.who}, {one.bed.name}, {nights(one.stay.from_on, one.stay.until_on)}"


def effect(one: Known, first: date, until: date, bed: str) -> str:
    """Return what a change would do, before it is done."""
    if until <= first:
        return "Le départ doit être après l’arrivée."
    before, after = (one.stay.until_on - one.stay.from_on).days, (until - first).days
    parts = [nights(first, until)]
    if after != before:
        parts.append(f"{abs(after - before)}{NBSP}de {'plus' if after > before else 'moins'}")
    if bed and bed != one.bed.name:
        parts.append(f"lit{NBSP}: {bed} au lieu de {one.bed.name}")
    return ended(", ".join(parts))


def changed(one: Known, bed: str, first: date, until: date) -> str:
    """Return what was done."""
    return ended(f"Séjour de {one.who}{NBSP}: {bed}, {nights(first, until)}")


def asked(one: Known, first: date, until: date) -> str:
    """Return what was asked of the host, the stay being what it was."""
    return (
        f"Prolongation demandée à l’hôte pour {one.who}{NBSP}: {nights(first, until)}. "
        "Le séjour reste tel quel, quelle que soit la réponse."
    )


def swap_question(one: Known, other: Known, today: date) -> str:
    """Return what an exchange would do, before it is done."""
    since = max(today, one.stay.from_on, other.stay.from_on)
    return (
        f"{one.who} passerait du {one.bed.name} au {other.bed.name}, et {other.who} du {other.bed.name} "
        f"au {one.bed.name}, à partir de la nuit du {ended(day(since))}"
    )


def swapped(one: Known, other: Known) -> str:
    """Return what an exchange did."""
    return f"Lits échangés{NBSP}: {one.who} a le {other.bed.name}, {other.who} le {one.bed.name}."


def why_not(refusal: Refusal, beds: Mapping[int, str]) -> str:
    """Return why a change was refused, with the bed and the night, and what to do."""
    night, act = refusal.facts.get("first"), refusal.facts.get("act")
    match refusal:
        case PeriodTaken() if isinstance(night, date):
            bed = beds.get(int(str(refusal.facts.get("unit_id") or 0)), "Ce lit")
            return f"{bed} est pris la nuit du {day(night)}{NBSP}: choisissez un autre lit ou d’autres dates."
        case NotOpen() if isinstance(night, date):
            return f"La section est fermée à partir du {day(night)}{NBSP}: choisissez des dates avant."
        case NotAllowed() if act in NOT_YOURS:
            return NOT_YOURS[str(act)]
        case ChangedMeanwhile():
            return f"{why_of_one(refusal)} Rien n’est fait : voici le séjour tel qu’il est, recommencez s’il le faut."
        case AlreadyDecided() | NotFound():
            return "Ce séjour vient de changer, ou n’est plus à changer : voici où l’on en est."
    return sentence(refusal)
