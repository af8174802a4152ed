"""Processes that torchrun starts beside one process, on real data."""
