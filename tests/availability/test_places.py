"""Communes, distances and civil times, offline; and the address base, with a real server in front."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import cos, radians
from threading import Event, Thread
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import pytest
from geopy.distance import great_circle
from hypothesis import given, settings
from hypothesis import strategies as st

from availability.gazetteer import Gazetteer, gazetteer
from availability.places import (
    TERRITORY_TIME,
    TIME_OF_COMMUNE,
    Source,
    Suggestion,
    best_commune,
    bounding_box,
    close_names,
    commune_of_insee,
    communes_named,
    distance_km,
    locate,
    normalise,
    pointed,
    suggest,
    suggested,
    territory_time,
    time_of_commune,
)

LATITUDES = st.floats(-90, 90)
LONGITUDES = st.floats(-180, 180)


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("Saint-Étienne", "saint etienne"),
        ("ST ETIENNE", "saint etienne"),
        ("Ste-Marie", "sainte marie"),
        ("L＇Isle", "l isle"),
        ("L’Haÿ-les-Roses", "l hay les roses"),
        ("LES SABLES-D''OLONNE", "les sables d olonne"),
        ("Schœlcher", "schoelcher"),
        ("CHALON S/SAONE", "chalon sur saone"),
        ("LYON CEDEX 03", "lyon"),
        ("METZ CEDEX", "metz"),
        ("PARIS-17E-ARRONDISSEMENT", "paris 17"),
        ("MARSEILLE--6E--ARRONDISSEMENT", "marseille 6"),
        ("Paris 1er Arrondissement", "paris 1"),
        ("Paris 01", "paris 1"),
        ("Lyon 3ème", "lyon 3"),
        ("E\u0301vry", "evry"),
        ("  ", ""),
    ],
)
def test_names_are_compared_without_their_spelling(written: str, normal: str) -> None:
    assert normalise(written) == normal


@settings(deadline=None)  # the machine may be busy
@given(st.text(max_size=40))
def test_normalising_twice_changes_nothing(name: str) -> None:
    once = normalise(name)

    assert normalise(once) == once


def test_the_quick_way_to_normalise_the_gazetteer_is_the_same_as_the_slow_one() -> None:
    known = gazetteer()

    assert known.names == [normalise(commune.name) for commune in known.communes]
    assert [name for name, _ in known.former_names] == [normalise(f) for one in known.communes for f in one.also]


def test_the_gazetteer_is_whole_and_plausible() -> None:
    communes = gazetteer().communes
    insee = [commune.insee for commune in communes]

    assert len(communes) > 14_000
    assert insee == sorted(set(insee))
    assert {commune.department for commune in communes} >= {"01", "2A", "2B", "75", "971", "976", "986", "987", "988"}
    for commune in communes:
        assert commune.name
        assert -90 < commune.lat < 90
        assert -180 < commune.lon < 180
        if not commune.insee.startswith(("97", "98")):
            assert 41 < commune.lat < 51.2, commune
            assert -5.2 < commune.lon < 9.7, commune


@pytest.mark.parametrize(
    ("insee", "lat", "lon"),
    # the centre of each town, as on any map
    [
        ("75056", 48.857, 2.351), ("13055", 43.297, 5.381), ("69383", 45.760, 4.850), ("75117", 48.887, 2.307),
        ("2A004", 41.927, 8.737), ("91228", 48.629, 2.441), ("14762", 48.838, -0.889), ("54099", 49.249, 5.940),
        ("97411", -20.882, 55.450), ("97502", 46.779, -56.177), ("97801", 18.068, -63.083),
        ("98613", -13.282, -176.174), ("98735", -17.535, -149.569), ("98818", -22.276, 166.458),
    ],
)  # fmt: skip
def test_communes_are_where_they_are(insee: str, lat: float, lon: float) -> None:
    commune = commune_of_insee(insee)

    assert commune is not None
    assert distance_km(commune.lat, commune.lon, lat, lon) < 3


def test_the_gazetteer_loads_at_once() -> None:
    text = "insee,name,postcodes,lat,lon,population,also\n" + "01001,Ici,01000 01001,46.1,5.2,12,Là|Là-bas\n"

    commune = Gazetteer(text).communes[0]

    assert commune.postcodes == ("01000", "01001")
    assert commune.also == ("Là", "Là-bas")
    assert (commune.lat, commune.lon, commune.population) == (46.1, 5.2, 12)


def test_homonyms_are_told_apart_by_department_and_come_the_most_populated_first() -> None:
    assert [one.department for one in communes_named("SAINT DENIS")][:2] == ["974", "93"]
    assert [one.insee for one in communes_named("saint-denis", "93")] == ["93066"]
    assert communes_named("Saint-Denis", "75") == []
    assert commune_of_insee("99999") is None


def test_a_former_commune_leads_to_the_one_that_took_it_in() -> None:
    assert [one.name for one in communes_named("Cherbourg-Octeville")] == ["Cherbourg-en-Cotentin"]
    assert [one.name for one in suggest("cherbourg-oct")] == ["Cherbourg-en-Cotentin"]


def test_a_shortened_name_finds_its_commune() -> None:
    digne = best_commune("Digne")
    evry = best_commune("EVRY", "91")

    assert digne is not None
    assert digne.name == "Digne-les-Bains"
    assert evry is not None
    assert evry.insee == "91228"
    assert best_commune("Aucune commune ainsi") is None
    assert best_commune("") is None


def test_suggestions_put_the_whole_name_then_the_start_then_the_inner_word() -> None:
    names = [one.name for one in suggest("paris")]
    assert names[0] == "Paris"

    assert [one.name for one in suggest("bourg")][:2] == ["Bourg", "Bourges"]  # the whole name, however small
    assert suggest("st den")[0].name == "Saint-Denis"
    assert "Les Sables-d'Olonne" in [one.name for one in suggest("sables")]
    assert suggest("noumea")[0].department == "988"
    assert len(suggest("s", limit=3)) == 3
    assert [one.population for one in suggest("saint-e")] == sorted(
        (one.population for one in suggest("saint-e")), reverse=True
    )


def test_suggestions_by_postcode() -> None:
    assert [one.name for one in suggest("69003")] == ["Lyon 3e Arrondissement", "Lyon"]
    assert suggest("9711")[0].department == "971"
    assert all(any(code.startswith("3500") for code in one.postcodes) for one in suggest("3500"))


@pytest.mark.parametrize("typed", ["", "   ", "zzzz", "123456", "-", "\x00", "%"])
def test_nothing_is_suggested_for_nothing(typed: str) -> None:
    assert suggest(typed) == []


@settings(deadline=None)  # the machine may be busy
@given(st.text(max_size=60))
def test_whatever_is_typed_is_answered(typed: str) -> None:
    assert len(suggest(typed)) <= 8
    assert len(locate(typed)) <= 8


def test_every_territory_has_a_civil_time_and_holidays_known_to_the_libraries() -> None:
    for department in {commune.department for commune in gazetteer().communes} | TERRITORY_TIME.keys():
        zone, holiday_zone = territory_time(department)
        assert ZoneInfo(zone)
        assert not holiday_zone or holidays.country_holidays("FR", subdiv=holiday_zone, years=2026)
    for insee, zone in TIME_OF_COMMUNE.items():
        assert ZoneInfo(zone)
        assert commune_of_insee(insee) is None or time_of_commune(insee) == (zone, "PF")


def test_the_zones_give_the_holidays_of_the_place() -> None:
    good_friday = "2026-04-03"

    assert good_friday in holidays.country_holidays("FR", subdiv=territory_time("67")[1], years=2026)
    assert good_friday in holidays.country_holidays("FR", subdiv=territory_time("57")[1], years=2026)
    assert "2026-12-20" in holidays.country_holidays("FR", subdiv=territory_time("974")[1], years=2026)
    assert "2026-12-20" not in holidays.country_holidays("FR", years=2026)
    assert territory_time("75") == territory_time("2a") == ("Europe/Paris", "")


def test_the_marquesas_and_the_gambier_have_their_own_time() -> None:
    assert time_of_commune("98735") == ("Pacific/Tahiti", "PF")
    assert time_of_commune("98731") == ("Pacific/Marquesas", "PF")
    assert time_of_commune("98719") == ("Pacific/Gambier", "PF")
    assert time_of_commune("67482") == ("Europe/Paris", "6AE")


@settings(deadline=None)  # the machine may be busy
@given(LATITUDES, LONGITUDES, LATITUDES, LONGITUDES)
def test_distances_are_those_of_the_sphere(lat1: float, lon1: float, lat2: float, lon2: float) -> None:
    ours = distance_km(lat1, lon1, lat2, lon2)

    assert ours == pytest.approx(great_circle((lat1, lon1), (lat2, lon2)).km, rel=1e-4, abs=1e-3)


@settings(deadline=None)  # the machine may be busy
@given(LATITUDES, LONGITUDES, st.floats(0.1, 3000), st.floats(0, 6.283), st.floats(0, 0.999))
def test_a_box_holds_every_point_of_its_circle(
    lat: float, lon: float, radius_km: float, bearing: float, part: float
) -> None:
    box = bounding_box(lat, lon, radius_km)
    there = great_circle(kilometers=radius_km * part).destination((lat, lon), bearing * 180 / 3.1415927)

    assert box.holds(there.latitude, (there.longitude + 180) % 360 - 180)


def test_a_box_is_no_larger_than_the_circle_asks() -> None:
    box = bounding_box(48.0, 2.0, 30)

    assert distance_km(48.0, 2.0, box.north, 2.0) == pytest.approx(30, abs=0.01)
    # the easternmost point of a circle is a little poleward of its centre
    assert (box.east - 2.0) * cos(radians(48.0)) == pytest.approx((box.north - 48.0), rel=1e-3)
    assert box.spans == ((box.west, box.east),)


def test_a_box_crosses_the_antimeridian_near_wallis_and_the_pole() -> None:
    wallis = bounding_box(-13.28, -179.9, 100)

    assert wallis.west > wallis.east
    assert wallis.spans == ((wallis.west, 180.0), (-180.0, wallis.east))
    assert wallis.holds(-13.28, 179.9)
    assert not wallis.holds(-13.28, 0.0)
    assert bounding_box(89.9, 0, 100).spans == ((-180.0, 180.0),)
    assert bounding_box(0, 0, 30_000).spans == ((-180.0, 180.0),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12 rue de la République, 69003 Lyon", "69383"),
        ("rue de Paris, Lille", "59350"),
        ("69433 LYON CEDEX 03", "69123"),
        ("1 place d'Armes 57000 METZ", "57463"),
        ("97400 st denis", "97411"),
        ("Saint-Denis (93)", "93066"),
        ("Bourg-en-Bresse (01)", "01053"),
        ("20200 Bastia", "2B033"),
        ("33000", "33063"),
        ("noum", "98818"),
        ("Rue", "80688"),
        ("Rue (80)", "80688"),
        ("4 rue de la Gare 80120 Rue", "80688"),
        ("12 place du Port, Lyon", "69123"),
    ],
)
def test_an_address_is_placed_at_its_commune_offline(text: str, expected: str) -> None:
    place = locate(text).best

    commune = commune_of_insee(expected)
    assert place is not None
    assert commune is not None
    assert (place.lat, place.lon, place.source) == (commune.lat, commune.lon, Source.COMMUNE)


def test_a_suggested_label_leads_back_to_the_same_place() -> None:
    for name in ("Saint-Denis", "Bourg-en-Bresse", "Paris 1er Arrondissement", "L'Haÿ-les-Roses", "Ajaccio"):
        place = locate(name).best
        assert place is not None
        assert locate(place.label).best == place or locate(place.label).places[0].lat == place.lat


def test_nowhere_is_an_answer() -> None:
    assert locate("").best is None
    assert locate("zzqx").places == ()


@pytest.mark.parametrize("typed", ["zzqx rue de nulle part", "3 rue Zzqx", "Port zzqx", "9 cours zzqx"])
def test_a_wrong_address_is_not_taken_for_the_commune_called_as_its_kind_of_way(typed: str) -> None:
    assert locate(typed).places == ()


Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def ban(answer: Answer) -> Iterator[tuple[str, list[str]]]:
    """Serve `answer` as an address base; yield its base URL and the paths that were asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            answer(self)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def says(body: bytes, status: int = 200) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return answer


