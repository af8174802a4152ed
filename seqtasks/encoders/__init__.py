"""Encoders: from an input to a memory. Importing this package registers every built-in kind."""

from seqtasks.encoders.base import Encoder, TextEncoder
from seqtasks.encoders.cnn import CnnEncoder
from seqtasks.encoders.frames import FramesEncoder
from seqtasks.encoders.recurrent import GruEncoder, LstmEncoder, RnnEncoder
from seqtasks.encoders.transformer import TransformerEncoder

__all__ = [
    "CnnEncoder",
    "Encoder",
    "FramesEncoder",
    "GruEncoder",
    "LstmEncoder",
    "RnnEncoder",
    "TextEncoder",
    "TransformerEncoder",
]
