"""An application behind a real socket of this machine, in a thread of its own."""

import threading

import uvicorn


class OnSocket:
    """Serves `app` at `url` until it is closed."""

    def __init__(self, app):
        config = uvicorn.Config(
            app, port=0, log_level=None, log_config=None, lifespan="off", ws="none"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive()
            threading.Event().wait(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"

    def cut(self):
        """End all connections, as a network does."""
        for connection in list(self._server.server_state.connections):
            connection.transport.abort()

    def close(self):
        """Serve no more."""
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join()
