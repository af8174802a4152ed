"""Marian models as transformers writes them, with random weights and text processors of a toy language."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import torch

WORDS = """
    the a this dog cat house child garden tree river street morning evening runs sleeps sees likes finds buys small
    large green old new quickly often never without with behind before because although children's don't Hamburg Anna
    17 1998 über Straße schön Größe
""".split()  # noqa: SIM905


def sentences(count: int, seed: int) -> list[str]:
    """Texts of three to nine words."""
    random = Random(seed)
    return [" ".join(random.choices(WORDS, k=random.randint(3, 9))) + random.choice(".?!") for _ in range(count)]


@dataclass(frozen=True)
class MarianDirectory:
    """What makes one such model differ from another."""

    separate_vocabs: bool = False
    tied: bool = True
    activation: str = "swish"
    scale_embedding: bool = True
    dtype: str = "float32"
    codes: tuple[str, ...] = ()
    model_type: str = "unigram"

    def write(self, path: Path, *, end_bias: float = 0.0) -> Path:
        """Writes the directory; `end_bias` is added to the logit of the end, so that outputs end."""
        from transformers import MarianConfig, MarianMTModel

        path.mkdir(parents=True)
        pieces = {
            side: train_sentencepiece(path / f"{side}.spm", sentences(400, seed), self.model_type)
            for seed, side in enumerate(("source", "target"))
        }
        codes = [f">>{code}<<" for code in self.codes]
        if self.separate_vocabs:
            ids = vocabulary(path / "vocab.json", [*codes, *pieces["source"]])
            target_ids = vocabulary(path / "target_vocab.json", pieces["target"])
        else:
            target_ids = ids = vocabulary(path / "vocab.json", [*codes, *pieces["source"], *pieces["target"]])
        names = {"source_lang": "eng", "target_lang": "deu", "separate_vocabs": self.separate_vocabs}
        (path / "tokenizer_config.json").write_text(json.dumps(names))
        config = MarianConfig(
            vocab_size=len(ids), decoder_vocab_size=len(target_ids), d_model=32, encoder_layers=2, decoder_layers=1,
            encoder_attention_heads=4, decoder_attention_heads=2, encoder_ffn_dim=48, decoder_ffn_dim=40,
            activation_function=self.activation, scale_embedding=self.scale_embedding, tie_word_embeddings=self.tied,
            share_encoder_decoder_embeddings=not self.separate_vocabs, num_beams=4, max_length=100,
            pad_token_id=target_ids["<pad>"], decoder_start_token_id=target_ids["<pad>"],
            eos_token_id=0, forced_eos_token_id=None, bad_words_ids=None,
        )  # fmt: skip
        torch.manual_seed(1)
        model = MarianMTModel(config).eval()
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if "embed_positions" not in name:
                    parameter.add_((0.6 if "layers" in name else 0.2) * torch.randn_like(parameter))
            model.final_logits_bias.normal_()
            model.final_logits_bias[0, 0] += end_bias
        model.to(getattr(torch, self.dtype)).save_pretrained(path)
        return path


def train_sentencepiece(path: Path, texts: Iterable[str], model_type: str = "unigram", **ids: int) -> list[str]:
    """Writes a model as other programs have them; returns its pieces that stand for text."""
    from sentencepiece import SentencePieceProcessor, SentencePieceTrainer

    with path.open("wb") as file:
        SentencePieceTrainer.train(
            sentence_iterator=iter(texts), model_writer=file, vocab_size=120, model_type=model_type,
            hard_vocab_limit=False, minloglevel=2, **ids,
        )  # fmt: skip
    model: Any = SentencePieceProcessor(model_file=str(path))
    return [
        model.id_to_piece(number)
        for number in range(model.get_piece_size())
        if not (model.is_control(number) or model.is_unknown(number))
    ]


def vocabulary(path: Path, pieces: Iterable[str]) -> dict[str, int]:
    """Writes a `vocab.json` in another order, which lacks some pieces."""
    mixed = sorted(dict.fromkeys(pieces), key=lambda piece: (not piece.startswith(">>"), piece[::-1]))
    names = ["</s>", "<unk>", *mixed[:-4], "<pad>"]
    ids = {name: number for number, name in enumerate(names)}
    path.write_text(json.dumps(ids))
    return ids
