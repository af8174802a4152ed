"""Sentences with a label per token: CoNLL, CoNLL-U, JSON lines."""
