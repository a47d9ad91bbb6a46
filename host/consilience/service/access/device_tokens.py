"""The tokens that open a served device: those with the scope `device`."""

from consilience.link.token_proof import TokenKeys
from consilience.service.access.scopes import Scope
from consilience.service.access.tokens import Tokens

__all__ = ["DeviceTokens"]


class DeviceTokens:
    """A `Doorkeeper` for `LinkServer`.

    Parameters
    ----------
    tokens : Tokens
    """

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def keys_of(self, id_: str) -> TokenKeys | None:
        """Return the keys of a token that is valid now and allows devices; else None."""
        return self._tokens.keys_of(id_, Scope.DEVICE)
