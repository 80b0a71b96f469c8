"""The estimate of travel times against trips that are known, and no road across the sea."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from availability.places import distance_km
from availability.travel import LANDS, estimated, land_of, minutes_for, reach_km

PARIS, LYON, MARSEILLE = (48.8566, 2.3522), (45.7578, 4.8320), (43.2965, 5.3698)
LILLE, STRASBOURG, NICE, BORDEAUX = (50.6292, 3.0573), (48.5734, 7.7521), (43.7102, 7.2620), (44.8378, -0.5792)
AJACCIO, BASTIA = (41.9192, 8.7386), (42.6973, 9.4509)
POINTE_A_PITRE, BASSE_TERRE, GRAND_BOURG = (16.2411, -61.5331), (15.9971, -61.7300), (15.8829, -61.3147)
SAINT_DENIS, SAINT_PIERRE = (-20.8823, 55.4504), (-21.3393, 55.4781)
CAYENNE, FORT_DE_FRANCE = (4.9224, -52.3135), (14.6037, -61.0731)
MAMOUDZOU, DZAOUDZI, NOUMEA, PAPEETE = (
    (-12.7806, 45.2279),
    (-12.7867, 45.2572),
    (-22.2758, 166.458),
    (-17.5334, -149.5667),
)
# Usual minutes by car without jams, as route planners give them.
TRIPS = [
    (LYON, (45.4397, 4.3872), 60),  # Saint-Étienne
    (LYON, (45.9895, 4.7188), 38),  # Villefranche-sur-Saône
    (LYON, (45.7719, 4.8902), 15),  # Villeurbanne
    (PARIS, (48.8049, 2.1204), 38),  # Versailles
    (PARIS, (48.7904, 2.4556), 25),  # Créteil
    (PARIS, (48.5399, 2.6608), 58),  # Melun
    (PARIS, LILLE, 145),
    (PARIS, LYON, 270),
    (MARSEILLE, (43.5297, 5.4474), 35),  # Aix-en-Provence
    ((43.6047, 1.4442), (44.0175, 1.3550), 42),  # Toulouse, Montauban
    (BORDEAUX, (44.9153, -0.2439), 38),  # Libourne
    ((48.1173, -1.6778), (47.2184, -1.5536), 78),  # Rennes, Nantes
    ((45.1885, 5.7245), (45.5646, 5.9178), 48),  # Grenoble, Chambéry
    (STRASBOURG, (48.0794, 7.3585), 55),  # Colmar
    ((45.7772, 3.0870), (44.9308, 2.4449), 130),  # Clermont-Ferrand, Aurillac
    (NICE, (43.6589, 6.9236), 48),  # Grasse
    (LILLE, (50.6927, 3.1778), 22),  # Roubaix
    ((44.5594, 6.0786), (44.8978, 6.6433), 90),  # Gap, Briançon
    ((49.4431, 1.0993), (49.4944, 0.1079), 65),  # Rouen, Le Havre
    (AJACCIO, BASTIA, 150),
    (FORT_DE_FRANCE, (14.6104, -60.9958), 18),  # Le Lamentin
    (POINTE_A_PITRE, BASSE_TERRE, 65),
    (SAINT_DENIS, SAINT_PIERRE, 75),
    (CAYENNE, (5.1590, -52.6500), 55),  # Kourou
    (CAYENNE, (5.5039, -54.0289), 200),  # Saint-Laurent-du-Maroni
]


@pytest.mark.parametrize(("origin", "there", "known_min"), TRIPS)
def test_the_estimate_is_within_a_third_or_so_of_a_known_trip(
    origin: tuple[float, float], there: tuple[float, float], known_min: int
) -> None:
    minutes = estimated(origin, *there)

    assert minutes is not None
    assert 0.7 < minutes / known_min < 1.55


def test_on_the_whole_the_estimate_is_neither_short_nor_long() -> None:
    ratios = [(estimated(origin, *there) or 0) / known for origin, there, known in TRIPS]

    assert 0.95 < sum(ratios) / len(ratios) < 1.15


@pytest.mark.parametrize(
    ("origin", "there"),
    [
        (PARIS, POINTE_A_PITRE),
        (POINTE_A_PITRE, PARIS),
        (NICE, BASTIA),
        (AJACCIO, MARSEILLE),
        (POINTE_A_PITRE, FORT_DE_FRANCE),
        (POINTE_A_PITRE, GRAND_BOURG),
        (MAMOUDZOU, DZAOUDZI),
        (SAINT_DENIS, MAMOUDZOU),
        (PAPEETE, NOUMEA),
        (PAPEETE, (-16.5167, -151.75)),  # Bora-Bora
        ((-16.5167, -151.75), PAPEETE),
    ],
)
def test_no_road_crosses_the_sea(origin: tuple[float, float], there: tuple[float, float]) -> None:
    assert estimated(origin, *there) is None


def test_what_is_nowhere_is_at_no_time_from_anywhere() -> None:
    assert estimated(PARIS, None, None) is None


def test_an_island_that_is_on_no_list_has_its_own_surroundings() -> None:
    huahine = (-16.73, -151.03)

    assert estimated(huahine, -16.80, -150.99) == minutes_for(distance_km(*huahine, -16.80, -150.99))


@given(some.floats(0, 2000), some.floats(0, 2000))
def test_the_farther_the_longer_and_the_reach_is_where_the_time_is_spent(one: float, other: float) -> None:
    near, far = sorted((one, other))

    assert 5 <= minutes_for(near) <= minutes_for(far)
    assert reach_km(minutes_for(near)) >= near - 1e-9


@given(some.sampled_from(LANDS), some.floats(0, 1), some.floats(0, 1))
def test_every_point_of_a_land_is_on_it(land: object, east: float, north: float) -> None:
    box = LANDS[LANDS.index(land)]  # type: ignore[arg-type]
    point = (box.south + north * (box.north - box.south), box.west + east * (box.east - box.west))

    assert any(one.holds(*point) for one in land_of(*point))
