"""What the week of a court says: lanes of rooms or judges, sessions as blocks, and what moving one entails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from availability.openings import Off
from booking.court_calendar import SessionOfWeek, Staff
from booking.hearing_template_spec import INTERPRETER_KIND, PROSECUTOR_KIND, VIDEO_KIND
from booking.pages.hearing_templates_words import OFF_WORDS, read_day, read_time
from booking.plans.hearing_people import ROOM_KIND
from booking.session_clashes import Clash, Entailed, Seating
from portal.problems import sentence
from portal.ui.dates import NBSP, day, ended, hour, moment, plural

VIEWS = {"salle": "Par salle", "juge": "Par juge"}
NOBODY = {"salle": "Sans salle", "juge": "Sans juge"}
HOURS = (8, 18)  # shown at least
MISSING = {
    "judge": ("juge", "juges"),
    "clerk": ("greffier", "greffiers"),
    PROSECUTOR_KIND: ("parquetier", "parquetiers"),
    INTERPRETER_KIND: ("interprète", "interprètes"),
    VIDEO_KIND: ("bout de visio", "bouts de visio"),
    ROOM_KIND: ("salle", "salles"),
}
SAID = {
    "begun": "L’audience a déjà commencé.",
    "past": "Ce moment est passé : choisissez-en un autre.",
    "unknown": "Cette salle ou cette personne n’est plus de ce tribunal : choisissez-en une autre.",
    "not-whole": "Choisissez un juge, un greffier et une salle : ensemble, ils tiennent l’audience.",
    "common-date": "C’est une date commune à plusieurs : annulez-la parmi les dates communes, puis cherchez-en une.",
    "site-closed": "Le lieu est fermé ce jour.",
    "off-holiday": "C’est un jour férié.",
    "off-recess": "Ce sont les vacations judiciaires.",
    "off-weekend": "C’est un week-end.",
}
COUNTED = {
    "too-far": ("jour d’avance au plus pour ce type", "jours d’avance au plus pour ce type"),
    "before-meeting": (
        "affaire y passerait avant son rendez-vous d’information",
        "affaires y passeraient avant leur rendez-vous d’information",
    ),
    "short-notice": (
        "jour de prévenance, qui n’est plus respecté",
        "jours de prévenance, qui ne sont plus respectés",
    ),
    "too-soon": (
        "affaire ne peut pas encore être entendue ce jour",
        "affaires ne peuvent pas encore être entendues ce jour",
    ),
    "too-late": ("affaire y dépasse son échéance", "affaires y dépassent leur échéance"),
    "judge-refused": ("affaire dont ce juge ne peut pas connaître", "affaires dont ce juge ne peut pas connaître"),
    "people-elsewhere": (
        "personne convoquée a déjà un rendez-vous alors",
        "personnes convoquées ont déjà un rendez-vous alors",
    ),
}
BESIDE = 0  # in the place of the number of a session, in the lane of a judge who sits in it beside whoever holds it
FORM = ("day", "starts", "room", "judge", "clerk")
NO_FORM = dict.fromkeys(FORM, "")


@dataclass(frozen=True)
class View:
    """A way to look at the week."""

    label: str
    href: str
    is_current: bool


@dataclass(frozen=True)
class DayHead:
    """A day of the week, as a column."""

    day: str  # as the calendar writes it
    label: str
    off: str = ""
    is_today: bool = False


@dataclass(frozen=True)
class Block:
    """A session in its cell, no id: one that is moved from another lane. `top` and so on are percents of the cell;
    minutes are since midnight."""

    id: str
    title: str
    hours: str
    fill: str
    flags: str
    label: str
    tone: str
    top: str
    height: str
    left: str
    width: str
    minutes: int
    lasts: int


@dataclass(frozen=True)
class LaneDay:
    """What a lane has on a day."""

    day: str
    is_off: bool
    blocks: list[Block]


@dataclass(frozen=True)
class Lane:
    """A room or a judge, and their week; no id: that of nobody."""

    id: str
    label: str
    is_empty: bool
    days: list[LaneDay]


def heads_of(shown: Sequence[date], off: Mapping[date, Off], today: date) -> list[DayHead]:
    """Return the columns of a week."""
    return [
        DayHead(one.isoformat(), day(one), OFF_WORDS[off[one]] if one in off else "", one == today) for one in shown
    ]


def days_shown(monday: date, sessions: Sequence[SessionOfWeek]) -> list[date]:
    """Return the days of a week that are shown: Saturday and Sunday when something is held then."""
    last = max([4, *(one.day.weekday() for one in sessions)])
    return [monday + timedelta(days=number) for number in range(last + 1)]


def hours_shown(sessions: Sequence[SessionOfWeek]) -> tuple[int, int]:
    """Return the first and the last hour of the cells of a week."""
    starts = [one.starts_at.astimezone(one.zone).hour for one in sessions]
    ends = [_minutes(one.starts_at, one.zone) + _length(one) for one in sessions]
    return min([HOURS[0], *starts]), min(24, max([HOURS[1], *(-(-end // 60) for end in ends)]))


def lanes_of(
    sessions: Sequence[SessionOfWeek], staff: Staff, view: str, days: Sequence[date], off: Mapping[date, Off]
) -> list[Lane]:
    """Return the rooms or the judges with their sessions, first those that nobody or no room has."""
    known = staff.judges if view == "juge" else staff.rooms
    by_lane: dict[int | None, list[SessionOfWeek]] = {None: [], **{one: [] for one in known}}
    for one in sessions:
        lane = one.judge_id if view == "juge" else one.room_id
        by_lane[lane if lane in by_lane else None].append(one)
        for judge in one.beside if view == "juge" else ():
            by_lane[judge].append(replace(one, name=f"{one.name} (siège)", id=BESIDE))
    first, last = hours_shown(sessions)
    found = []
    for lane, theirs in by_lane.items():
        if lane is None and not theirs:
            continue
        cells = []
        for on in days:
            there = [one for one in theirs if one.day == on]
            cells.append(LaneDay(on.isoformat(), on in off, _blocks(there, staff, view, (first, last))))
        label = NOBODY[view] if lane is None else staff.names[lane]
        found.append(Lane(str(lane or ""), label, not theirs, cells))
    return found


def summary_of(sessions: Sequence[SessionOfWeek]) -> str:
    """Return what a week holds, in a sentence."""
    if not sessions:
        return "Aucune audience cette semaine."
    cases, most = sum(one.cases for one in sessions), sum(one.max_cases for one in sessions)
    lacking = sum(bool(one.missing) for one in sessions)
    said = f"{plural(len(sessions), 'audience')}, {plural(cases, 'affaire')} sur {most}"
    return (
        f"{said}{NBSP}; {plural(lacking, 'audience incomplète', 'audiences incomplètes')}." if lacking else f"{said}."
    )


def flags_of(one: SessionOfWeek, staff: Staff) -> list[str]:
    """Return what is wrong with a session, the gravest first."""
    flags = ["lieu fermé"] if one.is_site_closed else []
    flags += [f"{staff.names.get(who, 'quelqu’un')} absent" for who in one.away]
    flags += ["salle prise par une autre"] if one.is_room_lost else []
    wanted = [
        plural(count, *MISSING[name]) if count > 1 else MISSING[name][0]
        for name, count in one.missing.items()
        if not (name == ROOM_KIND and one.is_room_lost)
    ]
    return flags + ([f"manque{NBSP}: {', '.join(wanted)}"] if wanted else [])


def form_of(seating: Seating) -> dict[str, str]:
    """Return the form of a session as it is, or as a drag would have it."""
    named = {"room": seating.room_id, "judge": seating.judge_id, "clerk": seating.clerk_id}
    return {
        "day": seating.day.isoformat(),
        "starts": f"{seating.starts:%H:%M}",
        **{name: str(one or "") for name, one in named.items()},
    }


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a form or a drag asks for."""

    day: date
    starts: time
    room_id: int | None
    judge_id: int | None
    clerk_id: int | None


