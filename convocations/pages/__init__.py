"""Screens of convocations: one file a screen, with its state."""
