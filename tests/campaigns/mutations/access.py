"""Planted faults of who may do what: the guard, tokens, limits, and a device's door."""

from tests.campaigns.mutations.mutation import Mutation

__all__ = ["ACCESS"]

CODE = "host/consilience/service/access/"
SERVER = "host/consilience/server/"
TESTS = "tests/host/service/access/"
GUARD = TESTS + "test_guard.py::"
TOKENS = TESTS + "test_tokens.py::"
SOCKETS = TESTS + "test_guarded_server.py::"
DOOR = "tests/host/server/test_admission.py::"

ACCESS = (
    Mutation(
        "tokens: only the id is compared",
        CODE + "tokens.py",
        "        if row is None or not same:\n",
        "        if row is None:\n",
        TOKENS + "test_what_opens_nothing",
    ),
    Mutation(
        "tokens: the key of a certificate's row opens",
        CODE + "tokens.py",
        "row = self._row(\"WHERE id = ? AND kind = 'token'\", id_)",
        'row = self._row("WHERE id = ?", id_)',
        TOKENS + "test_a_token_of_a_certificate_row_is_none",
    ),
    Mutation(
        "tokens: a token is good for a millisecond more",
        CODE + "tokens.py",
        "at_ms >= self.expires_ms",
        "at_ms > self.expires_ms",
        TOKENS + "test_expiry_to_the_millisecond",
    ),
    Mutation(
        "tokens: what another process revokes is not seen",
        CODE + "tokens.py",
        "        if self.revoked_ms is not None:\n",
        "        if self.revoked_ms is not None and at_ms < 0:\n",
        TOKENS + "test_another_process_revokes",
    ),
    Mutation(
        "tokens: the secret itself is kept",
        CODE + "tokens.py",
        'self._add(token.id, "token", name, token.keys, scopes, lifetime_ms)',
        'self._add(token.id, "token", name, type(token.keys)(token.secret, b""), '
        "scopes, lifetime_ms)",
        TOKENS + "test_nothing_of_a_secret_is_on_the_disk_or_in_a_repr",
    ),
    Mutation(
        "proofs: whatever a server answers is right",
        "host/consilience/link/token_proof.py",
        "return hmac.compare_digest(_mac(self.keys.server, message), answer)",
        "return len(answer) == PROOF_BYTES",
        TOKENS + "test_proofs",
    ),
    Mutation(
        "scopes: whoever sends reads, too",
        CODE + "identity.py",
        "return scope in self.scopes or",
        "return scope in self.scopes or scope is Scope.READ or",
        TOKENS + "test_a_token_is_what_it_was_made_for[ingest]",
    ),
    Mutation(
        "scopes: another way to write a path needs less",
        CODE + "scopes.py",
        "path in _INGEST",
        'path.rstrip("/") in _INGEST',
        TOKENS + "test_scopes_of_requests",
    ),
    Mutation(
        "guard: probes are answered to everybody",
        CODE + "guard.py",
        "        if self._open and not any",
        '        if scope["path"] == "/healthz":\n            return ANYBODY\n'
        "        if self._open and not any",
        GUARD + "test_the_same_answer_to_everybody_without_a_token[GET-/healthz]",
    ),
    Mutation(
        "guard: of two credentials the first counts",
        CODE + "credentials.py",
        "text = _token_in(given[0]) if len(given) == 1 else None",
        "text = _token_in(given[0])",
        GUARD + "test_two_credentials_are_none",
    ),
    Mutation(
        "guard: a bad token falls back to the certificate",
        CODE + "credentials.py",
        "    if not given:\n",
        '    if not given or scope.get("extensions"):\n',
        GUARD + "test_a_certificate_instead_of_a_token",
    ),
    Mutation(
        "guard: a name that ends as loopback's does is loopback",
        CODE + "browsers.py",
        'if name == "localhost" or name in names',
        'if name.startswith(("localhost", "127.0.0.1")) or name in names',
        GUARD + "test_an_open_loopback_port",
    ),
    Mutation(
        "guard: a page of another site changes something",
        CODE + "guard.py",
        "        check_site(method, headers)\n",
        "",
        GUARD + "test_pages_of_other_sites_change_nothing[headers4-403]",
    ),
    Mutation(
        "guard: bad tokens hold up good ones",
        CODE + "guard.py",
        "        try:\n            return identified",
        "        if self._failures.take(network):\n"
        '            raise Refusal.too_many(429, "too many", 1)\n'
        "        try:\n            return identified",
        GUARD + "test_rates",
    ),
    Mutation(
        "guard: a revoked token reads on",
        CODE + "guard.py",
        "if not self._tokens.is_valid(one)}",
        "if False}",
        GUARD + "test_a_revoked_token_ends_what_it_reads",
    ),
    Mutation(
        "bodies: a bomb is unpacked to its end",
        CODE + "bodies.py",
        "            if count > limits.unpacked_bytes:\n",
        "            if count > 2 * limits.unpacked_bytes:\n",
        GUARD + "test_bodies[3]",
    ),
    Mutation(
        "bodies: a body that is cut is taken",
        CODE + "bodies.py",
        "        if self._inner is None or not self._inner.eof:\n",
        "        if self._inner is None:\n",
        GUARD + "test_bodies[12]",
    ),
    Mutation(
        "bodies: what was refused stays counted",
        CODE + "bodies.py",
        "        held.give_back(taken)\n",
        "",
        GUARD + "test_bodies[3]",
    ),
    Mutation(
        "server: a trailer is a header",
        CODE + "guarded_protocol.py",
        "        if not self._in_body:\n            super().on_header",
        "        if True:\n            super().on_header",
        SOCKETS + "test_a_trailer_is_no_credential",
    ),
    Mutation(
        "server: headers may come for ever",
        CODE + "guarded_protocol.py",
        "        self._wait(self._limits.idle_s)\n\n    def connection_lost",
        "\n    def connection_lost",
        SOCKETS + "test_clients_that_are_silent_or_odd[0]",
    ),
    Mutation(
        "server: a client that does not read stays",
        CODE + "guarded_protocol.py",
        "        if self._stuck is None:\n",
        "        if self._stuck is None and False:\n",
        SOCKETS + "test_a_client_that_reads_nothing",
    ),
    Mutation(
        "server: handshakes are no connections",
        CODE + "guarded_server.py",
        "            self._open[network] += 1\n",
        "            self._open[network] += self._tls is None\n",
        SOCKETS + "test_tls_with_client_certificates",
    ),
    Mutation(
        "binding: clear text off loopback without a word",
        CODE + "binding.py",
        "    if not (is_loopback or agreed):\n",
        "    if not (is_loopback or agreed or True):\n",
        TESTS + "test_binding.py::test_elsewhere",
    ),
    Mutation(
        "changes: a line that was removed is not seen",
        CODE + "audit_log.py",
        'right = line["number"] == number + 1 and line["before"] == before',
        'right = line["number"] > number',
        TESTS + "test_audit_log.py::test_a_change_of_the_file_is_seen[removed]",
    ),
    Mutation(
        "changes: details are not redacted",
        CODE + "audit_log.py",
        "    return redacted(str(value))",
        "    return str(value)",
        TESTS + "test_audit_log.py::test_no_secret_comes_in",
    ),
    Mutation(
        "observations: who sends acknowledges",
        "host/consilience/service/http/observations.py",
        "        check_admin(request)\n",
        "        pass\n",
        TESTS + "test_service_behind_guard.py::test_acknowledgements_need_admin[acknowledge]",
    ),
    Mutation(
        "door: the nonce of the server is always the same",
        SERVER + "admission.py",
        "self._nonce = secrets.token_bytes(NONCE_BYTES)",
        "self._nonce = secrets.token_bytes(0) + bytes(NONCE_BYTES)",
        DOOR + "test_nothing_that_was_heard_lets_anybody_in",
    ),
    Mutation(
        "door: a proof is not bound to the certificate",
        "host/consilience/link/admission.py",
        "hello.message() + server_nonce + channel",
        "hello.message() + server_nonce",
        DOOR + "test_nothing_that_was_heard_lets_anybody_in",
    ),
    Mutation(
        "door: frames are let in where a token is asked for",
        SERVER + "admission.py",
        "            if self._keeper is not None:\n",
        "            if self._keeper is None:\n",
        DOOR + "test_who_is_refused",
    ),
    Mutation(
        "door: the client does not check the server's answer",
        "host/consilience/devices/letting_in.py",
        "if step is not Step.ADMITTED or not token.answered(message, answer):",
        "if step is not Step.ADMITTED:",
        DOOR + "test_somebody_who_does_not_know_the_token",
    ),
    Mutation(
        "door: a revoked token keeps its device",
        SERVER + "server.py",
        "self._keeper.keys_of(line.token) is None:",
        "self._keeper.keys_of(line.token) is False:",
        DOOR + "test_a_revoked_token_ends_its_client",
    ),
)
