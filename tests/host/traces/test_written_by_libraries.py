"""The same runs, written by the formats' own libraries, are the same sequences with one digest."""

import json
import random

import pytest

from consilience.traces.detection import read_trace

RUNS = {
    "first": [
        [("search", "call_1", True), ("look_up", "call_2", True)],
        [("search", "call_3", True)],
    ],
    "second": [[("mail", "call_4", True)], [("search", "call_5", True), ("mail", "call_6", True)]],
    "third": [[("look_up", "call_7", True)], [("look_up", "call_8", False)]],
}
"""By conversation: groups of calls that were asked for together, (tool, id, whether it ended)."""


def calls(reading):
    found = [
        [(step.name, step.call_id, step.has_result) for step in sequence.steps]
        for sequence in reading.sequences
    ]
    return sorted(found)


DIGEST = "c3541c90c9f343998fb67598bd0147d1db3876e8cc17e2ea92e880933124b23e"
EXPECTED = sorted([call for group in run for call in group] for run in RUNS.values())


class OpenAt:
    """A clock that goes on by itself: equal starts would be parallel calls."""

    def __init__(self):
        self.now = 1_700_000_000_000_000_000

    def __call__(self):
        self.now += 1_000_000
        return self.now


def spans(exporter):
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.trace import set_span_in_context

    provider, clock = TracerProvider(), OpenAt()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("test")
    for name, run in RUNS.items():
        agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "helper"}
        agent["gen_ai.conversation.id"] = name
        top = tracer.start_span("invoke_agent helper", attributes=agent, start_time=clock())
        inside = set_span_in_context(top)
        for group in run:
            for tool, call_id, ended in group:
                attributes = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool}
                attributes |= {"gen_ai.tool.call.id": call_id}
                start = clock()
                span = tracer.start_span(f"execute_tool {tool}", context=inside,
                                         attributes=attributes, start_time=start)  # fmt: skip
                if ended:
                    span.end(clock())
                else:
                    exporter.export([span])  # as a process that was killed may have left it
        top.end(clock())
    return exporter.get_finished_spans()


def in_memory():
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    return spans(InMemorySpanExporter())


def request():
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

    return encode_spans(in_memory())


def otlp_protobuf(path):
    path.write_bytes(request().SerializeToString())


def otlp_frames(path):
    data = request().SerializeToString()
    path.write_bytes((len(data).to_bytes(4, "big") + data) * 2)


def otlp_json(path):
    from google.protobuf.json_format import MessageToJson

    path.write_text(MessageToJson(request()))


def otlp_snake_case(path):
    from google.protobuf.json_format import MessageToJson

    path.write_text(MessageToJson(request(), preserving_proto_field_name=True, indent=None))


def console(path):
    written = [span.to_json() for span in in_memory()]
    random.Random(1).shuffle(written)
    path.write_text("\n".join([*written, written[0]]))


def openai_messages(path):
    from openai.types.chat import ChatCompletionMessage

    lines = []
    for name, run in RUNS.items():
        messages = [{"role": "user", "content": "do"}]
        for group in run:
            asked = [
                {"id": call_id, "type": "function", "function": {"name": tool, "arguments": "{}"}}
                for tool, call_id, _ in group
            ]
            message = ChatCompletionMessage(role="assistant", content=None, tool_calls=asked)
            messages.append(message.model_dump())
            for _, call_id, ended in reversed(group):
                if ended:
                    messages.append({"role": "tool", "tool_call_id": call_id, "content": "x"})
        lines.append(json.dumps({"id": name, "messages": messages}))
    path.write_text("\n".join(lines))


