"""The French of bookings: one place for what users read of states, reasons and acts. Pure; no rule branches on it."""

from __future__ import annotations

from typing import Any

from booking.models import State

NBSP = "\N{NO-BREAK SPACE}"
YOU = "Vous"  # how the history calls whoever reads it

STATE_WORDS: dict[str, str] = {
    State.HELD: "en cours de réservation",
    State.REQUESTED: "demandée, réponse attendue",
    State.BOOKED: "réservée",
    State.HONOURED: "honorée",
    State.MISSED: "manquée",
    State.EXCUSED: "excusée",
    State.CANCELLED: "rendue",
    State.REFUSED: "refusée",
    State.LAPSED: "expirée",
}
# Badge of the design system; the word above always stands in it.
STATE_BADGES: dict[str, str] = {
    State.HELD: "new",
    State.REQUESTED: "info",
    State.BOOKED: "success",
    State.HONOURED: "success",
    State.MISSED: "error",
    State.EXCUSED: "warning",
    State.CANCELLED: "",
    State.REFUSED: "error",
    State.LAPSED: "warning",
}

REFUSAL_WORDS: dict[str, str] = {
    "full": "plus de place",
    "profile": "profil qui ne convient pas",
    "dates": "dates impossibles",
    "distance": "trop éloigné",
    "other": "autre motif",
}

EXCUSE_WORDS: dict[str, str] = {
    "health": "santé, avec justificatif",
    "work": "travail ou formation",
    "transport": "transport",
    "children": "garde d’enfant ou proche",
    "detention": "détention ou autre convocation",
    "other": "autre motif",
}
GIVEN_BACK_WORDS: dict[str, str] = {
    "request": "à la demande de la personne",
    "agent-absent": "agent absent",
    "place-closed": "lieu fermé",
    "measure-ended": "mesure terminée",
    "entry-error": "erreur de saisie",
    "other": "autre motif",
}
REASON_WORDS = REFUSAL_WORDS | GIVEN_BACK_WORDS | EXCUSE_WORDS


def reason_words(code: str, said: str = "") -> str:
    """Return why, as displayed, with what was said beside "other"."""
    words = REASON_WORDS.get(code, "")
    return f"{words}{NBSP}: «{NBSP}{said}{NBSP}»" if said else words


# Why a place does not do, agreeing with "place"; the key is the reason code of availability/search.py.
WHY_NOT_WORDS: dict[str, tuple[str, str]] = {
    "taken": ("prise sur ces dates", "prises sur ces dates"),
    "held": ("en cours de réservation", "en cours de réservation"),
    "sex": ("dans une autre section", "dans une autre section"),
    "age": ("pour un autre âge", "pour un autre âge"),
    "weekend": ("fermée le week-end", "fermées le week-end"),
    "accessible": ("non accessible en fauteuil", "non accessibles en fauteuil"),
    "closed": ("fermée à ces dates", "fermées à ces dates"),
    "hours": ("fermée à ces heures de travail", "fermées à ces heures de travail"),
    "travel": ("trop loin par la route", "trop loin par la route"),
    "stale": ("non confirmée récemment", "non confirmées récemment"),
    "load": ("trop chargée", "trop chargées"),
    "delay": ("au délai trop long", "au délai trop long"),
}

SITE_STATE_WORDS: dict[str, str] = {
    "free": "libre",
    "held": "en cours de réservation",
    "full": "complet",
    "closed": "fermé",
    "other": "ne convient pas",
}

ACT_WORDS: dict[str, str] = {
    "booking-held": "a gardé la place",
    "booking-requested": "a demandé la place",
    "booking-booked": "a réservé la place",
    "booking-honoured": "a noté la venue",
    "booking-missed": "a noté l’absence",
    "booking-excused": "a excusé l’absence",
    "booking-moved": "a déplacé le rendez-vous",
    "booking-stay-changed": "a changé le séjour",
    "booking-beds-swapped": "a échangé les lits de deux séjours",
    "booking-rehoused": "a relogé la personne, dont le lieu ferme",
    "booking-rehousing-asked": "a demandé à un autre lieu d’accueillir la personne",
    "booking-extension-asked": "a demandé à l’hôte de prolonger le séjour",
    "booking-cancelled": "a rendu la place",
    "booking-refused": "a refusé la demande",
    "booking-file-added": "a joint un fichier",
    "booking-file-removed": "a retiré un fichier",
    "booking-file-put-back": "a remis le fichier retiré",
    "booking-lapsed": "Le délai est passé : la place a été libérée",
    "presence-noted": "a noté",
    "presence-forgotten": "a effacé ce qui était noté",
    "proposal-made": "a proposé d’autres dates",
    "proposal-withdrawn": "a retiré les dates proposées",
    "proposal-declined": "a décliné les dates proposées",
}


