"""Who a request comes from."""

from typing import Literal, NamedTuple

from consilience.service.access.scopes import Scope

__all__ = ["ANYBODY", "Identity"]


class Identity(NamedTuple):
    """Who asks: the holder of a token or certificate, or whoever reaches an open loopback port."""

    kind: Literal["token", "certificate", "loopback"]
    id: str
    name: str
    scopes: frozenset[Scope]

    def allows(self, scope: Scope) -> bool:
        """Return whether a scope is among its own; admin allows all."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    @property
    def told(self) -> str:
        """For the log of changes."""
        return self.kind if self.kind == "loopback" else f"{self.kind} {self.id} ({self.name})"


ANYBODY = Identity("loopback", "", "loopback", frozenset(Scope))
"""On loopback, where no token is asked for."""
