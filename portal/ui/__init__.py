"""The design system of the State (DSFR) as small functions; see each module."""
