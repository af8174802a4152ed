"""Tasks. Importing this package registers every built-in one."""

from seqtasks.tasks.base import Task
from seqtasks.tasks.captioning import CaptioningTask
from seqtasks.tasks.translation import TranslationTask

__all__ = ["CaptioningTask", "Task", "TranslationTask"]
