from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest
import torch
from jaxtyping import Int
from torch import Tensor

from seqtasks.decoding import DecodingConfig, decode
from seqtasks.encoders import LstmEncoder, TransformerEncoder
from seqtasks.inference.constraints.stop_strings import overlap, stop_at
from seqtasks.inference.outputs import Continuation
from seqtasks.inference.prompts import nearest
from seqtasks.inference.text_generation import TextGenerationPipeline
from seqtasks.models import LanguageModel, LanguageModelStepper
from seqtasks.registry import ConfigModel
from seqtasks.special_tokens import BEGIN
from seqtasks.text import CharacterTokenizer, SubwordTokenizer, Tokenizer, WordTokenizer
from seqtasks.text.tokenizers.document import DocumentTokenizer

LINES = ['The dog can\'t run (at all), or "so"!', "The men run to the sea.", "A dog ran so far."] * 4
CHARACTERS = CharacterTokenizer.train(LINES, CharacterTokenizer.Config())
WORDS = WordTokenizer.train(LINES, WordTokenizer.Config(language="en", min_freq=1))
SUBWORDS = SubwordTokenizer.train(LINES, SubwordTokenizer.Config(vocab_size=320))
TRANSFORMER = TransformerEncoder.Config(
    num_layers=1, num_heads=2, ffn_dim=16, dropout=0.0, causal=True, max_positions=10
)
LSTM = LstmEncoder.Config(hidden_size=16, num_layers=1, bidirectional=False)
SAMPLING = DecodingConfig(sample=True, beam_size=1, max_length="30")


class Noting(LanguageModel):
    """Notes how long the prompts are that it is bound to."""

    def __init__(self, config: LanguageModel.Config, size: int) -> None:
        super().__init__(config, size)
        self.read: list[int] = []

    def make_stepper(
        self, prompt: Int[Tensor, "rows length"], carried: Sequence[Tensor] | None = None
    ) -> LanguageModelStepper:
        self.read.append(prompt.shape[1])
        return super().make_stepper(prompt, carried)


def writer_of(
    processor: Tokenizer = CHARACTERS, encoder: ConfigModel = LSTM, kind: type[LanguageModel] = LanguageModel
) -> TextGenerationPipeline:
    """A model that says known tokens at random; of bytes it makes few."""
    torch.manual_seed(2)
    model = kind(LanguageModel.Config(hidden_size=16, tie_embeddings=False, encoder=encoder), processor.size).eval()
    with torch.no_grad():
        model.output.bias[3:260] = -6.0
        model.output.bias[14] = 0.0
    return TextGenerationPipeline([model], processor)


def write(writer: TextGenerationPipeline, prompt: str, decoding: DecodingConfig, stop: str = "") -> list[Continuation]:
    """All texts that follow a prompt."""
    found = writer.generate_one(prompt, decoding, stop)
    return [replace(found, alternatives=()), *found.alternatives]


def stream(writer: TextGenerationPipeline, prompt: str, decoding: DecodingConfig, **options: Any) -> Iterator[str]:
    decided = copy(writer)
    decided.default_decoding = decoding
    return decided.stream(prompt, **options)


@pytest.mark.parametrize("processor", [CHARACTERS, WORDS, SUBWORDS], ids=["characters", "words", "subwords"])
def test_pieces_together_are_the_text(processor: Tokenizer) -> None:
    writer = writer_of(processor)
    for number, written in enumerate(write(writer, "The dog\n", replace(SAMPLING, nbest=5))):
        pieces = list(stream(writer, "The dog\n", SAMPLING, number=number))
        assert len(pieces) > 5
        assert "".join(pieces) == written.text
        assert len(written.log_probabilities) == len(written.tokens) + written.finished
        assert written.score == pytest.approx(sum(written.log_probabilities))


