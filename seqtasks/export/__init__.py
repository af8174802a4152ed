"""Trained models in the forms of other programs, which run them without seqtasks."""

from seqtasks.export.argos import write_argos
from seqtasks.export.ctranslate2 import write_ctranslate2
from seqtasks.export.huggingface import write_huggingface
from seqtasks.export.onnx import write_onnx

__all__ = ["WRITERS", "write_argos", "write_ctranslate2", "write_huggingface", "write_onnx"]

WRITERS = {
    "argos": write_argos,
    "ctranslate2": write_ctranslate2,
    "huggingface": write_huggingface,
    "onnx": write_onnx,
}
"""What writes each form: a file for Argos Translate, else a directory."""
