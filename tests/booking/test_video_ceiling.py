"""The page of video links and the search of their ends: what is counted, what a ceiling would do, who is there."""

from __future__ import annotations

from datetime import time, timedelta
from uuid import uuid4

import pytest
from sqlmodel import Session

from availability.errors import InvalidRequest
from availability.models import Kind, Resource, TerritoryLevel
from availability.openings import instant_of
from availability.periods import Period
from availability.rights import Role
from booking.hearing_template_models import HearingTemplate
from booking.hearing_template_queries import ends_like, ends_of
from booking.pages.hearing_templates_words import agreement_of, end_of, form_of, read_form
from booking.pages.video_ceiling_words import ABOVE, FULL, chart_of, effect_of, read_most, rows_of
from booking.video_links import LinksOfDay, carry_link, ceiling, ceiling_changes, links_by_day, set_ceiling
from tests.booking.court import SmallCourt, make_court
from tests.booking.test_hearing_templates import PARIS
from tests.booking.test_video_links import linked, make_ends
from tests.factories import NOW, in_days, in_minutes, make_actor, make_territory


@pytest.fixture
def court(session: Session) -> SmallCourt:
    """A small court with two judges, two clerks and two rooms."""
    return make_court(session)


def test_the_other_end_is_searched_wherever_its_kind_may_be_taken_and_a_template_keeps_it_in_its_form(
    session: Session, court: SmallCourt
) -> None:
    ((here, there),) = make_ends(session, court)

    (found,) = ends_like(session, court.clerk, "ARRET fictivé parl")
    assert (found.id, found.is_own) == (there, False)
    assert [one.id for one in ends_like(session, court.clerk, "visio 1")] == [here]
    assert ends_like(session, court.clerk, " %' ") == []
    assert end_of(found).detail.startswith("Maison d’arrêt fictive")
    assert end_of(found).detail.endswith(f" – {found.territory}")
    assert f"«\xa0{found.organisation}\xa0»" in agreement_of(found)

    template = session.get_one(HearingTemplate, linked(session, court, (there, here)).template_id)
    ends = ends_of(session, court.clerk, template)
    typed = form_of(template, {"judge": [], "clerk": []}, ends, in_days(0))
    assert (typed["video_here"], typed["video_there"]) == (str(here), str(there))
    spec, _, _ = read_form(typed)
    assert spec is not None
    assert spec.people.named_ids == (here, there)

    session.get_one(Kind, session.get_one(Resource, there).kind_id).crosses_territories = False
    session.flush()
    assert ends_like(session, court.clerk, "parloir") == []


def test_a_ceiling_that_somebody_else_changed_is_not_written_over_and_the_history_says_each_change(
    session: Session,
) -> None:
    country = make_territory(session, level=TerritoryLevel.COUNTRY)
    administrator = make_actor(Role.ADMINISTRATOR, country)
    before = set_ceiling(session, administrator, 5, now=NOW)
    with pytest.raises(InvalidRequest, match="changed-meanwhile"):
        set_ceiling(session, administrator, 6, seen=before, now=NOW)
    set_ceiling(session, administrator, 5, seen=5, now=in_minutes(1))

    assert (before, ceiling(session).most, ceiling(session).changed_at) == (40, 5, NOW)
    told = [(one.at, one.actor_id, one.before, one.most) for one in ceiling_changes(session)]
    assert told == [(NOW, administrator.account_id, 40, 5)], "the same again is no change"


def test_the_busiest_moment_of_a_day_counts_what_is_there_together_whatever_day_it_began(session: Session) -> None:
    def link(starts: float, ends: float) -> None:
        midnight = instant_of(in_days(1), time(), PARIS)
        period = Period(midnight + timedelta(hours=starts), midnight + timedelta(hours=ends))
        carry_link(session, uuid4(), period)

    for starts, ends in ((9, 10), (10, 11), (9.5, 10.5), (22, 26), (23, 25), (25, 27)):
        link(starts, ends)

    told = links_by_day(session, first=in_days(0), days=4, zone=PARIS)

    assert [(one.day, one.links, one.busiest) for one in told] == [
        (in_days(0), 0, 0),
        (in_days(1), 5, 2),
        (in_days(2), 3, 2),
        (in_days(3), 0, 0),
    ]


def test_what_another_ceiling_would_do_is_said_day_by_day() -> None:
    days = [LinksOfDay(in_days(one), links, busiest) for one, (links, busiest) in enumerate([(0, 0), (6, 5), (3, 3)])]

    lowered, raised = effect_of(days, 40, 3), effect_of(days, 2, 5)

    assert lowered == [
        "1\xa0jour est déjà au-dessus\xa0: mar.\xa03\xa0mars (5 à la fois).",
        "Rien n’est annulé : ce qui est pris reste, et rien ne s’y ajoute aux heures qui dépassent.",
        "1\xa0jour l’atteint juste\xa0: mer.\xa04\xa0mars (3 à la fois).",
    ]
    assert raised[0] == "Aucun jour n’est au-dessus : le plus chargé est le mar.\xa03\xa0mars (5 à la fois)."
    assert raised[-1].startswith("Les audiences que le plafond empêchait sont essayées à nouveau")
    assert effect_of(days, 5, 5) == ["C’est le plafond d’aujourd’hui : rien ne change."]
    assert "2\xa0jours sont déjà au-dessus" in effect_of(days, 5, 0)[0]
    assert effect_of([], 5, 0)[-1] == "Plus aucune visioconférence ne sera prise."
    many = [LinksOfDay(in_days(one), 1, 1) for one in range(11)]
    assert effect_of(many, 5, 0)[0].endswith("lun.\xa09\xa0mars (1) et 3\xa0autres.")
    drawn = chart_of(days, 40, 3)
    assert [bar.what for bar in drawn.bars] == ["", ABOVE, FULL]
    assert (drawn.ceiling_at, drawn.tried_at) == (f"{40 / 44:.2%}", f"{3 / 44:.2%}")
    assert [(row.busiest, row.left) for row in rows_of(days, 4)] == [("5", "dépassé de 1"), ("3", "1")]
    assert chart_of(days[:1], 0).bars[0].height == "0.00%"


@pytest.mark.parametrize(
    ("typed", "most"),
    [("40", 40), (" 1 000", 1000), ("0", 0), ("10000", 10_000), ("10001", None), ("-1", None), ("٣", None), ("", None)],
)
def test_a_ceiling_is_read_as_it_is_typed(typed: str, most: int | None) -> None:
    assert read_most(typed) == most
