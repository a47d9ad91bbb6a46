"""What is closed when its ``with`` statement ends."""

from abc import ABC, abstractmethod
from typing import Self

__all__ = ["Closes"]


class Closes(ABC):
    """A context manager: leaving it closes it."""

    @abstractmethod
    def close(self) -> None:
        """Give back what it holds; a second call does nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
