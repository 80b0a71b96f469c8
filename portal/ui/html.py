"""HTML written by functions: whatever is not HTML already is escaped, so that nothing can be forgotten. Pure."""

from __future__ import annotations

from html import escape

VOID = frozenset({"br", "img", "input", "link", "meta"})


class Html(str):
    """Text that is HTML already; any other text is escaped when it is put inside."""

    __slots__ = ()


Child = str | None


def tag(name: str, /, *children: Child, **attributes: str | bool | None) -> Html:
    """Return an element. An attribute that is True stands alone; None and False leave it out; `class_` is `class`."""
    opening = Html(f"<{name}{''.join(_attribute(key, value) for key, value in attributes.items())}>")
    return opening if name in VOID else Html(f"{opening}{joined(*children)}</{name}>")


def joined(*children: Child) -> Html:
    """Return children one after the other, those that are None left out."""
    return Html("".join(_written(child) for child in children if child is not None))


def _written(child: str) -> str:
    return child if isinstance(child, Html) else escape(child)


def _attribute(key: str, value: str | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(value)}"'