_TAKEN_BACK = {
    "booking-stay-changed": "a annulé le changement du séjour",
    "booking-beds-swapped": "a annulé l’échange des lits",
    "booking-rehoused": "a annulé le relogement",
}
# What is done of what a resource publishes.
RESOURCE_ACT_WORDS: dict[str, str] = {
    "hours-set": "a changé les horaires",
    "grid-set": "a changé la durée ou la cadence",
    "declared": "a changé les chiffres",
    "still-true": "a confirmé que c’est toujours vrai",
    "capacity-set": "a fixé une capacité temporaire",
    "capacity-forgotten": "a retiré une capacité temporaire",
    "bed-in-service": "a changé un lit",
    "bed-out-of-service": "a mis un lit hors service",
    "days-closed": "a fermé des jours",
    "days-reopened": "a rouvert des jours",
    "agenda-given": "a dit à qui est l’agenda",
}
_CORRECTED = {"booking-honoured": State.HONOURED, "booking-missed": State.MISSED}
_OUTCOME_WORDS = {"booking-honoured": "la personne est venue", "booking-missed": "la personne n’est pas venue"}


def many(count: int, one: str, several: str) -> str:
    """Return "1 lit", "12 lits": French counts zero and one as one."""
    return f"{count}{NBSP}{one if count < 2 else several}"


def why_not(reason: str, count: int, label: str = "") -> str:
    """Return "9 dans une autre section"; `label` is that of the attribute which the reason names, if it does."""
    one, several = WHY_NOT_WORDS.get(reason, (unfit(label or reason), unfit(label or reason)))
    return many(count, one, several)


def unfit(label: str) -> str:
    """Return what is said of a place for which an attribute does not suit."""
    return f"sans ce qui est demandé ({label})"


def hours(minutes: int) -> str:
    """Return "7 h", "3 h 30", "0 h"."""
    return f"{minutes // 60}{NBSP}h" + (f"{NBSP}{minutes % 60:02d}" if minutes % 60 else "")


def presence_words(facts: dict[str, Any]) -> str:
    """Return what an entry says of a day: " pour le 12/03/2026 : présence, 7 h (noté avant : absence)"."""
    day = "/".join(reversed(str(facts.get("day", "")).split("-")))
    said = f"{NBSP}: {_came(facts)}" if "came" in facts else ""
    was = facts.get("was")
    before = f" (noté avant{NBSP}: {_came(was)})" if isinstance(was, dict) else ""
    return f" pour le {day}{said}{before}"


def _came(facts: dict[str, Any]) -> str:
    if not facts.get("came"):
        return "absence"
    minutes = int(facts.get("minutes", 0))
    return f"présence, {hours(minutes)}" if minutes else "présence"


def act_sentence(act: str, facts: dict[str, Any], who: str) -> str:
    """Return one line of history in plain French: who, then what, then why."""
    if act == "booking-lapsed":
        return f"{ACT_WORDS[act]}."
    if act == "booking-held" and facts.get("offer"):
        return "La liste d’attente a gardé la place."
    words = ACT_WORDS[act]
    if act.startswith("presence-"):
        words += presence_words(facts)
    if act == "booking-booked" and facts.get("before") == State.REQUESTED:
        words = "a accepté les dates proposées" if facts.get("proposal") else "a accepté la demande"
    if act in _CORRECTED and facts.get("before") in _CORRECTED.values():
        words = f"a corrigé : {_OUTCOME_WORDS[act]}"
    if facts.get("undo"):
        noted: dict[str, str] = dict.fromkeys(_CORRECTED.values(), "a annulé ce qui était noté")
        undone = noted | {State.EXCUSED: "a annulé l’excuse"}
        undone |= dict.fromkeys((State.BOOKED, State.REFUSED), "a repris sa réponse : la demande attend à nouveau")
        words = undone.get(str(facts.get("before")), "a repris la place rendue")
        words = _TAKEN_BACK.get(act, words)
    if who == YOU:
        words = "avez" + words.removeprefix("a")
    reason = REASON_WORDS.get(str(facts.get("reason")), "")
    return f"{who} {words}{f' ({reason})' if reason else ''}."


def resource_sentence(act: str, who: str) -> str:
    """Return who did what of a resource: "Sacha Échantillon a changé les horaires."."""
    words = RESOURCE_ACT_WORDS.get(act, "a changé ces informations")
    if who == YOU:
        words = "avez" + words.removeprefix("a")
    return f"{who or 'L’horloge'} {words}."
