"""Scores of outputs against references; each has a signature that says what it depends on."""
