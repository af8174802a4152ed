"""Tasks. Importing this package registers every built-in one."""

from seqtasks.tasks.base import Task
from seqtasks.tasks.captioning import CaptioningTask
from seqtasks.tasks.tagging import TaggingTask
from seqtasks.tasks.translation import TranslationTask
from seqtasks.tasks.video import VideoTask

__all__ = ["CaptioningTask", "TaggingTask", "Task", "TranslationTask", "VideoTask"]
