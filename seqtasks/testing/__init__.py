"""Contract tests for components of your own, to be called in your tests.

    from seqtasks.testing import check_encoder

    def test_my_encoder():
        check_encoder(MyEncoder.Config(num_layers=1))

Each check raises a `ContractError`, which says in words what is wrong and what is expected.
"""

from seqtasks.testing.contract import ContractError
from seqtasks.testing.decoders import check_decoder
from seqtasks.testing.encoders import check_encoder
from seqtasks.testing.metrics import check_metric
from seqtasks.testing.readers import check_reader
from seqtasks.testing.tasks import check_task

__all__ = ["ContractError", "check_decoder", "check_encoder", "check_metric", "check_reader", "check_task"]
