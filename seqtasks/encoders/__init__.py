"""Encoders: from an input to a memory. Importing this package registers every built-in kind."""

from seqtasks.encoders.bag_of_words import BagOfWordsEncoder
from seqtasks.encoders.base import CausalEncoder, Encoder, TextEncoder
from seqtasks.encoders.cnn import CnnEncoder
from seqtasks.encoders.cnn_lstm import CnnLstmEncoder
from seqtasks.encoders.recurrent import GruEncoder, LstmEncoder, RnnEncoder
from seqtasks.encoders.text_cnn import TextCnnEncoder
from seqtasks.encoders.transformer import TransformerEncoder

__all__ = [
    "BagOfWordsEncoder",
    "CausalEncoder",
    "CnnEncoder",
    "CnnLstmEncoder",
    "Encoder",
    "GruEncoder",
    "LstmEncoder",
    "RnnEncoder",
    "TextCnnEncoder",
    "TextEncoder",
    "TransformerEncoder",
]
