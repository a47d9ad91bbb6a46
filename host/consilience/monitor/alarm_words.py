"""What an alarm means, and what its promise needs, by where increments come from."""

from consilience_hw.spec.monitor_format import Source

__all__ = ["RUN_SAYS", "SAYS"]

SAYS = {
    Source.CONFORMAL: "the scores are no longer exchangeable with the history: a hijack, a new "
    "model version, other tasks or tools; it is not the probability of a hijack",
    Source.FROZEN: "the scores are higher than those of the runs that the table was made of: a "
    "hijack, a new model version, other tasks or tools; it is not the probability of a hijack",
    Source.MODEL: "the calls are no longer what the model p0 says of good agents: a hijack, a new "
    "model version, other tasks or tools, or a wrong p0; it is not the probability of a hijack",
    Source.ASSERTED: "the increments are no longer what they are while the agent behaves, if they "
    "are e-values as asserted; it is not the probability of a hijack",
}
"""In every alarm of an agent or a fleet."""

RUN_SAYS = (
    "this run's score is among the highest of its history, or of the table's runs; so are runs of "
    "good agents, at times"
)
