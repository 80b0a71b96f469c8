"""Screens of the shell: home, sign-in, page not found."""