def read_form(typed: Mapping[str, str]) -> tuple[Asked | None, dict[str, str]]:
    """Return where a form wants a session, or what is wrong in each field."""
    on, starts = read_day(typed["day"]), read_time(typed["starts"])
    wrong = {}
    if on is None or not 2000 <= on.year <= 2100:
        wrong["day"] = "Choisissez ce jour dans le calendrier."
    if starts is None:
        wrong["starts"] = "Écrivez une heure, par exemple 09:00."
    if wrong or on is None or starts is None:
        return None, wrong
    room, judge, clerk = (_number(typed[name]) for name in ("room", "judge", "clerk"))
    return Asked(day=on, starts=starts, room_id=room, judge_id=judge, clerk_id=clerk), {}


def dropped(typed: Mapping[str, str], view: str, lane: str, on: str, minutes: int) -> dict[str, str]:
    """Return the form of a session that was dropped in a lane, at so many minutes of a day."""
    at = max(0, min(int(minutes), 24 * 60 - 15))
    moved = {**typed, "day": on[:10], "starts": f"{at // 60:02}:{at % 60:02}"}
    if lane:
        moved["judge" if view == "juge" else "room"] = lane[:18]
    if view == "juge" and lane != typed["judge"]:
        moved["clerk"] = ""  # that of the judge
    return moved


