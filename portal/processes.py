"""Processes that never outlive the one that needs them."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1  # Linux: the signal that the kernel sends to a process whose parent dies
STOP_S = 15


class AlreadyRunning(RuntimeError):  # noqa: N818 - says what happened
    """Another process owns this folder."""

    def __init__(self, owner: str) -> None:
        super().__init__(owner)
        self.owner = owner


@contextlib.contextmanager
def ownership(folder: Path) -> Iterator[None]:
    """Be the only one to serve from this folder until the end of the block.

    Raises: AlreadyRunning.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # The kernel drops this lock with its holder, so that a kill -9 leaves nothing to clean up.
    with (folder / "owner").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise AlreadyRunning(file.read().strip()) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def die_with_parent(by: signal.Signals = signal.SIGTERM) -> None:
    """Ask the kernel to end this process when its parent dies, even by kill -9."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, by)


@contextlib.contextmanager
def child(command: list[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the end of the block, at the latest."""
    process = subprocess.Popen(command, preexec_fn=die_with_parent, **options)  # noqa: S603, PLW1509 - one thread
    try:
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end, and end it if it does not."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def seat(folder: Path, count: int) -> Iterator[bool]:
    """Have one of so many seats until the end of the block, and say whether one was free.

    Whoever shares the folder shares the seats; the kernel gives back that of a holder who dies.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        files = (stack.enter_context((folder / str(number)).open("a")) for number in range(count))
        yield any(_is_locked(file.fileno()) for file in files)


def _is_locked(descriptor: int) -> bool:
    """Lock a file, and say whether nobody else had."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
