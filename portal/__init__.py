"""The shell: one application object, sign-in, rights at the edge, design system, command line."""
