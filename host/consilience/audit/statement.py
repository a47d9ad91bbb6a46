"""What a package says of its files: an in-toto Statement v1, signed in a DSSE envelope.

The statement names every file with its SHA-256 and says in its predicate what is not signed. Its
bytes follow from its content alone, and so does an Ed25519 signature. Sources:
https://github.com/in-toto/attestation (Statement v1), https://github.com/secure-systems-lab/dsse.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

from consilience.audit.checkpoint import NoteKey
from consilience.distributed.epochs.signing import SigningKey

__all__ = ["PREDICATE_TYPE", "canonical_json", "envelope", "statement"]

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
PREDICATE_TYPE = "urn:consilience:audit-package:2"


def canonical_json(value: Any) -> bytes:
    """Return JSON with sorted keys, no spaces and no escapes but needed ones, and a newline.

    Equal values have equal bytes. ValueError for NaN and infinities.
    """
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode() + b"\n"


def statement(digests: Mapping[str, str], predicate: Mapping[str, Any]) -> bytes:
    """Return the statement over files.

    Parameters
    ----------
    digests : mapping of str to str
        Path within the package: SHA-256 in hex.
    predicate : mapping
        JSON.
    """
    subjects = [{"name": name, "digest": {"sha256": digests[name]}} for name in sorted(digests)]
    return canonical_json(
        {
            "_type": STATEMENT_TYPE,
            "subject": subjects,
            "predicateType": PREDICATE_TYPE,
            "predicate": dict(predicate),
        }
    )


def envelope(payload: bytes, name: str, key: SigningKey) -> bytes:
    """Return the DSSE envelope of a statement, signed once; the key id is `NoteKey.text`."""
    head = f"DSSEv1 {len(PAYLOAD_TYPE)} {PAYLOAD_TYPE} {len(payload)} "
    signature = key.sign(head.encode() + payload)
    return canonical_json(
        {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [
                {
                    "keyid": NoteKey(name, key.public).text,
                    "sig": base64.b64encode(signature).decode(),
                }
            ],
        }
    )
