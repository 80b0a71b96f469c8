"""One act on many bookings, in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from availability.errors import InvalidRequest, Refusal
from booking.bulk import Bulk, Done
from booking.errors import AlreadyDecided, ChangedMeanwhile
from booking.models import State
from booking.pages.booking_words import Row
from booking.pages.dossier_words import changed_sentence
from booking.words import STATE_BADGES, STATE_WORDS, many
from portal.problems import sentence

# What the button says, and what is said once it is done: of one, of several.
LABELS = {
    Bulk.GIVE_BACK: "Rendre",
    Bulk.CONFIRM: "Confirmer",
    Bulk.EXCUSE: "Excuser",
    Bulk.CAME: "Noter venus",
    Bulk.MISSED: "Noter absents",
}
DONE = {
    Bulk.GIVE_BACK: ("place rendue", "places rendues"),
    Bulk.CONFIRM: ("place confirmée", "places confirmées"),
    Bulk.EXCUSE: ("absence excusée", "absences excusées"),
    Bulk.CAME: ("venue notée", "venues notées"),
    Bulk.MISSED: ("absence notée", "absences notées"),
}
# Taking a confirmation back gives the place back: the button says so.
UNDO = dict.fromkeys(Bulk, "Annuler") | {Bulk.CONFIRM: "Annuler : rendre ces places"}
NOT_POSSIBLE = {
    "not-begun": "Le rendez-vous n’a pas commencé.",
    "too-late": "Il y a plus de six mois : cela ne se corrige plus.",
    "required": "Ouvrez-la pour dire pour qui elle est.",
}


@dataclass(frozen=True)
class ForeseenRow:
    """What would become of one booking: its state then, or why it stays as it is."""

    id: str
    place: str
    when: str
    whom: str
    before: str
    after: str
    badge: str
    why: str


def foreseen_rows(done: Sequence[Done], rows: Mapping[str, Row]) -> list[ForeseenRow]:
    """Return the preview, refusals first: they are what one looks for."""
    found = [_row(one, rows[str(one.booking_id)]) for one in done if str(one.booking_id) in rows]
    return sorted(found, key=lambda row: row.why == "")


def _row(one: Done, row: Row) -> ForeseenRow:
    after = one.state if one.state is not None else None
    return ForeseenRow(
        id=row.id,
        place=row.place,
        when=row.when,
        whom=row.whom,
        before=row.state,
        after=STATE_WORDS[after] if after else "",
        badge=STATE_BADGES[after] if after else "",
        why=why(one.refusal) if one.refusal else "",
    )


def why(refusal: Refusal) -> str:
    """Return why one booking is left as it is."""
    if isinstance(refusal, AlreadyDecided) and isinstance(refusal.facts.get("state"), State):
        return f"Elle est {STATE_WORDS[refusal.facts['state']]}."  # type: ignore[index]
    if isinstance(refusal, ChangedMeanwhile):
        return changed_sentence(refusal)
    if isinstance(refusal, InvalidRequest) and refusal.problem in NOT_POSSIBLE:
        return NOT_POSSIBLE[refusal.problem]
    return sentence(refusal)


def title(bulk: Bulk, count: int) -> str:
    """Return the heading of the preview: "Rendre : 7 réservations"."""
    return f"{LABELS[bulk]}\u00a0: {many(count, 'réservation', 'réservations')}"


def summary(possible: int, refused: int) -> str:
    """Return how many would change, and how many would not."""
    if not refused:
        return "Toutes sont possibles." if possible > 1 else "C’est possible."
    if not possible:
        return "Aucune n’est possible."
    return f"{many(possible, 'possible', 'possibles')}, {many(refused, 'refusée', 'refusées')}."


def apply_label(bulk: Bulk, possible: int) -> str:
    """Return what the button does: "Rendre 7 réservations"."""
    verb = {Bulk.CAME: "Noter la venue de", Bulk.MISSED: "Noter l’absence de"}.get(bulk, LABELS[bulk])
    return f"{verb} {many(possible, 'réservation', 'réservations')}"


def done_words(bulk: Bulk, done: Sequence[Done]) -> str:
    """Return what was done, and that the rest is still selected."""
    well = sum(one.is_done for one in done)
    said = many(well, *DONE[bulk])
    left = len(done) - well
    if not left:
        return f"{said}."
    rest = "n’a pas pu l’être : elle reste cochée" if left == 1 else "n’ont pas pu l’être : elles restent cochées"
    return f"{said} ; {left} {rest}."


def undone_words(done: Sequence[Done]) -> str:
    """Return what was taken back, and why the rest was not."""
    well = sum(one.is_done for one in done)
    refused = [one.refusal for one in done if one.refusal]
    if not refused:
        return "C’est annulé : tout est comme avant."
    said = f"{many(well, 'réservation', 'réservations')} comme avant"
    return f"{said} ; {many(len(refused), 'autre', 'autres')} non : {why(refused[0])}"
