"""Screens of booking: one file a screen, with its state."""
