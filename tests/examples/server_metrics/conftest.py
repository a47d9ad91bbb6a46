"""The bundled streams, read once."""

import pytest

from examples.server_metrics.streams import DATA, Stream, read_streams


@pytest.fixture(scope="session")
def bundled() -> dict[str, Stream]:
    return {one.name: one for one in read_streams(DATA)}
