"""`placejuste solve`: a problem in a JSON file, its plan as JSON, and what it costs in French. No database."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn

import typer

from optimizer import forms
from optimizer.forms import BadForm, Fault, Solver
from optimizer.searching import Ended, Price, Progress
from portal.solve_contradictions import contradiction
from portal.solve_words import ENDED_WORDS, FAULT_WORDS, PLACE_WORDS, PRICE_WORDS, RULE_WORDS, number

CONTRADICTED = "value_error"  # of pydantic: the problem itself refused
BAD_FILE, BROKEN = 2, 1
SIGNAL = 128  # what a shell adds to the number of the signal that ended a command
POLL_S = 0.1
ONE_PRESS_S = 0.5  # what started this command often passes on a Ctrl-C that was heard already
REPORTED = 20  # lines of one kind


class Watch:
    """Hears of a search from whatever thread it speaks in, and tells it to stop."""

    def __init__(self) -> None:
        self.last: Progress | None = None
        self.stops = False

    def __call__(self, progress: Progress) -> bool:
        self.last = progress
        return self.stops


def solve(name: str, file: Path, *, seconds: float, seed: int, start: Path | None, output: Path | None) -> int:
    """Read, solve, print; return the exit code: 0 when the plan breaks no rule, 2 when a file is not of the form."""
    if name not in forms.PACKAGES:
        _fail(f"Problème inconnu : « {name} ». Possibles : {', '.join(forms.PACKAGES)}.", BAD_FILE)
    problem = _read(file, lambda data: forms.read_problem(name, data))
    first = _read(start, lambda data: forms.read_plan(name, data)) if start else None
    with interrupts_kept():  # before a library starts threads of its own
        solver = forms.solver(name)
        outcome = searched(solver, problem, seconds=seconds, seed=seed, start=first)
    price, broken = solver.price(problem, outcome.plan), solver.check(problem, outcome.plan)
    _write(output, forms.written(_result(outcome, price, broken)))
    for line in report(name, outcome, price, broken):
        typer.echo(line, err=True)
    return BROKEN if broken else 0


def report(name: str, outcome: Any, price: tuple[Price, ...], broken: list[Any]) -> Iterator[str]:
    """Yield what is said of a plan: how the search ended, the price rule by rule, what the check found."""
    yield ENDED_WORDS[outcome.ended]
    words = PRICE_WORDS[name]
    for line in price:
        yield f"  {words.get(line.rule, line.rule)} : {number(line.count)} (coût {number(line.cost)})"
    yield f"  coût total : {number(sum(line.cost for line in price))}"
    if outcome.bound is not None and outcome.ended is not Ended.PROVED:
        yield f"  aucun plan ne coûte moins que {number(outcome.bound)}"
    yield from _at_most([_broken_line(name, one) for one in broken])
    yield "Vérification : aucune règle n’est enfreinte." if not broken else f"Règles enfreintes : {len(broken)}."


def fault_line(fault: Fault) -> str:
    """Return what is wrong in a file, and where."""
    given = f" (lu : {fault.facts['given']!r})" if "given" in fault.facts else ""
    facts = {**fault.facts, "words": fault.words}
    if fault.code == CONTRADICTED:
        facts["error"] = contradiction(str(fault.facts["error"]))
    words = FAULT_WORDS.get(fault.code, fault.words).format_map(facts)
    return f"  {fault.place or 'ensemble'} : {words}{given}"


def searched(solver: Solver, problem: Any, *, seconds: float, seed: int, start: Any) -> Any:
    """Return the outcome. Ctrl-C stops the search, which then gives its best plan; a second one ends everything.

    To be called while `interrupts_kept`.
    """
    watch, found = Watch(), []
    failed: list[BaseException] = []

    def search() -> None:
        try:
            found.append(solver.solve(problem, seed=seed, limit_s=seconds, start=start, on_progress=watch))
        except BaseException as error:  # told by the main thread
            failed.append(error)

    worker = threading.Thread(target=search, name="solve", daemon=True)
    worker.start()
    asked_at = 0.0  # of the clock of the machine, which has been on for longer
    while worker.is_alive():
        if signal.sigtimedwait({signal.SIGINT}, POLL_S) and time.monotonic() > asked_at + ONE_PRESS_S:
            if watch.stops:
                typer.echo("Arrêté sans plan.", err=True)
                os._exit(SIGNAL + signal.SIGINT)  # the search is in C++: it can be left, not ended
            watch.stops, asked_at = True, time.monotonic()
            typer.echo("\nArrêt demandé : le meilleur plan trouvé suit. Ctrl-C encore pour tout arrêter.", err=True)
        _show(watch.last)
    if failed:
        raise failed[0]
    return found[0]


@contextlib.contextmanager
def interrupts_kept() -> Iterator[None]:
    """Keep Ctrl-C for `searched`, in this thread and those that it starts: a solver in C++ lets no handler run."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _show(progress: Progress | None) -> None:
    """Say on one line of the terminal where the search is; nothing in a file or a pipe."""
    if progress is None or not sys.stderr.isatty():
        return
    bound = "" if progress.bound is None else f", borne {number(progress.bound)}"
    line = f"{progress.seconds:4.0f} s : coût {number(progress.cost)}{bound}, sans place : {progress.unplaced}"
    typer.echo(f"\r\x1b[K{line}", err=True, nl=False)


def _result(outcome: Any, price: tuple[Price, ...], broken: list[Any]) -> dict[str, Any]:
    return {
        "plan": outcome.plan,
        "price": price,
        "violations": broken,
        "unplaced": outcome.unplaced,
        "ended": outcome.ended,
        "bound": outcome.bound,
    }


def _read(file: Path, read: Any) -> Any:
    try:
        return read(file.read_bytes())
    except OSError as error:
        _fail(f"Le fichier « {file} » ne peut pas être lu : {error.strerror or error}.", BAD_FILE)
    except BadForm as error:
        lines = [fault_line(one) for one in error.faults]
        _fail("\n".join([f"Le fichier « {file} » est refusé :", *_at_most(lines)]), BAD_FILE)


def _write(output: Path | None, result: str) -> None:
    if output is None:
        typer.echo(result)
        return
    try:
        output.write_text(result + "\n")
    except OSError as error:
        _fail(f"Le fichier « {output} » ne peut pas être écrit : {error.strerror or error}.", BAD_FILE)


def _broken_line(name: str, violation: Any) -> str:
    facts = {one.name: getattr(violation, one.name) for one in fields(violation) if one.name != "rule"}
    where = ", ".join(f"{PLACE_WORDS.get(key, key)} {value}" for key, value in facts.items() if value is not None)
    return f"  {RULE_WORDS[name].get(violation.rule, violation.rule)} : {where or 'ensemble'}"


def _at_most(lines: list[str]) -> list[str]:
    more = len(lines) - REPORTED
    return [*lines[:REPORTED], *([f"  … et {more} de plus"] if more > 0 else [])]


def _fail(message: str, code: int) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)
