"""What the page of templates says and reads: a rhythm, a form, a year."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta

from babel.dates import format_date

from availability.errors import InvalidRequest
from availability.openings import Off
from availability.recurrences import WEEKDAYS
from availability.words import invalid_sentence
from booking.hearing_blocked import Blocked
from booking.hearing_generation import Generated
from booking.hearing_template_models import Formation, HearingTemplate
from booking.hearing_template_queries import DayOf, TemplateLine, VideoEnd, YearDay
from booking.hearing_template_spec import People, TemplateSpec
from booking.hearing_templates import SessionChange
from portal.ui.dates import LOCALE, NBSP, day, long_day, plural

DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
RHYTHMS = (
    ("FREQ=WEEKLY;BYDAY={}", "chaque semaine"),
    ("FREQ=WEEKLY;INTERVAL=2;BYDAY={}", "une semaine sur deux"),
    ("FREQ=MONTHLY;BYDAY=1{}", "le premier du mois"),
    ("FREQ=MONTHLY;BYDAY=2{}", "le deuxième du mois"),
    ("FREQ=MONTHLY;BYDAY=3{}", "le troisième du mois"),
    ("FREQ=MONTHLY;BYDAY=4{}", "le quatrième du mois"),
    ("FREQ=MONTHLY;BYDAY=-1{}", "le dernier du mois"),
)
FORMATIONS = ((Formation.SINGLE.value, "Juge unique"), (Formation.PANEL.value, "Formation collégiale"))
OFF_WORDS = {
    Off.CLOSED: "fermé",
    Off.HOLIDAY: "jour férié",
    Off.RECESS: "vacations judiciaires",
    Off.WEEKEND: "week-end",
}
DAY_WORDS = {
    DayOf.OPEN: "audience",
    DayOf.MISSING: "pas d’audience : la salle ou une personne nommée n’est pas libre",
    DayOf.LATER: "s’ouvrira plus tard",
    DayOf.LEFT_OUT: "retirée à la main",
}
MARKS = {DayOf.OPEN: "", DayOf.MISSING: "!", DayOf.LATER: "+", DayOf.OFF: "×", DayOf.LEFT_OUT: "−"}
NUMBERS = (
    "max_minutes",
    "max_cases",
    "horizon_days",
    "take_before_days",
    "judges",
    "clerks",
    "prosecutors",
    "interpreters",
)
FIELDS = (
    *NUMBERS, "site_id", "kind_id", "name", "formation", "room_id", "rhythm", "weekday", "rrule", "starts", "quotas",
    "sits_on_holidays", "sits_in_recess", "judge", "clerk", "prosecutor", "interpreter", "video_here",
    "video_there", "needs_video", "from_on",
)  # fmt: skip
NOTHING = dict.fromkeys(FIELDS, "")
ENDS = ("video_here", "video_there")
NAMED = ("judge", "clerk", "prosecutor", "interpreter", *ENDS)
FIELD_OF = {"kind": "kind_id", "named_ids": "judge"}
MOST_LISTED = 8


@dataclass(frozen=True)
class Row:
    """A template as listed."""

    id: str
    name: str
    where: str
    when: str
    limits: str
    to_come: str
    since: str


@dataclass(frozen=True)
class End:
    """The other end of a video link, as it is proposed and chosen; no number: none is."""

    id: str = ""
    name: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Cell:
    """A day of a month; no text: a day of another month."""

    text: str
    what: str = ""
    mark: str = ""
    label: str = ""


@dataclass(frozen=True)
class Week:
    """Seven days from Monday."""

    cells: list[Cell]


@dataclass(frozen=True)
class Month:
    """A month of the year of a template."""

    label: str
    weeks: list[Week]


def first_form(today: date) -> dict[str, str]:
    """Return what an empty form proposes."""
    return {
        **NOTHING,
        "formation": Formation.SINGLE.value,
        "rhythm": "0",
        "weekday": "1",
        "starts": "09:00",
        "max_minutes": "180",
        "max_cases": "12",
        "horizon_days": "180",
        "take_before_days": "0",
        "judges": "1",
        "clerks": "1",
        "prosecutors": "0",
        "interpreters": "0",
        "from_on": (today + timedelta(days=1)).isoformat(),
    }


def end_of(one: VideoEnd) -> End:
    """Return an end as it is proposed: which, where, and of which territory when it is not one's own."""
    where = one.site if one.commune in one.site else f"{one.site}, {one.commune}"
    return End(str(one.id), one.name, where if one.is_own else f"{where} – {one.territory}")


