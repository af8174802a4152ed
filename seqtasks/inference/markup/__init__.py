"""Texts with inline tags and protected spans, translated."""

from seqtasks.inference.markup.translation import translate_markup

__all__ = ["translate_markup"]
