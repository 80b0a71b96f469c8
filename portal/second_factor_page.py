"""The pages of the second proof: plain HTML, no script. Pure."""

from __future__ import annotations

import segno

from portal.second_factor import Enrolment, SecondStep
from portal.ui.html import Html, tag
from portal.ui.plain import plain_headers, plain_style

STYLE = plain_style()
HEADERS = plain_headers(STYLE)
ASKED, SET_UP, NOTED = "Votre code", "Protéger votre compte", "Vos codes de secours"
FAILED = "Une erreur technique est survenue. Rien n’a changé : vous pouvez réessayer."
WHY = (
    "Votre compte ouvre des dossiers de justice : le mot de passe seul ne suffit pas. Une application de votre"
    " téléphone donnera un code de six chiffres à chaque connexion."
)
HOW = "Installez une application de codes (FreeOTP, Aegis…), ouvrez-la, et visez ce carré."
LOST = "Téléphone perdu ? Tapez un code de secours. Si vous n’en avez plus, demandez à votre administrateur local."
KEEP = (
    "Imprimez ou recopiez ces codes et gardez-les hors de ce poste. Chacun ouvre votre compte une fois, si vous perdez"
    " votre téléphone. Ils ne seront plus montrés."
)


def proof_page(suite: str, said: str = "") -> str:
    """Return the page that asks for a code."""
    return _page(
        ASKED,
        _error(said),
        tag("p", "Ouvrez votre application de codes et recopiez les six chiffres."),
        _form(SecondStep.GIVE, suite, "Se connecter"),
        tag("p", LOST),
    )


def enrolment_page(enrolment: Enrolment, suite: str, said: str = "") -> str:
    """Return the page on which an application is set up."""
    drawing = segno.make(enrolment.address, micro=False).svg_data_uri(scale=5, border=2, light="white", dark="black")
    spaced = " ".join(enrolment.secret[start : start + 4] for start in range(0, len(enrolment.secret), 4))
    return _page(
        SET_UP,
        _error(said),
        tag("p", WHY),
        tag("p", HOW),
        tag("p", tag("img", src=drawing, alt="Code à viser avec l’application")),
        tag("p", "Ou tapez cette clé dans l’application : ", tag("strong", spaced)),
        _form(SecondStep.SET_UP, suite, "Vérifier et continuer"),
    )


def codes_page(codes: list[str], suite: str) -> str:
    """Return the page that shows recovery codes, once."""
    listed = tag("ol", *(tag("li", tag("code", one)) for one in codes))
    go_on = tag("div", tag("a", "J’ai gardé mes codes, continuer", href=suite, class_="act main"), class_="acts")
    return _page(NOTED, tag("p", KEEP), listed, go_on)


def failed_page(said: str) -> str:
    """Return a page that only says something."""
    return _page(ASKED, _error(said))


def _form(address: SecondStep, suite: str, button: str) -> Html:
    box = tag(
        "input",
        name="code",
        id="code",
        inputmode="text",
        autocomplete="one-time-code",
        maxlength="40",
        required=True,
        autofocus=True,
    )
    return tag(
        "form",
        tag("input", type="hidden", name="suite", value=suite),
        tag("div", tag("label", "Code", for_="code"), box, class_="field"),
        tag("div", tag("button", button, class_="main"), class_="acts"),
        method="post",
        action=address.value,
    )


def _error(said: str) -> Html | None:
    return tag("p", said, class_="say", role="alert") if said else None


def _page(title: str, *children: Html | None) -> str:
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width,initial-scale=1"),
        tag("meta", name="robots", content="noindex"),
        tag("title", f"{title} – PlaceJuste"),
        tag("link", rel="icon", href="data:,"),
        tag("style", STYLE),
    )
    body = tag("body", tag("main", tag("h1", title), *children), tag("footer", tag("p", "PlaceJuste")))
    return "<!doctype html>" + tag("html", head, body, lang="fr")
