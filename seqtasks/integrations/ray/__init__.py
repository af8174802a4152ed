"""Models on the machines of a Ray cluster.

`Translate`, `Caption`, `CaptionVideo`, `Tag` and `Classify` are callable classes for `ray.data`:

    import ray
    from seqtasks.integrations.ray import Translate, put_model

    texts = ray.data.read_parquet("s3://bucket/texts/")
    texts.map_batches(Translate, fn_constructor_args=[put_model("en-de")], batch_size=500)

`seqtasks translate --ray ADDRESS` and its siblings keep the order of their input, and do only what is missing when they
are run again: `cluster` runs them.
"""

from seqtasks.errors import require_package

require_package("ray", "seqtasks.integrations.ray needs Ray.", "ray")

from seqtasks.integrations.ray.callables import (  # noqa: E402
    Caption,
    CaptionVideo,
    Classify,
    Tag,
    Translate,
)
from seqtasks.integrations.ray.models import SharedModel, put_model  # noqa: E402
from seqtasks.integrations.ray.predictor import Predictor  # noqa: E402

__all__ = ["Caption", "CaptionVideo", "Classify", "Predictor", "SharedModel", "Tag", "Translate", "put_model"]
