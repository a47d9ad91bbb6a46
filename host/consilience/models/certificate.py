"""What can be certified of a model's likelihood ratios: that they are e-values of its own table."""

from typing import Any

import numpy as np

from consilience.models.model import LogTables
from consilience.monitor.model_increments import ModelIncrements

__all__ = ["certified", "increments_of"]


def increments_of(tables: LogTables, prior: tuple[float, ...]) -> ModelIncrements:
    """Return the increments of all other hypotheses, by their priors, against the first.

    Parameters
    ----------
    tables : LogTables
        Of two hypotheses or more.
    prior : tuple of float
        Probabilities of the hypotheses.

    Raises
    ------
    BadInput
        The increments of some context are no e-values.
    """
    shares = np.array(prior[1:]) / sum(prior[1:])
    mixture = np.logaddexp.reduce(tables.nats[1:] + np.log(shares)[:, None, None], axis=0)
    good = np.minimum(tables.nats[0], 0.0)
    return ModelIncrements(good, np.minimum(mixture, 0.0), unseen=tables.unseen, end=tables.end)


def certified(tables: LogTables | None, prior: tuple[float, ...]) -> dict[str, Any] | None:
    """Return the certificate as JSON: of how much; None where there is nothing to certify.

    For every context the log sum of (code of p0, rounded up, plus increment) over all symbols,
    UNSEEN and the end of a run, plus 1, is 0 at most.
    """
    if tables is None or len(tables.nats) < 2:
        return None
    codes = increments_of(tables, prior).codes
    return {
        "says": "of calls that follow the first hypothesis' table, 2**increment has expectation "
        "1 at most in every context; it says nothing of whether calls follow it",
        "contexts": codes.shape[0],
        "symbols": codes.shape[1],
        "largest_increment_code": int(codes.max()),
    }
