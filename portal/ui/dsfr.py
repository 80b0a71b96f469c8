"""The State's design system, served untouched from /dsfr/, and the form element that a browser really posts."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import reflex as rx
from reflex_base.plugins import Plugin

VERSION = "1.15.3"
# The rest of the package (sources, legacy browsers, examples) is ten times as heavy.
KEPT = (
    "dsfr.main.min.css",
    "dsfr.module.min.js",
    "utility/icons/icons.main.min.css",
    "fonts",
    "icons",
    "favicon",
    "artwork/pictograms",
)
STATE_JS = "utils/state.js"
BUILT_ADDRESS = "const endpoint = new URL(url_str);"
SERVED_ADDRESS = """const endpoint = new URL(url_str);
  if (typeof window !== "undefined") {
    // One port serves everything: the page's own origin is the address, whichever port was free at start.
    return new URL(endpoint.pathname, window.location.origin);
  }"""


class DsfrPlugin(Plugin):
    """Copies the design system next to the built pages, and lets them be served on any port."""

    def get_frontend_development_dependencies(self, **_context: Any) -> list[str]:
        """Return the package; a development dependency, since Reflex would import a plain one in the bundle."""
        return [f"@gouvfr/dsfr@{VERSION}"]

    def pre_compile(self, **context: Any) -> None:
        """Make the built pages call the origin that they were loaded from."""
        context["add_modify_task"](STATE_JS, served_anywhere)

    def post_build(self, **context: Any) -> None:
        """Copy into the production build, before it is served."""
        _copy(Path(context["static_dir"]) / "dsfr")

    def post_compile(self, **_context: Any) -> None:
        """Copy for the development server, which serves .web/public."""
        if os.environ.get("REFLEX_ENV_MODE") == "dev":
            _copy(Path(".web/public/dsfr"))


def served_anywhere(script: str) -> str:
    """Return Reflex's state.js with the page's own origin as address of the server.

    Raises: ValueError when this version of Reflex no longer has the line that is replaced.
    """
    if SERVED_ADDRESS in script:
        return script
    if script.count(BUILT_ADDRESS) != 1:
        raise ValueError(f"{STATE_JS} has changed: look at getBackendURL again")
    return script.replace(BUILT_ADDRESS, SERVED_ADDRESS)


def _copy(target: Path) -> None:
    source = Path(".web/node_modules/@gouvfr/dsfr/dist")
    for name in KEPT:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, dirs_exist_ok=True)
        else:
            shutil.copy(source / name, target / name)


class DsfrStart(rx.Component):
    """Starts the scripts of the design system after hydration."""

    library = rx.asset("dsfr.jsx", shared=True).importable_path
    tag = "DsfrStart"

    src: rx.Var[str]


class NativeForm(rx.el.Div):  # type: ignore[misc] # Reflex loads it lazily, untyped
    """A form that the browser posts itself: `rx.el.form` always prevents it."""

    tag = "form"

    action: rx.Var[str]
    method: rx.Var[str]
    target: rx.Var[str]


class NativeLink(rx.el.Div):  # type: ignore[misc] # Reflex loads it lazily, untyped
    """A link that the browser follows itself, focus included: `rx.el.a` makes a router's link of an anchor too."""

    tag = "a"

    href: rx.Var[str]


native_form = NativeForm.create
native_link = NativeLink.create
