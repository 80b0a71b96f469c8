"""Pure planning: frozen dataclasses in, a plan out, no page and no database."""
