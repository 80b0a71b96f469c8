"""The quotas of a kind as rows of a form: what is typed, whom it names, what is wrong with it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from availability.errors import InvalidRequest
from availability.kind_drafts import QUOTA_BOUNDS, KindDraft, QuotaLine
from availability.models import QuotaPeriod
from availability.pages.kind_words import SCOPE_WORDS, problem_words

MOST_TYPED = 200
TYPED = ("scope", "of", "per", "most")

# Given what is looked for and what was typed, the code and the name of those alike, the same name first.
Finder = Callable[[str, str], Sequence[tuple[str, str]]]


@dataclass(frozen=True)
class QuotaRow:
    """One quota as typed: `of` is the name of a service or of a territory."""

    key: str = ""
    scope: str = ""  # of SCOPE_WORDS
    of: str = ""
    per: str = QuotaPeriod.WEEK.value
    most: str = ""
    problem: str = ""


def rows_of(draft: KindDraft, names: Mapping[str, str]) -> list[QuotaRow]:
    """Return a row for each quota; `names` are those of the codes."""
    return [
        QuotaRow(
            key=str(number),
            scope="organisation" if one.organisation else "territory" if one.territory else "",
            of=names.get(one.organisation or one.territory, ""),
            per=one.per.value,
            most=str(one.most),
        )
        for number, one in enumerate(draft.quotas, 1)
    ]


def changed(row: QuotaRow, name: str, value: object) -> QuotaRow:
    """Return the row with one thing said otherwise; what no control sends changes nothing."""
    if not isinstance(value, str) or name not in TYPED:
        return row
    if (name == "scope" and value not in SCOPE_WORDS) or (name == "per" and value not in set(QuotaPeriod)):
        return row
    return replace(row, **{name: value[:MOST_TYPED]}, problem="")


def read(rows: Sequence[QuotaRow], find: Finder) -> tuple[list[QuotaRow], tuple[QuotaLine, ...]]:
    """Return the rows, each with what is wrong with it, and the quotas of those that are right."""
    checked, lines = [], []
    for row in rows:
        try:
            lines.append(_line(row, find))
            checked.append(replace(row, problem=""))
        except InvalidRequest as refusal:
            checked.append(replace(row, problem=problem_words(refusal)))
    return checked, tuple(lines)


def _line(row: QuotaRow, find: Finder) -> QuotaLine:
    """Return the quota that a row says. Raises: InvalidRequest."""
    typed = "".join(row.most.split())
    if not typed:
        raise InvalidRequest("quotas", "required")
    if not (typed.isascii() and typed.isdecimal() and len(typed) <= 9):
        raise InvalidRequest("quotas", "not-numeric")
    least, most = QUOTA_BOUNDS
    if not least <= int(typed) <= most:
        raise InvalidRequest("quotas", "out-of-range", least=least, most=most)
    line = QuotaLine(per=QuotaPeriod(row.per), most=int(typed))
    return replace(line, **{row.scope: _code(row, find)}) if row.scope else line


def _code(row: QuotaRow, find: Finder) -> str:
    """Return the code of whom a row names. Raises: InvalidRequest, with the nearest names."""
    wanted = row.of.strip()
    found = find(row.scope, wanted) if wanted else []
    same = [code for code, name in found if wanted.casefold() in (name.casefold(), code.casefold())]
    if not same:
        near = " ; ".join(name for _, name in found[:3])
        problem = "no-service" if row.scope == "organisation" else "no-territory"
        raise InvalidRequest("quotas", problem, near=f" (proches : {near})" if near else "")
    return same[0]
