"""The direction of imports: availability <- optimizer; availability, optimizer <- booking <- convocations."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FEATURES = {
    "availability": frozenset[str](),
    "optimizer": frozenset({"availability"}),
    "booking": frozenset({"availability", "optimizer"}),
    "convocations": frozenset({"availability", "optimizer", "booking"}),
}
PACKAGES = (*FEATURES, "portal")
# What pages/ and api.py may use of the shell.
OF_THE_SHELL = frozenset(
    f"portal.{name}"
    for name in (
        "accounts",
        "database",
        "clock",
        "identity",
        "passwords",
        "policy",
        "problems",
        "settings",
        "throttle",
        "live",
        "ui",
        "routing",
    )
)
# Pages and the wiring modules may see the framework of pages.
SEES_EVERYTHING = (
    "portal/app.py",
    "portal/jobs.py",
    "portal/solving.py",
    "portal/solve_files.py",
    "portal/solve_words.py",
    "portal/cli.py",
    "portal/delivery.py",
    "portal/mailing.py",
    "portal/night.py",
    "portal/feeds.py",
    "portal/people_imports.py",
    "portal/demo/",
    "portal/importers/",
    "portal/prepare.py",
)
RADIX = frozenset(
    {"button", "vstack", "hstack", "box", "text", "heading", "flex", "grid", "container", "card", "input", "select",
     "checkbox", "radio", "switch", "slider", "table", "tabs", "dialog", "alert_dialog", "popover", "tooltip", "badge",
     "callout", "link", "image", "icon", "spinner", "progress", "avatar", "accordion", "menu", "center", "spacer",
     "stack", "theme", "color_mode", "form", "text_area", "separator", "divider", "skeleton", "code", "list"}
)  # fmt: skip


def sources(*packages: str) -> list[Path]:
    """Return the Python files of these packages."""
    return sorted(path for package in packages for path in (ROOT / package).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Yield the full name of everything that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def ours(path: Path) -> set[str]:
    """Return the imports of a file that are of our own packages."""
    return {name for name in imported(path) if name.partition(".")[0] in PACKAGES}


def is_edge(path: Path) -> bool:
    """Say whether a file of a feature faces users: its pages, components and routes."""
    relative = path.relative_to(ROOT)
    return "pages" in relative.parts or relative.name.endswith(("api.py", "wire.py", "components.py"))


def test_the_files_are_seen() -> None:
    assert {path.parts[len(ROOT.parts)] for path in sources(*PACKAGES)} == set(PACKAGES)
    assert ROOT / "portal" / "app.py" in sources("portal")
    assert "availability.rights.Role" in set(imported(ROOT / "portal" / "identity.py"))


@pytest.mark.parametrize("feature", FEATURES)
def test_a_feature_imports_only_what_it_may_know(feature: str) -> None:
    allowed = FEATURES[feature] | {feature, "portal"}
    wrong = {
        (str(path.relative_to(ROOT)), name)
        for path in sources(feature)
        for name in ours(path)
        if name.partition(".")[0] not in allowed
    }

    assert wrong == set()


@pytest.mark.parametrize("feature", FEATURES)
def test_the_core_of_a_feature_knows_neither_the_shell_nor_reflex(feature: str) -> None:
    wrong = {
        (str(path.relative_to(ROOT)), name)
        for path in sources(feature)
        if not is_edge(path)
        for name in imported(path)
        if name.partition(".")[0] in ("portal", "reflex", "reflex_base", "fastapi", "starlette")
    }

    assert wrong == set()


@pytest.mark.parametrize("feature", FEATURES)
def test_the_edge_of_a_feature_uses_only_the_open_part_of_the_shell(feature: str) -> None:
    wrong = {
        (str(path.relative_to(ROOT)), name)
        for path in sources(feature)
        if is_edge(path)
        for name in ours(path)
        if name.startswith("portal.") and not any((name + ".").startswith(part + ".") for part in OF_THE_SHELL)
    }

    assert wrong == set()


def test_of_the_shell_only_the_wiring_sees_features() -> None:
    features = set(FEATURES) - {"availability"}
    wrong = {
        (str(path.relative_to(ROOT)), name)
        for path in sources("portal")
        if not str(path.relative_to(ROOT)).startswith(SEES_EVERYTHING)
        for name in ours(path)
        if name.partition(".")[0] in features
    }

    assert wrong == set()


def test_no_page_uses_a_component_that_pulls_radix_in() -> None:
    used = {
        (str(path.relative_to(ROOT)), node.attr)
        for path in sources(*PACKAGES)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "rx"
        if node.attr in RADIX
    }

    assert used == set()


def test_every_stylesheet_is_linked_by_every_page() -> None:
    sheets = {path.name for path in (ROOT / "assets").glob("*.css")}
    linked = set(re.findall(r'href="/(\w+\.css)"', (ROOT / "portal" / "app.py").read_text()))

    assert len(sheets) > 5
    assert linked == sheets


def test_no_committed_file_names_a_registry_or_this_workplace() -> None:
    forbidden = ("pypi." + "org", "registry." + "npmjs", "files.python" + "hosted", "../" + "shared")
    kinds = {".py", ".md", ".toml", ".lock", ".json", ".ini", ".jsx", ".css", ""}
    skipped = {".git", ".venv", ".web", ".data", "node_modules", "external", ".mypy_cache", ".ruff_cache"}
    files = [
        path
        for path in ROOT.rglob("*")
        if path.is_file() and path.suffix in kinds and not skipped.intersection(path.relative_to(ROOT).parts)
    ]
    wrong = {
        (str(path.relative_to(ROOT)), word)
        for path in files
        for word in forbidden
        if word in path.read_text(errors="ignore")
    }

    assert len(files) > 50
    assert wrong == set()


def test_a_page_watches_before_it_reads_so_that_no_change_falls_between_the_two() -> None:
    reads = {"read", "act", "self._show", "self._fill", "self._read", "self._look"}
    first: dict[str, tuple[int, int]] = {}
    for path in sources("availability", "booking", "convocations"):
        for load in ast.walk(ast.parse(path.read_text())):
            if isinstance(load, ast.AsyncFunctionDef) and load.name == "load":
                calls = [(ast.unparse(one.func), one.lineno) for one in ast.walk(load) if isinstance(one, ast.Call)]
                watched = [line for name, line in calls if name == "watch"]
                read = [line for name, line in calls if name in reads]
                if watched and read:
                    first[f"{path.relative_to(ROOT)}:{load.lineno}"] = (min(watched), min(read))

    assert len(first) > 15
    assert [where for where, (watched, read) in first.items() if watched > read] == []


# Pieces of the whole application, that a page may lay out in its own way.
SHARED_BLOCKS = frozenset({"pj-choice", "pj-main", "pj-sheet"})


def test_a_block_is_styled_by_one_stylesheet_so_that_no_page_changes_another() -> None:
    by_block: dict[str, set[str]] = {}
    for path in (ROOT / "assets").glob("*.css"):
        for selectors in re.findall(r"([^{}]+)\{", re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)):
            for block in re.findall(r"(?:^|,)\s*[a-z]*\.(pj-[a-z]+(?:-[a-z]+)*)(?![\w-])", selectors):
                by_block.setdefault(block, set()).add(path.name)

    assert len(by_block) > 100
    assert {block: sheets for block, sheets in by_block.items() if len(sheets) > 1 and block not in SHARED_BLOCKS} == {}
