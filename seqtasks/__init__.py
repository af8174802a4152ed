"""Every sequence task on one core.

    import seqtasks

    for translation in seqtasks.load("en-de").translate(["A dog runs.", "Two men talk."]):
        print(translation.text)

Names are imported when they are first used: `import seqtasks` itself imports no torch. `__init__.pyi` lists them.
"""

from typing import Any

import lazy_loader

_import, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    if name in __all__:
        return _import(name)
    import tomllib
    from pathlib import Path

    table = tomllib.loads(Path(__file__).with_name("renames.toml").read_text(encoding="utf-8"))["names"]
    found = (new.rpartition(".")[2] for old, new in table.items() if old.rpartition(".")[2] == name)
    today = next((new for new in found if new in __all__), None)
    renamed = f": it is called {today} since version 0.2" if today else ""
    raise AttributeError(f"module 'seqtasks' has no attribute {name!r}{renamed}")
