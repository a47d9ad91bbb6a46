"""OTLP in protobuf: an export request, or many with their lengths, as a collector writes them."""

from collections.abc import Iterator
from typing import Any

from consilience.errors import BadInput
from consilience.extras import install_command
from consilience.traces.format import Format
from consilience.traces.protobuf_frames import frames
from consilience.traces.source import Source
from consilience.traces.span import Span
from consilience.traces.span_tree import reading_of
from consilience.traces.steps import Reading

__all__ = ["OTLP_PROTOBUF", "spans_of_protobuf"]

_ERROR = 2
_ID_BYTES = {(16, 8), (0, 0)}


def _recognise(source: Source) -> str | None:
    return "lengths of protobuf messages" if source.shape == "protobuf" else None


def _read(source: Source) -> Reading:
    return reading_of(_spans(source), "unix ns", "startTimeUnixNano")


def _spans(source: Source) -> Iterator[Span]:
    with source.open_bytes() as file:
        first = file.read(5)
    with source.open_bytes() as file:
        for frame in frames(first, file):
            yield from spans_of_protobuf(frame, str(source.path))


def spans_of_protobuf(message: bytes, name: str) -> Iterator[Span]:
    """Yield the spans of an export request.

    Parameters
    ----------
    message : bytes
    name : str
        Where it is from, for errors.

    Raises
    ------
    BadInput
        It is damaged, or holds no spans; or the extra `traces` is not installed.
    """
    try:
        from google.protobuf.message import DecodeError
        from opentelemetry.proto.trace.v1.trace_pb2 import TracesData
    except ImportError:
        raise BadInput(
            f"{name}: OTLP in protobuf needs `{install_command('traces')}`; or export it as JSON"
        ) from None
    try:
        data = TracesData.FromString(message)
    except DecodeError as error:
        raise BadInput(f"{name}: damaged protobuf ({error}); copy it again") from None
    for batch in data.resource_spans:
        resource = _attributes(batch.resource.attributes)
        for scope in batch.scope_spans:
            for span in scope.spans:
                yield _span(name, span, resource)


def _span(name: str, span: Any, resource: dict[str, Any]) -> Span:
    if (len(span.trace_id), len(span.span_id)) not in _ID_BYTES:
        # Metrics and logs have lengths in the same places.
        raise BadInput(f"{name}: protobuf of OTLP without spans; export traces, too")
    return Span(
        trace=span.trace_id.hex(),
        span=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        name=span.name,
        start=span.start_time_unix_nano,
        time=str(span.start_time_unix_nano) if span.start_time_unix_nano else None,
        ended=bool(span.end_time_unix_nano),
        error=span.status.code == _ERROR,
        attributes=_attributes(span.attributes),
        resource=resource,
    )


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: _plain(pair.value) for pair in pairs}


def _plain(value: Any) -> Any:
    """Return the value of an AnyValue, as its JSON has it."""
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_plain(item) for item in value.array_value.values]
    if kind == "kvlist_value":
        return _attributes(value.kvlist_value.values)
    return getattr(value, kind) if kind else None


OTLP_PROTOBUF = Format("otlp-protobuf", "OTLP protobuf (OpenTelemetry)", _recognise, _read)
