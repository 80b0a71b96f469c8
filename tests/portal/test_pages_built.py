"""The built pages: neither Radix nor Tailwind, served on whichever port is free, in French."""

from __future__ import annotations

import json
import re

import pytest

from portal.build import ROOT, WEB, build, is_built
from portal.ui.dsfr import BUILT_ADDRESS, SERVED_ADDRESS, served_anywhere

CLIENT = WEB / "build" / "client"


@pytest.fixture(scope="module", autouse=True)
def _built() -> None:
    build()


def test_no_package_of_radix_nor_tailwind_is_installed() -> None:
    package = json.loads((WEB / "package.json").read_text())
    names = {*package["dependencies"], *package["devDependencies"]}

    assert "@gouvfr/dsfr" in names
    assert [name for name in names if "radix" in name or "tailwind" in name] == []


def test_every_sheet_of_styles_is_on_the_pages() -> None:
    page = (CLIENT / "index.html").read_text()
    sheets = [path.name for path in (ROOT / "assets").glob("*.css")]

    assert len(sheets) > 3
    assert [name for name in sheets if f'href="/{name}"' not in page] == []


def test_no_page_imports_radix_nor_tailwind() -> None:
    pages = [*(WEB / "app").rglob("*.jsx"), *(WEB / "app_components").rglob("*.jsx")]
    wrong = [path.name for path in pages if any(word in path.read_text() for word in ("@radix-ui", "tailwind"))]

    assert len(pages) > 3
    assert wrong == []


def test_the_bundle_knows_no_port_of_its_own() -> None:
    scripts = [path.read_text() for path in (CLIENT / "assets").glob("*.js")]

    assert any("window.location.origin" in script for script in scripts)


def test_the_change_made_to_the_framework_is_made_once_or_not_at_all() -> None:
    script = f"before\n  {BUILT_ADDRESS}\n  after"

    once = served_anywhere(script)

    assert SERVED_ADDRESS in once
    assert served_anywhere(once) == once
    with pytest.raises(ValueError, match="changed"):
        served_anywhere("another version")


def test_pages_are_built_once() -> None:
    assert is_built()
    assert not build()


def test_pages_are_prerendered_in_french() -> None:
    home = (CLIENT / "index.html").read_text()

    assert re.search(r'<html[^>]* lang="fr"', home)
    assert "Ce qui est libre, tout de suite" in home
    assert 'class="fr-skiplinks"' in home
