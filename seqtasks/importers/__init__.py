"""Models of other programs, made into bundles."""

from seqtasks.importers.importer import import_model

__all__ = ["import_model"]
