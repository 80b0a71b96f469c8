"""Measures to professionals: mediations, protection measures, social investigations, expert reports, in fair shares."""
