"""Opening hours in French: a rule as people say it, what a change would do, closed days, times as typed. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_date

from availability.closings import ClosedDays
from availability.openings import A_DAY, EVER, Rule
from availability.running import SiteRun
from booking.agenda import Appointment, Closing
from booking.meanwhile import Changed
from booking.pages.agenda_words import closing_words, who
from booking.pages.hours_recurrence import AS_IT_IS, OFFERED, ONCE, Repeat, is_plain, read_repeat
from booking.pages.site_words import whole_words, why_not
from booking.words import YOU, many, resource_sentence
from portal.ui.changed import Difference
from portal.ui.dates import LOCALE, NBSP, day, ended, hour

ADDRESS = "/horaires/"
WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
NUMBERS = {2: "deux", 3: "trois", 4: "quatre", 5: "cinq", 6: "six"}
NTH = {"m1": "premier", "m2": "deuxième", "m3": "troisième", "m4": "quatrième", "m-1": "dernier"}
FAR = timedelta(days=300)  # a date further than that is said with its year
MOST_LISTED = 6
AVERAGED_WEEKS = 12
HOUR = re.compile(r"(\d{1,2})(?:\s*(?:h|:|\.)\s*(\d{2})?)?", re.IGNORECASE)
MIDNIGHT = time()
_DAYS = "\N{OBJECT REPLACEMENT CHARACTER}"  # where the days of the week are said
FOREIGN = "selon une règle reçue d’un autre logiciel"


@dataclass(frozen=True)
class ClosingRow:
    """A closure to come. `id` is empty, and `why_not` says why, when it is not for this actor to take back."""

    id: str
    days: str
    reason: str
    is_of_site: bool = False
    why_not: str = ""


@dataclass(frozen=True)
class Choice:
    """A way of coming again that can be chosen."""

    code: str
    label: str


@dataclass(frozen=True)
class Target:
    """A week to which the one shown can be copied."""

    name: str
    label: str


def address(resource_id: object = "", monday: date | None = None) -> str:
    """Return the address of the hours of a receiver, in a week."""
    asked = {"ressource": str(resource_id), "semaine": monday.isoformat() if monday else ""}
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{ADDRESS}?{query}" if query else ADDRESS


def targets(today: date, monday: date, count: int) -> list[Target]:
    """Return the weeks to come to which the one shown can be copied."""
    first = today - timedelta(days=today.weekday())
    mondays = [first + timedelta(days=7 * number) for number in range(count + 1)]
    return [Target(f"s_{on.isoformat()}", f"Semaine du {day(on)}") for on in mondays if on != monday][:count]


def rule_words(rule: Rule, on: date) -> str:
    """Return "de 9 h à 12 h, un lundi sur deux jusqu’au 30 juin, sauf le 5 mai", as of a day."""
    return f"{span_words(rule.opens, rule.closes)}, {days_words(rule, on)}"


def days_words(rule: Rule, on: date) -> str:
    """Return on which days a rule opens; what is over on the day `on` is not said."""
    repeat = read_repeat(rule)
    if repeat.code == ONCE:
        return f"le {day(rule.extra_on[0], year=_is_far(rule.extra_on[0], on))}"
    since = rule.valid_from if is_plain(repeat) else max(rule.valid_from, rule.anchor_on)
    begins, ends = (short(since, on) if since > on else ""), (short(repeat.last_on, on) if repeat.last_on else "")
    times = f", {many(repeat.count, 'fois', 'fois')}" if repeat.count else ""
    if begins and ends:
        span = f" du{NBSP}{begins} au{NBSP}{ends}"
    else:
        span = (f" à partir du{NBSP}{begins}" if begins else "") + (f" jusqu’au{NBSP}{ends}" if ends else "")
    return f"{repeat_words(repeat)}{times}{span}{_but(rule, on)}"


def repeat_words(repeat: Repeat) -> str:
    """Return "tous les lundis", "un lundi sur deux", "le premier lundi du mois"…"""
    name = WEEKDAYS[repeat.weekday]
    if repeat.code in NTH:
        return f"le {NTH[repeat.code]} {name} du mois"
    if repeat.code == AS_IT_IS:
        return FOREIGN
    if repeat.code == ONCE:
        return "une seule fois"
    weeks = int(repeat.code[1:])
    return f"tous les {name}s" if weeks == 1 else f"un {name} sur {NUMBERS.get(weeks, weeks)}"


def mark(repeat: Repeat) -> str:
    """Return what a block of the grid says of how it comes again, in two words; nothing for each week."""
    if repeat.code in NTH:
        return f"{NTH[repeat.code]} du mois"
    if repeat.code in (AS_IT_IS, ONCE):
        return "ce jour" if repeat.code == ONCE else "règle importée"
    weeks = int(repeat.code[1:])
    return "" if weeks == 1 else f"1 semaine sur{NBSP}{weeks}"


def choices(repeat: Repeat, on: date) -> list[Choice]:
    """Return the ways of coming again to choose from, and the present one if it is none of them."""
    codes = OFFERED if repeat.code in OFFERED else (repeat.code, *OFFERED)
    labels = [repeat_words(Repeat(code, on.weekday() if code else repeat.weekday)) for code in codes]
    return [
        Choice(code, f"Le {day(on)} seulement" if code == ONCE else capital(label))
        for code, label in zip(codes, labels, strict=True)
    ]


def next_days_words(days: Sequence[date], on: date) -> str:
    """Return the next days on which it opens."""
    return (
        ended(f"Prochaines dates{NBSP}: {', '.join(short(one, on) for one in days)}")
        if days
        else "Aucune date à venir."
    )


def slots_are(step_min: int, duration_min: int) -> str:
    """Return "créneaux de 45 min, toutes les 15 min"."""
    every = "" if step_min == duration_min else f", toutes les {step_min}{NBSP}min"
    return f"créneaux de {duration_min}{NBSP}min{every}"


def span_words(opens: time, closes: time) -> str:
    """Return "de 9 h à 12 h 30"."""
    return f"de{NBSP}{time_words(opens)} à{NBSP}{end_words(closes)}"


def short(on: date, today: date) -> str:
    """Return "5 mai", "1er déc.", with the year when it is far."""
    number = "1er" if on.day == 1 else str(on.day)
    months = format_date(on, "MMM y" if _is_far(on, today) else "MMM", locale=LOCALE)
    return f"{number} {months}".replace(" ", NBSP)


def read_time(typed: str) -> time | None:
    """Return the time that "9", "9h", "9 h 30", "9:30" or "09.30" says; None when it says none. "24 h" is midnight."""
    found = HOUR.fullmatch(typed.replace(NBSP, " ").strip())
    if found is None:
        return None
    hours, minutes = int(found[1]), int(found[2] or 0)
    if (hours, minutes) == (24, 0):
        return MIDNIGHT
    return time(hours, minutes) if hours < 24 and minutes < 60 else None


def time_words(at: time) -> str:
    """Return "9 h 30", or "9 h" on the hour."""
    return f"{at.hour}{NBSP}h" + (f"{NBSP}{at.minute:02d}" if at.minute else "")


def end_words(at: time) -> str:
    """Return the same of an end: midnight is "24 h"."""
    return f"24{NBSP}h" if at == MIDNIGHT else time_words(at)


def weekly_words(before: Iterable[Rule], after: Iterable[Rule], from_on: date) -> str:
    """Return "32 h par semaine → 28 h 30", from a day on."""
    (were, _), (would_be, is_even) = _weekly(before, from_on), _weekly(after, from_on)
    average = "" if is_even else " en moyenne"
    if were == would_be:
        return f"{_duration(would_be)} par semaine{average}, comme avant."
    return f"{_duration(were)} → {_duration(would_be)} par semaine{average}."


def slots_words(gained: int, lost: int, until: date) -> str:
    """Return what becomes of the slots."""
    if not gained and not lost:
        return ended(f"Aucun créneau de plus ni de moins d’ici au{NBSP}{day(until - A_DAY)}")
    parts = [many(gained, "créneau de plus", "créneaux de plus")] if gained else []
    parts += [many(lost, "créneau de moins", "créneaux de moins")] if lost else []
    return ended(f"{', '.join(parts)}, d’ici au{NBSP}{day(until - A_DAY)}")


def change_words(before: Rule | None, after: Rule | None, on: date) -> str:
    """Return one change in a sentence."""
    if before is None and after is not None:
        return f"Ajouté{NBSP}: {rule_words(after, on)}"
    if after is None and before is not None:
        return f"Retiré{NBSP}: {rule_words(before, on)}"
    if before is None or after is None:
        return ""
    return f"Changé{NBSP}: {rule_words(before, on)} → {rule_words(after, on)}"


def would_be_outside(count: int) -> str:
    """Return what is said, before saving, of the appointments that a change would leave out."""
    if not count:
        return "Aucun rendez-vous ne serait hors des horaires."
    are = many(count, "rendez-vous serait", "rendez-vous seraient")
    return f"{are} hors des horaires, {'maintenu' if count == 1 else 'maintenus'} tant que vous n’y touchez pas{NBSP}:"


def outside_words(count: int) -> str:
    """Return what is said of the appointments that a change left out."""
    stands = "il est maintenu" if count == 1 else "ils sont maintenus"
    are = many(count, "rendez-vous est", "rendez-vous sont")
    return f"{are} maintenant hors des horaires{NBSP}: {stands}. Déplacez-les, ou laissez-les."


def outside_line(one: Appointment, at: str, receiver: str = "") -> str:
    """Return an appointment that the hours no longer cover, in a line; with whom, when it is not whose page it is."""
    whose = f" (agenda{NBSP}: {receiver})" if receiver else ""
    return f"{at}, {who(one)}{whose}"


def capital(words: str) -> str:
    """Return words that begin a line; those after the first letter stay: "Rendez-vous au SPIP"."""
    return words[:1].upper() + words[1:]


def closing_rows(found: Iterable[Closing], site: SiteRun) -> list[ClosingRow]:
    """Return the closures as listed; that of a site is opened again by who runs all of it."""
    return [
        ClosingRow(
            id=str(one.closure_id or "") if site.is_whole or not one.is_of_site else "",
            days=capital(closing_words(one)),
            reason=one.reason,
            is_of_site=one.is_of_site,
            why_not=why_not(site) if one.is_of_site else "",
        )
        for one in found
    ]


def closed_words(days: ClosedDays | None, *, is_closed: bool, is_of_site: bool = False) -> str:
    """Return "Fermé du lun. 23 au …", "Tout le site est rouvert …"; None are days without a known end."""
    said = "Fermé" if is_closed else "Rouvert"
    if days:
        said = f"{said} {closing_words(Closing(closure_id=None, first=days.first, until=days.until, reason=''))}"
    return ended(whole_words(said) if is_of_site else said)


def elsewhere_words(count: int) -> str:
    """Return what is said of what was taken on a site that closes and has no hours, or nothing."""
    if not count:
        return ""
    stand = "elle est maintenue" if count == 1 else "elles sont maintenues"
    return f" {many(count, 'autre réservation', 'autres réservations')} du site sur ces jours{NBSP}: {stand}."


def weekly_minutes(rules: Iterable[Rule], first: date) -> list[int]:
    """Return how many minutes are opened in each of the weeks that follow a day."""
    weeks = [0] * AVERAGED_WEEKS
    for rule in rules:
        for on in rule.days(first, first + timedelta(days=7 * AVERAGED_WEEKS)):
            weeks[(on - first).days // 7] += minutes_of(rule)
    return weeks


def minutes_of(rule: Rule) -> int:
    """Return how long an opening lasts on the wall."""
    opens, closes = (at.hour * 60 + at.minute for at in (rule.opens, rule.closes))
    return (closes - opens) % 1440 or 1440


def _weekly(rules: Iterable[Rule], first: date) -> tuple[int, bool]:
    weeks = weekly_minutes(rules, first)
    return round(sum(weeks) / len(weeks)), len(set(weeks)) == 1


def _duration(minutes: int) -> str:
    return f"{minutes // 60}{NBSP}h" + (f"{NBSP}{minutes % 60:02d}" if minutes % 60 else "")


def _but(rule: Rule, on: date) -> str:
    """Return the exceptions and the extra days that are still to come."""
    without = [one for one in rule.except_on if one >= on and rule.lasts(one)]
    extra = [one for one in rule.extra_on if one >= on and rule.applies_on(one)]
    return (f", sauf {_listed(without, on)}" if without else "") + (f", et aussi {_listed(extra, on)}" if extra else "")


def _listed(days: Sequence[date], on: date) -> str:
    if len(days) > MOST_LISTED:
        return many(len(days), "date", "dates")
    said = [short(one, on) for one in days]
    return f"le{NBSP}{said[0]}" if len(said) == 1 else f"les {', '.join(said[:-1])} et{NBSP}{said[-1]}"


def _is_far(on: date, today: date) -> bool:
    return abs(on - today) > FAR


def changed_words(changes: Sequence[Changed], zone: ZoneInfo) -> list[str]:
    """Return who did what of these hours, and at what time."""
    said = ((resource_sentence(one.act, YOU if one.is_me else one.by).removesuffix("."), one.at) for one in changes)
    return [f"{words}, à{NBSP}{hour(at, zone)}." for words, at in said]


def differences(before: Iterable[Rule], after: Iterable[Rule], on: date) -> list[Difference]:
    """Return the openings that are no longer what they were, then those that came; days that changed alike at once.

    Hours set from a later day cut every opening in two there: one that goes on all the same did not change.
    """
    old, new = _joined(before), _joined(after)
    gone, come = [one for one in old if one not in new], [one for one in new if one not in old]
    told: list[tuple[Rule, str, str, str]] = []
    for rule in gone:
        again = next((one for one in come if _opens(one) == _opens(rule)), None)
        if again is None:
            told.append((rule, "Retirée", rule_words(rule, on), ""))
        else:
            come.remove(again)
            told.append((rule, "Changée", rule_words(rule, on), rule_words(again, on)))
    told += [(rule, "Ajoutée", "", rule_words(rule, on)) for rule in come]
    return _by_days(one for one in told if one[2] != one[3])


def _joined(rules: Iterable[Rule]) -> list[Rule]:
    """Return the rules, those whose parts follow each other in one."""
    joined: list[Rule] = []
    for rule in sorted(rules, key=lambda one: one.valid_from):
        before = next(
            (one for one in joined if one.valid_until == rule.valid_from and _opens(one) == _opens(rule)), None
        )
        if before is None:
            joined.append(rule)
        else:
            joined[joined.index(before)] = replace(before, valid_until=rule.valid_until)
    return joined


def _opens(rule: Rule) -> tuple[int, Rule]:
    """Return what a rule opens, whenever it is in force: one of each week is counted from no day."""
    repeat = read_repeat(rule)
    anchor_on = EVER if is_plain(repeat) else rule.anchor_on
    return repeat.weekday, replace(rule, valid_from=EVER, valid_until=None, anchor_on=anchor_on)


def _by_days(told: Iterable[tuple[Rule, str, str, str]]) -> list[Difference]:
    """Return one line for the days of the week of which the same is said."""
    alike: dict[tuple[str, str, str], list[int]] = {}
    for rule, label, *words in told:
        weekday = read_repeat(rule).weekday
        said = [one.replace(f"tous les {WEEKDAYS[weekday]}s", _DAYS) for one in words]
        alike.setdefault((label, said[0], said[1]), []).append(weekday)
    return [
        Difference(label, old.replace(_DAYS, _each(days)), new.replace(_DAYS, _each(days)))
        for (label, old, new), days in alike.items()
    ]


def _each(weekdays: Iterable[int]) -> str:
    """Return "tous les lundis et mardis", "du lundi au vendredi"."""
    days = sorted(set(weekdays))
    names = [WEEKDAYS[one] for one in days]
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"du {names[0]} au {names[-1]}"
    said = [f"{name}s" for name in names]
    return f"tous les {said[0]}" if len(said) == 1 else f"tous les {', '.join(said[:-1])} et {said[-1]}"
