"""Trains the tiny models of tests/fixtures/marian and records what Marian itself makes of them.

    pip install pymarian==1.12.42 sentencepiece
    python -m tests.record_marian

The words of the toy language of `tests/helpers/marian.py` are translated by writing them backwards.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.helpers.marian import sentences, train_sentencepiece

FIXTURES = Path(__file__).parent / "fixtures" / "marian"
COMMON = (
    "--type transformer --dim-emb 16 --enc-depth 2 --dec-depth 2 --transformer-heads 4 --transformer-dim-ffn 24 "
    "--mini-batch 32 --maxi-batch 10 --after-batches 700 --learn-rate 0.005 --lr-warmup 100 --cpu-threads 1 -w 200 "
    "--seed 1 --label-smoothing 0.1 --overwrite --quiet --save-freq 10000u --disp-freq 10000u"
)
MODELS = {
    "post": "--tied-embeddings-all --transformer-postprocess dan --transformer-ffn-activation relu",
    "pre": "--tied-embeddings --transformer-preprocess n --transformer-postprocess da --transformer-postprocess-top n",
    "ssru": "--tied-embeddings-all --transformer-decoder-autoreg rnn --dec-cell ssru",
}


def backwards(text: str) -> str:
    """The translation of a sentence."""
    return " ".join(word[::-1] for word in text[:-1].split()) + text[-1]


def main() -> None:
    """Writes vocab.spm, a model each, and recorded.json: scores, and outputs of greedy search."""
    FIXTURES.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as place:
        folder = Path(place)
        for name, count, seed in (("train", 4000, 1), ("test", 50, 2)):
            texts = sentences(count, seed)
            (folder / f"{name}.source").write_text("".join(f"{text}\n" for text in texts))
            (folder / f"{name}.target").write_text("".join(f"{backwards(text)}\n" for text in texts))
        both = [line for side in ("source", "target") for line in (folder / f"train.{side}").read_text().splitlines()]
        train_sentencepiece(FIXTURES / "vocab.spm", both, eos_id=0, unk_id=1, bos_id=-1)
        vocabularies = [str(FIXTURES / "vocab.spm")] * 2
        recorded = {}
        for name, options in MODELS.items():
            model = folder / f"{name}.npz"
            pair = [str(folder / f"train.{side}") for side in ("source", "target")]
            run("train", "-m", str(model), "-t", *pair, "-v", *vocabularies, *COMMON.split(), *options.split())
            (FIXTURES / model.name).write_bytes(model.read_bytes())
            common = ["-m", str(model), "-v", *vocabularies, "--cpu-threads", "1", "-w", "200", "--quiet"]
            test = [str(folder / f"test.{side}") for side in ("source", "target")]
            scores = run("score", *common, "-t", *test).split()
            outputs = run("decode", *common, "-i", test[0], "-b", "1", "--quiet-translation").splitlines()
            recorded[name] = {"scores": [float(score) for score in scores], "outputs": outputs}
    (FIXTURES / "recorded.json").write_text(json.dumps(recorded, indent=1, ensure_ascii=False) + "\n")


def run(*arguments: str) -> str:
    """What Marian prints."""
    return subprocess.run(["pymarian", *arguments], check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
