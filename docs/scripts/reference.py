"""Pages that are written out of the code when the site is built: configuration keys, the Python API, the changelog."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]

REMOTE = re.compile(r"""<(?:link|script|img|source|iframe)\b[^>]*(?:href|src)=["']?((?:https?:)?//[^"'\s>]+)""")
"""What a browser would fetch by itself; a link to follow is none."""

IMAGES = ("attention.jpg", "why_lstm.png", "ranks.png")
"""Those of the README, which lie beside the models."""

TASKS = {
    "translation": "Translation",
    "captioning": "Captioning",
    "video-captioning": "Video captioning",
    "tagging": "Tagging",
    "classification": "Classification",
    "language-modeling": "Language modeling",
}
"""Kinds and titles, in the order of the menu."""

API = {
    "use": (
        "Loading and using models",
        "Load a model by name or by its directory, give it raw input, get results.",
        [
            "load", "find_model", "built_in_models", "Pipeline", "DecodingPipeline", "TranslationPipeline",
            "CaptioningPipeline", "TaggingPipeline", "ClassificationPipeline", "TextGenerationPipeline",
            "DecodingConfig", "SeqtasksError",
        ],
    ),
    "results": (
        "Results",
        "What pipelines return.",
        [
            "Translation", "Caption", "TaggedSentence", "Classification", "Explanation", "ExplainedWord",
            "GeneratedText", "Continuation",
        ],
    ),
    "training": (
        "Training",
        "The functions behind `seqtasks train` and `seqtasks finetune`, and the events that they report.",
        [
            "train", "finetune", "FinetuningResult", "ScoreChange",
            "TrainingRun", "TrainingResult", "read_config", "RunConfig", "to_toml", "Trainer",
            "TrainingStarted", "DataReady", "StepEvent", "StepSkipped", "ValidationEvent", "CheckpointEvent",
            "FinishedEvent",
        ],
    ),
    "evaluation": (
        "Evaluation",
        "Scores with signatures.",
        ["evaluate", "Evaluation", "Score", "ValidationExample", "ConfusionMatrix", "LabelScore", "EvaluationRequest"],
    ),
    "extending": (
        "Base classes",
        "The base classes of your own components.",
        ["Component", "ConfigModel", "Task", "Encoder", "TextEncoder", "Decoder", "Tokenizer"],
    ),
    "bundles": ("Model directories", "Reading and writing bundles.", ["Bundle", "read_bundle", "write_bundle"]),
}  # fmt: skip
"""Pages of the names that `import seqtasks` brings: title, introduction, names."""

MODULES = {
    "decoding": ("Decoding", ("seqtasks.decoding",)),
    "models": ("Models, encoders, decoders", ("seqtasks.models", "seqtasks.encoders", "seqtasks.decoders")),
    "layers": (
        "Layers",
        (
            "seqtasks.layers.memory",
            "seqtasks.layers.embedding",
            "seqtasks.layers.word_embedding",
            "seqtasks.layers.dropout",
            "seqtasks.layers.pooling",
        ),
    ),
    "tasks": ("Tasks", ("seqtasks.tasks",)),
    "text": ("Text", ("seqtasks.text", "seqtasks.text.detokenize")),
    "image-and-video": (
        "Images and videos",
        (
            "seqtasks.image.loading",
            "seqtasks.image.folders",
            "seqtasks.video.reader",
            "seqtasks.video.subtitles",
            "seqtasks.video.corruptions",
        ),
    ),
    "data": (
        "Data",
        (
            "seqtasks.data.examples",
            "seqtasks.data.reader",
            "seqtasks.data.parallel.source",
            "seqtasks.data.captions.source",
            "seqtasks.data.tagging.readers",
            "seqtasks.data.documents.source",
        ),
    ),
    "metrics": ("Metrics", ("seqtasks.metrics.metric", "seqtasks.metrics.score", "seqtasks.metrics.evaluation")),
    "bulk": (
        "Bulk inference",
        ("seqtasks.inference.bulk", "seqtasks.inference.distillation", "seqtasks.inference.logits_processors"),
    ),
    "visualization": ("Visualization", ("seqtasks.visualization",)),
    "export": ("Export", ("seqtasks.export",)),
    "testing": ("Contract tests", ("seqtasks.testing",)),
    "integrations": ("spaCy and Ray", ("seqtasks.integrations.spacy", "seqtasks.integrations.ray")),
}
"""Pages of modules that are public by themselves."""


def on_config(config: MkDocsConfig) -> None:
    """Fills the menu's section "Reference" with the pages that are generated."""
    reference: list[Any] = [
        {"Configuration": [{title: f"reference/config/{kind}.md"} for kind, title in TASKS.items()]},
        {"Python API": [f"reference/api/{name}.md" for name in (*API, *MODULES)]},
        {"Changelog": "reference/changelog.md"},
    ]
    assert config.nav is not None
    config.nav.append({"Reference": ["reference/command-line.md", *reference]})


def on_files(files: Files, config: MkDocsConfig) -> None:
    """Adds the generated pages."""
    pages = {"reference/command-line.md": command_line()}
    pages |= {f"reference/config/{kind}.md": configuration(kind, title) for kind, title in TASKS.items()}
    pages |= {f"reference/api/{name}.md": api_of_names(*page) for name, page in API.items()}
    pages |= {f"reference/api/{name}.md": api_of_modules(*page) for name, page in MODULES.items()}
    pages["reference/changelog.md"] = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    for path, content in pages.items():
        files.append(File.generated(config, path, content=content))
    sys.path.insert(0, str(Path(__file__).parent))
    from beam_picture import beam_svg

    files.append(File.generated(config, "images/beam.svg", content=beam_svg()))
    for image in IMAGES:
        files.append(File.generated(config, f"images/{image}", content=(ROOT / "assets" / image).read_bytes()))


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Refuses a page that would load something from another host."""
    found = REMOTE.findall(output)
    if found:
        raise PluginError(f"{page.file.src_uri} loads from another host: {', '.join(found)}")
    return output


def configuration(kind: str, title: str) -> str:
    """The keys of a task's run configuration."""
    from seqtasks.config.reference import as_markdown, config_sections

    return (
        f"# Configuration: {title.lower()}\n\nKeys of the file in `seqtasks train run.toml`, and of `--set KEY=VALUE`. "
        f"The same list: `seqtasks config {kind}`. `*` stands for the number of a table in a list.\n\n"
        '<div class="configuration" markdown>\n\n'
        + as_markdown(config_sections(kind)).replace("\n### ", "\n## ").replace("### ", "## ", 1)
        + "\n\n</div>\n"
    )


def command_line() -> str:
    """What `--help` of each command prints."""
    from typer.main import get_command

    from seqtasks.cli.app import app

    program: Any = get_command(app)
    parts = ["# Command line\n\nWhat `seqtasks COMMAND --help` prints.\n"]
    with program.make_context("seqtasks", [], resilient_parsing=True) as context:
        for name in program.list_commands(context):
            command = program.get_command(context, name)
            with command.make_context(name, [], parent=context, resilient_parsing=True) as inner:
                parts.append(f"## seqtasks {name}\n\n```text\n{command.get_help(inner)}\n```\n")
    return "\n".join(parts)


def api_of_names(title: str, introduction: str, names: list[str]) -> str:
    """Names of the package itself."""
    return f"# {title}\n\n{introduction}\n\n" + "\n".join(f"::: seqtasks.{name}\n" for name in names)


def api_of_modules(title: str, modules: tuple[str, ...]) -> str:
    """Modules with all their public names."""
    parts = [f"# {title}\n"]
    for module in modules:
        parts.append(f"## `{module}`\n\n::: {module}\n    options:\n      show_root_heading: false\n")
    return "\n".join(parts)
