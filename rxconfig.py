"""Reflex configuration: one app module, one port, no telemetry, DSFR instead of Radix and Tailwind."""

import reflex as rx

from portal.settings import settings
from portal.ui.dsfr import DsfrPlugin

_settings = settings()

config = rx.Config(
    app_name="portal",
    app_module_import="portal.app",
    telemetry_enabled=False,
    show_built_with_reflex=False,
    default_color_mode="light",
    frontend_port=_settings.port,
    backend_port=_settings.port,
    state_manager_mode="redis" if _settings.redis_url else "memory",
    redis_url=_settings.redis_url.get_secret_value() if _settings.redis_url else None,
    # Also what the websocket handshake compares the Origin with: a foreign page cannot open one.
    cors_allowed_origins=_settings.origins,
    trusted_proxy_hops=_settings.trusted_proxies,
    plugins=[DsfrPlugin()],
    disable_plugins=[rx.plugins.SitemapPlugin],
)
