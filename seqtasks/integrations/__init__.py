"""Trained models inside other libraries."""
