"""Files linked to a booking: who may, what is kept, what is on the disk, what an erasure leaves."""

from __future__ import annotations

import contextlib
import io
import os
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session

from availability.errors import NotFound, Refusal
from availability.rights import Actor, Role
from availability.sealing import House, Unreadable
from booking.actions import cancel, refuse, undo_cancel
from booking.attachment_models import What
from booking.attachments import (
    MOST_FILES,
    FileLine,
    Sent,
    attach,
    detach,
    files_of,
    open_file,
    put_back,
    sweep,
)
from booking.attachments_api import name_in
from booking.dossier import dossier
from booking.file_types import DOCX, JPEG, ODT, PDF, PNG, FileRefused, media_type_of
from booking.file_words import file_refused
from booking.host_requests import undo_answer
from booking.hosting import answered_requests
from booking.models import State
from booking.outcomes import excuse
from booking.pages.dossier_words import changes, view_of
from booking.persons import NewPerson, create_person, erase_person
from booking.stays import change_stay, swap_beds, undo_stay
from booking.vault import CHUNK, Vault
from tests.booking.cycle import lines_of
from tests.booking.town import Town, make_town, request, stay
from tests.factories import NOW, in_days, make_actor, make_host

HOUSE = House(b"a secret for these tests only")
MOST = 1024 * 1024
A_PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
A_PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 17 + b"\0\0\0\0IEND\xaeB`\x82"
A_JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0" + b"\1" * 40 + b"\xff\xd9"


def zipped(*parts: tuple[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, data in parts:
            archive.writestr(name, data)
    return written.getvalue()


WORD = (("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w/>"))
OPEN = (("mimetype", ODT.encode()), ("content.xml", b"<office/>"))
A_DOCX, AN_ODT = zipped(*WORD), zipped(*OPEN)


NIGHTS = text("SELECT night, unit_id FROM bed_night WHERE holder_id = :id")


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "files")


@pytest.fixture
def town(session: Session) -> Town:
    return make_town(session)


def a_person(session: Session, town: Town) -> Any:
    new = NewPerson(family_name="Exemple", given_name="Camille", birth_on=in_days(-12000), sex="F")
    return create_person(session, town.officer, new, house=HOUSE, now=NOW, fiction=True)


def sent(name: str = "Jugement de Camille Exemple.pdf", data: bytes = A_PDF, what: What = What.JUDGMENT) -> Sent:
    return Sent.checked(name, what, data, most_bytes=MOST)


def attached(session: Session, town: Town, vault: Vault, booking_id: UUID, file: Sent | None = None) -> FileLine:
    return attach(session, town.officer, booking_id, file or sent(), house=HOUSE, vault=vault, now=NOW)


def read(session: Session, actor: Actor, booking_id: UUID, file_id: UUID, vault: Vault) -> bytes:
    _, content = open_file(session, actor, booking_id, file_id, house=HOUSE, vault=vault, now=NOW)
    return b"".join(content)


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("a.pdf", A_PDF, PDF),
        ("a.PDF", A_PDF, PDF),
        ("a.png", A_PNG, PNG),
        ("a.jpg", A_JPEG, JPEG),
        ("a.b.jpeg", A_JPEG, JPEG),
        ("a.docx", A_DOCX, DOCX),
        ("a.odt", AN_ODT, ODT),
    ],
)
def test_what_a_file_is_is_read_in_its_content(name: str, data: bytes, media_type: str) -> None:
    assert media_type_of(name, data) == media_type


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.pdf", b"", "empty"),
        ("a.exe", b"MZ" + b"\0" * 200, "type"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "type"),
        ("a.html", b"<!doctype html><script>1</script>", "type"),
        ("a.docm", A_DOCX, "type"),
        ("pdf", A_PDF, "type"),
        ("a.pdf", b"MZ" + b"\0" * 200, "mismatch"),
        ("a.pdf", b"<!doctype html><html>", "mismatch"),
        ("a.pdf", A_PDF[:-8], "mismatch"),
        ("a.pdf", A_PNG, "mismatch"),
        ("a.png", A_JPEG, "mismatch"),
        ("a.jpg", A_JPEG[:-2], "mismatch"),
        ("a.docx", AN_ODT, "mismatch"),
        ("a.odt", A_DOCX, "mismatch"),
        ("a.docx", zipped(("a", b"b")), "mismatch"),
        ("a.docx", b"PK\x03\x04" + b"\0" * 50, "mismatch"),
        ("a.odt", zipped(("content.xml", b"1"), ("mimetype", ODT.encode())), "mismatch"),
        ("a.odt", zipped(("mimetype", b"x" * len(ODT)), ("content.xml", b"1")), "mismatch"),
        ("a.docx", zipped(*WORD, ("word/vbaProject.bin", b"1")), "active"),
        ("a.docx", zipped(*WORD, ("word/embeddings/oleObject1.bin", b"1")), "active"),
        ("a.odt", zipped(*OPEN, ("Basic/Standard/Module1.xml", b"1")), "active"),
        ("a.pdf", A_PDF.replace(b"/Type", b"/OpenAction<</S/JavaScript/JS(app.alert(1))>>/Type"), "active"),
        ("a.pdf", A_PDF.replace(b"/Type", b"/S/Launch/Type"), "active"),
    ],
)
def test_what_is_not_what_its_name_says_or_acts_by_itself_is_refused(name: str, data: bytes, why: str) -> None:
    with pytest.raises(FileRefused) as caught:
        media_type_of(name, data)

    assert caught.value.facts["why"] == why
    assert name in file_refused(caught.value)


