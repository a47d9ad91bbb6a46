"""The endpoint and its golden device are those of the link's tests."""

from tests.host.link.conftest import endpoint, golden_device, segments

__all__ = ["endpoint", "golden_device", "segments"]
