"""What the proposal of a closure says: who, where from, where to, and why there or nowhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from booking.models import State
from booking.pages.rehousing_words import Row, all_done, row, summary
from booking.rehousing import Asked, Bed, Case, Line

NBSP = "\N{NO-BREAK SPACE}"
BED = Bed(
    unit_id=7, name="lit 7", resource_id=3, section="Section B", site_name="Ailleurs", commune="Bourg", distance_km=46.4
)
CASE = Case(
    booking_id=UUID(int=1),
    initials="AD",
    case_ref="",
    section="Section A",
    bed="lit 1",
    closed_on=date(2026, 3, 9),
    first=date(2026, 3, 9),
    until=date(2026, 3, 12),
    has_arrived=True,
    host_accepts=False,
    beds=(BED,),
    kind_code="semi-liberte",
)


def test_a_line_says_where_how_far_and_whether_a_nearer_bed_is_somebody_elses() -> None:
    shown = row(Line(CASE, BED))

    assert (shown.who, shown.here, shown.there) == ("A.D.", "Section A, lit 1", "Ailleurs, Section B, lit 7")
    assert shown.far == f"Bourg, à 46{NBSP}km"
    assert shown.when.endswith("(déjà sur place)")
    assert shown.why.startswith("Le plus proche")
    assert row(Line(CASE, replace(BED, distance_km=0.2))).far == "Bourg, sur place"
    assert row(Line(CASE, BED, is_nearest=False)).why == "Les plus proches sont proposés à d’autres."


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (CASE, "proposés à d’autres"),
        (replace(CASE, beds=(), why_not=(("sex", 3), ("taken", 2))), f"3{NBSP}dans une autre section"),
        (replace(CASE, beds=()), "Aucun lieu de ce type"),
    ],
)
def test_who_has_no_bed_is_told_why(case: Case, said: str) -> None:
    shown = row(Line(case, None))

    assert said in shown.why
    assert (shown.state, shown.there) == ("none", "")
    assert shown.search == "/carte/?type=semi-liberte&du=2026-03-09&au=2026-03-12"


def test_a_host_who_decides_is_asked_waited_for_and_once_it_accepted_the_bed_here_is_left() -> None:
    decides = replace(CASE, host_accepts=True, said_no=("Refuge",))
    asked = Asked(
        booking_id=UUID(int=2),
        state=State.REQUESTED,
        resource_id=3,
        first_on=CASE.first,
        expires_at=datetime(2026, 3, 8, 9, tzinfo=UTC),
        site_name="Ailleurs",
        section="Section B",
        bed="lit 7",
        time_zone="Europe/Paris",
    )

    shown = row(Line(decides, BED))
    waits = row(Line(replace(decides, asked=asked), None))
    accepted = row(Line(replace(decides, asked=replace(asked, state=State.BOOKED)), None))
    assert (shown.asks, shown.why.split(". ")[1:]) == (
        True,
        ["Ce lieu doit accepter", f"Ont déjà dit non, ou n’ont pas répondu{NBSP}: Refuge."],
    )
    assert (waits.state, waits.there, waits.resource_id) == ("asked", "Ailleurs, Section B, lit 7", 3)
    assert waits.why.startswith(f"Réponse attendue avant le dim.{NBSP}8{NBSP}mars")
    assert (accepted.state, "libérer" in accepted.why) == ("accepted", True)
    assert all_done([shown, replace(shown, asks=False)], ["A.D. : non"]) == (
        f"1{NBSP}personne relogée et 1{NBSP}demande envoyée. A.D. : non"
    )
    assert summary([waits, accepted], 0) == f"1{NBSP}réponse attendue et 1{NBSP}lit accepté."


def test_the_proposal_is_summed_up_with_those_of_others() -> None:
    def line(state: str) -> Row:
        return replace(row(Line(CASE, BED)), state=state)

    said = summary([line("proposed"), line("proposed"), line("done"), line("none")], 2)
    assert said.startswith(f"2{NBSP}lits proposés, 1{NBSP}personne relogée")
    assert f"1{NBSP}personne sans solution." in said
    assert f"2{NBSP}autres personnes relèvent d’autres services" in said
    assert "n’est à reloger" in summary([], 0)
