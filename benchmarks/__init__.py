"""Measurements of speed, run as modules from the top folder: `python -m benchmarks.report`."""
