"""`consilience service remove`: an agent of a running service that is gone for good."""

from typing import Annotated

import typer
from rich.text import Text

from consilience.cli.device_option import JsonOption
from consilience.cli.output import Output
from consilience.cli.url_option import CaOption, UrlOption, connected

__all__ = ["remove"]

_URL = "http://127.0.0.1:8080"


def remove(
    agent: Annotated[str, typer.Argument(metavar="AGENT", help="As /v1/agents shows it.")],
    url: UrlOption = _URL,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Forget an agent that is gone for good: statistic, history, open runs; what stands of it ends.

    One that is heard again under the name is a new agent, which learns anew.

    Example: consilience service remove planner-7
    """
    output = Output(as_json=as_json)
    with connected(url, ca) as service:
        position = service.remove_agent(agent)
    output.result({"agent": agent, "position": position}, Text(f"removed {agent}"))
