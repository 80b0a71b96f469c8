"""The address of a calendar of elsewhere, and where one may not go from inside. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit, urlunsplit

from availability.claims import readable
from availability.errors import InvalidRequest

LONGEST = 2000
PORTS = frozenset({443, 8443})
# As calendars are subscribed to: webcal is https with another name.
SCHEMES = {"https": "https", "webcal": "https", "webcals": "https"}
NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052
INSIDE = (".localhost", ".local", ".internal", ".lan", ".home.arpa")


@dataclass(frozen=True)
class Address:
    """Where a calendar is. The whole address may open it to anybody: only the host is shown."""

    url: str = field(repr=False)
    host: str


def address_of(typed: str, *, allows_inside: bool = False) -> Address:
    """Return the address that somebody typed, or that a server sends to. `allows_inside` also lets http through.

    Raises: InvalidRequest.
    """
    typed = readable("url", typed)
    if not typed or len(typed) > LONGEST:
        raise InvalidRequest("url", "too-long" if typed else "missing")
    parts, port = _parts(typed if "://" in typed else f"https://{typed}")
    scheme = SCHEMES.get(parts.scheme) or ("http" if allows_inside and parts.scheme == "http" else "")
    if not scheme:
        raise InvalidRequest("url", "not-https")
    if parts.username is not None or parts.password is not None:
        raise InvalidRequest("url", "has-password")
    host = (parts.hostname or "").rstrip(".").lower()
    if not host:
        raise InvalidRequest("url", "unreadable")
    if not allows_inside and (_is_inside(host) or (port or 443) not in PORTS):
        raise InvalidRequest("url", "inside", host=host)
    netloc = f"[{host}]" if ":" in host else host
    path = parts.path or "/"
    return Address(urlunsplit((scheme, f"{netloc}:{port}" if port else netloc, path, parts.query, "")), host)


def is_public(address: str) -> bool:
    """Say whether an IP address is one of the Internet, and hides none that is not."""
    found = ip_address(address.partition("%")[0])
    return all(one.is_global and not (one.is_multicast or one.is_reserved) for one in (found, *_within(found)))


def _within(address: IPv4Address | IPv6Address) -> list[IPv4Address]:
    """Return the IPv4 addresses that an IPv6 one leads to."""
    if isinstance(address, IPv4Address):
        return []
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in NAT64:
        found.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [one for one in found if one is not None]


def _parts(url: str) -> tuple[SplitResult, int | None]:
    if any(letter.isspace() or not letter.isprintable() for letter in url) or "\\" in url:
        raise InvalidRequest("url", "unreadable")
    try:
        parts = urlsplit(url)
        return parts, parts.port
    except ValueError as error:
        raise InvalidRequest("url", "unreadable") from error


def _is_inside(host: str) -> bool:
    try:
        return not is_public(host)
    except ValueError:  # a name: what it leads to is checked when connecting
        return "." not in host or f".{host}".endswith(INSIDE)
