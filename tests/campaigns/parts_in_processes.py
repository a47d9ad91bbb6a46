"""Parts of a campaign, run in processes: what they find, in their order, and how far they are."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Protocol, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

__all__ = ["run_parts"]

Found = TypeVar("Found", covariant=True)


class _Part(Protocol[Found]):
    def run(self) -> Found: ...


def run_parts(
    parts: Sequence[_Part[Found]], jobs: int, count: Callable[[], int], whole: int, what: str
) -> Iterator[Found]:
    """Yield what each part found, in order; `jobs` changes nothing but the time.

    Parameters
    ----------
    parts : sequence
    jobs : int
        Processes; with 1 all run in this one.
    count : callable
        Returns how many of `whole` are done, once the caller has taken what was yielded.
    whole : int
    what : str
        What is counted.
    """
    told = 0
    columns = (BarColumn(), TextColumn(f"{{task.completed:,}} {what}"), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        bar = bars.add_task("", total=whole)
        for found in _found(parts, jobs):
            yield found
            done = count()
            if 10 * done // whole > told and not console.is_terminal:
                console.print(f"{done:,} {what}")
            told = max(told, 10 * done // whole)
            bars.update(bar, completed=done)


def _found(parts: Sequence[_Part[Found]], jobs: int) -> Iterator[Found]:
    if jobs == 1:
        yield from (part.run() for part in parts)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(type(parts[0]).run, parts)