def agreement_of(one: VideoEnd) -> str:
    """Return who runs an end, and that it waits for nobody."""
    return (
        f"Personne n’a à accepter{NBSP}: ce bout, tenu par «{NBSP}{one.organisation}{NBSP}», est pris avec chaque "
        "audience quand il est libre, et rendu avec elle."
    )


def form_of(
    template: HearingTemplate, among: Mapping[str, Sequence[int]], ends: Sequence[VideoEnd], today: date
) -> dict[str, str]:
    """Return the form of a template, to change it from tomorrow on; `among`: who may be named in each field.

    `ends`: those of its link, that of the court first.
    """
    rhythm, weekday = read_rhythm(template.rrule)
    named = dict.fromkeys(NAMED, "") | {name: str(one.id) for name, one in zip(ENDS, ends, strict=False)}
    left = list(template.named_ids)
    for name in among:
        if found := next((one for one in left if one in among[name]), None):
            named[name] = str(found)
            left.remove(found)
    numbers = {name: str(getattr(template, name)) for name in NUMBERS}
    flags = {
        name: "on" if getattr(template, name) else "" for name in ("sits_on_holidays", "sits_in_recess", "needs_video")
    }
    return {
        **NOTHING, **numbers, **flags, **named,
        "site_id": str(template.site_id),
        "kind_id": str(template.kind_id),
        "name": template.name,
        "formation": template.formation,
        "room_id": str(template.room_id or ""),
        "rhythm": rhythm,
        "weekday": weekday,
        "rrule": "" if rhythm else template.rrule,
        "starts": f"{template.starts:%H:%M}",
        "quotas": ", ".join(f"{family} : {most}" for family, most in sorted(template.quotas.items())),
        "from_on": max(today + timedelta(days=1), template.valid_from).isoformat(),
    }  # fmt: skip


def read_rhythm(rrule: str) -> tuple[str, str]:
    """Return the choices that make this recurrence, two empty texts when none do."""
    for number, (pattern, _) in enumerate(RHYTHMS):
        for weekday, name in enumerate(WEEKDAYS):
            if rrule == pattern.format(name):
                return str(number), str(weekday)
    return "", ""


def read_form(typed: dict[str, str]) -> tuple[TemplateSpec | None, date | None, dict[str, str]]:
    """Return the template, the day from which it is in force, and what is wrong in each field."""
    wrong: dict[str, str] = {}
    numbers = {name: _number(typed[name], name, wrong) for name in NUMBERS}
    site, kind = (_chosen(typed[name]) for name in ("site_id", "kind_id"))
    if site is None:
        wrong["site_id"] = "Choisissez un tribunal."
    if kind is None:
        wrong["kind_id"] = "Choisissez un type d’audience."
    starts, from_on = read_time(typed["starts"]), read_day(typed["from_on"])
    if starts is None:
        wrong["starts"] = "Écrivez une heure, par exemple 09:00."
    if from_on is None:
        wrong["from_on"] = "Choisissez ce jour dans le calendrier."
    quotas = _quotas(typed["quotas"], wrong)
    if wrong or site is None or kind is None or starts is None:
        return None, from_on, wrong
    counts = {name: numbers.pop(name) for name in ("judges", "clerks", "prosecutors", "interpreters")}
    try:
        spec = TemplateSpec(
            site_id=site,
            kind_id=kind,
            name=typed["name"],
            formation=Formation(typed["formation"]) if typed["formation"] in list(Formation) else Formation.SINGLE,
            room_id=_chosen(typed["room_id"]),
            rrule=_rrule(typed),
            starts=starts,
            quotas=quotas,
            sits_on_holidays=bool(typed["sits_on_holidays"]),
            sits_in_recess=bool(typed["sits_in_recess"]),
            people=People(
                **counts,
                named_ids=tuple(one for name in NAMED if (one := _chosen(typed[name])) is not None),
            ),
            needs_video=bool(typed["needs_video"]),
            **numbers,
        )
    except InvalidRequest as refusal:
        return None, from_on, wrong_of(refusal)
    return spec, from_on, {}