def feature(label: object, lon: object, lat: object, score: object = 0.97) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [lon, lat]},
        "properties": {"label": label, "score": score, "type": "housenumber"},
    }


def collection(*features: object) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": list(features)}).encode()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server of the test is on this machine, whatever proxy the machine goes out by."""
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def test_the_address_base_places_the_address_itself() -> None:
    found = collection(feature("4 Rue du Test 75001 Paris", 2.34, 48.86), feature("4 Rue du Test 59000 Lille", 3, 50.6))
    with ban(says(found)) as (url, asked):
        located = locate("  4 rue du   Test ", ban_url=url, timeout_s=5)

    assert [(place.label, place.lat, place.lon) for place in located] == [
        ("4 Rue du Test 75001 Paris", 48.86, 2.34),
        ("4 Rue du Test 59000 Lille", 50.6, 3.0),
    ]
    assert {place.source for place in located} == {Source.BAN}
    assert located.places[0].score == 0.97
    assert not located.ban_failed
    assert asked[0].startswith("/search")
    assert "q=4+rue+du+Test" in asked[0]


def test_the_base_url_may_have_a_path_as_behind_a_proxy() -> None:
    with ban(says(collection(feature("Ici", 2, 48)))) as (url, asked):
        assert locate("Lille", ban_url=f"{url}/geocodage/search/", timeout_s=5).places[0].source is Source.BAN

    assert asked[0].startswith("/geocodage/search?")