def moved_words(found: Entailed, staff: Staff) -> list[str]:
    """Return what a move changes, a sentence each: where to, the cases, and who is told of it."""
    before, after = found.before, found.after
    said = [ended(f"{found.name}{NBSP}: {moment(found.period.start, found.zone)}{_where(after, staff)}")]
    if not found.is_carried:
        return [*said, *_to_tell(before, after, staff)]
    follow = plural(found.cases, "affaire suit", "affaires suivent")
    said.append(
        f"{follow} l’audience ({plural(found.minutes, 'minute')})." if found.cases else "Aucune affaire n’y est fixée."
    )
    if found.by_sms:
        said.append(f"{plural(found.by_sms, 'personne')} prévenue{'s' if found.by_sms > 1 else ''} par SMS.")
    if found.otherwise:
        said.append(f"{plural(found.otherwise, 'personne')} à prévenir autrement{NBSP}: par votre greffe.")
    if found.cases and not found.people:
        said.append("Personne n’y est convoqué par PlaceJuste : prévenez les parties.")
    return [*said, *_to_tell(before, after, staff)]


def clash_words(clash: Clash, zone: ZoneInfo, staff: Staff) -> str:
    """Return the sentence of something that stands in the way, or that one should know."""
    if clash.refusal is not None:
        return sentence(clash.refusal)
    if clash.code in COUNTED:
        return f"{plural(clash.count, *COUNTED[clash.code])}."
    return _named_words(clash, zone, staff) or SAID.get(clash.code, "Ce déplacement est refusé.")


def _named_words(clash: Clash, zone: ZoneInfo, staff: Staff) -> str:
    """Return the sentence of a clash that names somebody or an hour, nothing for another."""
    name = staff.names.get(clash.resource_id or 0, "L’audience")
    match clash.code:
        case "taken":
            other = f"{NBSP}: {clash.what}, {moment(clash.at, zone)}" if clash.at and clash.what else ""
            return ended(f"{name} n’est pas libre{other}")
        case "away":
            return f"{name} n’est pas là ce jour{f' ({clash.what})' if clash.what else ''}."
        case "being-reserved":
            until = f" jusqu’à {hour(clash.at, zone)}" if clash.at else ""
            return f"Quelqu’un y réserve une place en ce moment{until}{NBSP}: recommencez ensuite."
        case "lawyer-away":
            return f"{clash.what}, avocat d’une affaire, s’est dit indisponible ce jour."
        case "lawyer-elsewhere":
            other = f" à{NBSP}{hour(clash.at, zone)}" if clash.at else ""
            return f"{clash.what}, avocat d’une affaire, a alors une autre audience{other}."
    return ""


