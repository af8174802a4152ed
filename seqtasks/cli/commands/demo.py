"""`seqtasks demo`: a first look, without a network."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from seqtasks.cli.commands.caption import DEFAULT_CAPTIONER, DEFAULT_CLIP_CAPTIONER
from seqtasks.cli.commands.classify import DEFAULT_CLASSIFIER
from seqtasks.cli.commands.generate import DEFAULT_WRITER
from seqtasks.cli.commands.tag import DEFAULT_TAGGER
from seqtasks.cli.options import DEFAULT_MODEL
from seqtasks.errors import SeqtasksError

if TYPE_CHECKING:
    from seqtasks.inference.captioning import CaptioningPipeline
    from seqtasks.inference.outputs import GeneratedText

SENTENCES = (
    "Good morning!",
    "Where is the railway station?",
    "I have never seen such a beautiful garden.",
    "She told me that she would come tomorrow.",
    "We should drink more water when it is hot.",
)
TAGGED = ("Time flies like an arrow.", "Did the old man the boats?", "I saw her duck under the table.")
REVIEWS = (
    "Not the masterpiece they promise, but warm, funny and well played.",
    "A waste of a good cast and two hours.",
    "The actors do their best, but the story goes nowhere.",
)
PROMPT, LENGTH = "JULIET:\n", 240
"""What the writer begins with, and how many characters it adds."""
EVERY = 0.5
"""Seconds from one described frame of the clip to the next."""
NEXT = """\
Now try:
  seqtasks translate "How are you?"                 one sentence
  seqtasks translate < input.txt                    a file, line by line
  seqtasks translate "..." --nbest 5                five translations with scores
  seqtasks train translation pairs.tsv --output mine   a model of your own"""
NEXT_PICTURE = "  seqtasks caption photo.jpg                        what a picture shows"
NEXT_CLIP = "  seqtasks caption clip.mp4 --contact-sheet s.png   what a clip shows, and when"
NEXT_TAGGED = "  seqtasks tag text.txt                             parts of speech, word by word"
NEXT_CLASSIFIED = '  seqtasks classify --text "..." --explain          positive or negative, and the decisive words'
NEXT_WRITTEN = '  seqtasks generate --prompt "ROMEO:"               a scene, as it is made'


def demo() -> None:
    """Show what the models that ship can do.

    They translate sentences, describe photographs and a clip, tag parts of speech, classify reviews and write a
    scene.

    \b
    Example:
      seqtasks demo
    """
    from seqtasks.storage.bundle import built_in_models

    models = built_in_models()
    if DEFAULT_MODEL not in models:
        raise SeqtasksError(
            f"The demo needs the model {DEFAULT_MODEL!r}, which does not ship with this installation.",
            "Train one: seqtasks train translation pairs.tsv --output my-model",
        )
    translate_sentences()
    tried = [NEXT]
    if DEFAULT_CAPTIONER in models and (pictures := shipped("images", "*.jpg")):
        describe(pictures)
        tried.append(NEXT_PICTURE)
    if DEFAULT_CLIP_CAPTIONER in models and (clips := shipped("clip.mp4")):
        describe_clips(clips)
        tried.append(NEXT_CLIP)
    if DEFAULT_TAGGER in models:
        tag_sentences()
        tried.append(NEXT_TAGGED)
    if DEFAULT_CLASSIFIER in models:
        classify_reviews()
        tried.append(NEXT_CLASSIFIED)
    if DEFAULT_WRITER in models:
        write_scene()
        tried.append(NEXT_WRITTEN)
    print("\n".join(tried))


def translate_sentences() -> None:
    started = time.perf_counter()
    from seqtasks.loading import load

    predictor = load(DEFAULT_MODEL)
    loaded = time.perf_counter()
    translations = predictor.translate(SENTENCES, nbest=2)
    done = time.perf_counter()
    source, target = predictor.languages
    for translation in translations:
        print(f"{source}  {translation.source}")
        show(target, translation, translation.alternatives)
    print(
        f"{len(translations)} sentences in {done - loaded:.2f} s on {predictor.device}, "
        f"after {loaded - started:.1f} s to start.\n"
    )


def describe(pictures: Sequence[Path]) -> None:
    started = time.perf_counter()
    from seqtasks.loading import load

    predictor = load(DEFAULT_CAPTIONER)
    loaded = time.perf_counter()
    captions = predictor.caption(pictures, nbest=2)
    done = time.perf_counter()
    for caption in captions:
        print(caption.picture)
        show("  ", caption, caption.alternatives)
    print(
        f"{len(captions)} photographs in {done - loaded:.2f} s on {predictor.device}, "
        f"after {loaded - started:.1f} s to load.\n"
    )


def describe_clips(clips: Sequence[Path]) -> None:
    if find_spec("av") is None:
        print(f"{clips[0]} is left out: pip install 'seqtasks[video]'\n")
        return
    from seqtasks.loading import load

    predictor = load(DEFAULT_CLIP_CAPTIONER)
    for clip in clips:
        describe_clip(predictor, clip)


def describe_clip(predictor: CaptioningPipeline, clip: Path) -> None:
    """Spans of time and what is seen in them, as they come."""
    from seqtasks.video.caption_spans import merge_captions, timed
    from seqtasks.video.reader import IntervalSampler, open_video

    print(clip)
    begun = time.perf_counter()
    opened = open_video(clip)
    captions = [
        timed(frame, caption.text, caption.log_probabilities)
        for frame, caption in predictor.caption_frames(opened.frames(IntervalSampler(EVERY)))
    ]
    for span in merge_captions(captions, lambda: opened.end):
        print(f"  {span.start:.1f} to {span.end:.1f} s   {span.text}   ({span.confidence:.0%} sure)")
    print(f"{len(captions)} frames in {time.perf_counter() - begun:.2f} s on {predictor.device}.\n")


def tag_sentences() -> None:
    from seqtasks.loading import load

    predictor = load(DEFAULT_TAGGER)
    begun = time.perf_counter()
    tagged = predictor.tag(TAGGED)
    done = time.perf_counter()
    for sentence in tagged:
        print("  ".join(f"{word}/{label}" for word, label in zip(sentence.words, sentence.labels, strict=True)))
    print(f"{len(tagged)} sentences in {done - begun:.2f} s on {predictor.device}.\n")


def classify_reviews() -> None:
    from seqtasks.loading import load

    predictor = load(DEFAULT_CLASSIFIER)
    for text, found in zip(REVIEWS, predictor.classify(REVIEWS), strict=True):
        print(f"{text}\n    {found.label} ({found.probability:.0%})")
    print()


def write_scene() -> None:
    from seqtasks.loading import load

    predictor = load(DEFAULT_WRITER)
    begun = time.perf_counter()
    print(PROMPT, end="")
    for piece in predictor.stream(PROMPT, max_new_tokens=LENGTH):
        print(piece, end="", flush=True)
    print(f" ...\n\n{LENGTH} characters in {time.perf_counter() - begun:.2f} s on {predictor.device}.\n")


def shipped(*place: str) -> list[Path]:
    """What ships at a place, a name or a folder and a pattern; from where you stand if that is shorter."""
    from seqtasks.storage.bundle import asset_folders

    here = Path.cwd()
    name, *pattern = place
    found = [
        file
        for root in asset_folders(name)
        for file in (sorted(root.glob(*pattern)) if pattern else [root] if root.is_file() else [])
    ]
    return [file.relative_to(here) if file.is_relative_to(here) else file for file in found]


def show(label: str, best: GeneratedText, others: Sequence[GeneratedText]) -> None:
    """The best output behind its label, the others below it, and how sure the model is of each."""
    print(f"{label}  {best.text}   ({confidence(best):.0%} sure)")
    for other in others:
        print(f"    or: {other.text}   ({confidence(other):.0%})")
    print()


def confidence(output: GeneratedText) -> float:
    """The geometric mean of the probabilities of the tokens."""
    values = output.log_probabilities
    return math.exp(sum(values) / max(1, len(values)))
