"""Every sequence task on one core."""

__version__ = "0.1.0"