def wrong_of(refusal: InvalidRequest) -> dict[str, str]:
    """Return the field that a refusal is about, and its sentence."""
    field = (
        "video_here" if refusal.problem in ("both-ends", "no-end-here") else FIELD_OF.get(refusal.field, refusal.field)
    )
    return {field: invalid_sentence(refusal)}


def row_of(line: TemplateLine) -> Row:
    """Return a template as listed."""
    template = line.template
    since = f"Du {day(template.valid_from, year=True)}"
    if template.valid_until:
        since += f" au {day(template.valid_until - timedelta(days=1), year=True)}"
    come = plural(line.sessions, "audience")
    if line.next_on:
        come += f", la prochaine {day(line.next_on)}"
    return Row(
        id=str(template.id),
        name=template.name,
        where=" · ".join(part for part in (line.court, line.room, line.kind) if part),
        when=f"{when_words(template.rrule)}, à{NBSP}{_hour(template.starts)}",
        limits=f"{plural(template.max_cases, 'affaire')}, {plural(template.max_minutes, 'minute')}",
        to_come=f"{come} ; {plural(line.cases, 'affaire fixée', 'affaires fixées')}",
        since=since,
    )


def when_words(rrule: str) -> str:
    """Return "Mardi, une semaine sur deux"; the rule itself when no choice makes it."""
    rhythm, weekday = read_rhythm(rrule)
    return f"{DAYS[int(weekday)].capitalize()}, {RHYTHMS[int(rhythm)][1]}" if rhythm else rrule


def months_of(days: Sequence[YearDay], first: date) -> list[Month]:
    """Return the twelve months from that of `first`."""
    said = {one.day: one for one in days}
    found = []
    for number in range(12):
        year, month = divmod(first.year * 12 + first.month - 1 + number, 12)
        weeks = calendar.Calendar().monthdatescalendar(year, month + 1)
        label = format_date(date(year, month + 1, 1), "MMMM y", locale=LOCALE)
        found.append(
            Month(
                label[:1].upper() + label[1:],
                [Week([_cell(on, said.get(on), on.month == month + 1) for on in week]) for week in weeks],
            )
        )
    return found


def sessions_of(days: Sequence[YearDay], after: date) -> list[tuple[str, str]]:
    """Return the sessions to come, as they are chosen."""
    return [
        (str(one.resource_id), f"{day(one.day, year=True)}, {plural(one.cases, 'affaire')}")
        for one in days
        if one.resource_id is not None and one.day > after
    ]


def read_session(form: dict[str, str]) -> tuple[int, SessionChange] | None:
    """Return the session that a form changes and how, None when something does not read."""
    number, starts = _chosen(form.get("session", "")), read_time(form.get("session_starts", ""))
    minutes, cases = (_chosen(form.get(name, "")[:5]) for name in ("session_minutes", "session_cases"))
    if number is None or starts is None or minutes is None or cases is None:
        return None
    return number, SessionChange(starts=starts, max_minutes=minutes, max_cases=cases)


