"""People to beds, over nights."""
