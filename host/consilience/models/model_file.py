"""A model as a file: JSON, versioned, with a hash of its content; what is damaged is refused."""

import json
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from consilience.errors import BadInput
from consilience.evidence.atomic_file import write_file
from consilience.models.agent_models import AgentModel
from consilience.models.certificate import certified
from consilience.models.kinds import KINDS
from consilience.models.model import Float, Model, Scored
from consilience.models.run import Run
from consilience.models.running_score import running_score

__all__ = ["FORMAT", "VERSION", "FittedModel", "Training", "read_model"]

FORMAT = "consilience model"
VERSION = 2
"""1: without models of single agents; it is read, and written of models that have none."""
_WHOLE = 1 << 16
_HASH = "sha256"


@dataclass(frozen=True)
class Training:
    """What a model was fitted on.

    Parameters
    ----------
    files : dict of str to str
        Names of files, and the SHA-256 of what they hold.
    runs, steps, agents : int
    labels : dict of str to int
        Runs of each label.
    formats : tuple of str
    options : dict
        The model's options, as they were chosen.
    log_loss : float or None
        Nats per run, of runs that were left out of the fit; None: not measured.
    date : str
        As the caller gave it.
    contents : tuple of str
        `joining.content_of` each run.
    """

    files: dict[str, str]
    runs: int
    steps: int
    agents: int
    labels: dict[str, int]
    formats: tuple[str, ...]
    options: dict[str, Any]
    log_loss: float | None
    date: str
    contents: tuple[str, ...] = ()


@dataclass(frozen=True)
class FittedModel:
    """A model with all that is needed to use it.

    Parameters
    ----------
    model : Model
    training : Training
    weight : int
        Of every row, 1 .. 65536: what log loss made of it, as steps of a run are not independent.
    prior : tuple of float
        Probabilities of the hypotheses, which sum to 1.
    allowance : float
        Bits of surprise that a step may have and say nothing: twice the mean of known-good runs
        that were left out of the fit. Without hypotheses beside it only.
    agents : dict of str to AgentModel
        Agents that are known by themselves; of all others `model` speaks.
    """

    model: Model
    training: Training
    weight: int = _WHOLE
    prior: tuple[float, ...] = (1.0,)
    allowance: float = 0.0
    agents: dict[str, AgentModel] = field(default_factory=dict)

    @property
    def labels(self) -> tuple[str, ...]:
        """Hypotheses, good behaviour first."""
        return self.model.labels

    def score(self, run: Run) -> Scored:
        """Return log-likelihoods, if the model has any, and the running score of a run."""
        own = self.agents.get(run.agent)
        if own is not None:
            nats = own.nats(run, lambda: self._fleet(run))
        else:
            found = self.model.score(run)
            if found.running is not None or found.nats is None:
                return found
            nats = found.nats
        return Scored(nats, running_score(nats, self.prior, self.allowance_of(run.agent)))

    def allowance_of(self, agent: str) -> float:
        """Return the bits of surprise that a step of an agent may have and say nothing."""
        own = self.agents.get(agent)
        return self.allowance if own is None else own.allowance

    def has_own(self, agent: str) -> bool:
        """Return whether an agent is judged by a model of its own."""
        own = self.agents.get(agent)
        return own is not None and own.model is not None

    def _fleet(self, run: Run) -> Float:
        nats = self.model.score(run).nats
        assert nats is not None  # kinds without likelihoods have no models of single agents
        return nats

    def as_json(self) -> dict[str, Any]:
        """Return the whole as JSON, its hash too."""
        value: dict[str, Any] = {
            "format": FORMAT,
            "version": VERSION if self.agents else 1,
            "kind": self.model.kind,
            "training": asdict(self.training),
            "weight": self.weight,
            "prior": list(self.prior),
            "allowance": self.allowance,
            "certificate": certified(self.model.tables(), self.prior),
            "parameters": self.model.as_json(),
        }
        if self.agents:
            value["agents"] = {name: one.as_json() for name, one in self.agents.items()}
        return {**value, _HASH: _digest(value)}

    def write(self, path: Path, *, overwrite: bool) -> str:
        """Write the file whole or not at all; return the hash of its content."""
        value = self.as_json()
        write_file(path, _canonical(value) + "\n", overwrite=overwrite)
        return str(value[_HASH])


def read_model(path: Path, kind: str | None = None) -> FittedModel:
    """Read a model's file.

    Parameters
    ----------
    path : Path
    kind : str, optional
        The kind that it must be of.

    Raises
    ------
    BadInput
        No file, no model, one of another version or kind, or one that was damaged or changed.
    """
    try:
        value = json.loads(path.read_bytes())
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}); check the path") from None
    except (ValueError, RecursionError):
        raise BadInput(f"{path}: is no model; make one with `consilience fit`") from None
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise BadInput(f"{path}: is JSON, but no model; make one with `consilience fit`")
    if value.get("version") not in range(1, VERSION + 1):
        raise BadInput(
            f"{path}: a model of version {value.get('version')}, this program reads 1 to "
            f"{VERSION}; fit it again with this program"
        )
    content = {name: held for name, held in value.items() if name != _HASH}
    if value.get(_HASH) != _digest(content):
        raise BadInput(f"{path}: was damaged or changed: its hash is another; fit it again")
    found = value.get("kind")
    if found not in KINDS:
        raise BadInput(f"{path}: a model of kind {found!r}; this program has {', '.join(KINDS)}")
    if kind is not None and found != kind:
        raise BadInput(f"{path}: a model of kind {found}, not {kind}; give one of that kind")
    try:
        made = FittedModel(
            KINDS[found].from_json(value["parameters"]),
            _training(value["training"]),
            int(value["weight"]),
            tuple(map(float, value["prior"])),
            float(value["allowance"]),
            _agents(KINDS[found], value),
        )
        whole = len(made.prior) == len(made.labels) and 0 <= made.weight <= _WHOLE
        whole &= not made.agents or len(made.labels) == 1
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        whole = False
    if not whole:
        raise BadInput(f"{path}: a model whose parameters cannot be; fit it again")
    return made


def _training(value: dict[str, Any]) -> Training:
    lists = {name: tuple(value[name]) for name in ("formats", "contents")}
    return Training(**{**value, **lists})


def _agents(kind: Any, value: dict[str, Any]) -> dict[str, AgentModel]:
    held = {} if value["version"] == 1 else value["agents"]
    return {name: AgentModel.from_json(kind, one) for name, one in held.items()}


def _canonical(value: Any) -> str:
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except ValueError:
        raise BadInput("the model holds a number that is not finite; look at the data") from None


def _digest(value: Any) -> str:
    return sha256(_canonical(value).encode()).hexdigest()
