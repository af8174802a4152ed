"""Documents of many formats: their texts are translated, all else in them stays as it is."""

from seqtasks.documents.document import Document, DocumentOptions, Segment
from seqtasks.documents.formats import FORMATS, format_of, read_document
from seqtasks.documents.translation import DocumentReport, translate_segments

__all__ = [
    "FORMATS",
    "Document",
    "DocumentOptions",
    "DocumentReport",
    "Segment",
    "format_of",
    "read_document",
    "translate_segments",
]