@given(st.binary(max_size=300), st.sampled_from(["a.pdf", "a.png", "a.jpg", "a.odt", "a.docx"]), st.booleans())
def test_whatever_is_sent_is_kept_or_refused(data: bytes, name: str, begins_well: bool) -> None:
    heads = {"a.pdf": b"%PDF-", "a.png": b"\x89PNG\r\n\x1a\n", "a.jpg": b"\xff\xd8\xff"}
    with contextlib.suppress(FileRefused):
        media_type_of(name, (heads.get(name, b"PK\x03\x04") if begins_well else b"") + data)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_what_is_kept_comes_back_and_is_not_on_the_disk_in_clear(vault: Vault, size: int) -> None:
    file_id, data = uuid4(), bytes(range(256)) * (size // 256 + 1)
    data = data[:size]

    vault.write(b"k" * 32, file_id, data)

    assert b"".join(vault.read(b"k" * 32, file_id)) == data
    on_disk = vault.path_of(file_id).read_bytes()
    assert data[:64] not in on_disk or size < 16
    assert vault.path_of(file_id).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("how", ["cut", "cut a chunk", "flip", "swap", "other file", "other key", "more"])
def test_what_was_altered_cannot_be_read(vault: Vault, how: str) -> None:
    file_id, other_id, piece = uuid4(), uuid4(), CHUNK + 16
    for one in (file_id, other_id):
        vault.write(b"k" * 32, one, bytes(3 * CHUNK))
    path = vault.path_of(file_id)
    data = path.read_bytes()
    altered = {
        "cut": data[:-1],
        "cut a chunk": data[: 2 * piece],
        "flip": data[:100] + bytes([data[100] ^ 1]) + data[101:],
        "swap": data[piece : 2 * piece] + data[:piece] + data[2 * piece :],
        "other file": vault.path_of(other_id).read_bytes(),
        "more": data + data[:piece],
    }
    path.write_bytes(altered.get(how, data))

    with pytest.raises(Unreadable):
        b"".join(vault.read(b"z" * 32 if how == "other key" else b"k" * 32, file_id))


def test_a_file_is_read_by_colleagues_of_the_territory_and_each_look_is_logged(
    session: Session, town: Town, vault: Vault
) -> None:
    booking = stay(session, town, in_days(2), in_days(4), person=a_person(session, town))
    line = attached(session, town, vault, booking.id)
    colleague = make_actor(Role.PROBATION_OFFICER, town.world.here)

    assert files_of(session, colleague, booking.id, house=HOUSE, now=NOW) == [line]
    assert read(session, colleague, booking.id, line.id, vault) == A_PDF
    looks = session.execute(text("SELECT actor_id, subject_id FROM consultation WHERE subject = 'booking-file'")).all()
    assert [tuple(look) for look in looks] == [(colleague.account_id, str(line.id))]
    assert lines_of(session, booking.id)[-1][0] == "booking-file-added"
    kept = session.execute(text("SELECT facts::text FROM history")).scalars()
    assert not any("Camille" in each for each in kept)


def test_neither_the_host_nor_a_stranger_nor_an_administrator_sees_a_file(
    session: Session, town: Town, vault: Vault
) -> None:
    booking = stay(session, town, in_days(2), in_days(4))
    line = attached(session, town, vault, booking.id)
    others = (
        town.world.host,
        make_host(town.world.site.organisation_id, town.world.here),
        town.world.stranger,
        make_actor(Role.ADMINISTRATOR, town.world.here),
        make_actor(Role.FAMILY_JUDGE, town.world.here),
    )
    for other in others:
        with pytest.raises(NotFound):
            files_of(session, other, booking.id, house=HOUSE, now=NOW)
        with pytest.raises(NotFound):
            open_file(session, other, booking.id, line.id, house=HOUSE, vault=vault, now=NOW)
        with pytest.raises(Refusal):
            detach(session, other, booking.id, line.id, now=NOW)
        with pytest.raises(Refusal):
            attach(session, other, booking.id, sent(), house=HOUSE, vault=vault, now=NOW)
    elsewhere = stay(session, town, in_days(2), in_days(4), bed=1)

    with pytest.raises(NotFound):
        open_file(session, town.officer, elsewhere.id, line.id, house=HOUSE, vault=vault, now=NOW)


def test_a_file_removed_is_put_back_within_ten_minutes_and_then_its_content_is_destroyed(
    session: Session, town: Town, vault: Vault
) -> None:
    booking = stay(session, town, in_days(2), in_days(4))
    line = attached(session, town, vault, booking.id)

    detach(session, town.officer, booking.id, line.id, now=NOW)
    assert files_of(session, town.officer, booking.id, house=HOUSE, now=NOW) == []
    with pytest.raises(NotFound):
        open_file(session, town.officer, booking.id, line.id, house=HOUSE, vault=vault, now=NOW)

    put_back(session, town.officer, booking.id, line.id, now=NOW + timedelta(minutes=10))
    assert read(session, town.officer, booking.id, line.id, vault) == A_PDF

    detach(session, town.officer, booking.id, line.id, now=NOW)
    with pytest.raises(NotFound):
        put_back(session, town.officer, booking.id, line.id, now=NOW + timedelta(minutes=11))
    age(vault, line.id)
    assert sweep(session, vault, now=NOW + timedelta(minutes=11)) == 1
    assert not vault.path_of(line.id).exists()
    acts = [act for act, *_ in lines_of(session, booking.id)]
    assert acts[-4:] == ["booking-file-added", "booking-file-removed", "booking-file-put-back", "booking-file-removed"]


def test_the_sweeper_takes_orphans_and_unfinished_files_and_nothing_that_serves(
    session: Session, town: Town, vault: Vault
) -> None:
    booking = stay(session, town, in_days(2), in_days(4))
    line = attached(session, town, vault, booking.id)
    orphan, recent, unfinished = uuid4(), uuid4(), uuid4()
    for one in (orphan, recent, unfinished):
        vault.write(b"k" * 32, one, b"x")
    vault.path_of(unfinished).rename(vault.path_of(unfinished).with_suffix(".part"))
    for one in (line.id, orphan):
        age(vault, one)
    age(vault, unfinished, ".part")

    assert sweep(session, vault, now=NOW) == 2
    assert vault.path_of(line.id).exists()
    assert vault.path_of(recent).exists()


def age(vault: Vault, file_id: UUID, suffix: str = "") -> None:
    """Have a file look as if it was written two hours before the tests' now."""
    at = (NOW - timedelta(hours=2)).timestamp()
    os.utime(vault.path_of(file_id).with_suffix(suffix), (at, at))


def test_erasing_somebody_makes_their_files_unreadable_and_has_them_swept(
    session: Session, town: Town, vault: Vault
) -> None:
    person = a_person(session, town)
    booking = stay(session, town, in_days(2), in_days(4), person=person)
    line = attached(session, town, vault, booking.id)
    excuse(session, town.officer, booking.id, now=NOW)

    erase_person(session, town.officer, person.id, now=NOW)

    assert files_of(session, town.officer, booking.id, house=HOUSE, now=NOW) == []
    with pytest.raises(NotFound):
        open_file(session, town.officer, booking.id, line.id, house=HOUSE, vault=vault, now=NOW)
    with pytest.raises(Unreadable):
        b"".join(vault.read(HOUSE.derived("booking-files"), line.id))
    age(vault, line.id)
    assert sweep(session, vault, now=NOW) == 1


def test_a_place_only_held_and_one_file_too_many_are_refused_and_nothing_is_written(
    session: Session, town: Town, vault: Vault
) -> None:
    held = stay(session, town, in_days(2), in_days(4), is_confirmed=False)
    with pytest.raises(FileRefused) as caught:
        attached(session, town, vault, held.id)
    assert caught.value.facts["why"] == "not-confirmed"

    booked = stay(session, town, in_days(2), in_days(4), bed=1)
    for _ in range(MOST_FILES):
        attached(session, town, vault, booked.id)
    with pytest.raises(FileRefused) as caught:
        attached(session, town, vault, booked.id)

    assert caught.value.facts["why"] == "too-many"
    assert len([path for path in vault.folder.rglob("*") if path.is_file()]) == MOST_FILES


def test_a_file_too_large_is_refused_by_its_name_and_the_limit() -> None:
    with pytest.raises(FileRefused) as caught:
        Sent.checked("long.pdf", What.OTHER, A_PDF, most_bytes=len(A_PDF) - 1)

    assert "« long.pdf »".replace(" ", "\N{NO-BREAK SPACE}") in file_refused(caught.value)
    assert Sent.checked("a\r\nb\u202efdp.exe.pdf", What.OTHER, A_PDF, most_bytes=len(A_PDF)).name == "a b fdp.exe.pdf"
    assert Sent.checked("C:\\Documents\\long.pdf", What.OTHER, A_PDF, most_bytes=len(A_PDF)).name == "long.pdf"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("attachment; filename*=UTF-8''d%C3%A9cision%20n%C2%B01.pdf", "décision n°1.pdf"),
        ('attachment; filename="a b.pdf"', "a b.pdf"),
        ("attachment", ""),
        ("attachment; filename*=UTF-8''%ff.pdf", "\ufffd.pdf"),
    ],
)
def test_the_name_of_a_file_is_read_in_its_header(header: str, name: str) -> None:
    assert name_in(header) == name


