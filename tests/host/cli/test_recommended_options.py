"""Every option that an error recommends is one of the command that says so.

Followed from each command: the functions and classes that it names, by way of imports, and those
that they name. What of them is raised or said may be said by the command.
"""

import ast
import inspect
import re
from pathlib import Path

import pytest

from consilience.cli.program import whole_program

HOST = Path(__file__).parents[3] / "host"
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


def leaves(group, before=""):
    """The commands of a group, and of the groups in it, by their words."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from leaves(command, f"{before}{name} ")
        else:
            yield before + name, command


COMMANDS = dict(leaves(whole_program()))
NOT_SAID = {
    ("node", "consilience.evidence.prior"): "its decisions have the uniform prior",
    ("node", "consilience.verdicts.decisions"): "it decides as fuse that is not told how",
    ("watch", "consilience.verdicts.decisions"): "the same",
    ("watch", "consilience.evidence.csv_file"): "it reads no evidence, only the list of formats",
    ("watch", "consilience.evidence.parquet_file"): "the same",
    ("benchmark", "consilience.evidence.atomic_file"): "it replaces files, and checks --out before",
    ("build", "consilience.evidence.atomic_file"): "the same",
    ("keys", "consilience.evidence.atomic_file"): "it replaces no file, and checks before",
    ("monitor", "consilience.evidence.atomic_file"): "it says --state in place of that",
    ("check", "consilience.evidence.atomic_file"): "it says --report in place of that",
    ("score", "consilience.evidence.csv_file"): "it reads no evidence, it writes some",
    ("score", "consilience.evidence.parquet_file"): "the same",
    (
        "calibrate",
        "consilience.monitor.observation_lines",
    ): "it says what it lacks in its own words",
    ("calibrate", "consilience.monitor.line_score"): "the same",
    ("calibrate", "consilience.monitor.parquet_lines"): "it keeps no state, and reads a file once",
    ("calibrate", "consilience.monitor.line_source"): "the same",
    ("program", "consilience.evidence.atomic_file"): "it copies nothing",
    ("program", "consilience.cli.output"): "and makes no folder",
    ("node", "consilience.distributed.epochs.deployment_file"): "an option of keys, as it is typed",
    ("send", "consilience.distributed.epochs.deployment_file"): "the same",
    ("read-node", "consilience.distributed.epochs.deployment_file"): "the same",
    ("node", "consilience.distributed.intake.shard_intake"): "it is said to who sends, of send",
    ("send", "consilience.distributed.totals.evidence_sums"): "it computes on no device",
    ("serve", "consilience.service.access.refusal"): "an option of `service tokens create`",
    ("serve", "consilience.service.access.credentials"): "the same",
    ("serve", "consilience.monitor.reported_runs"): "it takes no reporters",
    ("serve", "consilience.monitor.again"): "the same",
    ("serve", "consilience.service.settings"): "it names the option that `monitor` has and it not",
    ("serve", "consilience.evidence.atomic_file"): "it replaces its own files",
    ("replica", "consilience.distributed.epochs.deployment_file"): "an option of keys",
    ("replica", "consilience.evidence.atomic_file"): "it replaces its own files",
    ("replica", "consilience.distributed.write_ahead_log"): "that of node, which has the log",
    ("serve", "consilience.monitor.watch_options"): "it takes no reporters",
    ("serve", "consilience.cli.access_options"): "an option of `service tokens create`, named so",
    ("audit export", "consilience.service.verdict_log.exporting"): "options of serve",
    ("audit export", "consilience.service.settings"): "options of serve",
    ("audit export", "consilience.service.state"): "options of serve",
    ("audit export", "consilience.service.store.observation_log"): "options of serve",
    ("audit export", "consilience.monitor.reported_runs"): "options of serve",
    ("audit export", "consilience.monitor.watch_options"): "options of serve",
    ("audit export", "consilience.monitor.fleet_readings"): "options of serve",
    ("audit export", "consilience.audit.watch_record"): "options of serve",
    ("audit export", "consilience.cli.audit_export"): "it says of which options --source is",
    ("audit export", "consilience.service.verdict_log.judged_by"): "the same",
    ("audit export", "consilience.audit.recorded_reports"): "options of serve",
    ("audit export", "consilience.monitor.source_file"): "options of serve",
    ("audit export", "consilience.audit.claims_page"): "a colour of its page",
    ("audit package", "consilience.audit.claims_page"): "the same",
    ("validate", "consilience.audit.claims_page"): "the same",
    ("audit export", "consilience.monitor.growth"): "options of serve",
    ("audit export", "consilience.service.scoring_model"): "options of serve",
    ("audit export", "consilience.monitor.observation_lines"): "options of serve",
    ("audit export", "consilience.monitor.line_score"): "options of serve",
    ("audit export", "consilience.monitor.parquet_lines"): "options of serve",
    ("audit export", "consilience.monitor.file_lines"): "options of serve",
    ("audit export", "consilience.monitor.again"): "options of serve",
    ("audit export", "consilience.evidence.atomic_file"): "it writes into a folder of its own",
    ("audit export", "consilience.monitor.removal"): "options of serve",
    ("audit export", "consilience.monitor.watching"): "options of serve",
    ("audit export", "consilience.audit.package"): "options of serve",
    ("audit export", "consilience.audit.proofs"): "options of serve",
    ("audit export", "consilience.monitor.many_rows"): "options of serve",
    ("audit export", "consilience.monitor.implied"): "options of serve",
    ("audit export", "consilience.monitor.budget"): "options of serve",
    ("audit export", "consilience.models.rate_model"): "options of serve",
    ("service tokens create", "consilience.cli.tokens"): "an option of serve, which asks for it",
    ("service tokens list", "consilience.cli.tokens"): "the command that makes one, as it is typed",
    ("serve", "consilience.distributed.epochs.deployment_file"): "an option of keys",
    ("serve", "consilience.cli.plane_options"): "it names options by their beginning",
    ("service retune", "consilience.monitor.watch_options"): "options of the old service",
    ("service retune", "consilience.cli.watch_option_types"): "the same",
    ("service retune", "consilience.monitor.reported_runs"): "a service takes no reporters",
    ("service retune", "consilience.evidence.atomic_file"): "it writes into a folder of its own",
    ("service backup", "consilience.evidence.atomic_file"): "it writes into a folder of its own",
    ("service restore", "consilience.evidence.atomic_file"): "the same",
    ("audit key", "consilience.evidence.atomic_file"): "a key is never overwritten",
    ("audit package", "consilience.monitor.watch_options"): "it takes no reporters",
    ("audit package", "consilience.evidence.atomic_file"): "it writes into a folder of its own",
    ("audit package", "consilience.monitor.file_lines"): "it reads files whole, without a state",
    ("audit package", "consilience.monitor.parquet_lines"): "the same",
    ("audit package", "consilience.monitor.line_source"): "the same",
    ("audit package", "consilience.monitor.reported_runs"): "it takes no reporters",
    ("audit package", "consilience.audit.page"): "an option of verify.py",
    ("audit package", "consilience.audit.watch_record"): "options of monitor, which it names",
    ("audit package", "consilience.monitor.again"): "it takes no reporters",
    ("audit package", "consilience.monitor.observation_lines"): "it takes no reporters",
    ("demo", "consilience_tools.cli.demo"): "it shows commands to go on with, as they are typed",
    ("doctor", "consilience.cli.doctor"): "an option of pip",
    ("doctor", "consilience.cli.doctor_check"): "an option of the tools that it looks for",
}
OTHERS = (
    "consilience.devices.tcp",
    "consilience_tools.boards.catalogue",
    "consilience_tools.pages.stamp",
    "consilience_tools.place_and_route.",
)
"""Options there are those of FPGA tools, of git, and of the other side of a connection."""
OWN = {
    "benchmark": ("consilience_tools.cli.benchmark",),
    "validate": ("consilience.validate.claims", "consilience.cli.validate"),
}
"""Commands that call most of the library, with arguments of their own: these modules count."""


def options_said(tree):
    """The options in the texts of a piece of code, but for its docstrings."""
    texts = {id(node): node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            texts.pop(id(node.value), None)
    return {option for text in texts.values() for option in OPTION.findall(str(text))}


def defined(node):
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def definitions():
    """All of the library and the tools: (module, name) -> (what it names, options that it says)."""
    found = {}
    for path in HOST.rglob("*.py"):
        module = ".".join(path.relative_to(HOST).with_suffix("").parts)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        known = {
            alias.asname or alias.name: (node.module, alias.name)
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module
            for alias in node.names
        }
        known |= {name: (module, name) for node in tree.body for name in defined(node)}
        for node in tree.body:
            used = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
            for name in defined(node):
                found[module, name] = (
                    {known[one] for one in used & known.keys()},
                    options_said(node),
                )
    return found


@pytest.fixture(scope="module")
def everything():
    return definitions()


@pytest.mark.parametrize("name", COMMANDS)
def test_errors_recommended_options_that_their_command_did_not_have(everything, name):
    command = COMMANDS[name]
    callback = inspect.unwrap(command.callback)
    options = {
        option
        for parameter in command.params
        for option in (*parameter.opts, *parameter.secondary_opts)
    }
    waiting = [(callback.__module__, callback.__name__)]
    seen = set(waiting)
    while waiting:
        place = waiting.pop()
        used, said = everything[place]
        if (name, place[0]) not in NOT_SAID and not place[0].startswith(OTHERS):
            assert said <= options | {"--help"}, place
        fresh = (used & everything.keys()) - seen
        fresh = {one for one in fresh if one[0].startswith(OWN.get(name, ""))}
        seen |= fresh
        waiting += fresh
    assert len(seen) > 2 or name in OWN


def test_messages_are_found_and_followed(everything):
    assert "--agent-column" in everything["consilience.evidence.validation", "choose_columns"][1]
    used, _ = everything["consilience.cli.node", "node"]
    assert ("consilience.distributed.totals.shard_evidence", "ShardEvidence") in used
