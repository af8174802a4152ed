"""Decoders: from a memory to tokens. Importing this package registers every built-in kind."""

from seqtasks.decoders.base import Decoder, DecoderOutput
from seqtasks.decoders.lstm import LstmDecoder
from seqtasks.decoders.show_and_tell import ShowAndTellDecoder
from seqtasks.decoders.show_attend_and_tell import ShowAttendAndTellDecoder
from seqtasks.decoders.transformer import TransformerDecoder
from seqtasks.decoders.transformer_ssru import TransformerSsruDecoder

__all__ = [
    "Decoder",
    "DecoderOutput",
    "LstmDecoder",
    "ShowAndTellDecoder",
    "ShowAttendAndTellDecoder",
    "TransformerDecoder",
    "TransformerSsruDecoder",
]
