"""Spans put together: which are tool calls, of which agent, in which conversation, in order.

Nothing here depends on the order in which spans come, nor on how often the same span does.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from consilience.traces import conventions
from consilience.traces.span import Span
from consilience.traces.steps import Reading, Sequence, Step

__all__ = ["KeptSpan", "kept_spans", "reading_of", "reading_of_kept"]

Key = tuple[str, str]


@dataclass(slots=True)
class KeptSpan:
    """What is kept of a span: a trace of 10^6 spans fits into memory without its texts.

    The order of the fields is that of logs which hold them.
    """

    key: Key
    parent: Key
    start: int
    time: str | None
    name: str
    tool: bool
    agent: bool
    model: bool
    ended: bool
    error: bool
    result: bool
    call_id: str | None
    agent_name: str | None
    conversation: tuple[int, str] | None
    resource: tuple[int, str] | None
    names_calls: bool

    @property
    def order(self) -> tuple[int, Key]:
        """By start, then by key."""
        return self.start, self.key

    @property
    def weight(self) -> tuple[Any, ...]:
        """Of two reports of one span the heavier counts: the later one of an unfinished span.

        All that is kept takes part, so that no two different reports weigh the same.
        """
        ids = self.call_id or "", self.agent_name or "", self.time or "", self.parent
        keys = self.conversation or (), self.resource or ()
        kinds = self.tool, self.agent, self.model, self.names_calls
        return self.ended, self.error, self.result, *kinds, self.start, self.name, ids, keys


def reading_of(spans: Iterable[Span], time_unit: str, order_by: str) -> Reading:
    """Return the sequences of tool calls in spans, each call once.

    Parameters
    ----------
    spans : iterable of Span
        In any order, some more than once.
    time_unit, order_by : str
        As `Reading` has them.
    """
    return reading_of_kept(kept_spans(spans), time_unit, order_by)


def reading_of_kept(spans: Iterable[KeptSpan], time_unit: str, order_by: str) -> Reading:
    """Return what `reading_of` does, of what is kept of spans; these may be changed."""
    tree = _Tree(spans)
    by_run: dict[tuple[str | None, str], Sequence] = {}
    for kept in tree.calls():
        conversation = tree.conversation(kept)
        trace = kept.key[0]
        run = (conversation, "" if conversation is not None else trace)
        found = by_run.setdefault(run, Sequence(conversation, extra={"trace": trace}))
        agent, agent_span = tree.agent(kept)
        found.steps.append(
            Step(
                name=kept.name,
                call_id=kept.call_id,
                error=True if kept.error else (False if kept.ended else None),
                time=kept.time,
                has_result=kept.ended or kept.result,
                agent=agent,
                agent_span=agent_span,
            )
        )
    warnings = []
    if not by_run:
        by_run = tree.empty_runs()
        if any(kept.names_calls for kept in tree.spans.values()):
            warnings.append(
                "no span of a tool: calls are only named in answers of models, which may not have "
                "been executed; instrument the tools, too"
            )
    if tree.clashing:
        warnings.append(
            f"{len(tree.clashing)} ids of spans have reports with different starts: one report of "
            "each counts; are the ids unique?"
        )
    lost = sum(kept.tool and not kept.start for kept in tree.spans.values())
    if lost:
        warnings.append(f"{lost} calls have no start that can be read: their order is not known")
    reading = Reading("tool_calls", order_by, list(by_run.values()), time_unit, warnings=warnings)
    reading.extra["spans"] = len(tree.spans)
    return reading


def kept_spans(spans: Iterable[Span]) -> Iterator[KeptSpan]:
    """Yield what is kept of each span."""
    resource: dict[str, Any] = {}
    of_resource = None
    tools = False  # once there is one, nobody asks for calls that are only named
    for span in spans:
        if span.resource is not resource:  # many spans in a row share one
            resource = span.resource
            of_resource = conventions.conversation(resource)
        kept = _kept(span, of_resource, ask=not tools)
        tools = tools or kept.tool
        yield kept


class _Tree:
    """Spans by their keys, and what is inherited along parents and within a trace."""

    def __init__(self, spans: Iterable[KeptSpan]) -> None:
        self.spans: dict[Key, KeptSpan] = {}
        self.clashing: set[Key] = set()
        for kept in spans:
            other = self.spans.get(kept.key)
            if other is None:
                self.spans[kept.key] = kept
                continue
            if other.start != kept.start:
                self.clashing.add(kept.key)
            if other.weight < kept.weight:
                self.spans[kept.key] = kept
        self._of_trace: dict[str, tuple[int, int, Key, str]] = {}
        for kept in self.spans.values():
            if kept.conversation is not None and _valid(kept.key[0]):
                rank, value = kept.conversation
                new = (rank, kept.start, kept.key, value)
                held = self._of_trace.get(kept.key[0])
                if held is None or new < held:
                    self._of_trace[kept.key[0]] = new

    def calls(self) -> list[KeptSpan]:
        """Return the tool calls in order of their starts, each once."""
        found = []
        tools = (kept for kept in self.spans.values() if kept.tool)
        for kept in sorted(tools, key=lambda kept: kept.order):
            same = self._same_call(kept)
            if same is None:
                found.append(kept)
                continue
            # Two instrumentations have reported one call: the outer one stands for both.
            same.call_id = same.call_id or kept.call_id
            same.error = same.error or kept.error
            same.result = same.result or kept.result
        return found

    def agent(self, kept: KeptSpan) -> tuple[str | None, str | None]:
        """Return name and span of the nearest agent; without one, a name that a span above has."""
        named = kept.agent_name
        for above in self._above(kept):
            if above.agent:
                return above.agent_name or above.name, above.key[1]
            named = named or above.agent_name
        return named, None

    def conversation(self, kept: KeptSpan) -> str | None:
        """Return the conversation: by the best kind of key, the nearest above or in the trace."""
        best = kept.conversation
        if best is not None and best[0] == 0:
            return best[1]
        for above in self._above(kept):
            if above.conversation and (best is None or above.conversation[0] < best[0]):
                best = above.conversation
        anywhere = self._of_trace.get(kept.key[0])
        if anywhere is not None and (best is None or anywhere[0] < best[0]):
            return anywhere[3]
        if best is not None:
            return best[1]
        return kept.resource[1] if kept.resource else None

    def empty_runs(self) -> dict[tuple[str | None, str], Sequence]:
        """Return a sequence without steps for each conversation or trace."""
        runs: dict[tuple[str | None, str], Sequence] = {}
        for kept in sorted(self.spans.values(), key=lambda kept: kept.order):
            conversation, trace = self.conversation(kept), kept.key[0]
            run = (conversation, "" if conversation is not None else trace)
            runs.setdefault(run, Sequence(conversation, extra={"trace": trace}))
        return runs

    def _above(self, kept: KeptSpan) -> Iterator[KeptSpan]:
        """Yield parents, nearest first; a damaged file may have a circle."""
        seen = {kept.key}
        above = self.spans.get(kept.parent)
        while above is not None and above.key not in seen:
            yield above
            seen.add(above.key)
            above = self.spans.get(above.parent)

    def _same_call(self, kept: KeptSpan) -> KeptSpan | None:
        for above in self._above(kept):
            if above.agent or above.model:
                return None
            if above.tool:
                ids = {above.call_id, kept.call_id} - {None}
                return above if above.name == kept.name and len(ids) < 2 else None
        return None


def _kept(span: Span, resource: tuple[int, str] | None, *, ask: bool) -> KeptSpan:
    attributes = span.attributes
    role = conventions.role(attributes, span.name)
    tool, agent, model = role == "tool", role == "agent", role == "model"
    name = span.name
    if tool:
        name = conventions.tool_name(attributes, name)
    elif agent:
        name = conventions.agent_name(attributes, name)
    # Ids of zeros mean that there is none; then the span itself has to do.
    own = span.span if _valid(span.span) else f"{span.start} {span.name}"
    named = attributes.get("gen_ai.agent.name")
    return KeptSpan(  # by place: by name it takes a third longer, a million times over
        (span.trace, own),
        (span.trace, span.parent),
        span.start,
        span.time,
        name,
        tool,
        agent,
        model,
        span.ended,
        span.error or (tool and attributes.get("error.type") is not None),
        tool and conventions.has_result(attributes),
        conventions.call_id(attributes) if tool else None,
        named if type(named) is str else None,
        conventions.conversation(attributes),
        resource,
        ask and model and conventions.names_calls(attributes),
    )


def _valid(identity: str) -> bool:
    """Return whether this is an id: zeros, in hexadecimal or base64, are none."""
    return identity.strip("0") != "" and ("=" not in identity or identity.strip("A=") != "")
