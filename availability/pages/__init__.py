"""Pieces of screens of availability."""
