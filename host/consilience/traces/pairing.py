"""Results put to their calls: by id where there is one, by name or by order elsewhere."""

from collections.abc import Callable

from consilience.traces.steps import Step

__all__ = ["Calls"]


class Calls:
    """Calls in order, in groups that were asked for together, and their results.

    A result belongs to the latest group that has a call without one that fits, and there to the
    first such call: ids repeat within a conversation in some formats, or are missing.
    """

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._groups: list[list[Step]] = []
        self._open = False
        self._ids: set[str] = set()

    def knows(self, call_id: str | None) -> bool:
        """Return whether there is a call with this id."""
        return call_id in self._ids

    def close_group(self) -> None:
        """Let the next call begin a group."""
        self._open = False

    def add(self, step: Step) -> None:
        """Add a call."""
        if not self._open:
            if self._groups and not self._groups[-1]:
                self._groups.pop()
            self._groups.append([])
            self._open = True
        if not step.has_result:
            self._groups[-1].append(step)
        if step.call_id is not None:
            self._ids.add(step.call_id)
        self.steps.append(step)

    def answer(self, call_id: str | None, name: str | None, error: bool | None) -> Step | None:
        """Note a result.

        Parameters
        ----------
        call_id, name : str or None
            Of the call, where the result says so.
        error : bool or None
            As `Step.error`.

        Returns
        -------
        Step or None
            The call; None if no call waits for such a result.
        """
        if call_id is not None:
            if call_id not in self._ids:
                return None
            step = self._take(lambda step: step.call_id == call_id)
        elif name is not None:
            step = self._take(lambda step: step.name == name)
        else:
            step = self._take(lambda step: True)
        if step is not None:
            step.has_result, step.error = True, error
        return step

    def settle(self, step: Step, error: bool | None) -> None:
        """Note the result of a call that is known itself."""
        self._take(lambda held: held is step)
        step.has_result, step.error = True, error

    def _take(self, fits: Callable[[Step], bool]) -> Step | None:
        """Take a waiting call out of its group."""
        for place in range(len(self._groups) - 1, -1, -1):
            group = self._groups[place]
            for step in group:
                if fits(step):
                    group.remove(step)
                    if not group and place < len(self._groups) - 1:
                        del self._groups[place]
                    return step
        return None
