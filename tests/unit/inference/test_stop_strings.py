"""Stop strings, and words that outputs contain or do not, for every pipeline that writes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from helpers.generators import PAIRS, VOCAB, generator, padded, text
from helpers.steppers import END, FACTORIES, outputs
from PIL import Image, ImageDraw

import seqtasks
from seqtasks.decoding import DecodingConfig, Ensemble, LengthPenalty, Stepper, decode, score
from seqtasks.errors import SeqtasksError
from seqtasks.inference.constraints.stop_strings import with_stop

STOP = "fe"


def read(tokens: Sequence[int]) -> str:
    """Token 4 is e, token 5 is f and so on."""
    return "".join(chr(97 + token) for token in tokens)


def expected(bind: object, vocab: int, max_length: int, penalty: LengthPenalty) -> list[tuple[float, tuple[int, ...]]]:
    """Every output up to the token that completes the stop string, the best first."""
    every = list(outputs(vocab, max_length))
    forced = score(bind(len(every)), [tokens for tokens, _ in every])  # type: ignore[operator]
    found = []
    for (tokens, ends), each in zip(every, forced, strict=True):
        if STOP in read(tokens[:-1]):
            continue  # it has ended before
        stopped = STOP in read(tokens)
        if stopped and not ends and len(tokens) < max_length:
            continue
        counted = len(tokens) + (ends and not stopped)  # the end after the stop string costs nothing
        found.append((sum(each.log_probabilities[:counted]) / penalty(len(tokens) + ends), tokens))
    return sorted(found, reverse=True)


@pytest.mark.parametrize("length_penalty", ["none", "average"])
@pytest.mark.parametrize("model", FACTORIES)
def test_a_wide_beam_is_exhaustive_search(model: str, length_penalty: str) -> None:
    options = DecodingConfig(beam_size=60, nbest=3, max_length="4", length_penalty=length_penalty)
    make = FACTORIES[model].make
    for seed in range(6):
        wanted = expected(lambda count, seed=seed: make([seed] * count), 6, 4, LengthPenalty.parse(length_penalty))
        [row] = decode(make([seed]), source_lengths=torch.tensor([1]), options=with_stop(options, STOP, read))
        assert [each.normalized_score for each in row] == pytest.approx([value for value, _ in wanted[:3]], abs=1e-5)
        assert {each.tokens for each in row} <= {tokens for _, tokens in wanted}


@pytest.mark.parametrize(("names", "members"), [(PAIRS[0], 2), (PAIRS[3], 1), (PAIRS[6], 1), (PAIRS[7], 1)])
@pytest.mark.parametrize(
    "given", [{"beam_size": 1}, {"beam_size": 3}, {"beam_size": 4, "num_beam_groups": 2}, {"sample": True}]
)
def test_nothing_follows_it_whatever_the_model_and_the_search(names: tuple, members: int, given: dict) -> None:
    models = [generator(*names, seed=seed) for seed in range(members)]

    def bound(inputs: list[int]) -> Stepper:
        with torch.no_grad():
            return Ensemble([model.make_stepper(*padded([text(seed) for seed in inputs])) for model in models])

    inputs = [1, 2, 3, 4, 5]
    plain = DecodingConfig(max_length="8", min_length="2", length_penalty="none", **given)
    lengths = torch.ones(len(inputs), dtype=torch.long)
    free = [row[0].tokens for row in decode(bound(inputs), source_lengths=lengths, options=plain)]
    stop = read(free[0][:1])
    found = decode(bound(inputs), source_lengths=lengths, options=with_stop(plain, stop, read))
    assert any(stop in read(row[0].tokens) for row in found)
    for row, before in zip(found, free, strict=True):
        assert stop not in read(row[0].tokens[:-1])
        if stop not in read(before):
            assert row[0].tokens == before or "beam_size" in given
    assert VOCAB > END


def test_what_has_to_come_could_come_after_it() -> None:
    with pytest.raises(SeqtasksError, match="stop string"):
        with_stop(DecodingConfig(), "a", read, force_words=["b"])


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    image = Image.new("RGB", (64, 64), (120, 180, 90))
    ImageDraw.Draw(image).ellipse((16, 16, 48, 48), fill=(160, 80, 40))
    return image


@pytest.mark.parametrize("engine", ["torch", "ctranslate2"])
def test_translations_end_before_it(engine: str) -> None:
    translator = seqtasks.load("en-de", task="translation", engine=engine)
    texts = ["The dog is sleeping in the garden.", "My house is old. The dog is here."]
    free = translator.translate(texts)
    stopped = translator.translate(texts, stop=" ist")
    assert " ist" in free[1].text
    assert [each.text for each in stopped] == [each.text.partition(" ist")[0] for each in free]
    assert translator.translate(texts[1], stop=" ist", nbest=3).alternatives
    assert all(" ist" not in each.text for each in translator.translate(texts[1], stop=" ist", nbest=3).alternatives)
    if engine == "torch":
        assert len(stopped[1].tokens) < len(free[1].tokens)
    with pytest.raises(SeqtasksError, match="stop string"):
        translator.translate(texts[0], stop="x", force_words=["Hund"])


def test_captions_have_their_words_and_end(picture: Image.Image) -> None:
    captioner = seqtasks.load("captions", task="captioning")
    free = captioner.caption(picture)
    first, second, third = captioner.caption(
        [picture] * 3, force_words=[["river"], [["dogs", "cats"]], []], bad_words=[[], [], [free.text.split()[1]]]
    )
    assert "river" in first.text
    assert "dogs" in second.text or "cats" in second.text
    assert free.text.split()[1] not in third.text.split()
    assert captioner.caption(picture, force_words=["river"]).text == first.text
    last = free.text.split()[-1]
    assert captioner.caption(picture, stop=last).text == free.text.partition(last)[0]
    with pytest.raises(SeqtasksError, match="force_words has 1 lists"):
        captioner.caption([picture] * 2, force_words=[["river"]])


def test_generated_texts_have_their_words() -> None:
    writer = seqtasks.load("shakespeare", task="language-modeling")
    found = writer.generate("ROMEO:\n", beam_size=3, max_new_tokens=40, force_words=["night"])
    assert "night" in found.text
    free = writer.generate("ROMEO:\n", max_new_tokens=60, seed=3)
    word = next(word for word in free.text.split() if word.isalpha() and len(word) > 2)
    assert word in free.text
    assert word not in writer.generate(["ROMEO:\n"], max_new_tokens=60, seed=3, bad_words=[[word]])[0].text
    assert word not in "".join(writer.stream("ROMEO:\n", max_new_tokens=60, seed=3, bad_words=[word]))
    best = writer.generate("ROMEO:\n", beam_size=3, max_new_tokens=40)
    stop = best.text[10:12]
    stopped = writer.generate("ROMEO:\n", beam_size=3, max_new_tokens=40, stop=stop)
    assert stop not in stopped.text
    assert stopped.finished
    with pytest.raises(SeqtasksError, match="beam"):
        writer.generate("ROMEO:\n", max_new_tokens=5, force_words=["night"])
