import json
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError
from sentencepiece import SentencePieceTrainer

from seqtasks.errors import SeqtasksError
from seqtasks.text import SubwordTokenizer
from seqtasks.text.tokenizers import subword as subwords
from seqtasks.text.tokenizers.base import FIRST_BYTE

TEXTS = ["Two young men sit in the sun.", "A woman sings in the old town.", "The sun is old, the town is young."] * 10


def fit(texts: list[str], **options: object) -> SubwordTokenizer:
    return SubwordTokenizer.train(texts, SubwordTokenizer.Config.model_validate({"vocab_size": 320, **options}))


@pytest.fixture(params=["unigram", "bpe"])
def processor(request: pytest.FixtureRequest) -> SubwordTokenizer:
    return fit(TEXTS, model_type=request.param)


def test_pieces(processor: SubwordTokenizer) -> None:
    pieces = processor.pieces([0, 1, 2, 3, 4, 259])
    assert pieces == ["<pad>", "<unk>", "<s>", "</s>", "<0x00>", "<0xFF>"]
    ids = processor.encode("the sun")
    assert "".join(processor.pieces(ids)) == "▁the▁sun"
    assert all(260 <= number < processor.size for number in ids)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Two young men sing.",
        "▁ starts with it",
        "a▁▅b",
        "\ue000",
        "\ue0001▁",
        "<s> <0x41> </s> <unk>",
        "⁇ ♥ \u3164x",
    ],
)
def test_round_trip(processor: SubwordTokenizer, text: str) -> None:
    assert processor.decode(processor.encode(text)) == text
    assert 1 not in processor.encode(text)


def test_special_ids_are_passed_over(processor: SubwordTokenizer) -> None:
    ids = processor.encode("the sun")
    assert processor.decode([2, *ids, 1, 3, 0, 0]) == "the sun"


def test_bytes_never_break_a_line(processor: SubwordTokenizer) -> None:
    number = {byte: processor.model.piece_to_id(f"<0x{byte:02X}>") for byte in range(256)}
    spelled = [number[byte] for byte in "a\nb\r\u2028\x85c".encode()]
    assert processor.decode(spelled) == "a b c"
    assert processor.decode([number[0xFF], number[ord("a")]]) == "\ufffda"


def test_encode_all(processor: SubwordTokenizer) -> None:
    texts = ["", "The  sun\n", *TEXTS]
    assert processor.encode_all(texts) == [processor.encode(text) for text in texts]
    assert processor.encode_all(texts * 100) == processor.encode_all(texts) * 100
    assert processor.encode_all([]) == []


def test_sample_without_sampling_is_encode(processor: SubwordTokenizer) -> None:
    assert processor.sample("the young town", np.random.default_rng(1)) == processor.encode("the young town")


def test_sample_of_nothing() -> None:
    assert fit(TEXTS, model_type="bpe", subword_sampling=0.5).sample(" \n", np.random.default_rng(1)) == []


@pytest.mark.parametrize("model", ["unigram", "bpe"])
def test_training_is_repeatable(model: str) -> None:
    assert fit(TEXTS, model_type=model).proto == fit(TEXTS, model_type=model).proto


@pytest.mark.parametrize("model", ["unigram", "bpe"])
@pytest.mark.parametrize("texts", [["a"], ["a b"], ["ab ab", ""], TEXTS])
def test_size_gives_way_to_small_data(model: str, texts: list[str]) -> None:
    processor = fit(texts, model_type=model, vocab_size=8000)
    assert 260 < processor.size < 8000
    assert processor.decode(processor.encode(texts[0])) == texts[0]


@pytest.mark.parametrize("model", ["unigram", "bpe"])
def test_a_large_alphabet_leaves_room(model: str) -> None:
    alphabet = "".join(chr(0x4E00 + number) for number in range(500))
    processor = fit([alphabet, *["the sun the town"] * 50], model_type=model, vocab_size=320)
    assert processor.size <= 320
    assert "".join(processor.pieces(processor.encode("the sun"))) == "▁the▁sun"
    assert len(processor.encode("the sun")) < len("▁the▁sun")
    assert processor.decode(processor.encode(alphabet)) == alphabet


@pytest.mark.parametrize(
    ("texts", "size", "rare"),
    [
        (["abc" * 10, "d"], 300, set()),
        (["0123456789abcdefghi" * 1000, "z"], 300, {"z"}),
        (["0123456789abcdefghi" * 10, "z"], 300, set()),
        (["".join(map(chr, range(97, 117))) * 2, "ABC"], 300, {"A", "B", "C"}),
    ],
)
def test_rare_characters(texts: list[str], size: int, rare: set[str]) -> None:
    assert subwords._rare_characters(texts, size) == rare


def test_training_draws_from_large_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subwords, "TRAINING_TEXTS", 300)
    chosen = [int(text) for text in subwords._choose(str(number) for number in range(3000))]
    assert len(set(chosen)) == 300
    assert 1300 < np.mean(chosen) < 1700
    assert list(subwords._choose(iter("abc"))) == ["a", "b", "c"]


@pytest.mark.parametrize("texts", [[], ["", " \n"]])
def test_no_text(texts: list[str]) -> None:
    with pytest.raises(SeqtasksError, match="no text"):
        fit(texts)


