"""Sentences in another language."""