def _where(after: Seating, staff: Staff) -> str:
    named = [staff.names[one] for one in (after.room_id, after.judge_id) if one in staff.names]
    return "".join(f", {one}" for one in named)


def _to_tell(before: Seating, after: Seating, staff: Staff) -> list[str]:
    """Return whom of the court to tell: nobody writes to them."""
    had = {before.judge_id, before.clerk_id} if before.is_staffed else set()
    have = {after.judge_id, after.clerk_id}
    moved = (before.day, before.starts, before.room_id) != (after.day, after.starts, after.room_id)
    told = (had | have) - {None} if moved else (had ^ have) - {None}
    names = sorted(staff.names[one] for one in told if one in staff.names)
    return [f"À dire au tribunal{NBSP}: {', '.join(names)}."] if names else []


def _blocks(there: Sequence[SessionOfWeek], staff: Staff, view: str, shown: tuple[int, int]) -> list[Block]:
    """Return the blocks of a cell; those that overlap share its width."""
    placed: list[Block] = []
    columns: list[int] = []  # when each column is free again, in minutes
    group: list[int] = []
    for one in sorted(there, key=lambda each: (each.starts_at, each.id)):
        start, length = _minutes(one.starts_at, one.zone), _length(one)
        if columns and start >= max(columns):
            placed, columns, group = _spread(placed, group, len(columns)), [], []
        column = next((at for at, free in enumerate(columns) if free <= start), len(columns))
        columns[column:] = [start + length, *columns[column + 1 :]]
        group.append(len(placed))
        placed.append(replace(_block(one, staff, view, shown), left=str(column)))
    return _spread(placed, group, len(columns))


def _spread(placed: list[Block], group: Sequence[int], columns: int) -> list[Block]:
    """Return the blocks, those of a group beside one another."""
    if columns < 2:
        return placed
    wide = 100 / columns
    return [
        replace(one, left=f"{int(one.left) * wide:.2f}%", width=f"{wide:.2f}%") if at in group else one
        for at, one in enumerate(placed)
    ]


def _block(one: SessionOfWeek, staff: Staff, view: str, shown: tuple[int, int]) -> Block:
    (first, last), start, length = shown, _minutes(one.starts_at, one.zone), _length(one)
    span = (last - first) * 60
    flags = flags_of(one, staff)
    other = staff.names.get((one.room_id if view == "juge" else one.judge_id) or 0, "")
    hours = f"{hour(one.starts_at, one.zone)} – {hour(one.ends_at, one.zone)}"
    fill = f"{one.cases}/{one.max_cases} aff. · {one.minutes}/{one.max_minutes} min"
    title = one.name + (f" · {other}" if other else "")
    words = [
        one.name,
        one.kind,
        f"{day(one.day)} de {hours}",
        other,
        f"{plural(one.cases, 'affaire')} sur {one.max_cases}",
        f"{plural(one.minutes, 'minute')} sur {one.max_minutes}",
        *flags,
    ]
    tone = "bad" if one.away or one.is_site_closed or one.is_room_lost else "lacking" if one.missing else "held"
    if one.id == BESIDE:
        with_whom = staff.names.get(one.judge_id or 0, "")
        tone, flags, fill = "beside", [], f"avec {with_whom}"
        words = [one.name, f"{day(one.day)} de {hours}", fill]
    return Block(
        id=str(one.id or ""),
        title=title,
        hours=hours,
        fill=fill,
        flags=" · ".join(flags),
        label=", ".join(part for part in words if part),
        tone=tone,
        top=f"{100 * (start - first * 60) / span:.2f}%",
        height=f"{100 * min(length, last * 60 - start) / span:.2f}%",
        left="0",
        width="100%",
        minutes=start,
        lasts=length,
    )


def _minutes(at: datetime, zone: ZoneInfo) -> int:
    local = at.astimezone(zone)
    return local.hour * 60 + local.minute


def _length(one: SessionOfWeek) -> int:
    return round((one.ends_at - one.starts_at).total_seconds() / 60)


def _number(typed: str) -> int | None:
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 19 else None
