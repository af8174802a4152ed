"""Sentencepiece models as what they are stored as: a list of pieces, and settings (sentencepiece_model.proto)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from seqtasks.special_tokens import BEGIN, END, PAD, UNKNOWN

BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
SPECIAL_PIECES = {PAD: "<pad>", UNKNOWN: "<unk>", BEGIN: "<s>", END: "</s>"}
UNKNOWN_PENALTY = 10.0
"""By how much sentencepiece scores a character that it does not know below its worst piece (kUnkPenalty)."""
END_OF_VOCABULARY = "<end of vocabulary>"
"""A control piece: what stands behind it are pieces that the model does not know as tokens."""
NEVER_MERGED = -1e9
"""A score below all others."""


def _messages() -> Any:
    from sentencepiece import sentencepiece_model_pb2

    return sentencepiece_model_pb2


def with_symbols(proto: bytes, symbols: Iterable[str]) -> bytes:
    """A model with user-defined pieces behind all others.

    sentencepiece itself would put them before the bytes, which have the same ids in all vocabularies.
    """
    messages = _messages()
    model = messages.ModelProto.FromString(proto)
    for symbol in symbols:
        model.pieces.add(piece=symbol, type=messages.ModelProto.SentencePiece.USER_DEFINED)
    return bytes(model.SerializeToString())


def has_bytes(proto: bytes) -> bool:
    """Whether the model spells what it lacks in UTF-8 bytes."""
    messages = _messages()
    return bool(messages.ModelProto.FromString(proto).trainer_spec.byte_fallback)


def text_pieces(proto: bytes) -> set[str]:
    """The pieces that stand for text: neither special ones nor bytes."""
    messages = _messages()
    kinds = (messages.ModelProto.SentencePiece.NORMAL, messages.ModelProto.SentencePiece.USER_DEFINED)
    return {piece.piece for piece in messages.ModelProto.FromString(proto).pieces if piece.type in kinds}


def renumbered(proto: bytes, tokens: Sequence[str]) -> bytes:
    """A model that segments as before, with the ids of this toolkit.

    Args:
        proto: Of any program.
        tokens: What the ids behind the special ids and the bytes stand for. The model may lack some of them, and have
            pieces that are none of them.

    Returns:
        A model whose special ids and bytes are those of `SubwordTokenizer`, with its other pieces behind the tokens
        and `END_OF_VOCABULARY`. Bytes are made of a text only if they were before. A token that the model lacks is made
        of a text if it is a character, as it is where programs look up what sentencepiece has left as it stood.
    """
    messages = _messages()
    model = messages.ModelProto.FromString(proto)
    kind = messages.ModelProto.SentencePiece
    kinds = (kind.NORMAL, kind.USER_DEFINED, kind.UNUSED)
    texts = {piece.piece: piece for piece in model.pieces if piece.type in kinds}
    merges = model.trainer_spec.model_type == messages.TrainerSpec.BPE
    worst = min((piece.score for piece in texts.values()), default=0.0) - UNKNOWN_PENALTY
    result = messages.ModelProto()
    result.CopyFrom(model)
    del result.pieces[:]
    for number, name in SPECIAL_PIECES.items():
        result.pieces.add(piece=name, type=kind.UNKNOWN if number == UNKNOWN else kind.CONTROL)
    for name in BYTES:
        result.pieces.add(piece=name, type=kind.BYTE if model.trainer_spec.byte_fallback else kind.CONTROL)
    taken = {*SPECIAL_PIECES.values(), *BYTES}
    known = set(tokens)
    more = [name for name in texts if name not in known]
    for name in (*tokens, *([END_OF_VOCABULARY, *more] if more else [])):
        unique = name
        while unique in taken:
            unique += "#"
        taken.add(unique)
        if name == END_OF_VOCABULARY:
            result.pieces.add(piece=name, type=kind.CONTROL)
        elif own := texts.get(name):
            result.pieces.add(piece=unique, score=own.score, type=own.type)
        elif len(name) == 1:
            result.pieces.add(piece=unique, score=worst)
        else:
            result.pieces.add(piece=unique, score=NEVER_MERGED if merges else 0.0, type=kind.UNUSED)
    settings = result.trainer_spec
    settings.pad_id, settings.unk_id, settings.bos_id, settings.eos_id = PAD, UNKNOWN, BEGIN, END
    settings.pad_piece, settings.unk_piece = SPECIAL_PIECES[PAD], SPECIAL_PIECES[UNKNOWN]
    settings.bos_piece, settings.eos_piece = SPECIAL_PIECES[BEGIN], SPECIAL_PIECES[END]
    return bytes(result.SerializeToString())
