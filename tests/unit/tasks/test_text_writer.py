from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from seqtasks.component import Settings
from seqtasks.decoding import Decoding, search
from seqtasks.encoders import LstmEncoder, TransformerEncoder
from seqtasks.models import LanguageModel
from seqtasks.tasks.generation.text_writer import TextWriter, nearest, overlap
from seqtasks.text import BEGIN, Characters, Subwords, TextProcessor, Words
from seqtasks.text.layout import Layout

LINES = ['The dog can\'t run (at all), or "so"!', "The men run to the sea.", "A dog ran so far."] * 4
CHARACTERS = Characters.fit(LINES, Characters.Config())
WORDS = Words.fit(LINES, Words.Config(language="en", minimum_count=1))
SUBWORDS = Subwords.fit(LINES, Subwords.Config(size=320))
LSTM = LstmEncoder.Config(dim=16, layers=1, directions="forward")
SAMPLING = Decoding(sample=True, beam=1, max_length="30")


def writer_of(processor: TextProcessor = CHARACTERS, encoder: Settings = LSTM) -> TextWriter:
    """A model that says known tokens at random; of bytes it makes few."""
    torch.manual_seed(2)
    model = LanguageModel(LanguageModel.Config(dim=16, tie=False, encoder=encoder), processor.size).eval()
    with torch.no_grad():
        model.output.bias[3:260] = -6.0
        model.output.bias[14] = 0.0
    return TextWriter(model, processor)


@pytest.mark.parametrize("processor", [CHARACTERS, WORDS, SUBWORDS], ids=["characters", "words", "subwords"])
def test_pieces_together_are_the_text(processor: TextProcessor) -> None:
    writer = writer_of(processor)
    for number, written in enumerate(writer.write("The dog\n", SAMPLING, count=5)):
        pieces = list(writer.stream("The dog\n", SAMPLING, number=number))
        assert len(pieces) > 5
        assert "".join(pieces) == written.text
        assert len(written.log_probabilities) == len(written.tokens) + written.finished
        assert written.score == pytest.approx(sum(written.log_probabilities))


def test_samples_are_those_of_search() -> None:
    writer = writer_of()
    read = torch.tensor([[BEGIN, *Layout(CHARACTERS).encode("The ")]] * 4)
    found = search(
        writer.model.stepper(read),
        source_lengths=torch.zeros(4, dtype=torch.long),
        options=SAMPLING,
        row_numbers=range(4),
    )
    for [ours], written in zip(found, writer.write("The ", SAMPLING, count=4), strict=True):
        assert writer.layout.decode(ours.tokens) == written.text
        assert written.log_probabilities == pytest.approx(ours.log_probabilities, abs=1e-4)


def test_a_beam_gives_its_best() -> None:
    writer = writer_of()
    beam = Decoding(beam=4, max_length="12", penalty="none")
    written = writer.write("The ", beam, count=3)
    [found] = search(
        writer.model.stepper(torch.tensor([[BEGIN, *Layout(CHARACTERS).encode("The ")]])),
        source_lengths=torch.zeros(1, dtype=torch.long),
        options=replace(beam, nbest=3),
    )
    assert [each.score for each in written] == pytest.approx([each.score for each in found], abs=1e-4)
    assert [writer.layout.decode(each.tokens) for each in found] == [each.text for each in written]
    assert list(writer.stream("The ", beam)) != []
    assert "".join(writer.stream("The ", beam)) == written[0].text


def test_a_full_context_goes_on_from_its_second_half() -> None:
    context = 10
    transformer = TransformerEncoder.Config(layers=1, heads=2, inner_dim=16, dropout=0.0, causal=True, context=context)
    writer = writer_of(encoder=transformer)
    read: list[int] = []
    stepper = writer.model.stepper
    writer.model.stepper = lambda tokens: (read.append(tokens.shape[1]), stepper(tokens))[1]  # type: ignore[method-assign, assignment]
    never_ends = replace(SAMPLING, min_length="30", max_length="30")
    [written] = writer.write("The dog", never_ends)
    assert len(written.tokens) == 30
    assert not written.finished
    assert read == [8, 5, 5, 5, 5, 5]  # 3 tokens follow the prompt, then 6 each
    assert "".join(writer.stream("The dog", never_ends)) == written.text
    assert len(writer.write("A long prompt of many characters", replace(never_ends, beam=2, sample=False))) == 1


@pytest.mark.parametrize("processor", [CHARACTERS, WORDS, SUBWORDS], ids=["characters", "words", "subwords"])
def test_it_ends_before_what_shall_not_come(processor: TextProcessor) -> None:
    writer = writer_of(processor)
    [whole] = writer.write("The dog\n", SAMPLING)
    stop = whole.text[7:10]
    [stopped] = writer.write("The dog\n", SAMPLING, stop=stop)
    assert stopped.text == whole.text[: whole.text.index(stop)]
    assert stopped.finished
    assert "".join(writer.stream("The dog\n", SAMPLING, stop=stop)) == stopped.text
    [untouched] = writer.write("The dog\n", SAMPLING, stop="never written")
    assert untouched.text == whole.text


def test_a_blank_at_the_end_of_a_prompt_is_not_written_twice() -> None:
    for processor in (WORDS, SUBWORDS):
        writer = writer_of(processor)
        assert writer.read("The dog ") == writer.read("The dog")
        after_blank, without = (writer.write(prompt, SAMPLING)[0].text for prompt in ("The dog ", "The dog"))
        assert after_blank == without.removeprefix(" ")
    writer = writer_of()
    assert writer.read("The ") == [*writer.read("The"), CHARACTERS.blank]


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
    assert writer.write("", SAMPLING)[0].text
