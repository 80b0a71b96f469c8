"""Plain error pages, for what fails outside the application's own pages."""

from __future__ import annotations

from html import escape

from fastapi.responses import HTMLResponse

PAGE = """<!doctype html>
<html lang="fr" data-fr-scheme="system">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – PlaceJuste</title>
<link rel="stylesheet" href="/dsfr/dsfr.main.min.css">
<link rel="stylesheet" href="/placejuste.css">
</head>
<body>
<main class="fr-container fr-my-7w" role="main">
<h1>{title}</h1>
<p class="fr-text--sm">Erreur {status}</p>
<p class="fr-text--lead">{detail}</p>
<p><a class="fr-btn" href="/">Revenir à l’accueil</a></p>
</main>
</body>
</html>
"""


def error_page(status: int, title: str, detail: str) -> HTMLResponse:
    """Return a plain page that says what happened and leads back home."""
    page = PAGE.format(status=status, title=escape(title), detail=escape(detail))
    return HTMLResponse(page, status, headers={"Cache-Control": "no-store"})
