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
    "booking-cancelled": "a rendu la place",
    "booking-refused": "a refusé la demande",
    "booking-lapsed": "Le délai est passé : la place a été libérée",
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


def act_sentence(act: str, facts: dict[str, Any], who: str) -> str:
    """Return one line of history in plain French: who, then what, then why."""
    if act == "booking-lapsed":
        return f"{ACT_WORDS[act]}."
    words = ACT_WORDS[act]
    if act == "booking-booked" and facts.get("before") == State.REQUESTED:
        words = "a accepté la demande"
    if act in _CORRECTED and facts.get("before") in _CORRECTED.values():
        words = f"a corrigé : {_OUTCOME_WORDS[act]}"
    if facts.get("undo"):
        noted: dict[str, str] = dict.fromkeys(_CORRECTED.values(), "a annulé ce qui était noté")
        undone = noted | {State.EXCUSED: "a annulé l’excuse"}
        words = undone.get(str(facts.get("before")), "a repris la place rendue")
    if who == YOU:
        words = "avez" + words.removeprefix("a")
    reason = REFUSAL_WORDS.get(str(facts.get("reason")), "")
    return f"{who} {words}{f' ({reason})' if reason else ''}."
