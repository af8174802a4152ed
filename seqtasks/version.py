"""The version of seqtasks."""

__version__ = "0.2.0"
