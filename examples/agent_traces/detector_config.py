"""What is chosen by cross-validation: the chain, and what it is counted from."""

from dataclasses import dataclass

from consilience.models.chain import ChainConfig

__all__ = ["DetectorConfig"]


@dataclass(frozen=True)
class DetectorConfig(ChainConfig):
    """A chain, and what it is counted from.

    Parameters
    ----------
    distinct : bool
        Repeats of one (agent, task, goal) count once together.
    errors : bool
        A failed call is a symbol of its own.
    end : bool
        The end of a run is a symbol.
    resisted : float
        Weight of resisted runs as further benign ones; 0 leaves them out.
    direct : float
        Weight of runs plainly asked for the attacker's goal as further hijacked ones.
    """

    distinct: bool = True
    errors: bool = False
    end: bool = True
    resisted: float = 0.0
    direct: float = 0.0