def test_samples_are_those_of_search() -> None:
    writer = writer_of()
    read = torch.tensor([[BEGIN, *DocumentTokenizer(CHARACTERS).encode("The ")]] * 4)
    found = decode(
        writer.model.make_stepper(read),
        source_lengths=torch.zeros(4, dtype=torch.long),
        options=SAMPLING,
        row_numbers=range(4),
    )
    for [ours], written in zip(found, write(writer, "The ", replace(SAMPLING, nbest=4)), strict=True):
        assert writer.layout.decode(ours.tokens) == written.text
        assert written.log_probabilities == pytest.approx(ours.log_probabilities, abs=1e-4)


def test_a_beam_gives_its_best() -> None:
    writer = writer_of()
    beam = DecodingConfig(beam_size=4, nbest=3, max_length="12", length_penalty="none")
    written = write(writer, "The ", beam)
    [found] = decode(
        writer.model.make_stepper(torch.tensor([[BEGIN, *DocumentTokenizer(CHARACTERS).encode("The ")]])),
        source_lengths=torch.zeros(1, dtype=torch.long),
        options=beam,
    )
    assert [each.score for each in written] == pytest.approx([each.score for each in found], abs=1e-4)
    assert [writer.layout.decode(each.tokens) for each in found] == [each.text for each in written]
    assert list(stream(writer, "The ", beam)) != []
    assert "".join(stream(writer, "The ", beam)) == written[0].text


def test_a_full_context_goes_on_from_its_second_half() -> None:
    writer = writer_of(encoder=TRANSFORMER, kind=Noting)
    assert isinstance(writer.model, Noting)
    never_ends = replace(SAMPLING, min_length="30", max_length="30")
    [written] = write(writer, "The dog", never_ends)
    assert len(written.tokens) == 30
    assert not written.finished
    assert writer.model.read == [8, 5, 5, 5, 5, 5]  # 3 tokens follow the prompt, then 6 each
    assert "".join(stream(writer, "The dog", never_ends)) == written.text


def test_a_beam_ends_unfinished_where_the_context_is_full() -> None:
    writer = writer_of(encoder=TRANSFORMER)
    [written] = write(
        writer,
        "A long prompt of many characters",
        DecodingConfig(beam_size=2, min_length="30", max_length="30", length_penalty="none"),
    )
    assert (len(written.tokens), written.finished) == (6, False)


@pytest.mark.parametrize("processor", [CHARACTERS, WORDS, SUBWORDS], ids=["characters", "words", "subwords"])
def test_it_ends_before_what_shall_not_come(processor: Tokenizer) -> None:
    writer = writer_of(processor)
    [whole] = write(writer, "The dog\n", SAMPLING)
    stop = whole.text[7:10]
    [stopped] = write(writer, "The dog\n", SAMPLING, stop=stop)
    assert stopped.text == whole.text[: whole.text.index(stop)]
    assert stopped.finished
    assert "".join(stream(writer, "The dog\n", SAMPLING, stop=stop)) == stopped.text
    [untouched] = write(writer, "The dog\n", SAMPLING, stop="never written")
    assert untouched == whole


def test_what_is_stopped_with_its_last_token_is_not_cut() -> None:
    writer = writer_of()
    [whole] = write(writer, "The dog\n", replace(SAMPLING, min_length="30"))
    last = next(number for number, token in enumerate(whole.tokens) if number > 5 and token in "Tdog")
    shorter = replace(SAMPLING, min_length="30", max_length=f"{last + 1}")
    assert not write(writer, "The dog\n", shorter)[0].finished
    [stopped] = write(writer, "The dog\n", shorter, stop=write(writer, "The dog\n", shorter)[0].text[-3:])
    assert stopped.finished


def test_no_more_is_taken_than_is_told() -> None:
    taken = []

    def pieces() -> Iterator[str]:
        for piece in ("a", "", "bc", "d", "e"):
            taken.append(piece)
            yield piece

    assert list(stop_at(pieces(), "cd")) == ["a", "b", ""]
    assert taken == ["a", "", "bc", "d"]
    assert list(stop_at(pieces(), "")) == ["a", "bc", "d", "e"]
    assert list(stop_at(pieces(), "ex")) == ["a", "bc", "d", "e"]


