from __future__ import annotations

import random
from dataclasses import asdict

import pytest
import torch
from helpers.synthetic import sentence_pairs

from seqtasks.decoders import LstmDecoder, TransformerDecoder
from seqtasks.decoding import DecodingConfig
from seqtasks.encoders import LstmEncoder, TransformerEncoder
from seqtasks.inference import translation as module
from seqtasks.inference.long_texts import MAX_INPUT_LENGTH
from seqtasks.inference.translation import TranslationPipeline
from seqtasks.models import EncoderDecoder
from seqtasks.special_tokens import END
from seqtasks.text import CharacterTokenizer, Tokenizer, WordTokenizer, normalize

PAIRS = sentence_pairs(80)
TEXTS = [source for source, _ in PAIRS[:12]]
SHORT = DecodingConfig(beam_size=3, nbest=3, max_length="12")

CHARACTERS = CharacterTokenizer.train((text for pair in PAIRS for text in pair), CharacterTokenizer.Config())
WORDS = WordTokenizer.train((text for pair in PAIRS for text in pair), WordTokenizer.Config())


def translator(processor: Tokenizer = CHARACTERS, *, recurrent: bool = False, members: int = 1) -> TranslationPipeline:
    """A model with random weights that is sure of what it says."""
    torch.manual_seed(1)
    parts = (
        (LstmEncoder.Config(hidden_size=8, num_layers=1), LstmDecoder.Config(hidden_size=8))
        if recurrent
        else (TransformerEncoder.Config(num_layers=1, ffn_dim=8), TransformerDecoder.Config(num_layers=2, ffn_dim=8))
    )
    models = []
    for _ in range(members):
        model = EncoderDecoder(
            EncoderDecoder.Config(hidden_size=8, tie_embeddings="none", encoder=parts[0], decoder=parts[1]),
            processor.size,
            processor.size,
        )
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(0.4 * torch.randn_like(parameter))
            model.decoder.output.bias[4:260] -= 9  # bytes are rare
        models.append(model.eval())
    return TranslationPipeline(models, processor, processor)


@pytest.mark.parametrize("recurrent", [False, True])
@pytest.mark.parametrize("processor", [CHARACTERS, WORDS], ids=["characters", "words"])
def test_each_text_is_translated_as_if_alone(
    monkeypatch: pytest.MonkeyPatch, processor: Tokenizer, recurrent: bool
) -> None:
    monkeypatch.setattr(module, "BATCH_TOKENS", 300)
    bound = translator(processor, recurrent=recurrent)
    together = bound.translate(TEXTS, **asdict(SHORT))
    assert [found.source for found in together] == TEXTS
    assert len({found.text for found in together}) > 3
    for text, found in zip(TEXTS[:5], together, strict=False):
        [alone] = bound.translate([text], **asdict(SHORT))
        assert alone.text == found.text
        assert alone.normalized_score == pytest.approx(found.normalized_score, abs=1e-4)
        assert [other.text for other in alone.alternatives] == [other.text for other in found.alternatives]
    assert [found.text for found in bound.translate(TEXTS[::-1], **asdict(SHORT))] == [
        found.text for found in together[::-1]
    ]


def test_what_is_told_of_a_translation() -> None:
    for found in translator().translate(TEXTS, **asdict(SHORT)):
        assert found.text == CHARACTERS.decode(
            [CHARACTERS.vocabulary.names.index(name.replace("▁", " ")) for name in found.tokens]
        )
        assert len(found.log_probabilities) == len(found.tokens) + found.finished
        assert found.score == pytest.approx(sum(found.log_probabilities), abs=1e-4)
        assert found.source_tokens == (*CHARACTERS.pieces(CHARACTERS.encode(found.source)), "</s>")
        assert len(found.alternatives) == 2
        ranks = [found.normalized_score, *(other.normalized_score for other in found.alternatives)]
        assert ranks == sorted(ranks, reverse=True)
        assert found.attention is None


@pytest.mark.parametrize("blank", ["", "  ", "\n", "\u200b\x00"[1:]])
def test_an_empty_text_stays_empty(blank: str) -> None:
    first, middle, last = translator().translate([TEXTS[0], blank, TEXTS[1]], **asdict(SHORT))
    assert (middle.source, middle.text, middle.tokens, middle.score, middle.finished) == (blank, "", (), 0, True)
    assert first.text
    assert last.source == TEXTS[1]
    assert translator().translate([], **asdict(SHORT)) == []


@pytest.mark.parametrize(
    "text",
    [
        " ".join(TEXTS),
        "a dog " * 300,
        "x" * 3000,
        "😀" * 500,
        "犬が見る。" * 200,
        f"{'y' * 2000} the end. {' '.join(TEXTS)}",
    ],
)
@pytest.mark.parametrize("processor", [CHARACTERS, WORDS], ids=["characters", "words"])
def test_a_long_text_is_cut(processor: Tokenizer, text: str) -> None:
    text = normalize(text)
    pieces = translator(processor).split(text)
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")
    assert all(0 < len(processor.encode(piece)) <= MAX_INPUT_LENGTH + 10 for piece in pieces)
    if len(processor.encode(text)) <= MAX_INPUT_LENGTH:
        assert pieces == [text]


def test_a_long_text_is_cut_at_sentence_ends_first() -> None:
    sentences = [f"{text[:-1]}{random.Random(text).choice('.!?')}" for text in TEXTS * 3]
    assert translator().split(" ".join(sentences)) == sentences
    assert translator().split("犬が見る。" * 100) == ["犬が見る。"] * 100


