"""Which passwords are strong enough: long, and not what an attacker tries first.

NIST SP 800-63B, section 3.1.1.2: length and a list of bad ones, no rule of composition, no change by the calendar.
"""

from __future__ import annotations

from collections.abc import Iterable

from zxcvbn import zxcvbn

from availability.errors import InvalidRequest
from portal.sign_in import same_keys

LEAST, MOST = 12, 200
WORDS = {
    "too-short": f"Le mot de passe doit avoir au moins {LEAST} caractères.",
    "too-long": f"Le mot de passe doit avoir au plus {MOST} caractères.",
    "too-easy": "Ce mot de passe se devine : prenez plusieurs mots sans rapport entre eux, ou une phrase à vous.",
}
LEAST_SCORE = 3  # of 4: more than 10^8 guesses
READ_AT_MOST = 72  # of what is typed: the estimate takes a time that grows with it


def checked(password: str, *, about: Iterable[str] = ()) -> str:
    """Return a password that is strong enough. `about`: the login, the name and what else an attacker would try.

    Raises: InvalidRequest.
    """
    normal = same_keys(password)
    if len(normal) < LEAST:
        raise InvalidRequest("password", "too-short", least=LEAST)
    if len(normal) > MOST:
        raise InvalidRequest("password", "too-long", most=MOST)
    words = [word for one in (*about, "placejuste", "justice") for word in (one, *one.split()) if word]
    if zxcvbn(normal[:READ_AT_MOST], user_inputs=words)["score"] < LEAST_SCORE:
        raise InvalidRequest("password", "too-easy")
    return normal