def openai_responses(path):
    from openai.types.responses import ResponseFunctionToolCall
    from openai.types.responses.response_input_item import FunctionCallOutput

    lines = []
    for name, run in RUNS.items():
        items = []
        for group in run:
            for tool, call_id, _ in group:
                call = ResponseFunctionToolCall(
                    type="function_call", name=tool, call_id=call_id, arguments="{}"
                )
                items.append(call.model_dump())
            for _, call_id, ended in group:
                if ended:
                    output = FunctionCallOutput(
                        type="function_call_output", call_id=call_id, output="x"
                    )
                    items.append(output.model_dump())
        lines.append(json.dumps({"conversation": {"id": name}, "object": "response",
                                 "output": items}))  # fmt: skip
    path.write_text("\n".join(lines))


def anthropic_messages(path):
    from anthropic.types import Message, ToolUseBlock, Usage

    lines = []
    for name, run in RUNS.items():
        messages = [{"role": "user", "content": "do"}]
        for group in run:
            blocks = [
                ToolUseBlock(type="tool_use", id=call_id, name=tool, input={})
                for tool, call_id, _ in group
            ]
            answer = Message(id="msg", type="message", role="assistant", model="m", content=blocks,
                             stop_reason="tool_use", stop_sequence=None,
                             usage=Usage(input_tokens=1, output_tokens=1))  # fmt: skip
            messages.append(answer.model_dump())
            results = [
                {"type": "tool_result", "tool_use_id": call_id, "content": "x"}
                for _, call_id, ended in group
                if ended
            ]
            messages.append({"role": "user", "content": results or "go on"})
        lines.append(json.dumps({"id": name, "messages": messages}))
    path.write_text("\n".join(lines))


def langchain_messages(path):
    from langchain_core.load import dumpd
    from langchain_core.messages import AIMessage, HumanMessage, ToolMessage, messages_to_dict

    lines = []
    for place, (name, run) in enumerate(RUNS.items()):
        messages = [HumanMessage("do")]
        for group in run:
            asked = [{"name": tool, "args": {}, "id": call_id} for tool, call_id, _ in group]
            messages.append(AIMessage("", tool_calls=asked))
            messages += [
                ToolMessage("x", tool_call_id=call_id) for _, call_id, ended in group if ended
            ]
        written = [messages_to_dict(messages), [dumpd(one) for one in messages],
                   [one.model_dump() for one in messages]][place]  # fmt: skip
        lines.append(json.dumps({"id": name, "messages": written}))
    path.write_text("\n".join(lines))


def inspect_log(path):
    log = pytest.importorskip("inspect_ai.log")
    model = pytest.importorskip("inspect_ai.model")
    tools = pytest.importorskip("inspect_ai.tool")
    samples = []
    for name, run in RUNS.items():
        messages = [model.ChatMessageUser(content="do")]
        for group in run:
            asked = [tools.ToolCall(id=i, function=tool, arguments={}) for tool, i, _ in group]
            messages.append(model.ChatMessageAssistant(content="", tool_calls=asked))
            messages += [
                model.ChatMessageTool(content="x", tool_call_id=call_id, function=tool)
                for tool, call_id, ended in group
                if ended
            ]
        samples.append(log.EvalSample(id=name, epoch=1, input="do", target="", messages=messages))
    spec = log.EvalSpec(created="2026-01-01T00:00:00+00:00", task="t", dataset=log.EvalDataset(),
                        model="m", config=log.EvalConfig())  # fmt: skip
    log.write_eval_log(log.EvalLog(eval=spec, samples=samples), str(path), format="eval")


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")
@pytest.mark.parametrize(
    ("writer", "format_"),
    [
        (otlp_protobuf, "otlp-protobuf"),
        (otlp_frames, "otlp-protobuf"),
        (otlp_json, "otlp"),
        (otlp_snake_case, "otlp"),
        (console, "spans"),
        (openai_messages, "messages"),
        (openai_responses, "openai-responses"),
        (anthropic_messages, "messages"),
        (langchain_messages, "messages"),
        (inspect_log, "inspect"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_runs_are_the_same_in_every_format(writer, format_, tmp_path):
    path = tmp_path / "runs.eval"
    writer(path)
    read = read_trace(path)
    assert read.format.name == format_
    assert calls(read.reading) == EXPECTED
    assert read.reading.as_json()["digest"] == DIGEST
