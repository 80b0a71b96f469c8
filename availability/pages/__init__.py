"""Screens of what exists and when it is free, one file each."""