def test_lengths_follow_the_prompt() -> None:
    [written] = write(writer_of(), "The dog", replace(SAMPLING, min_length="2x", max_length="3x"))
    assert 14 <= len(written.log_probabilities) <= 21
    [searched] = write(writer_of(), "The dog", DecodingConfig(beam_size=2, min_length="2x", max_length="2x"))
    assert len(searched.log_probabilities) == 14


def test_a_length_that_is_never_reached_costs_nothing() -> None:
    endless = replace(SAMPLING, min_length="999999999", max_length="999999999")
    writer = writer_of()
    begun = "".join(islice(stream(writer, "The dog", endless), 20))
    assert begun
    assert write(writer, "The dog", replace(SAMPLING, min_length="30"))[0].text.startswith(begun[:10])


def test_a_blank_at_the_end_of_a_prompt_is_not_written_twice() -> None:
    for processor in (WORDS, SUBWORDS):
        writer = writer_of(processor)
        assert writer.read("The dog ") == writer.read("The dog")
        after_blank, without = (write(writer, prompt, SAMPLING)[0].text for prompt in ("The dog ", "The dog"))
        assert after_blank == without.removeprefix(" ")
    writer = writer_of()
    assert writer.read("The ") == [*writer.read("The"), CHARACTERS.blank]


def test_a_blank_that_is_read_does_not_take_one_that_is_written() -> None:
    """What stands before it is left out, so that two blanks are read."""
    writer = writer_of(WORDS)
    for number in range(5):
        read, plain = ("".join(stream(writer, prompt, SAMPLING, number=number)) for prompt in ("The 漢 ", "The  "))
        assert read == plain


def test_what_is_not_read_of_a_long_prompt() -> None:
    """A Transformer of 10 positions reads the last 5 tokens of a prompt that fills them; an LSTM reads all."""
    writer = writer_of(encoder=TRANSFORMER)
    assert [writer.unread("T" * length) for length in (0, 8, 9, 40)] == [0, 0, 5, 36]
    assert writer_of().unread("T" * 40) == 0


def test_a_long_prompt_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    replaced, decode = TextGenerationPipeline.replaced, WordTokenizer.decode
    monkeypatch.setattr(
        TextGenerationPipeline, "replaced", lambda self, prompt: calls.append("replaced") or replaced(self, prompt)
    )
    monkeypatch.setattr(WordTokenizer, "decode", lambda self, ids: calls.append("decode") or decode(self, ids))
    writer = writer_of(WORDS)
    list(stream(writer, "The dog ran. " * 300, replace(SAMPLING, max_length="1")))
    assert len(calls) < 10


def test_characters_that_were_never_seen() -> None:
    writer = writer_of()
    assert writer.replaced("The “dög” 漢\n") == {"“": '"', "ö": "o", "”": '"', "漢": ""}
    assert writer.read("The “dög” 漢\n") == writer.read('The "dog" \n')
    assert writer.replaced("The dog can't") == {}
    assert writer_of(SUBWORDS).replaced("The dög") == {"ö": "o"}


@pytest.mark.parametrize(
    ("character", "found"), [("é", "e"), ("D", "d"), ("É", "e"), ("ß", "ss"), ("…", "..."), ("漢", ""), ("—", "")]
)
def test_nearest(character: str, found: str) -> None:
    assert nearest(character, frozenset("eds.")) == found


@pytest.mark.parametrize(
    ("text", "stop", "size"), [("abc", "cd", 1), ("aab", "aabb", 3), ("abc", "x", 0), ("", "a", 0)]
)
def test_overlap(text: str, stop: str, size: int) -> None:
    assert overlap(text, stop) == size


def test_nothing_to_begin_with() -> None:
    writer = writer_of()
    assert writer.read("") == [BEGIN]
    assert write(writer, "", SAMPLING)[0].text