def test_what_the_base_does_not_know_the_gazetteer_may() -> None:
    with ban(says(collection())) as (url, _):
        located = locate("Lille", ban_url=url, timeout_s=5)

    assert located.places[0].label == "Lille (59)"
    assert located.places[0].source is Source.COMMUNE
    assert not located.ban_failed


GARBAGE = {
    "not JSON": b"<html>maintenance</html>",
    "not UTF-8": b"\xff\xfe\x00",
    "empty": b"",
    "a list": b"[]",
    "a number": b"3",
    "another object": b'{"error": "quota"}',
    "null features": b'{"features": null, "x": 1}',
    "text for features": b'{"features": "x"}',
    "a feature of text": collection("x"),
    "no geometry": collection({"properties": {"label": "x"}}),
    "null geometry": collection({"geometry": None, "properties": {"label": "x"}}),
    "one coordinate": collection({"geometry": {"coordinates": [1]}, "properties": {"label": "x", "score": 1}}),
    "no properties": collection({"geometry": {"coordinates": [1, 2]}}),
    "no label": collection({"geometry": {"coordinates": [1, 2]}, "properties": {"score": 1}}),
    "coordinates of text": collection(feature("x", "est", "nord")),
    "off the earth": collection(feature("x", 2.0, 91.0)),
    "off the earth eastward": collection(feature("x", 1e9, 48.0)),
    "a score of text": collection(feature("x", 2.0, 48.0, "bon")),
    "not a number": b'{"features":[{"geometry":{"coordinates":[NaN,48]},"properties":{"label":"x","score":1}}]}',
}


