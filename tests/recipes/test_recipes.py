"""Recipes run from end to end on small folders of ours in the official layouts."""

from __future__ import annotations

import gzip
import json
from importlib import import_module
from pathlib import Path

import pytest
from helpers.recipe_run import Done, Recipe, settings_of
from helpers.synthetic import sentence_pairs
from PIL import Image
from sacrebleu.metrics import BLEU

import seqtasks
from seqtasks.storage.bundle import read_bundle

OTHER_CAPTIONERS = ("show-and-tell", "show-attend-and-tell", "transformer")
SMALL = ["--tiny", "--beam", "2", "--set", "training.batch_tokens=400", "--set", "training.num_threads=1"]


def write(file: Path, lines: list[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    if file.suffix == ".gz":
        file.write_bytes(gzip.compress(text.encode()))
    else:
        file.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders as the public downloads have them: Multi30k partly compressed, Tatoeba in tables."""
    folder = tmp_path_factory.mktemp("data")
    multi30k, tatoeba = folder / "multi30k", folder / "tatoeba"
    multi30k.mkdir()
    tatoeba.mkdir()
    for seed, (name, part, count) in enumerate(
        [("train", "train", 300), ("val", "dev", 20), ("test_2016_flickr", "test", 20)]
    ):
        pairs = sentence_pairs(count, seed=seed)
        write(multi30k / f"{name}.en", [source for source, _ in pairs])
        write(multi30k / f"{name}.de.gz", [target for _, target in pairs])
        write(tatoeba / f"en-de.{part}.tsv.gz", [f"{source}\t{target}" for source, target in pairs])
    return folder


@pytest.mark.parametrize(
    "model",
    ["transformer", pytest.param("lstm", marks=pytest.mark.slow), pytest.param("quick", marks=pytest.mark.slow)],
)
def test_multi30k_trains_and_prints_its_row(recipe: Recipe, data: Path, tmp_path: Path, model: str) -> None:
    done = recipe("translate_multi30k", "--model", model, "--output", tmp_path / "model", *SMALL, data=data)
    assert done.code == 0, done.stderr
    row = done.stdout.splitlines()[-1]
    assert row.startswith(f"| {model} | ")
    assert "case:lc" in row
    assert "case:mixed" in row
    assert "beam=2" in row
    best = seqtasks.load(tmp_path / "model", threads=1)
    assert settings_of(tmp_path / "model").model.decoder.kind == ("lstm" if model == "quick" else model)
    assert best.languages == ("en", "de")


def test_a_student_learns_from_what_a_teacher_writes(recipe: Recipe, data: Path, tmp_path: Path) -> None:
    teacher, student = tmp_path / "teacher", tmp_path / "student"
    assert recipe("translate_multi30k", "--model", "quick", "--output", teacher, *SMALL, data=data).stdout
    student.mkdir()
    (student / "nearest.de").write_text("what another teacher wrote\n", encoding="utf-8")
    done = recipe(
        "translate_multi30k", "--model", "student", "--teacher", teacher, "--output", student, *SMALL, data=data
    )
    assert done.code == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("| student | ")
    written = [(student / f"{name}.de").read_text(encoding="utf-8").splitlines() for name in ("nearest", "second")]
    sources = (data / "multi30k" / "train.en").read_text(encoding="utf-8").splitlines()
    references = gzip.decompress((data / "multi30k" / "train.de.gz").read_bytes()).decode().splitlines()
    assert len(written[0]) == len(written[1]) == len(sources) == len(references)
    bleu = BLEU(effective_order=True, lowercase=True)
    found = seqtasks.load(teacher).translate(sources[:20], beam_size=5, nbest=5)
    for best, reference, *lines in zip(found, references, *written, strict=False):
        hypotheses = [best.text, *(other.text for other in best.alternatives)]
        nearest = sorted((bleu.sentence_score(text, [reference]).score for text in hypotheses), reverse=True)
        assert [bleu.sentence_score(line, [reference]).score for line in lines] == nearest[:2]
    theirs, ours = (read_bundle(model / "best").model["encoder"] for model in (teacher, student))
    assert ours == theirs | {"dropout": 0.15}
    assert 'init_modules = "encoder"' in (student / "config.toml").read_text(encoding="utf-8")


def test_a_student_needs_a_teacher(recipe: Recipe, data: Path, tmp_path: Path) -> None:
    done = recipe("translate_multi30k", "--model", "student", "--output", tmp_path / "student", data=data)
    assert done.code == 2
    assert "a student needs a teacher: --teacher MODEL" in " ".join(done.stderr.split())


def test_tatoeba_trains_and_its_model_can_be_packed(recipe: Recipe, data: Path, tmp_path: Path) -> None:
    help_texts = tmp_path / "help.tsv"
    write(help_texts, [f"{source}\t{target}" for source, target in sentence_pairs(40, seed=9)])
    out, packed = tmp_path / "model", tmp_path / "packed"
    done = recipe("translate_tatoeba", data / "tatoeba", "--help-texts", help_texts, "--output", out, *SMALL)
    assert done.code == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("| en-de | ")

    scores = {"metric": "BLEU", "value": 12.5, "signature": "a|b"}
    result = {"data": ["/a/b/test.tsv"], "split": None, "decoding": "beam=2", "scores": [scores]}
    (tmp_path / "scores.json").write_text(json.dumps(result))
    (tmp_path / "card.md").write_text("# A model\n\nLearned from {data}.\n\n{scores}\n")
    given = ["--scores", tmp_path / "scores.json", "--card", tmp_path / "card.md", "--set", 'max_length="1.4x+9"']
    done = recipe("package_model", out, packed, *given)
    assert done.code == 0, done.stderr
    card = (packed / "README.md").read_text()
    assert "340 sentence pairs" in card
    assert "| test.tsv | BLEU | 12.50 | `a\\|b` | `beam=2` |" in card
    assert str(tmp_path) not in (packed / "config.toml").read_text()
    assert seqtasks.load(packed, threads=1).decoding().max_length == "1.4x+9"
    texts = ["a red dog sees the old house ."]
    translations = [
        seqtasks.load(model, threads=1, dtype="bfloat16").translate(texts)[0].text for model in (out, packed)
    ]
    assert translations[0] == translations[1]


def test_fine_tuning_is_compared_with_training_on_both_from_the_start(
    recipe: Recipe, data: Path, tmp_path: Path
) -> None:
    (data / "libreoffice").mkdir()
    write(data / "libreoffice" / "en-de.tsv.gz", ["\t".join(pair) for pair in sentence_pairs(300, seed=8)])
    done = recipe("finetune_translator", "--output", tmp_path / "out", *SMALL, data=data)
    assert done.code == 0, done.stderr
    *_, heading, _, first, _, _, _, _, last, told = done.stdout.splitlines()
    assert heading.startswith("| model | data | BLEU, cased |")
    assert first.startswith("| start | help, test | ")
    assert last.startswith("| tuned | Tatoeba, test | ")
    assert "fine-tuning took" in told
    parts = {
        part: (tmp_path / "out" / f"help.{part}.tsv").read_text().splitlines() for part in ("test", "dev", "train")
    }
    english = [line.split("\t")[0] for lines in parts.values() for line in lines]
    assert len(english) == len(set(english))
    joint = settings_of(tmp_path / "out" / "joint").data
    assert [source.weight for source in joint.train] == [1, 1]
    assert len(joint.validation) == 2


@pytest.fixture(scope="module")
def flickr8k(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Colored squares in Flickr8k's layout: 40 pictures, two captions each, one test picture without its file."""
    folder = tmp_path_factory.mktemp("data") / "flickr8k"
    (folder / "Flicker8k_Dataset").mkdir(parents=True)
    colors = ("red", "green", "blue", "white", "black")
    names = [f"{number:04}_{colors[number % 5]}.jpg" for number in range(40)]
    for number, name in enumerate(names[:-1]):
        picture = Image.new("RGB", (40, 50 + number), colors[number % 5])
        picture.save(folder / "Flicker8k_Dataset" / name)
    lines = [
        f"{name}#{number}\tA {name[5:-4]} {shape} ."
        for name in names
        for number, shape in enumerate(("wall", "square"))
    ]
    write(folder / "Flickr8k.token.txt", lines)
    for split, part in (("train", names[:25]), ("dev", names[25:35]), ("test", names[35:])):
        write(folder / f"Flickr_8k.{split}Images.txt", part)
    return folder


def caption_flickr8k(recipe: Recipe, data: Path, model: str, out: Path, *arguments: str) -> Done:
    small = [
        "images.size=32", "model.hidden_size=32", "model.encoder.hidden_size=32", "model.encoder.weights=none",
        "training.num_threads=1",
        f"data.feature_cache_dir={out}-features",
    ]  # fmt: skip
    chosen = [word for setting in small for word in ("--set", setting)]
    done = recipe(
        "caption_flickr8k", data, "--model", model, "--output", out, "--beam", "2", "--tiny", *chosen, *arguments
    )
    assert done.code == 0, done.stderr
    return done


@pytest.mark.parametrize("model", ["fused", *(pytest.param(each, marks=pytest.mark.slow) for each in OTHER_CAPTIONERS)])
def test_flickr8k_trains_and_prints_its_row(recipe: Recipe, flickr8k: Path, tmp_path: Path, model: str) -> None:
    done = caption_flickr8k(recipe, flickr8k, model, tmp_path / "model")
    assert "training images: 25 with 50 captions" in done.stdout
    assert "validation images: 10" in done.stdout
    heading, _, row = (line.split(" | ") for line in done.stdout.splitlines()[-3:])
    assert row[:3] == [f"| {model}", "frozen", "dev"]
    assert heading[3] == "CIDEr-D"
    assert float(row[3]) >= 0
    assert "n=10" in row[-1]
    assert "beam=2" in row[-1]
    kind = settings_of(tmp_path / "model" / "frozen").model.decoder.kind
    assert kind == ("lstm" if model == "fused" else model)


def test_flickr8k_goes_on_and_is_tested_when_asked(recipe: Recipe, flickr8k: Path, tmp_path: Path) -> None:
    caption_flickr8k(recipe, flickr8k, "show-and-tell", tmp_path / "model", "--set", "training.max_steps=2")
    more = ["--resume", "--test", "--set", "training.max_steps=4"]
    done = caption_flickr8k(recipe, flickr8k, "show-and-tell", tmp_path / "model", *more)
    assert "Resuming from step 2." in done.stdout
    rows = done.stdout.splitlines()[-2:]
    assert [row.split(" | ")[2] for row in rows] == ["dev", "test"]
    assert "n=4" in rows[1]
    assert "1 missing (0039_black.jpg)" in done.stderr


def test_flickr8k_goes_through_all_phases(recipe: Recipe, flickr8k: Path, tmp_path: Path) -> None:
    phases = [
        "--through",
        "rewarded",
        "--set",
        "training.max_steps=2",
        "--set",
        "model.encoder.backbone=mobilenet_v3_small",
    ]
    done = caption_flickr8k(recipe, flickr8k, "fused", tmp_path / "model", *phases)
    assert [row.split(" | ")[1] for row in done.stdout.splitlines()[-3:]] == ["frozen", "fine-tuned", "rewarded"]
    runs = [settings_of(tmp_path / "model" / phase) for phase in ("fine-tuned", "rewarded")]
    assert runs[0].model.encoder.trainable_from_block == -10
    assert runs[0].self_critical is None
    assert runs[1].self_critical is not None


def test_a_folder_without_the_data_is_told(recipe: Recipe, tmp_path: Path) -> None:
    done = recipe("translate_multi30k", tmp_path)
    assert done.code == 2
    assert "train.en" in done.stderr


def test_a_mistake_in_the_input_is_told_in_a_sentence(recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / "card.md").write_text("{scores} {data}", encoding="utf-8")
    (tmp_path / "scores.json").write_text("{}", encoding="utf-8")
    files = ["--scores", tmp_path / "scores.json", "--card", tmp_path / "card.md"]
    done = recipe("package_model", tmp_path / "nothing", tmp_path / "packed", *files)
    assert (done.code, done.stderr.count("\n")) == (1, 1)
    assert f"there is no model '{tmp_path / 'nothing'}'" in done.stderr
    assert not (tmp_path / "packed").exists()


@pytest.mark.parametrize("target", ["de", "en"])
def test_general_translators_are_trained_in_phases(recipe: Recipe, tmp_path: Path, target: str) -> None:
    names = [f"parallel/{name}.en-de.tsv.gz" for name in import_module("translate_general").WEIGHTS]
    names += ["libreoffice/en-de.tsv.gz", "parallel/dev/newstest2013.en-de.tsv.gz"]
    names += [f"tatoeba/en-de.{part}.tsv.gz" for part in ("train", "dev", "test")]
    for seed, name in enumerate(names):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        lines = [f"{source}\t{translated}" for source, translated in sentence_pairs(40, seed=seed)]
        write(tmp_path / name, lines)
    small = ["--tiny", "--beam", "1", "--set", "training.batch_tokens=300", "--set", "text.vocab_size=400"]
    small += ["--set", "training.max_steps=4", "--set", "training.warmup_steps=2", "--set", "training.eval_steps=2"]
    small += ["--set", "training.save_steps=2", "--set", "training.num_threads=1"]
    output = tmp_path / "forward"
    done = recipe("translate_general", tmp_path, "--target", target, "--output", output, *small)
    assert done.code == 0, done.stderr
    pair = "en-de" if target == "de" else "de-en"
    assert [row.split(" | ")[:2] for row in done.stdout.splitlines()[-2:]] == [
        [f"| {pair}", "newstest2013"], [f"| {pair}", "Tatoeba, test"]
    ]  # fmt: skip
    assert seqtasks.load(output, task="translation").languages == tuple(pair.split("-"))
    made = tmp_path / "back-translated.tsv"
    write(made, [f"{source}\t{translated}" for source, translated in sentence_pairs(40, seed=99)])
    further = ["--init-from", output, "--back-translated", made, "--output", tmp_path / "final", *small]
    done = recipe("translate_general", tmp_path, "--target", target, *further)
    assert done.code == 0, done.stderr
    settings = settings_of(tmp_path / "final")
    assert settings.data.train[-1].path == made
    assert settings.data.train[-1].weight == 0.5
