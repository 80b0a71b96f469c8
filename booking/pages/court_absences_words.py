"""What the page of absences says: sessions to staff and who may, absences, and what each holds of what is theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from availability.errors import Refusal
from booking.bench import WHOLE, Away, Load, Member, ToStaff
from booking.bench_actions import Left, NoColleague, Replaced
from booking.hearing_template_models import Formation
from booking.pages.court_year_words import month_name
from booking.pages.hearing_templates_words import read_day
from portal.problems import sentence
from portal.ui.dates import NBSP, day, ended, moment, plural

FORMATION_WORDS = {Formation.SINGLE: "juge unique", Formation.PANEL: "collégiale"}
POSTS = {"judge": "juge", "clerk": "greffier"}
WHY_NOT = {
    "away": "absent ce jour",
    "busy": "pris à cette heure",
    "unskilled": "ne tient pas ce type d’audience",
    "refused": "récusé dans une affaire",
    "unknown": "n’est plus de ce tribunal",
    "nobody": "personne n’est libre",
}
FORM = ("who", "first", "last", "percent", "reason")
NO_FORM = dict.fromkeys(FORM, "")
FIELD_OF = {"until": "last", "resource_id": "who"}
MOST_LISTED = 8
NEXT = 30  # sessions to staff that are shown with who may replace


@dataclass(frozen=True)
class Choice:
    """Somebody who may replace, as an option of a list."""

    id: str
    label: str


@dataclass(frozen=True)
class Gap:
    """A session to staff. `id` is that of the session and of who is away."""

    id: str
    when: str
    what: str
    who: str
    choices: list[Choice]
    others: str  # who may not, and why


@dataclass(frozen=True)
class AbsenceRow:
    """An absence, and how many sessions it leaves."""

    id: str
    who: str
    days: str
    part: str
    reason: str
    left: str  # empty: none


@dataclass(frozen=True)
class SkillBox:
    """A kind of hearing in a formation, that somebody holds or not."""

    name: str
    label: str
    is_held: bool


@dataclass(frozen=True)
class LoadRow:
    """What somebody holds. `bar` and `mark` are widths, of the same whole; `skills` is drawn again when `held` is."""

    id: str
    name: str
    post: str
    said: str
    gap: str
    bar: str
    mark: str
    percent: str
    held: str  # what hearings, in words
    skills: list[SkillBox]


def gap_of(one: ToStaff) -> Gap:
    """Return a session to staff as the page lists it."""
    free = [each for each in one.colleagues if not each.why_not]
    why = [f"{each.name} ({WHY_NOT[each.why_not]})" for each in one.colleagues if each.why_not]
    return Gap(
        f"{one.hearing_id}-{one.absent_id}",
        moment(one.starts_at, one.zone),
        f"{one.name}, {plural(one.cases, 'affaire')}",
        f"{one.absent}, {POSTS[one.post]}",
        [Choice(str(each.id), f"{each.name}, charge {each.load}{NBSP}%") for each in free],
        ", ".join(why),
    )


def absence_of(one: Away, named: Mapping[int, Member], left: int) -> AbsenceRow:
    """Return an absence as listed; `left`: how many sessions to staff."""
    first = f"du {day(one.first, year=True)}" if one.first else "depuis longtemps"
    last = f"au {day(one.until - timedelta(days=1), year=True)}" if one.until else "sans date de fin"
    member = named[one.resource_id]
    return AbsenceRow(
        f"{'c' if one.is_whole else 'r'}-{one.resource_id}-{one.id}",
        f"{member.name}, {POSTS[member.post]}",
        f"{first} {last}",
        "toute l’absence" if one.percent == WHOLE else f"{one.percent}{NBSP}% du temps",
        one.reason,
        plural(left, "audience à pourvoir", "audiences à pourvoir") if left else "",
    )


def load_rows(loads: Sequence[Load], post: str, kinds: Mapping[int, str]) -> list[LoadRow]:
    """Return the loads of judges, or of clerks, as bars beside the mark of what would be their share."""
    theirs = [one for one in loads if one.member.post == post]
    most = max([1, *(max(one.minutes, one.expected) for one in theirs)])
    rows = []
    for one in theirs:
        gap = one.minutes - one.expected
        hours = f"{plural(one.sessions, 'audience')}, {plural(one.cases, 'affaire')}, {_hours(one.minutes)}"
        rows.append(
            LoadRow(
                str(one.member.id),
                one.member.name,
                POSTS[post],
                f"{hours} ; sa part{NBSP}: {_hours(one.expected)}",
                f"{'+' if gap > 0 else '−'}{_hours(abs(gap))}" if gap else "à sa part",
                f"{100 * one.minutes / most:.1f}%",
                f"{100 * one.expected / most:.1f}%",
                str(one.member.percent),
                held_words(one.member, kinds),
                [
                    SkillBox(
                        f"tient-{one.member.id}-{kind}-{formation}",
                        f"{label[:1].upper()}{label[1:]}, {words}",
                        (kind, formation) in one.member.skills,
                    )
                    for kind, label in kinds.items()
                    for formation, words in FORMATION_WORDS.items()
                ],
            )
        )
    return rows


def held_words(member: Member, kinds: Mapping[int, str]) -> str:
    """Return what hearings somebody holds, each kind once with its formations."""
    if not member.skills:
        return "toutes les audiences du tribunal"
    said = []
    for kind, label in kinds.items():
        formations = [words for one, words in FORMATION_WORDS.items() if (kind, one) in member.skills]
        said += [f"{label} ({' et '.join(formations)})"] if formations else []
    return ", ".join(said) or "des audiences d’autres types"


def read_skills(form: Mapping[str, object]) -> tuple[int, set[tuple[int, Formation]]] | None:
    """Return who holds what a form ticks, None when it does not read."""
    member, skills = str(form.get("member") or ""), set()
    for name in (one for one, ticked in form.items() if one.startswith("tient-") and ticked):
        _, who, kind, formation, *rest = [*name.split("-"), "", "", ""]
        if any(rest) or who != member or not _is_number(kind) or formation not in list(Formation):
            return None
        skills.add((int(kind), Formation(formation)))
    return (int(member), skills) if _is_number(member) else None


def replaced_words(done: Replaced) -> str:
    """Return what a replacement did, and what is left."""
    said = []
    for one, by in done.by[:MOST_LISTED]:
        said.append(ended(f"{by.name} tient {one.name}, {moment(one.starts_at, one.zone)}"))
    if (more := len(done.by) - MOST_LISTED) > 0:
        said.append(f"Et {plural(more, 'autre audience', 'autres audiences')}.")
    said += [left_words(one) for one in done.left[:MOST_LISTED]]
    if names := sorted({each for one, by in done.by for each in (one.absent, by.name)}):
        said.append(f"À dire à{NBSP}: {', '.join(names)}.")
    return " ".join(said)


def left_words(left: Left) -> str:
    """Return why a session is still to staff."""
    one = left.session
    return f"{one.name}, {moment(one.starts_at, one.zone)}{NBSP}: {refused_words(left.refusal)}"


def refused_words(refusal: Refusal) -> str:
    """Return why somebody does not replace."""
    if isinstance(refusal, NoColleague):
        return f"{WHY_NOT.get(str(refusal.facts.get('why')), 'pas possible')}."
    return sentence(refusal)


def read_form(typed: Mapping[str, str]) -> tuple[dict[str, object] | None, dict[str, str]]:
    """Return what an absence is, or what is wrong in each field. The last day is of the absence."""
    wrong = {}
    first, last = read_day(typed["first"]), read_day(typed["last"])
    percent = typed["percent"].strip() or str(WHOLE)
    if not _is_number(typed["who"]):
        wrong["who"] = "Choisissez qui est absent."
    for name, on in (("first", first), ("last", last)):
        if on is None or not 2000 <= on.year <= 2100:
            wrong[name] = "Choisissez ce jour dans le calendrier."
    if not _is_number(percent) or not 1 <= int(percent) <= WHOLE:
        wrong["percent"] = f"Écrivez un nombre de 1 à {WHOLE}."
    if wrong or first is None or last is None:
        return None, wrong
    return {
        "resource_id": int(typed["who"]),
        "first": first,
        "until": last + timedelta(days=1),
        "percent": int(percent),
        "reason": typed["reason"],
    }, {}


def months_around(today: date) -> list[tuple[str, str]]:
    """Return the months whose loads may be looked at: three before this one, and eight after."""
    found = []
    for step in range(-3, 9):
        year, month = divmod(today.year * 12 + today.month - 1 + step, 12)
        found.append((f"{year}-{month + 1:02}", month_name(year, month + 1)))
    return found


def read_month(typed: str, today: date) -> tuple[date, date]:
    """Return the days [first, until) of a month, this one when it does not read."""
    first = read_day(f"{typed[:7]}-01") or today.replace(day=1)
    if not 2000 <= first.year <= 2100:
        first = today.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1)


def _hours(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return f"{hours}{NBSP}h" + (f"{NBSP}{rest:02}" if rest else "")


def _is_number(typed: str) -> bool:
    return typed.isascii() and typed.isdecimal() and len(typed) < 19
