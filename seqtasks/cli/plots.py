"""What every command that draws with matplotlib asks first."""

from __future__ import annotations

from pathlib import Path

from seqtasks.errors import SeqtasksError


def require_drawable(path: Path, option: str) -> None:
    """Raises SeqtasksError where no picture can be drawn under this name, which `option` gave."""
    try:
        from matplotlib.backend_bases import FigureCanvasBase
    except ImportError:
        raise SeqtasksError(f"{option} needs matplotlib.", "Install it: pip install 'seqtasks[plots]'") from None
    if picture_format(path) not in FigureCanvasBase.get_supported_filetypes():
        raise SeqtasksError(f"{path}: there is no such picture format.", "Take a name that ends in .png.")


def picture_format(path: Path) -> str:
    return path.suffix[1:].lower()
