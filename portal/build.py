"""The pages, built once and again only when something that they are made of has changed."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / ".web"
STAMP = WEB / "placejuste-build.json"
SERVED = WEB / "build" / "client" / "index.html"
PACKAGES = ("availability", "booking", "convocations", "optimizer", "portal")
ALONE = ("rxconfig.py", "requirements.lock")

CERTIFICATES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")


class BuildFailed(RuntimeError):  # noqa: N818 - says what happened
    """The pages could not be built; the message is the end of what the tools said."""


def fingerprint() -> str:
    """Return the hash of everything that the pages are made of."""
    return f"{_digest(_sources())}-{_digest(_pins())}"


def is_built() -> bool:
    """Say whether the built pages are those of the present sources."""
    if not SERVED.exists() or not STAMP.exists():
        return False
    try:
        return bool(json.loads(STAMP.read_text())["fingerprint"] == fingerprint())
    except (ValueError, KeyError):
        return False


def build() -> bool:
    """Build the pages if they are not up to date; return whether it was needed.

    Raises: BuildFailed.
    """
    with _alone():
        if is_built():
            return False
        STAMP.unlink(missing_ok=True)
        sources = _digest(_sources())
        command = [sys.executable, "-m", "reflex", "export", "--frontend-only", "--no-zip", "--env", "prod"]
        done = subprocess.run(  # noqa: S603 - our own program, no outside input
            command, cwd=ROOT, env=reflex_environment(), capture_output=True, text=True, check=False
        )
        if done.returncode != 0 or not SERVED.exists():
            raise BuildFailed("\n".join((done.stdout + done.stderr).splitlines()[-40:]))
        _tidy_pins()
        # The sources as they were before, the pins as they are after: only the build knows the latter.
        STAMP.write_text(json.dumps({"fingerprint": f"{sources}-{_digest(_pins())}"}))
        return True


def reflex_environment() -> dict[str, str]:
    """Return the environment in which Reflex builds and serves: bun and node of our own, no telemetry."""
    own = str(Path(sys.executable).parent)
    # bun carries its own certificates: behind an outgoing proxy it needs those of the machine.
    bundle = next((path for path in CERTIFICATES if Path(path).exists()), None)
    trusted = {"NODE_EXTRA_CA_CERTS": os.environ.get("NODE_EXTRA_CA_CERTS", bundle)} if bundle else {}
    return (
        os.environ
        | trusted
        | {
            "PATH": own + os.pathsep + os.environ.get("PATH", ""),
            "REFLEX_USE_SYSTEM_BUN": "true",
            "REFLEX_TELEMETRY_ENABLED": "false",
            "REFLEX_CHECK_LATEST_VERSION": "false",
            "REFLEX_ENV_MODE": "prod",
        }
    )


def _sources() -> list[Path]:
    found = [ROOT / name for name in ALONE]
    for package in PACKAGES:
        found += [path for ending in ("*.py", "*.jsx") for path in (ROOT / package).rglob(ending)]
    # assets/external holds links that Reflex makes to our .jsx files, counted above
    found += [path for path in (ROOT / "assets").rglob("*") if "external" not in path.parts]
    return sorted(path for path in set(found) if path.is_file())


def _pins() -> list[Path]:
    return sorted((ROOT / "reflex.lock").glob("*"))


def _tidy_pins() -> None:
    # Reflex writes it now on one line, now on many: always the same form leaves nothing to commit.
    path = ROOT / "reflex.lock" / "package.json"
    path.write_text(json.dumps(json.loads(path.read_text()), indent=2) + "\n")


def _digest(paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:32]


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    WEB.mkdir(exist_ok=True)
    with (WEB / "placejuste-build.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