@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage_from_the_base_falls_back_to_the_commune_and_says_so(body: bytes) -> None:
    with ban(says(body)) as (url, asked):
        located = locate("Lille", ban_url=url, timeout_s=5)

    assert asked
    assert [place.source for place in located][:1] == [Source.COMMUNE]
    assert located.ban_failed


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 503])
def test_an_error_of_the_base_falls_back_to_the_commune_and_says_so(status: int) -> None:
    with ban(says(b"{}", status)) as (url, _):
        located = locate("10 rue du Test 59000 Lille", ban_url=url, timeout_s=5)

    assert located.places[0].source is Source.COMMUNE
    assert located.ban_failed


def test_a_base_that_hangs_is_not_waited_for() -> None:
    is_over = Event()

    def hang(request: BaseHTTPRequestHandler) -> None:
        is_over.wait(30)

    with ban(hang) as (url, _):
        began = time.monotonic()
        located = locate("Lille", ban_url=url, timeout_s=0.2)
        waited = time.monotonic() - began
        is_over.set()

    assert located.ban_failed
    assert located.places[0].source is Source.COMMUNE
    assert waited < 10  # of the thirty that it would have lasted


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "https://", "pas une adresse", "ftp://127.0.0.1:1", "http://[", "http://x:y"]
)
def test_a_base_out_of_reach_is_said(url: str) -> None:
    located = locate("Lille", ban_url=url, timeout_s=1)

    assert located.ban_failed
    assert located.places[0].label == "Lille (59)"


# What is typed, and the pin


def test_typing_saint_etie_proposes_saint_etienne() -> None:
    assert suggested("saint etie")[0] == Suggestion("Saint-Étienne (42)", "42000")
    assert suggested("") == []


def test_addresses_of_the_base_come_first_when_a_number_is_typed_and_are_remembered() -> None:
    with ban(says(collection(feature("4 Rue du Test 59000 Lille", 3, 50.6)))) as (url, asked):
        first, again = suggested("4 rue du", ban_url=url), suggested("4 rue du", ban_url=url)

    assert first == again == [Suggestion("4 Rue du Test 59000 Lille", "adresse")]
    assert len(asked) == 1


def test_a_base_that_fails_leaves_the_communes_and_is_asked_again() -> None:
    with ban(says(b"{}", 503)) as (url, asked):
        first, _ = suggested("grenobl", ban_url=url), suggested("grenobl", ban_url=url)

    assert first[0].label == "Grenoble (38)"
    assert len(asked) == 2


def test_an_address_that_the_base_does_not_know_is_said_to_be_so() -> None:
    with ban(says(collection())) as (url, _):
        located = locate("999 rue de Nulle Part, Lille", ban_url=url, timeout_s=5)

    assert (located.not_in_base, located.ban_failed) == (True, False)


@pytest.mark.parametrize(
    ("typed", "meant"), [("Grenbole", "Grenoble"), ("Marselle", "Marseille"), ("Rennnes", "Rennes")]
)
def test_a_name_nearly_right_leads_to_the_commune(typed: str, meant: str) -> None:
    assert [one.name for one in close_names(typed)][:1] == [meant]


def test_nothing_is_close_to_nonsense() -> None:
    assert close_names("Xyzzyville") == close_names("") == close_names("ab") == []


@pytest.mark.parametrize(
    ("point", "around"), [((45.44, 4.39), "Saint-Étienne (42)"), ((-20.9, 55.45), "Saint-Denis (974)")]
)
def test_a_pin_put_by_hand_is_named_after_the_commune_around_it(point: tuple[float, float], around: str) -> None:
    best = pointed(*point).best

    assert best is not None
    assert (best.label, best.lat, best.lon, best.source) == (around, *point, Source.HAND)
