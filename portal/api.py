"""The FastAPI application: routes that are not pages, in the same process and on the same port."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

from portal import auth_routes, health_routes, oauth_routes, problems, second_factor_routes
from portal.policy import public

API = "/api/v1"


def build_api(*features: APIRouter, pages: Sequence[APIRouter] = ()) -> FastAPI:
    """Return the application with the routes of the shell, of the pages, and of the features under /api/v1."""
    api = FastAPI(
        title="PlaceJuste",
        summary="Voir ce qui est libre dans la justice, et le prendre.",
        version="1",
        openapi_url=f"{API}/openapi.json",
        docs_url=None,  # its page loads scripts from elsewhere, which our content security policy refuses
        redoc_url=None,
    )
    api.add_middleware(GZipMiddleware, minimum_size=1000)
    problems.install(api)
    # A path is compared with every route before its own: programs call a thousand times where a browser posts once.
    for router in (*features, oauth_routes.router):
        api.include_router(router, prefix=API)
    for router in (health_routes.router, auth_routes.router, second_factor_routes.router, *pages):
        api.include_router(router)
    api.include_router(_unknown)
    return api


_unknown = APIRouter(include_in_schema=False, dependencies=[public()])


@_unknown.api_route("/api/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def unknown() -> None:
    """Answer a problem for an address of the API that does not exist, rather than the page not found."""
    raise HTTPException(404)
