"""Captions of videos, frame after frame."""