@pytest.mark.parametrize(
    "options",
    [
        {"vocab_size": 299},
        {"subword_sampling": -0.1},
        {"model_type": "word"},
        {"model_type": "bpe", "subword_sampling": 1.5},
    ],
)
def test_bad_options(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SubwordTokenizer.Config.model_validate(options)


def test_save_and_load(processor: SubwordTokenizer, tmp_path: Path) -> None:
    processor.save(tmp_path / "source.spm")
    loaded = SubwordTokenizer.load(tmp_path / "source.spm", processor.config)
    assert loaded.encode(TEXTS[0]) == processor.encode(TEXTS[0])
    assert loaded.size == processor.size


@pytest.mark.parametrize("content", [b"", b"not a model", bytes(1000)])
def test_damaged_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "source.spm"
    path.write_bytes(content)
    with pytest.raises(SeqtasksError, match=r"source\.spm"):
        SubwordTokenizer.load(path, SubwordTokenizer.Config())


def test_cut_off_and_missing_files_are_refused(processor: SubwordTokenizer, tmp_path: Path) -> None:
    path = tmp_path / "source.spm"
    with pytest.raises(SeqtasksError, match="cannot be read"):
        SubwordTokenizer.load(path, processor.config)
    path.write_bytes(processor.proto[: len(processor.proto) // 2])
    with pytest.raises(SeqtasksError, match=r"source\.spm"):
        SubwordTokenizer.load(path, processor.config)


def test_pieces_that_are_no_text_are_refused(processor: SubwordTokenizer, tmp_path: Path) -> None:
    (tmp_path / "source.spm").write_bytes(processor.proto.replace("▁".encode(), b"\xff\xff\xff"))
    with pytest.raises(SeqtasksError, match="damaged"):
        SubwordTokenizer.load(tmp_path / "source.spm", processor.config)


def test_models_of_other_programs_are_refused(tmp_path: Path) -> None:
    prefix = tmp_path / "other"
    SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS), model_prefix=str(prefix), vocab_size=40, hard_vocab_limit=False, minloglevel=2
    )
    with pytest.raises(SeqtasksError, match="another program"):
        SubwordTokenizer.load(prefix.with_suffix(".model"), SubwordTokenizer.Config())


@pytest.mark.parametrize("model", ["unigram", "bpe"])
def test_the_alphabet_is_known_where_it_had_room(model: str) -> None:
    alphabet = "abcdefghijklmnopqrstuvwxyz▁"
    texts = ["".join(alphabet[place:] + alphabet[:place]) for place in range(len(alphabet))] * 3
    syllables = [f"{one}{other}" for one in "aeiou" for other in "bcdfghklmnprst"]
    words = [" ".join(first + second for second in syllables) for first in syllables]
    wide = fit([*texts, *words], model_type=model, vocab_size=600)
    assert wide.known_characters is not None
    assert wide.known_characters > frozenset(alphabet) | {" "}
    assert wide.unknown("abc, 北京! a") == (",", "北京!")
    narrow = fit([*texts, *words], model_type=model, vocab_size=300)
    assert narrow.known_characters is None
    assert narrow.unknown("xyz 北京") == ()


SYMBOLS = ["⟦0⟧", "⟦1⟧", "<placeholder" + "-" * 200 + ">"]


@pytest.mark.parametrize("model", ["unigram", "bpe"])
def test_user_defined_symbols_stay_whole(model: str) -> None:
    options = SubwordTokenizer.Config(
        model_type=model, vocab_size=330, user_defined_symbols=SYMBOLS, subword_sampling=0.5
    )
    tokenizer = SubwordTokenizer.train(TEXTS, options)
    assert tokenizer.pieces(range(tokenizer.size - 3, tokenizer.size)) == SYMBOLS
    assert tokenizer.pieces([FIRST_BYTE, FIRST_BYTE + 255]) == ["<0x00>", "<0xFF>"]
    random = np.random.default_rng(3)
    for text in ("Two⟦0⟧⟦1⟧ men.", f"⟦1⟧ sit in {SYMBOLS[2]}", f"{SYMBOLS[2]}⟦0⟧"):
        for ids in (tokenizer.encode(text), *tokenizer.encode_all([text] * 64), tokenizer.sample(text, random)):
            assert tokenizer.decode(ids) == text
            found = [piece for piece in tokenizer.pieces(ids) if piece in SYMBOLS]
            assert sum(map(text.count, SYMBOLS)) == len(found)
        drawn = [tokenizer.pieces(tokenizer.sample(text, random)) for _ in range(50)]
        assert len(set(map(tuple, drawn))) > 1 or "men" not in text
        assert all(sum(piece in SYMBOLS for piece in pieces) == len(found) for pieces in drawn)


def test_vocab_size_counts_user_defined_symbols() -> None:
    texts = [f"{number} {number * 7919} abc{number} of some words" for number in range(2000)]
    sizes = [
        SubwordTokenizer.train(texts, SubwordTokenizer.Config(vocab_size=400, user_defined_symbols=symbols)).size
        for symbols in ([], SYMBOLS)
    ]
    assert sizes == [400, 400]


def test_split_digits() -> None:
    texts = ["in 1984 and 1984 or 1984", "of 1984"] * 50
    whole = SubwordTokenizer.train(texts, SubwordTokenizer.Config(vocab_size=330))
    split = SubwordTokenizer.train(texts, SubwordTokenizer.Config(vocab_size=330, split_digits=True))
    assert "▁1984" in whole.pieces(whole.encode("in 1984"))
    assert split.pieces(split.encode("1984 in 4198"))[-4:] == list("4198")


@pytest.mark.parametrize("symbols", [[""], ["a b"], ["⟦0⟧", "⟦0⟧"], ["a\tb"], ["▁"]])
def test_bad_symbols(symbols: list[str]) -> None:
    with pytest.raises(ValueError, match="symbol"):
        SubwordTokenizer.Config(user_defined_symbols=symbols)


def test_settings_are_the_same_when_they_are_stored() -> None:
    """A classifier compares its own with those that its language model was stored with."""
    settings = SubwordTokenizer.Config(user_defined_symbols=SYMBOLS)
    assert json.loads(json.dumps(settings.model_dump())) == settings.model_dump()
