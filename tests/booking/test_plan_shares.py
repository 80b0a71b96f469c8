"""What the page of a batch says and reads: its list, loads before and after, why nobody, what moving a case costs."""

from __future__ import annotations

from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound
from booking.designations import Wanted, designate
from booking.pages.plan_shares_desk import DESK, BatchAsked
from booking.pages.plan_shares_state import _add, _moved
from booking.pages.plan_shares_words import Named, bar, change_words, fault_rows, reasons_words, refused_words
from booking.pages.plans_reading import Asked, Look, look
from booking.plans.models import OptimizerRun
from booking.plans.runs import BrokenPlan, apply_run
from booking.plans.share_lines import Choices, read_cases
from optimizer.shares.plan import Step
from tests.booking.shared_out import Sharing, given, make_sharing, solved
from tests.factories import NOW, in_minutes

PARIS = ZoneInfo("Europe/Paris")
ALICE = Named(7, "Alice Fictive", "Lyon")


@pytest.fixture
def court(session: Session) -> Sharing:
    """A court with two services, one of which speaks Arabic, three cases, and one in a language that nobody speaks."""
    court = make_sharing(session)
    court.service(session, "Alice Fictive", capacity=10, attributes={"languages": ["arabe"]})
    court.service(session, "Bruno Fictif", capacity=10, declared_load=1)
    court.cases(session, 3)
    court.cases(session, 1, begins=4, languages=("tamoul",))
    return court


def seen(session: Session, court: Sharing, own: BatchAsked | None = None, **asked: object) -> Look:
    """Return what the page shows to the judge."""
    return look(session, court.judge, DESK, Asked(own=own or BatchAsked(), **asked), now=in_minutes(1))  # type: ignore[arg-type]


def plain(words: str) -> str:
    """Return words with usual spaces."""
    return words.replace("\N{NO-BREAK SPACE}", " ")


def test_without_a_proposal_the_list_and_the_loads_are_shown(session: Session, court: Sharing) -> None:
    found = seen(session, court)

    assert found.proposal is None
    assert plain(found.own.sentence) == "4 dossiers à confier, 2 services ouverts, 19 places libres."
    assert [(row.ref, row.asks, row.state) for row in found.own.cases][-1] == (
        "RG 26/00004", "Paris, tamoul", "à confier",
    )  # fmt: skip
    assert found.own.cases[0].href.endswith("p1=Paris+%2875%29&rg=RG+26%2F00001")
    assert {one.name: plain(one.words) for one in found.own.bars} == {
        "Alice Fictive": "0 sur 10, 0 %",
        "Bruno Fictif": "1 sur 10, 10 %",
    }


def test_a_proposal_shows_the_loads_before_and_after_and_why_a_case_has_nobody(
    session: Session, court: Sharing
) -> None:
    run_id = solved(session, court)
    found = seen(session, court)

    assert found.proposal is not None
    assert (found.proposal.counts["placed"], found.proposal.counts["out"]) == (3, 1)
    after = {one.name: (plain(one.words), one.gains) for one in found.own.bars}
    assert sum(int(gains) for _, gains in after.values() if gains) == 3
    (out,) = found.own.outs
    assert (out.ref, out.why) == ("RG 26/00004", "aucun ne parle la langue demandée.")
    assert out.change.startswith("quelqu’un qui parle tamoul (")
    assert "charge" in found.proposal.lines[0].hint
    assert set(found.proposal.groups) == set(given(session, run_id))


def test_a_case_that_is_picked_up_says_on_each_service_what_giving_it_there_would_do(
    session: Session, court: Sharing
) -> None:
    run_id = solved(session, court)
    (case, holder) = sorted(given(session, run_id).items())[0]
    found = seen(session, court, BatchAsked(picked=case))

    here, there = (next(one for one in found.own.bars if one.has_it is is_here) for is_here in (True, False))
    assert (here.id, here.may_take, there.may_take) == (str(holder), False, True)
    assert plain(there.cost).split(", ")[0].endswith("% avec ce dossier")
    assert plain(there.cost).endswith("attente 10 jours")
    spoken = next(str(line.id) for line in found.proposal.lines if "tamoul" in line.hint)  # type: ignore[union-attr]
    nobody = seen(session, court, BatchAsked(picked=spoken))
    assert {one.cost for one in nobody.own.bars} == {"ne parle pas la langue"}


