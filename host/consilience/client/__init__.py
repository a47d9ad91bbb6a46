"""A client of the service: sends observations, reads verdicts and alarms, sync and async.

>>> from consilience.client import Client
>>> with Client("http://127.0.0.1:8080") as service:  # doctest: +SKIP
...     service.send([{"agent": "mail", "run": "7", "score": 1.25}])
...     service.fleet()["alarm"]
"""

from consilience.client.async_client import AsyncClient
from consilience.client.client import Client
from consilience.client.receipt import Receipt
from consilience.client.retrying import Retrying
from consilience.client.service_errors import ServiceError

__all__ = ["AsyncClient", "Client", "Receipt", "Retrying", "ServiceError"]
