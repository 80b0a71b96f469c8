"""Rights: role x territory x kind, never one without the others."""

from __future__ import annotations

from uuid import uuid4

import pytest

from availability.rights import Actor, Right, Role

HERE, THERE, ELSEWHERE = 1, 2, 3
BEDS, POSTS = 10, 20
OURS, THEIRS = 100, 200
BOTH = frozenset({HERE, THERE})


@pytest.mark.parametrize(
    ("right", "place", "is_reached"),
    [
        (Right(Role.REGISTRY, BOTH), (HERE, None, None), True),
        (Right(Role.REGISTRY, BOTH), (ELSEWHERE, None, None), False),
        (Right(Role.REGISTRY, BOTH), (THERE, BEDS, THEIRS), True),
        (Right(Role.REGISTRY, frozenset()), (HERE, None, None), False),
        (Right(Role.REGISTRY, BOTH, kind_id=BEDS), (HERE, BEDS, None), True),
        (Right(Role.REGISTRY, BOTH, kind_id=BEDS), (HERE, POSTS, None), False),
        (Right(Role.REGISTRY, BOTH, kind_id=BEDS), (HERE, None, None), True),  # no kind in question
        (Right(Role.PARTNER, BOTH, organisation_id=OURS), (HERE, BEDS, OURS), True),
        (Right(Role.PARTNER, BOTH, organisation_id=OURS), (HERE, BEDS, THEIRS), False),
        (Right(Role.PARTNER, BOTH, organisation_id=OURS), (ELSEWHERE, BEDS, OURS), False),
        (Right(Role.PARTNER, BOTH, organisation_id=OURS), (HERE, BEDS, None), True),  # no organisation in question
    ],
)
def test_a_right_covers_what_is_within_all_of_its_bounds(
    right: Right, place: tuple[int, int | None, int | None], is_reached: bool
) -> None:
    territory_id, kind_id, organisation_id = place

    assert right.covers(territory_id=territory_id, kind_id=kind_id, organisation_id=organisation_id) is is_reached


def somebody(*rights: Right) -> Actor:
    """Return the holder of these rights."""
    return Actor(uuid4(), "Quelqu’un", rights, HERE)


def test_territories_are_those_of_the_roles_asked_for() -> None:
    actor = somebody(
        Right(Role.REGISTRY, frozenset({HERE})),
        Right(Role.PROBATION_OFFICER, frozenset({THERE}), kind_id=BEDS),
        Right(Role.PARTNER, frozenset({ELSEWHERE}), organisation_id=OURS),
    )

    assert actor.territories() == {HERE, THERE, ELSEWHERE}
    assert actor.territories([Role.REGISTRY, Role.PARTNER]) == {HERE, ELSEWHERE}
    assert actor.territories(kind_id=POSTS) == {HERE, ELSEWHERE}
    assert actor.territories([Role.PROBATION_OFFICER], kind_id=BEDS) == {THERE}
    assert actor.territories([Role.PROBATION_OFFICER], kind_id=POSTS) == frozenset()
    assert actor.territories([]) == frozenset()


def test_a_role_counts_where_it_is_held_and_for_what_it_was_given() -> None:
    actor = somebody(Right(Role.REGISTRY, BOTH), Right(Role.PROBATION_OFFICER, frozenset({THERE}), kind_id=BEDS))

    assert actor.has(Role.REGISTRY)
    assert actor.has(Role.PARTNER, Role.PROBATION_OFFICER)
    assert not actor.has(Role.PARTNER)
    assert not actor.has()
    assert actor.may(Role.PROBATION_OFFICER, territory_id=THERE, kind_id=BEDS)
    assert not actor.may(Role.PROBATION_OFFICER, territory_id=HERE, kind_id=BEDS)
    assert not actor.may(Role.PROBATION_OFFICER, territory_id=THERE, kind_id=POSTS)


def test_whoever_has_no_right_has_no_role_and_no_territory() -> None:
    nobody = somebody()

    assert (nobody.roles, nobody.territories()) == (frozenset(), frozenset())
    assert not nobody.may(Role.REGISTRY, territory_id=HERE)
