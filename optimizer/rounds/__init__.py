"""Rounds of the teams that fit, check and remove bracelets: who goes where, which day, in which order."""
