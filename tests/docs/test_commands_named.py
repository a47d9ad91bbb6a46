"""Each command and option that a page names is there, whether its block is carried out or not."""

import re
from pathlib import Path

from consilience.cli.program import whole_program

ROOT = Path(__file__).parents[2]
PAST = "CHANGELOG.md", "roadmap.md"
"""Pages that speak of what was, or is to come."""
CALL = re.compile(r"(?<![\w/.-])consilience((?: [a-z][a-z-]*)+)([^\n`|;&#]*)")
COMMAND = re.compile(r"(?:`|\$ |^ {4})consilience ([a-z][a-z-]*)")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")
PROGRAM = whole_program()


def calls(text):
    """Yield the calls in a line of text: words of the command, and options that it lacks."""
    for words, rest in CALL.findall(text):
        command, path = PROGRAM, []
        for word in words.split():
            if word in getattr(command, "commands", {}):
                command = command.commands[word]
                path.append(word)
        if path:  # else the package, or prose
            known = {one for each in command.params for one in (*each.opts, *each.secondary_opts)}
            lacks = [one for one in OPTION.findall(rest) if one not in known | {"--help"}]
            yield " ".join(path), lacks


def missing(text):
    """Return what a line names and the program lacks."""
    commands = [one for one in COMMAND.findall(text) if one not in PROGRAM.commands]
    return commands + [f"{words} {one}" for words, lacks in calls(text) for one in lacks]


def test_they_are_there():
    count, wrong = 0, []
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")):
        for number, line in enumerate(page.read_text().splitlines(), 1):
            if page.name not in PAST:
                count += len(list(calls(line)))
                wrong += [f"{page.name}, line {number}: {one}" for one in missing(line)]
    assert count > 200
    assert not wrong, "\n".join(wrong)


def test_one_that_is_gone_is_noticed():
    assert missing("$ consilience fuse e.csv --prior 1,1 --gone") == ["fuse --gone"]
    assert missing("with `consilience service tokens revoke --state X --gone NAME`") == [
        "service tokens revoke --gone"
    ]
    assert missing("    consilience gone FILE") == ["gone"]
    assert not missing("consilience reads what agents did; `consilience.client` asks")
