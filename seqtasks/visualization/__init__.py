"""Images and reports of results: attention, captions, attributions, confusion matrices, captioned videos.

Names are imported when they are first used; they are listed in `__init__.pyi`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
