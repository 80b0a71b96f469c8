"""Names that nobody bears: real given names, and family names that say that they are invented."""

from __future__ import annotations

from random import Random

GIVEN = {
    "F": (
        "Alice", "Amina", "Anaïs", "Aïcha", "Béatrice", "Camille", "Chloé", "Clara", "Denise", "Élodie", "Fatou",
        "Florence", "Gaëlle", "Hélène", "Inès", "Jeanne", "Karima", "Léa", "Lina", "Louise", "Maïa", "Manon",
        "Mireille", "Nadia", "Océane", "Patricia", "Rose", "Salomé", "Sofia", "Yasmine", "Zoé",
    ),
    "M": (
        "Abel", "Adrien", "Ahmed", "Antoine", "Basile", "Bruno", "Célestin", "David", "Diego", "Élias", "Éric",
        "Fabien", "Gaspard", "Hugo", "Ibrahim", "Jean", "Joël", "Karim", "Kevin", "Léo", "Louis", "Lucas", "Malik",
        "Mamadou", "Marius", "Mehdi", "Nathan", "Noé", "Omar", "Pascal", "Paul", "Quentin", "Rayan", "Samuel",
        "Théo", "Victor", "Yann", "Youssef",
    ),
}  # fmt: skip
ROOTS = (
    "Martin", "Petit", "Durand", "Moreau", "Garnier", "Lopez", "Benali", "Diallo", "Faure", "Girard", "Hoarau",
    "Klein", "Lefèvre", "Mercier", "Nguyen", "Olivier", "Payet", "Rousseau", "Silva", "Traoré", "Vidal", "Weber",
)  # fmt: skip
PATTERNS = ("{}-Exemple", "{}-Fictif", "Démo-{}", "{}-Modèle", "{}-Spécimen")


def given_name(rng: Random, sex: str) -> str:
    """Return a given name."""
    return rng.choice(GIVEN[sex])


def family_name(rng: Random) -> str:
    """Return a family name that shows that it is invented: "Martin-Exemple", "Démo-Petit"."""
    return rng.choice(PATTERNS).format(rng.choice(ROOTS))