def test_a_file_added_or_removed_meanwhile_stops_nothing_from_being_taken_back(
    session: Session, town: Town, vault: Vault
) -> None:
    one = stay(session, town, in_days(1), in_days(9))
    other = stay(session, town, in_days(3), in_days(6), bed=1)
    swap_beds(session, town.officer, one.id, other.id, now=NOW)
    before = {row.night: row.unit_id for row in session.execute(NIGHTS, {"id": one.id})}
    line = attached(session, town, vault, one.id)

    cancel(session, town.officer, one.id, now=NOW)
    detach(session, town.officer, one.id, line.id, now=NOW)
    undo_cancel(session, town.officer, one.id, now=NOW)

    assert {row.night: row.unit_id for row in session.execute(NIGHTS, {"id": one.id})} == before

    change_stay(session, town.officer, one.id, first=in_days(1), until=in_days(8), unit_id=None, now=NOW)
    attached(session, town, vault, one.id)
    assert undo_stay(session, town.officer, one.id, now=NOW).until_on == in_days(9)


def test_a_file_added_to_a_request_is_not_an_answer_of_whoever_adds_it(
    session: Session, town: Town, vault: Vault
) -> None:
    host = town.world.host
    asked = request(session, town, in_days(1), in_days(9))
    refuse(session, host, asked.id, reason="full", now=NOW)
    told = answered_requests(session, host, now=NOW)

    attached(session, town, vault, asked.id)

    assert answered_requests(session, host, now=NOW) == told
    assert told[0].reason == "full"
    assert undo_answer(session, host, asked.id, now=NOW).state == State.REQUESTED


def test_a_stale_sheet_tells_what_changed_and_not_the_file_added_after(
    session: Session, town: Town, vault: Vault
) -> None:
    one = stay(session, town, in_days(1), in_days(9))
    line = attached(session, town, vault, one.id)
    seen = one.revision
    change_stay(session, town.officer, one.id, first=in_days(1), until=in_days(8), unit_id=None, now=NOW)
    detach(session, town.officer, one.id, line.id, now=NOW)

    told = changes(view_of(dossier(session, town.officer, one.id, now=NOW), now=NOW), one.revision - seen)
    assert len(told) == 1
    assert "fichier" not in told[0]

    cancel(session, town.officer, one.id, now=NOW)
    line = attached(session, town, vault, one.id)
    assert view_of(dossier(session, town.officer, one.id, now=NOW), now=NOW).can_undo
