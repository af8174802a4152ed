"""Captions of clips, frame after frame."""
