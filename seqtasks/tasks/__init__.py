"""Tasks. Importing this package registers every built-in one."""

from seqtasks.tasks.base import Task
from seqtasks.tasks.captioning import CaptioningTask
from seqtasks.tasks.classification import ClassificationTask
from seqtasks.tasks.generation import GenerationTask
from seqtasks.tasks.tagging import TaggingTask
from seqtasks.tasks.translation import TranslationTask
from seqtasks.tasks.video import VideoTask

__all__ = [
    "CaptioningTask",
    "ClassificationTask",
    "GenerationTask",
    "TaggingTask",
    "Task",
    "TranslationTask",
    "VideoTask",
]
