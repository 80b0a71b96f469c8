"""CSV files as offices send them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from availability.importers.report import FileProblem, FileRefused, Problem
from availability.importers.table import MOST_BYTES, read_table

COLUMNS = ("code", "ville")


def refused(data: bytes) -> FileRefused:
    with pytest.raises(FileRefused) as caught:
        read_table(data, COLUMNS)
    return caught.value


@pytest.mark.parametrize(
    "data",
    [
        "code,ville\nA,Évry\n".encode(),
        "code;ville\nA;Évry\n".encode(),
        "code\tville\r\nA\tÉvry\r\n".encode(),
        "\ufeffcode,ville\nA,Évry".encode(),
        "code,ville\nA,Évry\n".encode("iso-8859-1"),
        "code;ville\rA;Évry\r".encode("cp1252"),
        "code,ville\nA,Évry\n".encode("utf-16"),
        "\n\ncode,ville\n\n  \nA, Évry  \n,\n".encode(),
        'Code , "VILLE"\n"A","Évry"\n'.replace(', "', ',"').encode(),
        "ville,autre,code\nÉvry,x,A\n".encode(),
        "code,ville,,\nA,\u00a0Évry,,\n".encode(),
    ],
)
def test_a_table_is_read_whatever_its_mark_encoding_separator_and_order(data: bytes) -> None:
    table = read_table(data, COLUMNS)

    assert [(line["code"], line["ville"]) for line in table.lines] == [("A", "Évry")]
    assert table.count == 1
    assert table.remarks == []


def test_a_line_has_the_number_that_an_editor_shows() -> None:
    table = read_table(b'code,ville\n\nA,"deux\nlignes"\n\nB,fin\n', COLUMNS)

    assert [(line.number, line["code"]) for line in table.lines] == [(3, "A"), (6, "B")]
    assert table.lines[0]["ville"] == "deux lignes"


def test_a_line_with_too_many_or_too_few_values_is_set_aside_and_quoted() -> None:
    table = read_table(b"code,ville\nA,Lyon,Rh\xc3\xb4ne\nB\nC,Nice\n", COLUMNS)

    assert [line["code"] for line in table.lines] == ["C"]
    assert table.count == 3
    assert [(one.line, one.problem, one.words) for one in table.remarks] == [
        (2, Problem.TOO_MANY_VALUES, "A | Lyon | Rhône"),
        (3, Problem.TOO_FEW_VALUES, "B"),
    ]


@pytest.mark.parametrize("ville", ["Ã‰vry", "Orl\ufffdans", "BesanÃ§on"])
def test_a_damaged_accent_is_doubtful(ville: str) -> None:
    table = read_table(f"code,ville\nA,{ville}\n".encode(), COLUMNS)

    assert [(one.line, one.problem) for one in table.remarks] == [(2, Problem.GARBLED)]
    assert table.lines[0]["ville"] == ville


@pytest.mark.parametrize("ville", ["L'Haÿ-les-Roses", "Île-d’Aix", "ÉVRY", "Âge", "Saint-Rémy", "Schœlcher", "SÃO"])
def test_real_accents_are_not_taken_for_damaged_ones(ville: str) -> None:
    assert read_table(f"code,ville\nA,{ville}\n".encode(), COLUMNS).remarks == []


@pytest.mark.parametrize(
    ("data", "problem", "words"),
    [
        (b"", FileProblem.EMPTY, ""),
        (b"\xef\xbb\xbf", FileProblem.EMPTY, ""),
        (b" \n\r\n ", FileProblem.EMPTY, ""),
        (b"code,ville\n", FileProblem.NO_LINE, ""),
        (b"code,ville\n,\n\n", FileProblem.NO_LINE, ""),
        (b"code,town\nA,Lyon\n", FileProblem.MISSING_COLUMNS, "ville"),
        (b"code.ville\nA.Lyon\n", FileProblem.MISSING_COLUMNS, "code, ville"),
        (b"code,ville,code\nA,Lyon,B\n", FileProblem.COLUMN_TWICE, "code"),
        (b"PK\x03\x04\x14\x00", FileProblem.NOT_TEXT, "'\\x03'"),
        (b"code,ville\nA,L\x00\n", FileProblem.NOT_TEXT, "'\\x00'"),
        (b"\xff\xfe\x00", FileProblem.NOT_TEXT, "UTF-16"),
        (b'code,ville\nA,"Lyon\nB,Nice\n', FileProblem.BROKEN_QUOTES, "unexpected end of data"),
        ("code,ville\nA,Évry\n".encode() + b"B,Orl\xe9ans\n", FileProblem.MIXED_ENCODING, "b'\\xe9'"),
    ],
)
def test_a_file_that_is_no_such_list_is_refused_whole(data: bytes, problem: FileProblem, words: str) -> None:
    refusal = refused(data)

    assert (refusal.problem, refusal.words) == (problem, words)


def test_a_refusal_says_where() -> None:
    assert refused("code,ville\nA,Évry\n".encode() + b"B,Orl\xe9ans\n").line == 3
    assert refused(b"code,ville\nA,x\nB,\x01\n").line == 3
    assert refused(b'code,ville\nA,x\nB,"y\n').line == 3


def test_a_file_too_large_is_refused_unread() -> None:
    assert refused(b"x" * (MOST_BYTES + 1)).problem is FileProblem.TOO_LARGE


def test_a_value_longer_than_any_list_has_is_refused() -> None:
    assert refused(b"code,ville\nA," + b"x" * 200_000).problem is FileProblem.BROKEN_QUOTES


@settings(deadline=None)  # the machine may be busy
@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for start in (b"", b"code,ville\n", b"code;ville;x\r\n"):
        try:
            table = read_table(start + data, COLUMNS)
        except FileRefused:
            continue
        assert table.count == len(table.lines) + sum(one.problem is not Problem.GARBLED for one in table.remarks)
