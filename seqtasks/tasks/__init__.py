"""Tasks. Importing this package registers every built-in one."""

from seqtasks.tasks.base import PreparedTask, Task
from seqtasks.tasks.captioning.task import CaptioningTask
from seqtasks.tasks.classification.task import ClassificationTask
from seqtasks.tasks.data_loader import TokenBucketLoader
from seqtasks.tasks.data_reports import fingerprint
from seqtasks.tasks.language_modeling.task import LanguageModelingTask
from seqtasks.tasks.tagging.task import TaggingTask
from seqtasks.tasks.translation.task import TranslationTask
from seqtasks.tasks.video_captioning.task import VideoTask

__all__ = [
    "CaptioningTask",
    "ClassificationTask",
    "LanguageModelingTask",
    "PreparedTask",
    "TaggingTask",
    "Task",
    "TokenBucketLoader",
    "TranslationTask",
    "VideoTask",
    "fingerprint",
]
