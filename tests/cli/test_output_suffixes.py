"""What is written is what the name of its file says; or nothing is written, and a sentence tells why."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.program import Program
from PIL import Image

from seqtasks.cli.suffixes import Form, ensure_directory, ensure_form
from seqtasks.errors import SeqtasksError
from seqtasks.visualization import open_attribution_report, open_caption_report, write_captioned_video

CHOICES: dict[Form, str] = {"jsonl": "--json", "srt": "--output-format srt"}


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("caption a.png --report a.txt", "--html-report a.txt: the suffix does not match"),
        ("caption a.png --html-report a.png.jpg", "--html-report a.png.jpg: the suffix does not match"),
        ("caption a.png --output a.html", "--output a.html: the output is plain text"),
        ("caption a.png --plot-attention a.txt", "a.txt: unknown image format"),
        ("caption a.png --json --output a.csv", "--output a.csv: the output is JSON lines"),
        ("caption a.gif --output a.srt", "Add --output-format srt"),
        ("caption a.gif --output-format vtt --output a.srt", "--output a.srt: the output is WebVTT subtitles"),
        ("caption a.gif --output-video a.avi", "--output-video a.avi: the suffix does not match"),
        ("caption a.gif --contact-sheet a.html", "a.html: unknown image format"),
        ("translate --text a --output a.jsonl", "Add --json, or choose another file name."),
        ("translate --text a --plot-attention a.txt", "--plot-attention: a.txt: unknown image format"),
        ("classify --text a --html-report a.pdf", "--html-report a.pdf: the suffix does not match"),
        ("classify --text a --output a.zip", "--output a.zip: the output is plain text"),
        ("tag --text a --output a.conllu", "Add --output-format conllu"),
        ("score en-de pairs.tsv --output a.json", "Add --json"),
        ("evaluate sentiment a.csv --confusion-matrix a.txt", "--confusion-matrix: a.txt: unknown image format"),
        ("export en-de --format onnx --output a.onnx", "--output a.onnx: the output is a directory"),
        ("train translation pairs.tsv --output a.pt", "--output a.pt: the output is a directory"),
    ],
)
def test_another_suffix_is_refused_before_any_work(
    command: str, told: str, seqtasks: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (8, 8)).save("a.png")
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "blue")]
    frames[0].save("a.gif", save_all=True, append_images=frames[1:])
    before = sorted(tmp_path.iterdir())
    result = seqtasks(*command.split())
    assert (result.code, result.out) == (1, "")
    assert told in result.err
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("out", "text"), ("out.de", "text"), ("out.TXT", "text"), ("out.tsv", "text"), ("out.v2", "jsonl"),
        ("out.jsonl", "jsonl"), ("out.json", "jsonl"), ("out.txt", "jsonl"), ("out.SRT", "srt"), ("out.vtt", "vtt"),
        ("out.conllu", "conllu"), ("/dev/null", "text"),
    ],
)  # fmt: skip
def test_suffixes_that_fit_or_say_nothing(name: str, form: Form) -> None:
    ensure_form(Path(name), form, CHOICES)


@pytest.mark.parametrize(("name", "form"), [("a.srt", "text"), ("a.json", "srt"), ("a.HTM", "text"), ("a.gz", "text")])
def test_suffixes_that_do_not_fit(name: str, form: Form) -> None:
    with pytest.raises(SeqtasksError, match=f"--output {name}: the output is"):
        ensure_form(Path(name), form, CHOICES)


def test_a_directory_that_is_there_may_be_called_as_it_likes(tmp_path: Path) -> None:
    (tmp_path / "a.bin").mkdir()
    ensure_directory(tmp_path / "a.bin")
    ensure_directory(tmp_path / "model-v0.2")


def test_the_functions_of_the_library_refuse_it_too(tmp_path: Path) -> None:
    for opened in (open_attribution_report, open_caption_report):
        with pytest.raises(SeqtasksError, match=r"a\.txt: the suffix does not match"), opened(tmp_path / "a.txt"):
            pass
    with pytest.raises(SeqtasksError, match=r"a\.gif: the suffix does not match"):
        write_captioned_video([], [], tmp_path / "a.gif")
    assert list(tmp_path.iterdir()) == []
