"""Bodies of OTLP/HTTP to what is kept of spans: as it goes into the log, and out of it."""

from collections.abc import Iterable
from dataclasses import astuple
from typing import Any

import msgspec

from consilience.errors import BadInput
from consilience.traces.otlp import spans_of_json
from consilience.traces.otlp_protobuf import spans_of_protobuf
from consilience.traces.span import Span
from consilience.traces.span_tree import KeptSpan, kept_spans

__all__ = ["LoggedSpan", "kept_of", "read_spans"]

_NAME = "the body"
_LONGEST = 256
_DEFAULT = "agent"
_TIMES = range(1 << 64)


class LoggedSpan(msgspec.Struct, array_like=True, gc=False):
    """A span as the log has it.

    Attributes
    ----------
    trace : str
    is_root : bool
        It has no parent: the run ends with it.
    service : str
        Who took the run, where no span names an agent: the resource's service.name.
    kept : list
        Fields of `KeptSpan`, in their order.
    """

    trace: str
    is_root: bool
    service: str
    kept: list[Any]

    def span(self) -> KeptSpan:
        """Return what is kept, with tuples for lists."""
        return kept_of(self.kept)


def kept_of(fields: Iterable[Any]) -> KeptSpan:
    """Return what is kept of a span, of its fields as JSON holds them."""
    values: list[Any] = [tuple(one) if isinstance(one, list) else one for one in fields]
    return KeptSpan(*values)


def read_spans(body: bytes, *, is_json: bool) -> tuple[list[LoggedSpan], int]:
    """Return the spans of an export request, and how many have no trace to belong to.

    Raises
    ------
    BadInput
        It is damaged, or something else.
    """
    if is_json:
        try:
            value = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadInput(f"{_NAME}: broken JSON ({error}); send it again, whole") from None
        except RecursionError:
            raise BadInput(f"{_NAME}: JSON nested too deep; send an export request") from None
        if not isinstance(value, dict) or not ({"resourceSpans", "resource_spans"} & value.keys()):
            if value == {}:
                return [], 0
            raise BadInput(f"{_NAME}: no resourceSpans; send traces, not logs or metrics")
        spans = list(spans_of_json(value))
    else:
        spans = list(spans_of_protobuf(body, _NAME))
    return _logged(spans)


def _logged(spans: Iterable[Span]) -> tuple[list[LoggedSpan], int]:
    found, lost = [], 0
    held = [one for one in spans if _is_id(one.trace)]
    lost = sum(1 for _ in spans) - len(held)
    for span, kept in zip(held, kept_spans(held), strict=True):
        kept.name = kept.name[:_LONGEST]
        if kept.start not in _TIMES:  # no time that OTLP can mean
            kept.start = 0
        service = span.resource.get("service.name")
        named = service[:_LONGEST] if isinstance(service, str) and service else _DEFAULT
        found.append(LoggedSpan(span.trace, not span.parent.strip("0"), named, list(astuple(kept))))
    return found, lost


def _is_id(trace: str) -> bool:
    return bool(trace.strip("0")) and len(trace) <= _LONGEST
