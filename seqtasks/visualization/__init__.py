"""Pictures and reports of results: attention, captions, attributions, confusion matrices, captioned videos."""

from seqtasks.visualization.attribution_report import AttributionReport, open_attribution_report
from seqtasks.visualization.attribution_text import highlight_words
from seqtasks.visualization.caption_attention import plot_caption_attention
from seqtasks.visualization.caption_report import CaptionReport, open_caption_report
from seqtasks.visualization.confusion_matrix import confusion_table, plot_confusion_matrix
from seqtasks.visualization.contact_sheet import ContactSheet
from seqtasks.visualization.matplotlib_support import require_matplotlib
from seqtasks.visualization.translation_attention import plot_translation_attention
from seqtasks.visualization.video_rendering import write_captioned_video

__all__ = [
    "AttributionReport",
    "CaptionReport",
    "ContactSheet",
    "confusion_table",
    "highlight_words",
    "open_attribution_report",
    "open_caption_report",
    "plot_caption_attention",
    "plot_confusion_matrix",
    "plot_translation_attention",
    "require_matplotlib",
    "write_captioned_video",
]