def test_a_text_without_a_blank_is_cut_in_linear_time(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[int] = []
    whole = CHARACTERS.encode
    monkeypatch.setattr(CHARACTERS, "encode", lambda text: encoded.append(len(text)) or whole(text))
    assert len(translator().split("犬" * 20_000)) >= 50
    assert sum(encoded) == 20_000
    encoded.clear()
    assert len(translator().split("z" * 20_000)) >= 50
    assert encoded == []  # it is no word, and copied


def test_a_long_text_is_translated_piece_by_piece() -> None:
    bound = translator()
    text = " ".join(TEXTS * 2)
    pieces = bound.translate(bound.split(text), **asdict(SHORT))
    assert len(pieces) > 3
    [whole] = bound.translate([text], **asdict(SHORT))
    assert whole.source == text
    assert whole.text == " ".join(piece.text for piece in pieces)
    assert whole.score == pytest.approx(sum(piece.score for piece in pieces), abs=1e-3)
    assert whole.tokens == tuple(token for piece in pieces for token in piece.tokens)
    assert len(whole.log_probabilities) == len(whole.tokens) + sum(piece.finished for piece in pieces)


@pytest.mark.parametrize("processor", [CHARACTERS, WORDS], ids=["characters", "words"])
def test_prefixes(processor: Tokenizer) -> None:
    bound = translator(processor)
    prefixes = ["das haus", "", "ein", *[""] * 9]
    found = bound.translate(TEXTS, **asdict(SHORT), prefixes=prefixes)
    for each, prefix in zip(found, prefixes, strict=True):
        assert each.text.startswith(prefix)
        assert all(other.text.startswith(prefix) for other in each.alternatives)
    free = bound.translate(TEXTS, **asdict(SHORT))
    assert [found[row].text for row in (1, 3, 4)] == [free[row].text for row in (1, 3, 4)]
    [long] = bound.translate([" ".join(TEXTS * 2)], **asdict(SHORT), prefixes=["das haus"])
    assert long.text.startswith("das haus")
    assert long.text.count("das haus") == 1


@pytest.mark.parametrize("recurrent", [False, True])
def test_attention(recurrent: bool) -> None:
    bound = translator(recurrent=recurrent)
    for found in bound.translate(TEXTS, **asdict(SHORT), attention=True):
        assert found.attention is not None
        assert len(found.attention) == len(found.tokens) + 1
        for line in found.attention:
            assert len(line) == len(found.source_tokens)
            assert sum(line) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("members", [1, 2])
def test_given_translations_are_scored_as_search_does(members: int) -> None:
    bound = translator(members=members)
    for model in bound.models:
        model.decoder.output.bias.data[END] += 9
    options = DecodingConfig(beam_size=4, max_length="60", length_penalty="wu:0.7")
    prefixes = [target for _, target in PAIRS[: len(TEXTS)]]
    found = [each for each in bound.translate(TEXTS, **asdict(options), prefixes=prefixes) if each.finished]
    kept = [each for each in found if CHARACTERS.encode(each.text) == ids_of(each.tokens)]
    assert len(kept) > 3
    bound.default_decoding = options
    scored = bound.score([each.source for each in kept], [each.text for each in kept])
    for ours, theirs in zip(scored, kept, strict=True):
        assert ours.tokens == theirs.tokens
        assert ours.log_probabilities == pytest.approx(theirs.log_probabilities, abs=1e-4)
        assert ours.normalized_score == pytest.approx(theirs.normalized_score, abs=1e-4)


def ids_of(tokens: tuple[str, ...]) -> list[int]:
    return [CHARACTERS.vocabulary.names.index(token.replace("▁", " ")) for token in tokens]


def test_samples_depend_on_the_number_of_the_text_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    bound = translator()
    options = DecodingConfig(sample=True, nbest=2, max_length="10", temperature=2.0)
    together = bound.translate(TEXTS, **asdict(options))
    monkeypatch.setattr(module, "BATCH_TOKENS", 200)
    apart = [bound.translate([text], **asdict(options), first_number=number)[0] for number, text in enumerate(TEXTS)]
    for ours, theirs in zip(apart, together, strict=True):
        assert [ours.text, *(other.text for other in ours.alternatives)] == [
            theirs.text, *(other.text for other in theirs.alternatives)
        ]  # fmt: skip
    same = bound.translate([TEXTS[0]] * 4, **asdict(options))
    assert len({found.text for found in same}) > 1


def test_a_text_is_translated_sentence_by_sentence() -> None:
    bound = translator()
    sentences = [f"{text[:-1].strip()}." for text in TEXTS * 7][:50]
    blanks = ["  ", "\n", "\n\n", " ", "\u2028"]
    text = "".join(sentence + blanks[place % 5] for place, sentence in enumerate(sentences))
    alone = [found.text for found in bound.translate(sentences, beam_size=2, max_length="6")]
    found = bound.translate(text, beam_size=2, max_length="6")
    expected = "".join(each + blanks[place % 5] for place, each in enumerate(alone)).replace("\u2028", " ")
    assert (found.text, found.parts) == (expected.rstrip(), 50)


def test_what_is_asked_of_a_whole_text_is_not_split() -> None:
    bound = translator()
    text = f"{TEXTS[0]} {TEXTS[1]}"
    whole = bound.translate(text, beam_size=2, max_length="6", split_sentences=False)
    assert whole.parts == 1
    assert bound.translate(text, beam_size=2, max_length="6").parts == 2
    for options in ({"nbest": 2}, {"prefixes": ""}, {"attention": True}):
        found = bound.translate(text, beam_size=2, max_length="6", **options)
        assert (found.text, found.parts) == (whole.text, 1)
