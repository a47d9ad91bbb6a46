"""The code blocks of a page, and what of them a test is to carry out."""

import re
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

__all__ = ["Block", "Command", "blocks_of"]

FILES = "python", "toml"
"""Languages whose block is a file where its first line is a comment with the file's name."""
SHOWN = "text", "json"
"""Languages of what is only shown: forms of records, equations, what somebody else sends."""
NEEDS = re.compile(r"(?:#|//) (?:.*\b)?needs (.+)")
"""The comment by which a page says that its readers may not be able to carry something out."""
_CURE = (
    "give the block a language: console, with `$ ` before each command and a comment `# needs ...` "
    "where a test cannot carry it out; python; toml with `# NAME.toml`; text for what is only shown"
)


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a console block: its text, what it prints, and what it needs, if anything."""

    text: str
    prints: str
    needs: str | None


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced or indented block: the number of its first line, its language ("" if none)."""

    line: int
    language: str
    text: str

    @property
    def needs(self) -> str | None:
        """What the whole block needs, by a comment in its first line."""
        first = self.text.partition("\n")[0]
        found = NEEDS.fullmatch(first)
        return found[1] if found else None

    @property
    def file(self) -> str | None:
        """The name of the file that the block is, or None."""
        found = re.match(r"# ([\w.-]+\.(?:py|toml))\n", self.text)
        assert found or self.language != "toml", f"line {self.line}: names no file"
        return found[1] if self.language in FILES and found else None

    @property
    def is_step(self) -> bool:
        """Whether it does something by itself: a file is there for what follows."""
        return self.language == "console" or (self.language == "python" and not self.file)

    def commands(self) -> list[Command]:
        """Return the commands of a console block."""
        commands = []
        for part in re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]:
            command, prints = re.fullmatch(r"((?:.*\\\n)*.*)\n?((?s:.*))", part).groups()
            found = re.search(NEEDS.pattern + "$", command)
            commands.append(Command(command, prints, self.needs or (found[1] if found else None)))
        return commands


def blocks_of(page: Path) -> list[Block]:
    """Return a page's blocks in order, but for directives of the site.

    Raises
    ------
    AssertionError
        A block of which nobody can tell whether it is to be carried out; with its line.
    """
    blocks = []
    for token in MarkdownIt().parse(page.read_text()):
        if token.type in ("fence", "code_block") and not token.info.startswith("{"):
            block = Block(token.map[0] + 1, token.info.strip(), token.content)
            place = f"{page.name}, line {block.line}"
            runs = block.language in (*FILES, "console") or block.needs
            assert runs or block.language in SHOWN, f"{place}: {_CURE}"
            if block.language == "console":
                assert block.needs or block.text.startswith("$ "), f"{place}: no command"
            else:
                assert not re.search(r"^\$ ", block.text, re.MULTILINE), f"{place}: a command"
            blocks.append(block)
    return blocks
