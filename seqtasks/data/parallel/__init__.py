"""Parallel texts: TSV, CSV, JSON lines, TMX, line-aligned files."""