def consequences(done: Generated) -> list[str]:
    """Return what an act moves, one sentence each, what must be looked at first."""
    said = []
    for one in done.kept[:MOST_LISTED]:
        why = plural(one.cases, "affaire fixée", "affaires fixées") if one.cases else "tenue ou changée à la main"
        said.append(f"{long_day(one.day).capitalize()} : reste comme elle est ({why}).")
    if (more := len(done.kept) - MOST_LISTED) > 0:
        said.append(f"Et {plural(more, 'autre audience qui reste', 'autres audiences qui restent')}.")
    for blocked in done.blocked[:MOST_LISTED]:
        said.append(f"{long_day(blocked.day).capitalize()} : {in_the_way(blocked)}.")
    if (more := len(done.blocked) - MOST_LISTED) > 0:
        said.append(f"Et {plural(more, 'autre date')} sans salle ou sans une personne nommée.")
    if done.withdrawn:
        said.append(f"{_count(done.withdrawn, 'audience vide retirée', 'audiences vides retirées')}.")
    if done.made:
        said.append(f"{_count(done.made, 'audience ouverte', 'audiences ouvertes')}.")
    return said or ["Rien ne bouge."]


def in_the_way(blocked: Blocked) -> str:
    """Return what a day lacks, and when it would not that day."""
    why = f"« {blocked.name} » n’est pas libre" if blocked.name else "la salle ou une personne nommée n’est pas libre"
    if blocked.links is not None:
        why = f"le plafond national, {blocked.links} visioconférences à la fois, est atteint"
    if blocked.is_away and blocked.name:
        why = f"« {blocked.name} » n’est pas disponible ce jour-là"
    if blocked.nearest_at is None:
        return why
    return f"{why} ; à {_hour(blocked.nearest_at.time())}, tout est libre"


def _hour(starts: time) -> str:
    return f"{starts.hour}{NBSP}h" + (f"{NBSP}{starts.minute:02d}" if starts.minute else "")


def _count(days: Sequence[date], one: str, many: str) -> str:
    span = day(days[0]) if len(days) == 1 else f"du {day(days[0])} au {day(days[-1])}"
    return f"{plural(len(days), one, many)}, {span}".rstrip(".")


def _cell(on: date, said: YearDay | None, is_within: bool) -> Cell:
    if not is_within:
        return Cell("")
    if said is None:
        return Cell(str(on.day))
    words = OFF_WORDS.get(said.off, "jour sans audience") if said.off else DAY_WORDS.get(said.what, "déplacée")
    if said.what is DayOf.OPEN:
        words += f", {plural(said.cases, 'affaire')}"
    mark = str(said.cases) if said.what is DayOf.OPEN and said.cases else MARKS[said.what]
    return Cell(str(on.day), said.what.value, mark, f"{long_day(on)} : {words}")


def _rrule(typed: dict[str, str]) -> str:
    if typed["rrule"].strip():
        return typed["rrule"].strip()
    rhythm, weekday = (_chosen(typed[name]) for name in ("rhythm", "weekday"))
    if rhythm is None or weekday is None or rhythm >= len(RHYTHMS) or weekday >= len(WEEKDAYS):
        return ""
    return RHYTHMS[rhythm][0].format(WEEKDAYS[weekday])


def _quotas(typed: str, wrong: dict[str, str]) -> dict[str, int]:
    found = {}
    for part in (part for part in typed.replace(";", ",").split(",") if part.strip()):
        family, _, most = part.partition(":")
        if not most.strip().isdecimal() or len(most.strip()) > 4:
            wrong["quotas"] = f"« {part.strip()[:20]} » ne se lit pas : écrivez par exemple 20 : 8, 27 : 6."
            break
        found[family.strip().upper()] = int(most)
    return found


def _number(typed: str, name: str, wrong: dict[str, str]) -> int:
    if typed.isascii() and typed.strip().isdecimal() and len(typed.strip()) <= 5:
        return int(typed)
    wrong[name] = "Écrivez un nombre."
    return 0


def _chosen(typed: str) -> int | None:
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) <= 18 else None


def read_time(typed: str) -> time | None:
    try:
        return time.fromisoformat(typed).replace(tzinfo=None)
    except ValueError:
        return None


def read_day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None
