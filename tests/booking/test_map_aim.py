"""Where one searches: what a saved search keeps of it names nobody."""

from __future__ import annotations

from availability.places import locate, pointed
from booking.filters import Filters
from booking.pages.map_aim import NOWHERE, Aim
from booking.pages.person_picker import NOBODY

SOMEBODY = Filters(personne="0b0e0000-0000-4000-8000-000000000000", sexe="F", age="34")
HOME = "4 rue du Test, 69100 Villeurbanne"


def test_the_commune_stands_for_the_address_of_a_person() -> None:
    filters, near = Aim(SOMEBODY, locate(HOME), NOBODY, HOME).without_person()

    assert (filters.personne, filters.lieu, filters.sexe, filters.age) == ("", "Villeurbanne (69)", "F", "34")
    assert near == (locate("Villeurbanne").places[0].lat, locate("Villeurbanne").places[0].lon)


def test_and_for_a_pin_that_may_come_from_their_home() -> None:
    typed = Filters.read(vars(SOMEBODY) | {"point": "45.76612,4.87954"})
    filters, near = Aim(typed, pointed(45.76612, 4.87954), NOBODY).without_person()

    assert (filters.point, filters.personne) == ("", "")
    assert filters.lieu.endswith("(69)")
    assert near != (45.76612, 4.87954)


def test_without_a_person_what_is_typed_is_kept() -> None:
    typed = Filters(lieu="Lyon", point="45.76612,4.87954")

    assert Aim(typed, pointed(45.76612, 4.87954), NOBODY).without_person() == (typed, (45.76612, 4.87954))
    assert Aim(Filters(), NOWHERE, NOBODY).without_person() == (Filters(), None)
