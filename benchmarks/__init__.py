"""Figures against their goals: one file a claim, each against a raw baseline of the same minutes."""
