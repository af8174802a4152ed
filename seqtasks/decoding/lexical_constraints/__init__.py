"""Phrases that outputs contain, and the beam search that sees to it."""
