"""`seqtasks demo`: a first look, without a network."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqtasks.cli.commands.caption import DEFAULT_CAPTIONER, DEFAULT_VIDEO_CAPTIONER
from seqtasks.cli.commands.classify import DEFAULT_CLASSIFIER
from seqtasks.cli.commands.generate import DEFAULT_WRITER
from seqtasks.cli.commands.tag import DEFAULT_TAGGER
from seqtasks.cli.options import DEFAULT_MODEL
from seqtasks.errors import SeqtasksError

if TYPE_CHECKING:
    from seqtasks.inference.captioning import CaptioningPipeline
    from seqtasks.inference.classification import ClassificationPipeline
    from seqtasks.inference.outputs import GeneratedText
    from seqtasks.inference.tagging import TaggingPipeline
    from seqtasks.inference.text_generation import TextGenerationPipeline
    from seqtasks.inference.translation import TranslationPipeline

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
"""The prompt, and how many characters are generated."""
INTERVAL = 0.5
"""Seconds between the frames of the video that are captioned."""


def demo() -> None:
    """Show what the included models can do.

    They translate sentences, caption photographs and a video, tag parts of speech, classify reviews and generate a
    scene.

    \b
    Example:
      seqtasks demo
    """
    from seqtasks.storage.model_paths import built_in_models

    models = built_in_models()
    if DEFAULT_MODEL not in models:
        raise SeqtasksError(
            f"The demo needs the model {DEFAULT_MODEL!r}, which does not ship with this installation.",
            "Train one: seqtasks train translation pairs.tsv --output my-model",
        )
    hints = ["Now try:"]
    for name, (show, hint) in SHOWN.items():
        if name not in models:
            continue
        started = time.perf_counter()
        from seqtasks.loading import load

        pipeline = load(name)
        loaded = time.perf_counter()
        if done := show(pipeline):
            seconds = f"{time.perf_counter() - loaded:.2f} s on {pipeline.device}, {loaded - started:.1f} s to load"
            print(f"{done} in {seconds}.\n")
            hints.append(hint)
    print("\n".join(hints))


def translate(pipeline: TranslationPipeline) -> str:
    """Translates some sentences, with an alternative each; says how many."""
    translations = pipeline.translate(SENTENCES, nbest=2)
    source, target = pipeline.languages
    for translation in translations:
        print(f"{source}  {translation.source}")
        show_alternatives(target, translation, translation.alternatives)
    return f"{len(translations)} sentences"


def caption_images(pipeline: CaptioningPipeline) -> str:
    """Captions the photographs that ship; says how many, nothing where there are none."""
    images = shipped("images/*.jpg")
    for caption in pipeline.caption(images, nbest=2):
        print(caption.image)
        show_alternatives("  ", caption, caption.alternatives)
    return f"{len(images)} photographs" if images else ""


def caption_video(pipeline: CaptioningPipeline) -> str:
    """Spans of time with their captions."""
    from seqtasks.video.caption_spans import merge_captions, timed
    from seqtasks.video.reader import IntervalSampler, open_video

    videos = shipped("clip.mp4")
    if not videos or find_spec("av") is None:
        print("The video is left out: pip install 'seqtasks[video]'\n")
        return ""
    print(videos[0])
    video = open_video(videos[0])
    captions = [
        timed(frame, caption.text, caption.log_probabilities, blank=caption.blank)
        for frame, caption in pipeline.caption_frames(video.frames(IntervalSampler(INTERVAL)))
    ]
    for span in merge_captions(captions, lambda: video.end):
        print(f"  {span.start:.1f} to {span.end:.1f} s   {span.text}   ({span.confidence:.0%} sure)")
    return f"{len(captions)} frames"


def tag(pipeline: TaggingPipeline) -> str:
    """Tags some sentences; says how many."""
    for sentence in pipeline.tag(TAGGED):
        print("  ".join(f"{word}/{label}" for word, label in zip(sentence.words, sentence.labels, strict=True)))
    return f"{len(TAGGED)} sentences"


def classify(pipeline: ClassificationPipeline) -> str:
    """Classifies some reviews; says how many."""
    for text, found in zip(REVIEWS, pipeline.classify(REVIEWS), strict=True):
        print(f"{text}\n    {found.label} ({found.probability:.0%})")
    return f"{len(REVIEWS)} reviews"


def generate(pipeline: TextGenerationPipeline) -> str:
    """Continues a prompt as it is made; says how many characters."""
    print(PROMPT, end="")
    for piece in pipeline.stream(PROMPT, max_new_tokens=LENGTH):
        print(piece, end="", flush=True)
    print(" ...\n")
    return f"{LENGTH} characters"


SHOWN: dict[str, tuple[Callable[[Any], str], str]] = {
    DEFAULT_MODEL: (translate, """\
  seqtasks translate "How are you?"                 one sentence
  seqtasks translate < input.txt                    a file, line by line
  seqtasks translate "How are you?" --nbest 5       five translations with scores
  seqtasks train translation pairs.tsv --output my-model   your own model"""),
    DEFAULT_CAPTIONER: (caption_images, "  seqtasks caption photo.jpg                        a caption for an image"),
    DEFAULT_VIDEO_CAPTIONER: (
        caption_video, "  seqtasks caption clip.mp4 --contact-sheet s.png   captions of a video, with times"
    ),
    DEFAULT_TAGGER: (tag, "  seqtasks tag text.txt                             parts of speech, word by word"),
    DEFAULT_CLASSIFIER: (
        classify, '  seqtasks classify --text "..." --explain          positive or negative, and the decisive words'
    ),
    DEFAULT_WRITER: (generate, '  seqtasks generate --prompt "ROMEO:"               a scene, streamed'),
}  # fmt: skip
"""What each model shows, which says how much that was, and what to try next."""


def shipped(pattern: str) -> list[Path]:
    """The images or videos that ship and match a pattern; from the current directory where they are below it."""
    from seqtasks.storage.model_paths import asset_folders

    here = Path.cwd()
    found = [file for folder in asset_folders("") for file in sorted(folder.glob(pattern))]
    return [file.relative_to(here) if file.is_relative_to(here) else file for file in found]


def show_alternatives(label: str, best: GeneratedText, others: Sequence[GeneratedText]) -> None:
    """The best output behind its label, the others below it, and the model's confidence in each."""
    from seqtasks.video.caption_spans import confidence_in

    print(f"{label}  {best.text}   ({confidence_in(best.log_probabilities):.0%} sure)")
    for other in others:
        print(f"    or: {other.text}   ({confidence_in(other.log_probabilities):.0%})")
    print()
