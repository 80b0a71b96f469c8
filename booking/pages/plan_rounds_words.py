"""Plans of rounds in words: wishes, rules, why a visit has no place, what would have to change. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from booking.fittings import DRIVEN_KM_PER_HOUR
from booking.pages.fitting_words import minutes_words
from booking.pages.plans_desk import RuleWords, SliderWords
from booking.pages.plans_words import joined
from booking.plans.kept import Application
from optimizer.rounds.changes import Change
from optimizer.rounds.plan import Rule
from portal.ui.dates import NBSP, day, plural

SLIDERS = (
    SliderWords(name="road", label="Moins de route", hint="Des tournées courtes, et moins de départs"),
    SliderWords(name="soon", label="Plus tôt", hint="Poser vite, les dates limites et les urgences d’abord"),
    SliderWords(name="moves", label="Ne pas déplacer", hint="Les rendez-vous pris restent où ils sont"),
)
RULES = {
    "unplaced": RuleWords(
        label="Visites sans créneau",
        unit=("visite", "visites"),
        better=("visite de plus placée", "visites de plus placées"),
        worse=("visite de moins placée", "visites de moins placées"),
    ),
    "metres": RuleWords(
        label="Route",
        unit=("km", "km"),
        better=("km de route de moins", "km de route de moins"),
        worse=("km de route de plus", "km de route de plus"),
        by=1000,
    ),
    "rounds": RuleWords(
        label="Tournées qui partent",
        unit=("tournée", "tournées"),
        better=("tournée de moins", "tournées de moins"),
        worse=("tournée de plus", "tournées de plus"),
    ),
    "days_waited": RuleWords(
        label="Jours d’attente avant les visites",
        unit=("jour", "jours"),
        better=("jour d’attente de moins", "jours d’attente de moins"),
        worse=("jour d’attente de plus", "jours d’attente de plus"),
        is_detail=True,  # whoever had no place did not wait for it
    ),
    "moved": RuleWords(
        label="Rendez-vous déplacés",
        unit=("rendez-vous", "rendez-vous"),
        better=("rendez-vous de moins déplacé", "rendez-vous de moins déplacés"),
        worse=("rendez-vous déplacé", "rendez-vous déplacés"),
    ),
    "changed_team": RuleWords(
        label="Rendez-vous confiés à une autre équipe",
        unit=("rendez-vous", "rendez-vous"),
        better=("rendez-vous de moins confié à une autre équipe", "rendez-vous de moins confiés à une autre équipe"),
        worse=("rendez-vous confié à une autre équipe", "rendez-vous confiés à une autre équipe"),
        is_detail=True,
    ),
}
WEIGHTS = {
    "metre": "Chaque mètre de route",
    "round": "Chaque tournée qui part",
    "day_waited": "Chaque jour d’attente d’une visite",
    "moved": "Chaque rendez-vous déplacé",
    "changed_team": "Chaque rendez-vous confié à une autre équipe",
}
REASON_WORDS = {
    Rule.WINDOWS: "personne au domicile, ou équipe fermée",
    Rule.LAST_DAY: "après la date limite",
    Rule.SKILLS: "équipe trop loin, ou sans la compétence",
    Rule.AGENTS: "pas assez d’agents dans l’équipe",
    Rule.TEAM: "promis à une autre équipe",
    Rule.HOURS: "trop loin pour les heures de l’équipe",
    Rule.REST: "pas de temps pour la pause",
    Rule.CAPACITY: "véhicule plein",
    Rule.MOST_STOPS: "trop de passages",
    Rule.NO_TEAM: "aucune équipe ne travaille ces jours-là",
    Rule.OTHERS: "tournées déjà pleines",
}
WHY_WORDS = {
    "taken": "le créneau vient d’être pris",
    "closed": "l’équipe n’est plus ouverte à cette heure",
    "quota": "le quota est atteint",
    "gone": "la demande n’est plus accessible",
    "changed": "quelqu’un en a décidé autrement depuis le calcul",
    "refused": "refusé",
    "unfit-too_far": "l’équipe ne va pas aussi loin",
    "unfit-agents": "l’équipe n’a pas assez d’agents",
    "unfit-skills": "l’équipe n’a pas la compétence",
    "unfit-nobody_home": "personne ne serait au domicile",
    "unfit-travel": "l’équipe n’aurait plus le temps de la route",
}
OTHER_STOP = "autre passage"


@dataclass(frozen=True)
class StopRow:
    """A stop of a round that is proposed."""

    id: str
    number: str
    hour: str
    who: str
    note: str  # "nouveau", "déplacé", or nothing
    tone: str
    can_move: bool
    lock: str = ""  # what may become of it in the next search; nothing when that is not asked


@dataclass(frozen=True)
class RoundCard:
    """A round that is proposed: who leaves when, by where, and is back when."""

    id: str
    title: str
    team: str
    colour: str
    hours: str
    road: str
    pause: str
    href: str
    stops: list[StopRow] = field(default_factory=list)


@dataclass(frozen=True)
class DayChoice:
    """A day of the board."""

    day: str
    label: str


@dataclass(frozen=True)
class OfferRow:
    """One round that a visit could join."""

    place: str
    title: str
    words: str


def reasons_words(reasons: Sequence[Mapping[str, Any]]) -> str:
    """Return why each team-day does not take a visit, what rules most of them out first."""
    told = []
    for one in reasons:
        words = REASON_WORDS.get(one["rule"], "")
        count = int(one["team_days"])
        told.append(f"{words} ({plural(count, 'tournée', 'tournées')})" if count else words)
    return ", ".join(told)


def conflict_words(rules: Collection[Rule]) -> str:
    """Return the rules that together keep a visit out."""
    if not rules:
        return "Cette visite a de la place dans les tournées : relancez la recherche."
    return f"Ce qui bloque, ensemble{NBSP}: {joined([REASON_WORDS[one] for one in rules])}."


def change_words(change: Change | None, team: str, skills: Mapping[str, str]) -> str:
    """Return the smallest change that would place a visit."""
    if change is None:
        return "Aucun changement simple ne la placerait."
    on = day(change.day)
    parts = []
    if change.is_new_round:
        parts.append(f"une tournée de plus le {on}")
    if change.agents:
        extra = "un agent" if change.agents == 1 else f"{change.agents} agents"
        parts.append(f"{extra} de plus dans {team} le {on}")
    asked = sorted(skills.get(one, "") for one in change.skills)
    parts += [f"{words.lower()} dans {team} le {on}" for words in asked if words]
    if any(one.startswith("near:") for one in change.skills):
        parts.append(f"que {team} aille plus loin que d’habitude le {on}")
    if change.minutes_earlier:
        parts.append(f"partir {minutes_words(change.minutes_earlier)} plus tôt avec {team} le {on}")
    if change.minutes_later:
        parts.append(f"rentrer {minutes_words(change.minutes_later)} plus tard avec {team} le {on}")
    if change.window:
        parts.append(f"que quelqu’un soit au domicile le {on} vers {clock(change.window.start_min)}")
    if change.days_late:
        parts.append(f"dépasser la date limite de {plural(change.days_late, 'jour')}")
    if change.breaks_promise:
        parts.append("revenir sur ce qui a été dit à la personne")
    if change.stops:
        parts.append(f"un passage de plus pour {team} le {on}")
    if not parts:
        parts.append(f"la placer avec {team} le {on}")
    return f"Le plus petit changement qui la placerait{NBSP}: {joined(parts)}."


def clock(minutes: int) -> str:
    """Return minutes after midnight as clocks show them: "9 h 15"."""
    hours, left = divmod(minutes, 60)
    return f"{hours % 24}{NBSP}h" + (f"{NBSP}{left:02}" if left else "")


def added_road(metres: int) -> str:
    """Return how much road a visit adds."""
    minutes = round(metres / 1000 / DRIVEN_KM_PER_HOUR * 60)
    return f"{minutes_words(minutes)} de route en plus" if minutes > 0 else "sur le chemin"


def shifted(before: date | None, after: date) -> str:
    """Return by how much a visit moves."""
    if before is None:
        return "reçoit un créneau"
    days = (after - before).days
    if not days:
        return "le même jour"
    return f"{plural(abs(days), 'jour')} plus {'tard' if days > 0 else 'tôt'}"


def applied_words(done: Application) -> str:
    """Return what an application did."""
    count = len(done.done)
    words = plural(count, "rendez-vous placé ou déplacé", "rendez-vous placés ou déplacés")
    if done.refused:
        return f"{words}, {plural(len(done.refused), 'refusé', 'refusés')} : voici pourquoi."
    return f"{words}." if count else "Tout était déjà en place."


def told_words(count: int) -> str:
    """Return how many people who were convened would have to be told again."""
    if not count:
        return ""
    return f"{plural(count, 'personne déjà convoquée', 'personnes déjà convoquées')} à prévenir du changement."


def day_label(on: date) -> str:
    """Return a day of the board."""
    return day(on)
