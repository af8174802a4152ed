"""Catalogs of messages: what programs show, string by string."""
