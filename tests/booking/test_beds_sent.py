"""All the beds are sent once, then those that changed; whoever misses a few changes has them with the next one."""

from __future__ import annotations

from typing import Any

from booking.pages.beds_sent import KEPT_TURNS, MOST_KEPT, Beds, Sent, all_of, changes_of, packed
from booking.pages.establishment_words import Bar, BedRow, SectionRows

BEDS = 20


def house(*taken: int, beds: int = BEDS) -> Beds:
    """Return a section whose beds of these numbers are taken for three nights."""
    free, stay = Bar(3, "free", "", "libre", "", ""), Bar(3, "booked", "C. E.", "C. E.", "", "", booking="b", may="bed")
    rows = [BedRow(number, f"lit {number}", [stay if number in taken else free]) for number in range(beds)]
    return packed([SectionRows(1, "Section", f"{beds} lits", rows)])


def drawn(page: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any] | None:
    """Return what a page shows once it has a patch, None when it must ask for everything: as `beds_rows.jsx` does."""
    if patch["since"] > page["turn"]:
        return None
    changed = {bed[0]: bed for bed in patch["beds"]}
    sections = [one | {"beds": [changed.get(bed[0], bed) for bed in one["beds"]]} for one in page["sections"]]
    return {"turn": patch["turn"], "sections": sections}


def after(sent: Sent, beds: Beds) -> tuple[Sent, dict[str, Any]]:
    """Return what a change sends, which is not everything."""
    changes = changes_of(sent, beds)
    assert changes is not None
    return changes


def test_one_bed_taken_is_one_row_sent() -> None:
    sent, page, _ = all_of(Sent(), house())

    sent, patch = after(sent, house(3))

    assert [bed[0] for bed in patch["beds"]] == [3]
    assert drawn(page, patch) == {"turn": patch["turn"], "sections": house(3).sections}
    assert after(sent, house(3)) == (sent, {"turn": 2, "since": 2, "beds": []})  # nothing is sent of what is there


def test_a_page_that_missed_a_few_changes_has_them_with_the_next_and_later_asks_for_all() -> None:
    sent, page, _ = all_of(Sent(), house())
    shown = []
    for number in range(KEPT_TURNS + 1):
        sent, patch = after(sent, house(*range(number + 1)))
        shown.append(drawn(page, patch))

    assert all(one and one["sections"] == house(*range(n + 1)).sections for n, one in enumerate(shown[:-1]))
    assert shown[-1] is None


def test_many_beds_that_change_at_once_are_all_told_and_not_told_again() -> None:
    sent, page, _ = all_of(Sent(), house())
    everything = house(*range(BEDS))
    sent, patch = after(sent, everything)
    page = drawn(page, patch) or {}

    _, following = after(sent, house(*range(1, BEDS)))

    assert page["sections"] == everything.sections
    assert len(following["beds"]) <= MOST_KEPT


def test_beds_added_or_named_otherwise_are_all_sent() -> None:
    sent, _, _ = all_of(Sent(), house())

    assert changes_of(sent, house(beds=BEDS + 1)) is None
