"""Phones: every French territory and the rest of the world, read once, and asked about rather than guessed."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat

from availability.errors import InvalidRequest
from booking.phones import (
    TERRITORIES,
    AmbiguousNumber,
    Reading,
    can_receive_sms,
    read_phone,
    readings,
    region_of,
    regions_for,
)


def read_in(typed: str, *regions: str, fiction: bool = True) -> list[tuple[str, str]]:
    """Return the territories and the numbers that were maybe meant."""
    return [(reading.region, reading.e164) for reading in readings(typed, regions, fiction=fiction)]


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("06 12 34 56 78", "+33612345678"),
        ("0612345678", "+33612345678"),
        ("06.12.34.56.78", "+33612345678"),
        ("07 51 23 45 67", "+33751234567"),
        ("+33 6 12 34 56 78", "+33612345678"),
        ("+33 (0)6 12 34 56 78", "+33612345678"),
        ("(+33) 6 12 34 56 78", "+33612345678"),
        ("0033612345678", "+33612345678"),
        ("01 44 77 60 60", "+33144776060"),  # a landline is a number too
        ("+262 692 12 34 56", "+262692123456"),  # La Réunion
        ("00 262 692 12 34 56", "+262692123456"),
        ("+262 639 04 12 34", "+262639041234"),  # Mayotte
        ("+590 690 12 34 56", "+590690123456"),
        ("+596 696 12 34 56", "+596696123456"),  # Martinique
        ("+687 75.12.34", "+687751234"),
        ("+34 612 34 56 78", "+34612345678"),
        ("+40 712 345 678", "+40712345678"),
        ("0040 712 345 678", "+40712345678"),
        ("+44 7911 123456", "+447911123456"),
        ("06 39 98 00 00", "+33639980000"),
        ("0639989999", "+33639989999"),
    ],
)
def test_a_phone_is_written_in_one_way(typed: str, written: str) -> None:
    assert read_phone(typed, fiction=True) == written


@pytest.mark.parametrize(
    "typed",
    [
        "", " ", "+", "00", "abc", "06 12", "+33 6 39 98 00", "06 39 98 00 000", "+999 123456789", "+33 692 12 34 56",
        "06 FLEURS 99", "06 12 34 56 78 poste 3", "06 12 34 56 78 #3", "0" * 300, "07 00 00 00 00", "06 39 12 34 56",
    ],
)  # fmt: skip
def test_what_is_not_a_phone_is_refused(typed: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        read_phone(typed, TERRITORIES, fiction=True)
    assert refusal.value.problem == "not-a-number"


@pytest.mark.parametrize("typed", ["06 39 98 00 00", "+33 6 39 98 00 00", "0033639980000"])
def test_the_numbers_of_fiction_are_refused_outside_of_it(typed: str) -> None:
    assert read_in(typed, *TERRITORIES, fiction=True) == [("FR", "+33639980000")]
    assert read_in(typed, *TERRITORIES, fiction=False) == []


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("0692 12 34 56", [("RE", "+262692123456")]),
        ("0693 01 23 45", [("RE", "+262693012345")]),
        ("0690 12 34 56", [("GP", "+590690123456")]),
        ("0691 28 12 34", [("GP", "+590691281234")]),
        ("0694 12 34 56", [("GF", "+594694123456")]),
        ("0696 12 34 56", [("MQ", "+596696123456")]),
        ("0697 01 23 45", [("MQ", "+596697012345")]),
        ("0262 12 34 56", [("RE", "+262262123456")]),  # landlines: overseas, never +33
        ("0269 61 23 45", [("YT", "+262269612345")]),
        ("0596 60 12 34", [("MQ", "+596596601234")]),
        ("0590 27 12 34", [("BL", "+590590271234")]),
        ("87 12 34 56", [("PF", "+68987123456")]),
        ("72 12 34", [("PM", "+508721234"), ("NC", "+687721234"), ("WF", "+681721234")]),
        ("55 12 34", [("PM", "+508551234"), ("NC", "+687551234")]),
        ("75 12 34", [("PM", "+508751234"), ("NC", "+687751234")]),
        ("06 12 34 56 78", [("FR", "+33612345678")]),
    ],
)
def test_a_number_typed_the_national_way_is_read_in_every_territory(
    typed: str, expected: list[tuple[str, str]]
) -> None:
    assert read_in(typed, *TERRITORIES) == expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("0639 04 12 34", [("YT", "+262639041234")]),  # 06 39 is Mayotte…
        ("0639 97 12 34", [("YT", "+262639971234")]),
        ("0639 98 12 34", [("FR", "+33639981234")]),  # …except for the range of fiction in its midst
        ("0639 99 12 34", [("YT", "+262639991234")]),
    ],
)
def test_a_mobile_of_mayotte_is_not_taken_for_fiction(typed: str, expected: list[tuple[str, str]]) -> None:
    assert read_in(typed, *TERRITORIES) == expected
    assert read_in(typed, *regions_for("YT")) == expected
    assert read_in(typed, *TERRITORIES, fiction=False) == [one for one in expected if one[0] == "YT"]


def test_several_readings_are_asked_about_the_nearest_first() -> None:
    with pytest.raises(AmbiguousNumber) as refusal:
        read_phone("75 12 34", regions_for("NC", "FR"), fiction=False)

    assert refusal.value.readings == (
        Reading("+687751234", "NC", "+687 75.12.34", True),
        Reading("+508751234", "PM", "+508 75 12 34", True),
    )
    assert refusal.value.problem == "ambiguous-number"


def test_only_the_regions_asked_for_read_a_number() -> None:
    assert read_phone("75 12 34", ["NC"], fiction=False) == "+687751234"
    assert read_phone("75 12 34", ["PM"], fiction=False) == "+508751234"
    assert read_in("75 12 34", "FR") == []
    assert read_in("0692 12 34 56", "FR") == []


def test_territories_that_share_a_code_read_one_number_and_the_first_keeps_it() -> None:
    assert read_in("0690 12 34 56", *regions_for("MF")) == [("MF", "+590690123456")]
    assert read_in("0692 12 34 56", *regions_for("YT")) == [("RE", "+262692123456")]


def test_regions_begin_with_the_nearest_and_forget_none() -> None:
    found = regions_for("RE", "YT")

    assert found[:3] == ("RE", "YT", "FR")
    assert sorted(found) == sorted(TERRITORIES)


@pytest.mark.parametrize(
    ("place", "region"),
    [
        ("69123", "FR"), ("2A004", "FR"), ("", "FR"), ("6AE", "FR"), ("57", "FR"), ("98000", "FR"),
        ("97105", "GP"), ("972", "MQ"), ("97302", "GF"), ("97411", "RE"), ("97502", "PM"), ("PM", "PM"),
        ("97608", "YT"), ("97701", "BL"), ("97133", "BL"), ("97801", "MF"), ("97150", "MF"), ("98613", "WF"),
        ("98735", "PF"), ("PF", "PF"), ("98818", "NC"), ("NC", "NC"),
    ],
)  # fmt: skip
def test_the_region_of_a_place_comes_from_its_code(place: str, region: str) -> None:
    assert region_of(place) == region


@pytest.mark.parametrize(
    ("e164", "can"),
    [
        ("+33612345678", True),
        ("+33639980000", True),  # fiction has no type
        ("+508551234", True),
        ("+12015550123", True),  # there, mobiles and landlines look the same
        ("+262692123456", True),
        ("+33144776060", False),
        ("+262262123456", False),
        ("+33976012345", False),  # over the internet
        ("+33800123456", False),
    ],
)
def test_a_landline_receives_no_sms(e164: str, can: bool) -> None:
    assert can_receive_sms(e164) is can


somewhere = st.lists(st.sampled_from(TERRITORIES), max_size=12, unique=True)
dialled = st.text(st.sampled_from("0123456789 .-()+"), max_size=16)
likely = st.builds(
    "{}{:06}".format,
    st.sampled_from(["06", "069", "0692", "0639", "0690", "0596", "87", "+33639", "+2626", "0033", "+40", ""]),
    st.integers(0, 99_999_999),
)


@given(dialled | likely, somewhere, st.booleans())
def test_whatever_is_read_reads_as_itself_everywhere(typed: str, regions: list[str], fiction: bool) -> None:
    found = readings(typed, regions, fiction=fiction)

    assert len({reading.e164 for reading in found}) == len(found)
    for reading in found:
        (again,) = readings(reading.e164, regions[::-1], fiction=fiction)
        assert (again.e164, again.label, again.is_mobile) == (reading.e164, reading.label, reading.is_mobile)
        assert read_phone(reading.label, fiction=fiction) == reading.e164
        assert phonenumbers.is_possible_number(phonenumbers.parse(reading.e164))


@given(dialled | likely, somewhere, st.booleans())
def test_digits_that_no_territory_dials_are_passed_over_and_no_number_with_them(
    typed: str, regions: list[str], fiction: bool
) -> None:
    asked_of_the_library = readings(f"{typed}/", regions, fiction=fiction)  # not plain: every territory reads it

    assert readings(typed, regions, fiction=fiction) == asked_of_the_library


@given(st.text(max_size=30), somewhere)
def test_anything_typed_is_one_number_or_refused(typed: str, regions: list[str]) -> None:
    found = readings(typed, regions, fiction=False)

    if len(found) == 1:
        assert read_phone(typed, regions, fiction=False) == found[0].e164
    else:
        with pytest.raises(AmbiguousNumber if found else InvalidRequest):
            read_phone(typed, regions, fiction=False)


SORTS = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE)
ABROAD = ("MA", "DZ", "TN", "RO", "PT", "ES", "GB", "BE", "TR", "UA", "SN", "GE")


def sample(region: str, sort: int) -> tuple[str, str, str]:
    """Return a real number of a country: the national way, the international way, E.164."""
    number = phonenumbers.example_number_for_type(region, sort)
    assert number is not None
    ways = (PhoneNumberFormat.NATIONAL, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.E164)
    national, international, e164 = (phonenumbers.format_number(number, way) for way in ways)
    return national, international, e164


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("region", TERRITORIES)
def test_the_numbers_of_each_territory_are_read_there_first_in_every_writing(region: str, sort: int) -> None:
    national, international, e164 = sample(region, sort)

    first = readings(national, regions_for(region), fiction=False)[0]

    assert (first.region, first.e164) == (region, e164)
    look_the_same = ("PM", "WF")  # a landline may be a mobile there: nobody is refused a message for it
    assert can_receive_sms(e164) is (sort == SORTS[0] or region in look_the_same)
    for typed in (international, e164, f"00{e164[1:]}", international.replace(" ", ".")):
        assert read_phone(typed, fiction=False) == e164  # with its code, wherever it is read


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("region", ABROAD)
def test_the_numbers_of_other_countries_are_read_with_their_code(region: str, sort: int) -> None:
    _, international, e164 = sample(region, sort)

    for typed in (international, f"00 {international[1:]}", f"({international[: international.index(' ')]})"
                  f"{international[international.index(' '):]}"):  # fmt: skip
        (only,) = readings(typed, TERRITORIES, fiction=False)
        assert (only.region, only.e164) == (region, e164)


@pytest.mark.parametrize(
    ("home", "service", "typed", "first"),
    [
        ("NC", "FR", "75 12 34", "NC"),  # where the person lives, then the service, then the others
        ("", "PM", "75 12 34", "PM"),
        ("WF", "NC", "72 12 34", "WF"),
        ("", "NC", "72 12 34", "NC"),
        ("MF", "GP", "0690 00 12 34", "MF"),  # one number, whoever reads it
        ("FR", "RE", "0692 12 34 56", "RE"),
    ],
)
def test_a_number_is_read_with_the_territory_of_the_person_then_of_the_service_then_the_others(
    home: str, service: str, typed: str, first: str
) -> None:
    nearest = (home, service) if home else (service,)

    assert readings(typed, regions_for(*nearest), fiction=False)[0].region == first
