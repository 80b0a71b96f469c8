"""What the page that opens a month says: for each template, the dates that open, that are there, that are left out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from booking.hearing_generation import Generated
from booking.hearing_months import LeftOut, MonthOfLine, made_of
from booking.hearing_reach import month_after
from booking.hearing_template_queries import DayOf
from booking.pages.hearing_templates_words import DAYS, OFF_WORDS, consequences, in_the_way, read_day, when_words
from portal.ui.dates import NBSP, day, plural

LEFT_WORDS = {
    DayOf.LEFT_OUT: "retirée à la main",
    DayOf.MISSING: "l’audience du modèle précédent y reste",
    DayOf.LATER: "le modèle n’est plus en vigueur",
}


@dataclass(frozen=True)
class MonthRow:
    """A template of the month. `made`, `there` and `left` say nothing when there is none."""

    id: str
    name: str
    where: str
    is_ticked: bool
    made: str
    there: str
    left: list[str]
    nothing: str


@dataclass(frozen=True)
class Told:
    """What the page says of a month, and the words of its buttons; none: nothing to do."""

    rows: list[MonthRow]
    summary: str
    open_label: str
    can_shut: bool


def told_of(lines: Sequence[MonthOfLine], tried: Sequence[MonthOfLine]) -> Told:
    """Return what is said of the templates of a month; `tried`: those that are ticked, as the act would leave them."""
    found = {one.line_id: one for one in tried}
    made, there, left = made_of(tried), sum(len(one.there) for one in tried), sum(len(one.left) for one in tried)
    is_opened = {one.line_id for one in lines if one.is_opened}
    return Told(
        [_row(one, found.get(one.line_id)) for one in lines],
        _summary(made, there, left, is_any=bool(tried)),
        f"Ouvrir {plural(made, 'audience')}" if made else "",
        not is_opened.isdisjoint(found),
    )


def opened_words(month: str, done: Sequence[MonthOfLine]) -> str:
    """Return what an opening did, and what it left out."""
    left = sum(len(one.left) for one in done)
    return f"{month}. {_left(left)}" if left else f"{month}."


def shut_words(month: str, done: Iterable[MonthOfLine]) -> str:
    """Return what became of the sessions of a month that was taken back."""
    total = sum((one.generated for one in done), Generated())
    kept = consequences(Generated(kept=total.kept)) if total.kept else []
    gone = plural(len(total.withdrawn), "audience vide retirée", "audiences vides retirées")
    rest = "" if total.withdrawn or total.kept else " : vos modèles ouvrent ces dates d’eux-mêmes"
    return " ".join([f"{month}{NBSP}: {gone}{rest}.", *kept])


def later_words(first: date) -> str:
    """Return from when a template is in force, when none is yet."""
    return f"Vos modèles d’audiences commencent le {day(first, year=True)}."


def read_month(typed: str, today: date) -> date:
    """Return the first day of the month that an address says, the next one when it says none."""
    found = read_day(f"{typed[:7]}-01")
    return found if found is not None and 2000 <= found.year <= 2100 else month_after(today.replace(day=1))


def days_words(days: Collection[date]) -> str:
    """Return "mardi 1er, 8 et 15" when all are of one weekday, else "mar. 1er, jeu. 3"."""
    listed = sorted(days)
    if not listed:
        return ""
    if len({one.weekday() for one in listed}) > 1:
        return ", ".join(day(one).rsplit(NBSP, 1)[0] for one in listed)
    numbers = ["1er" if one.day == 1 else str(one.day) for one in listed]
    joined = ", ".join(numbers[:-1]) + f" et {numbers[-1]}" if len(numbers) > 1 else numbers[0]
    return f"{DAYS[listed[0].weekday()]}{NBSP}{joined}"


def _row(line: MonthOfLine, tried: MonthOfLine | None) -> MonthRow:
    hour = f"{line.starts.hour}{NBSP}h" + (f"{NBSP}{line.starts.minute:02d}" if line.starts.minute else "")
    where = (f"{when_words(line.rrule)}, à{NBSP}{hour}", line.room, line.court)
    made, there = (days_words(one) for one in (tried.generated.made, tried.there)) if tried else ("", "")
    left = [_left_out(one) for one in tried.left] if tried else []
    is_empty = tried is not None and not (made or there or left)
    return MonthRow(
        str(line.line_id),
        line.name,
        " · ".join(one for one in where if one),
        tried is not None,
        made,
        f"{'Déjà ouvertes' if tried and len(tried.there) > 1 else 'Déjà ouverte'}{NBSP}: {there}" if there else "",
        left,
        "Aucune date ce mois-ci." if is_empty else "" if tried else "Laissé de côté.",
    )


def _left_out(one: LeftOut) -> str:
    if one.blocked is not None:
        why = in_the_way(one.blocked)
        why = f"ouverte, mais {why}" if one.what is DayOf.OPEN else why
    elif one.off is not None:
        why = f"{OFF_WORDS[one.off]} ({one.off_name})" if one.off_name else OFF_WORDS[one.off]
    else:
        why = LEFT_WORDS.get(one.what, "jour sans audience")
    return f"{day(one.day)}{NBSP}: {why}"


def _summary(made: int, there: int, left: int, *, is_any: bool) -> str:
    if not is_any:
        return "Cochez un modèle au moins."
    said = [f"{plural(made, 'audience s’ouvrira', 'audiences s’ouvriront')}."] if made else ["Rien à ouvrir."]
    if there:
        said.append(f"{plural(there, 'audience est déjà ouverte', 'audiences sont déjà ouvertes')}.")
    if left:
        said.append(_left(left))
    return " ".join(said)


def _left(count: int) -> str:
    left = plural(count, "date est laissée de côté", "dates sont laissées de côté")
    return f"{left}, {'chacune ' if count > 1 else ''}avec sa raison."
