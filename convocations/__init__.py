"""Summons, messages and links: the person is convened, told and reminded."""
