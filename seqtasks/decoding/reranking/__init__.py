"""Finished hypotheses, compared once more by what search does not know."""