def test_a_case_given_to_another_is_a_proposal_beside_and_what_breaks_a_rule_is_refused(
    session: Session, court: Sharing
) -> None:
    run_id = solved(session, court)
    (case, holder) = sorted(given(session, run_id).items())[0]
    other = next(int(one.id) for one in seen(session, court).own.bars if int(one.id) != holder)
    kept = _moved(session, court.judge, run_id, case, str(other))

    assert given(session, kept) == given(session, run_id) | {case: other}
    assert session.get_one(OptimizerRun, kept).based_on == run_id
    tamoul = next(str(row.id) for row in seen(session, court).own.cases if "tamoul" in row.asks)
    with pytest.raises(BrokenPlan):
        _moved(session, court.judge, run_id, tamoul, str(other))
    with pytest.raises(BrokenPlan):
        _moved(session, court.judge, run_id, str(uuid4()), str(other))
    with pytest.raises(NotFound):
        _moved(session, court.stranger, run_id, case, str(other))


def test_what_was_applied_is_told_as_done_and_what_was_not_with_its_reason(session: Session, court: Sharing) -> None:
    run_id = solved(session, court)
    (case, holder) = sorted(given(session, run_id).items())[0]
    ref = next(row.ref for row in seen(session, court).own.cases if row.id == case)
    other = next(int(one.id) for one in seen(session, court).own.bars if int(one.id) != holder)
    designate(session, court.judge, Wanted(resource_id=other, case_ref=ref), now=NOW)
    apply_run(session, court.judge, run_id, now=in_minutes(1))
    found = seen(session, court)

    assert found.proposal is not None
    assert len(found.proposal.done) == 2
    assert found.proposal.refused == [(ref, "quelqu’un d’autre a été désigné entre-temps")]
    assert sum(row.state.startswith("demandé à ") for row in found.own.cases) == 3


def test_typed_lines_are_added_and_the_others_are_given_back(session: Session, court: Sharing) -> None:
    count, faults = _add(session, court.judge, court.kind.code, "26/00009 ; Lyon ; arabe\nLyon", now=NOW)

    assert (count, [one.typed for one in faults]) == (1, ["Lyon"])
    with pytest.raises(InvalidRequest):
        _add(session, court.judge, "unknown", "26/00009 ; Lyon", now=NOW)


# --- words ---


def test_a_bar_says_in_words_what_it_draws() -> None:
    more, full, over = bar(ALICE, 20, 12, 14), bar(ALICE, 4, 4, 4), bar(ALICE, 10, 12, 12)

    assert (plain(more.words), more.gains, more.now, more.added) == ("12 → 14 sur 20, 70 %", "+2", "60.0%", "10.0%")
    assert (plain(full.words), full.gains, full.is_full) == ("4 sur 4, 100 %", "", True)
    assert (plain(over.words), over.now, over.added) == ("12 sur 10, 120 %", "100.0%", "0.0%")
    assert bar(ALICE, 10, 3, 1).gains == "−2"
    assert plain(bar(ALICE, 0, 0, 0).words) == "0 sur 0, 0 %"


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Step(rule="full", by=1), "1 place de plus chez Alice"),
        (Step(rule="language", values=("arabe",)), "quelqu’un qui parle arabe (Alice a de la place)"),
        (Step(rule="attribute", values=("t",)), "quelqu’un qui exerce : tutelle (Alice a de la place)"),
        (Step(rule="zone", values=("69",)), "que Alice intervienne aussi dans le 69"),
        (Step(rule="distance", by=12_000), "que Alice aille 12 km plus loin"),
        (Step(rule="new-professional"), "un service de plus"),
    ],
)
def test_the_smallest_change_is_said_plainly(step: Step, words: str) -> None:
    assert plain(change_words([step], "Alice", {"t": "Tutelle"})) == words


def test_every_reason_and_every_fault_has_its_words() -> None:
    _, faults = read_cases("; Lyon\n24/1 ; Zzyx", Choices())

    assert [plain(one.line + " : " + one.why) for one in fault_rows(faults)] == [
        "Ligne 1 : le numéro manque",
        "Ligne 2 : « Zzyx » : ni commune, ni langue, ni compétence connue",
    ]
    assert reasons_words(("full", "language")) == (
        "tous ceux qui conviennent sont complets ; aucun ne parle la langue demandée"
    )
    assert refused_words("quota") == "le quota de la période est atteint"
