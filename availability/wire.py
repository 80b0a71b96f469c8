"""What travels over the API, whatever the feature: bounded values, lists and their cursors, conditional answers.

Bounds are chosen so that no value that passes can fail further down: identifiers fit a bigint, texts hold no NUL,
dates and instants stay where arithmetic on them does.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Coroutine
from datetime import UTC, date, datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, HTTPException, Path, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import OAuth2
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter
from pydantic_core import PydanticCustomError
from starlette.types import Message, Receive

from availability.errors import InvalidRequest

T = TypeVar("T")

MOST_DAYS = 366  # of one look at availability
MOST_BODY_BYTES = 64 * 1024
BIGINT = 2**63 - 1

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})?")


def _written_date(value: object) -> object:
    """Refuse what pydantic would read as a date without it being one: numbers, instants at midnight."""
    if isinstance(value, str) and not _DATE.fullmatch(value):
        raise PydanticCustomError("date_parsing", "a date is written YYYY-MM-DD")
    if isinstance(value, (int, float)):
        raise PydanticCustomError("date_parsing", "a date is written YYYY-MM-DD")
    return value


def _written_instant(value: object) -> object:
    if isinstance(value, datetime):
        return value
    found = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise PydanticCustomError("datetime_parsing", "an instant is written as in RFC 3339")
    if found.group(3) is None:
        raise PydanticCustomError("timezone_aware", "an instant carries its offset")
    return value


Day = Annotated[date, BeforeValidator(_written_date), Field(ge=date(2000, 1, 1), le=date(2100, 1, 1))]
BirthDay = Annotated[date, BeforeValidator(_written_date), Field(ge=date(1880, 1, 1), le=date(2100, 1, 1))]
Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_written_instant),
    Field(ge=datetime(2000, 1, 1, tzinfo=UTC), le=datetime(2100, 1, 1, tzinfo=UTC)),
]
Identifier = Annotated[int, Field(strict=True, ge=1, le=BIGINT)]  # in a body: 12, not "12"
IdentifierInPath = Annotated[int, Path(ge=1, le=BIGINT)]
Line = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*$")]  # printable, on one line
Flag = Annotated[bool, Field(strict=True)]


class BoundedRoute(APIRoute):
    """A route that refuses a large body with a problem; the framework's own limit answers a plain text."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, given a request that stops being read once it is too large."""
        handle = super().get_route_handler()

        async def bounded(request: Request) -> Response:
            return await handle(Request(request.scope, _bounded(request.receive)))

        return bounded


def _bounded(receive: Receive) -> Receive:
    read = 0

    async def bounded() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > MOST_BODY_BYTES:
            raise HTTPException(413)
        return message

    return bounded


class Given(BaseModel):
    """What a program sends: unknown fields are refused, for a misspelt one would be ignored in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Told(BaseModel):
    """What a program is answered."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, from_attributes=True)


class Listed(Told, Generic[T]):
    """A part of a list; `next` is the cursor of the following part, null at the end."""

    items: list[T]
    next: str | None = None


class Problem(BaseModel):
    """Why the answer is no (RFC 9457). `title` and `detail` are French; `type` is what a program compares."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str


def refusals(*statuses: int, **members: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    """Return the part of a route's description that lists its problems, with the schemas of their extra members."""
    schema = Problem.model_json_schema()
    schema["properties"] |= members
    content = {"application/problem+json": {"schema": schema}}
    return {status: {"description": _WHY[status], "content": content} for status in statuses}


_WHY = {
    304: "Not modified since the given ETag.",
    400: "The body cannot be read.",
    401: "No valid token or session.",
    403: "The role of the caller does not cover this.",
    404: "No such thing, or not for this caller: the two are answered alike.",
    409: "Understood, and the answer is no; `type` says why.",
    412: "Changed since the ETag given with If-Match.",
    413: "The body is too large.",
    422: "A value cannot be used; `errors` or `field` names it.",
}
READ = {304: {"description": _WHY[304]}, **refusals(401, 403, 422)}
WRITE = refusals(400, 401, 403, 404, 409, 413, 422)

# Only describes, in the OpenAPI document, how a program signs in: the policy of each route is what decides.
_FLOW = {"clientCredentials": {"tokenUrl": "/api/v1/oauth/token", "scopes": {}}}
BEARER = Depends(OAuth2(flows=_FLOW, scheme_name="client_credentials", auto_error=False))


def cursor_of(position: object, scope: str) -> str:
    """Return the opaque cursor of a position in the list that `scope` names: who asks, and for what.

    The sum is no secret, and needs none: a cursor only says where to go on, rights are checked on every part. It
    is there so that an altered cursor, or one of another search, is refused rather than misread.
    """
    return _sealed(json.dumps(position, default=str).encode(), scope)


def position_in(cursor: str, scope: str, shape: TypeAdapter[T]) -> T:
    """Return the position that a cursor of this list holds. Raises: InvalidRequest."""
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        # Compared as written: base64 has several spellings of the same bytes.
        if _sealed(packed[8:], scope) == cursor:
            return shape.validate_json(packed[8:])
    except (binascii.Error, ValueError) as error:
        raise InvalidRequest("cursor", "altered") from error
    raise InvalidRequest("cursor", "altered")


def _sealed(written: bytes, scope: str) -> str:
    return base64.urlsafe_b64encode(_sum(written, scope) + written).decode().rstrip("=")


def _sum(written: bytes, scope: str) -> bytes:
    return hashlib.blake2b(written, digest_size=8, key=hashlib.sha256(scope.encode()).digest()).digest()


def answer(request: Request, told: Told, *, tag: str | None = None) -> Response:
    """Return a body with its ETag, or 304 when the caller has it already.

    The tag is weak, unless one is given: the same body leaves compressed or not.
    """
    body = told.model_dump_json(by_alias=True).encode()
    tag = tag or f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie"}
    if _has(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def _has(if_none_match: str, tag: str) -> bool:
    known = {one.strip().removeprefix("W/") for one in if_none_match.split(",")}
    return "*" in known or tag.removeprefix("W/") in known
