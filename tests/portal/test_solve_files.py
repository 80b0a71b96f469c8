"""`placejuste solve`: what it prints where, its exit codes, and Ctrl-C."""

from __future__ import annotations

import json
import re
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from optimizer import forms
from optimizer.forms import Solver
from optimizer.searching import Progress
from portal.cli import app
from portal.solve_contradictions import contradiction
from portal.solve_files import interrupts_kept, searched
from portal.solve_words import PRICE_WORDS, RULE_WORDS, number
from tests.optimizer.test_forms import EXAMPLES

run = CliRunner().invoke


def written(folder: Path, text: str, name: str = "problem.json") -> str:
    (folder / name).write_text(text)
    return str(folder / name)


@pytest.mark.parametrize("name", forms.PACKAGES)
def test_the_plan_is_on_one_output_and_its_price_in_french_on_the_other(name: str, tmp_path: Path) -> None:
    done = run(app, ["solve", name, written(tmp_path, EXAMPLES[name]), "--seconds", "5", "--seed", "1"])
    result = json.loads(done.stdout)

    assert done.exit_code == 0, done.stderr
    assert list(result) == ["plan", "price", "violations", "unplaced", "ended", "bound"]
    assert result["violations"] == result["unplaced"] == []
    assert "Vérification : aucune règle n’est enfreinte." in done.stderr
    assert all(PRICE_WORDS[name][line["rule"]] in done.stderr for line in result["price"])
    assert RULE_WORDS[name]


def test_a_result_can_be_kept_in_a_file_and_be_the_start_of_another(tmp_path: Path) -> None:
    problem, result = written(tmp_path, EXAMPLES["shares"]), tmp_path / "result.json"
    first = run(app, ["solve", "shares", problem, "--output", str(result)])
    again = run(app, ["solve", "shares", problem, "--start", str(result)])

    assert (first.exit_code, first.stdout) == (0, "")
    assert json.loads(again.stdout)["plan"] == json.loads(result.read_text())["plan"]


def test_a_bad_file_is_refused_with_the_place_and_the_words(tmp_path: Path) -> None:
    problem = json.loads(EXAMPLES["shares"])
    problem["measures"][1]["load"] = "deux"
    problem["measures"][2]["color"] = "red"
    del problem["professionals"][0]["capacity"]
    done = run(app, ["solve", "shares", written(tmp_path, json.dumps(problem))])

    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.splitlines()[1:] == [
        "  professionals[0].capacity : champ obligatoire absent",
        "  measures[1].load : un nombre entier est attendu (lu : 'deux')",
        "  measures[2].color : champ inconnu (lu : 'red')",
    ]


@pytest.mark.parametrize(
    ("said", "french"),
    [
        ("a case takes no time", "une affaire ne dure rien"),
        ("A: ends before it starts", "A : la journée finit avant son début"),
        ("request twice: A", "demande présente deux fois : A"),
        ("measure m: a distance is between 0 and 9 m", "mesure m : une distance va de 0 à 9 m"),
        ("weights: moved_m is -1, not between 0 and 9", "weights : moved_m vaut -1, hors de 0 à 9"),
        ("something else", "something else"),
    ],
)
def test_what_contradicts_itself_is_said_in_french(said: str, french: str) -> None:
    assert contradiction(said) == french


def test_no_sentence_of_the_problems_is_left_in_english() -> None:
    calls = re.compile(r'(?:_refuse\(.*?, |raise ValueError\(|^ +\((?="(?:a|two) ))f?"([^"]+)"[,)]', re.MULTILINE)
    for path in (*Path("optimizer").glob("*/problem.py"), Path("optimizer/hearings/weights.py")):
        for template in calls.findall(path.read_text()):
            said = re.sub(r"{[^}]+}", "7", template.replace("{what}", "measure"))
            assert contradiction(said) != said


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("shares", "[1", "ensemble : ce n’est pas du JSON"),
        (
            "shares",
            '{"professionals": [], "measures": [{"id": "m", "kind": "k", "load": 0}]}',
            "measures[0] : m : load vaut 0, hors de 1 à",
        ),
        ("shares", None, "ne peut pas être lu"),
        ("chess", "{}", "Possibles : hearings"),
    ],
)
def test_what_cannot_be_solved_is_a_sentence_and_the_code_2(
    name: str, text: str | None, said: str, tmp_path: Path
) -> None:
    file = written(tmp_path, text) if text is not None else str(tmp_path / "absent.json")
    done = run(app, ["solve", name, file])

    assert done.exit_code == 2
    assert said in done.stderr


def test_a_plan_that_breaks_a_rule_is_told_and_is_the_code_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from optimizer.shares.plan import Plan

    solver = forms.solver("shares")

    def wrong(problem: Any, **options: Any) -> Any:
        return replace(solver.solve(problem, work_limit=0), plan=Plan(given={"26/01240": "Anna"}))

    monkeypatch.setattr(forms, "solver", lambda name: replace(solver, solve=wrong))
    done = run(app, ["solve", "shares", written(tmp_path, EXAMPLES["shares"])])

    assert done.exit_code == 1
    assert "langue manquante : mesure 26/01240, professionnel Anna" in done.stderr
    assert "Règles enfreintes : 2." in done.stderr


def test_the_help_names_each_problem() -> None:
    assert all(name in run(app, ["solve", "--help"]).output for name in forms.PACKAGES)


def test_ctrl_c_gives_the_best_plan_so_far(capsys: pytest.CaptureFixture[str]) -> None:
    main = threading.main_thread().ident
    assert main is not None
    told = []

    def endless(problem: Any, *, on_progress: Any, **options: Any) -> str:
        signal.pthread_kill(main, signal.SIGINT)
        while not on_progress(Progress(seconds=1, cost=2)):
            told.append(problem)
        return "the best so far"

    solver = Solver(name="x", problem=dict, plan=dict, solve=endless, check=lambda *_: [], price=lambda *_: ())

    with interrupts_kept():
        found = searched(solver, "problem", seconds=1, seed=1, start=None)

    assert found == "the best so far"
    assert "Arrêt demandé" in capsys.readouterr().err


def test_what_goes_wrong_in_the_search_surfaces() -> None:
    def broken(problem: Any, **options: Any) -> Any:
        raise ZeroDivisionError

    solver = Solver(name="x", problem=dict, plan=dict, solve=broken, check=lambda *_: [], price=lambda *_: ())

    with pytest.raises(ZeroDivisionError), interrupts_kept():
        searched(solver, "problem", seconds=1, seed=1, start=None)


def test_numbers_are_written_in_french() -> None:
    assert [number(one) for one in (0, 1234.0, 1234567.25)] == ["0", "1\u202f234", "1\u202f234\u202f567,2"]
