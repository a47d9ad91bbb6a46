"""Forgeries of signed files: pages, statements, tiles, and what no hash and no record names."""

import base64
import hashlib
import json
from pathlib import Path

from consilience.audit.checkpoint import NoteKey
from consilience.audit.package import STATEMENT
from consilience.audit.statement import canonical_json
from tests.campaigns.forgeries.files import BUNDLE, signed_after
from tests.campaigns.forgeries.forger import payload_of
from tests.campaigns.forgeries.honest import ORIGIN, key_of


def statement_with(change):
    """Sign another payload: by a function of its bytes."""

    def forge(forger):
        forger.sign()
        forger.sign_payload(change(forger.payload()))

    return forge


def envelope_with(change):
    def forge(forger):
        told = forger.json(STATEMENT)
        change(told)
        forger.put(STATEMENT, canonical_json(told))

    return forge


def outside(forger):
    """Name a file beside the package."""
    (forger.folder.parent / "beside.json").write_bytes(b"{}\n")
    forger.extra = {"../beside.json": hashlib.sha256(b"{}\n").hexdigest()}
    forger.sign()


def linked_folder(forger):
    """Put a link in the place of a folder."""
    files, other = forger.folder / "files", forger.folder.parent / "elsewhere"
    names = {one.relative_to(forger.folder).as_posix(): one.read_bytes()
             for one in files.rglob("*") if one.is_file()}  # fmt: skip
    files.rename(other)
    files.symlink_to(other)
    forger.extra = {one: hashlib.sha256(data).hexdigest() for one, data in names.items()}
    forger.sign()


def added(path, data=b"another reading\n"):
    """Add a file that nothing needs, and sign it."""

    def forge(forger):
        (forger.folder / path).parent.mkdir(parents=True, exist_ok=True)
        forger.put(path, data)
        forger.sign()

    return forge


def added_link(forger):
    (forger.folder / "details").symlink_to("/usr/share")


def small_order(forger):
    """Sign with the key that every signature of R = S B fits, whatever is signed."""
    identity = (1).to_bytes(32, "little")
    base = (4 * pow(5, -1, 2**255 - 19) % (2**255 - 19)).to_bytes(32, "little")
    signature = base + (1).to_bytes(32, "little")
    told = forger.json(STATEMENT)
    told["signatures"] = [
        {
            "keyid": NoteKey(ORIGIN, identity).text,
            "sig": base64.b64encode(signature).decode(),
        }
    ]
    forger.put(STATEMENT, canonical_json(told))


def larger_s(told):
    """Add the order of the group to S: the same signature to who does not look."""
    data = base64.b64decode(told["signatures"][0]["sig"])
    s = int.from_bytes(data[32:], "little") + 2**252 + 27742317777372353535851937790883648493
    told["signatures"][0]["sig"] = base64.b64encode(data[:32] + s.to_bytes(32, "little")).decode()


def loose_base64(told):
    """Set bits behind the last byte of a signature."""
    text = told["signatures"][0]["sig"]
    assert text.endswith("==")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    told["signatures"][0]["sig"] = text[:-3] + letters[letters.index(text[-3]) + 1] + "=="


def lines_of_checkpoint(change):
    def forge(forger):
        lines = forger.bytes("checkpoint").decode().split("\n")
        forger.put("checkpoint", "\n".join(change(lines)).encode())
        forger.sign()

    return forge


def second_signature(lines):
    """Add a second signature of the operator, which is wrong."""
    head, _, encoded = lines[-2].rpartition(" ")
    data = base64.b64decode(encoded)
    other = base64.b64encode(data[:4] + data[36:] + data[4:36]).decode()
    return [*lines[:-1], f"{head} {other}", ""]


def shorter_tile(forger):
    path = forger.folder / "tile/0/000"
    path.write_bytes(path.read_bytes()[:-1])


def longer_tile(forger):
    path = forger.folder / "tile/0/000"
    path.write_bytes(path.read_bytes() + bytes(32))


def other_width(forger):
    """Name a partial tile by another width than it has."""
    path = max((forger.folder / "tile/0").glob("*.p")) if any(
        (forger.folder / "tile/0").glob("*.p")) else None  # fmt: skip
    one = next(Path(path).iterdir())
    one.rename(one.with_name(str(int(one.name) - 1)))


def without(*names):
    """Sign a statement that omits files, and leave these in their places."""
    return lambda forger: forger.sign(omit=names)


def longer_consistency(forger):
    """Give a proof from an earlier checkpoint with a hash more."""
    told = forger.json("proofs.json")
    told["consistency"] = [
        {"checkpoint": forger.bytes("checkpoint").decode(), "hashes": ["00" * 32]}
    ]
    forger.put("proofs.json", json.dumps(told, ensure_ascii=False).encode())
    forger.sign()


def on_page(old, new, path="index.html"):
    """Let a page say something else, and sign it."""

    def forge(forger):
        data = forger.bytes(path)
        assert old in data
        forger.put(path, data.replace(old, new, 1))
        forger.sign()

    return forge


def hidden_rows(forger):
    """Put what was found where nobody sees it, and other rows in its place."""
    head, begin, rest = forger.bytes("index.html").partition(b"<tbody>\n")
    rows, end, tail = rest.partition(b"</tbody>")
    other = rows.replace(b"&#x27;a1&#x27;", b"none")
    page = head.replace(b"<h1>", b"<!--" + rows + b"--><h1>", 1) + begin + other + end + tail
    forger.put("index.html", page)
    forger.sign()


PAGE = [
    ("false page", "another promise", on_page(b"; 200 observations", b"; 200000000 observations"),
     "does not say what was found, session 'restart': guaranteed: if a good .* 200 observations"),
    ("false page", "nobody alarmed",
     on_page(b"agents that alarmed<td>&#x27;a1&#x27;", b"agents that alarmed<td>none"),
     "does not say what was found, session 'restart': agents that alarmed: 'a1' first at run"),
    ("false page", "increments that were not recomputed",
     on_page(b": NOT the increments, which the signer asserts", b""),
     r"index\.html: does not say what was found, session 'asserted': judged as"),
    ("false page", "a document that was not recomputed",
     on_page(b"claims.html, claims.json, ", b""),
     r"index\.html: does not say what was found, documents: asserted, not recomputed"),
    ("false page", "another key", on_page(key_of(1).public.hex().encode(), b"00" * 32),
     r"index\.html: does not say what was found, the log: signed by"),
    ("false page", "a word more", on_page(b"<h1>", b"<p>No agent was hijacked.</p><h1>"),
     r"index\.html or README\.md: says more than was found"),
    ("false page", "a better guarantee",
     on_page(b"at most n / A are an agent's first", b"none is one"),
     r"index\.html or README\.md: says more than was found"),
    ("false page", "what was found is in a comment", hidden_rows,
     r"index\.html or README\.md: says more than was found"),
    ("false page", "a script", on_page(b"</body>", b"<script>document.title='x'</script></body>"),
     r"index\.html or README\.md: says more than was found"),
    ("false page", "another README", on_page(b"Exit code 8", b"Exit code 9", "README.md"),
     r"index\.html or README\.md: says more than was found"),
]  # fmt: skip
HASTY = [
    *PAGE,
    ("outside the package", "a file beside it", outside,
     r"'\.\./beside\.json': is no path within the package"),
    ("linked file", "a link in place of a folder", linked_folder,
     r"files\S*: is a link, no file of the package"),
    ("linked file", "a link to a folder", added_link, r"details: is a link"),
    ("added file", "a tile of another width", added("tile/entries/000.p/3"),
     r"tile/entries/000\.p/3: no record uses it"),
    ("added file", "a table that no session names", added("files/frozen/better"),
     "files/frozen/better: no record uses it"),
    ("omitted file", "no claims in the statement", without("claims.json"),
     r"claims\.json: is not in the statement"),
    ("omitted file", "no bundle in the statement", without(BUNDLE), "is not in the statement"),
    ("edited tile", "a hash that is cut", signed_after(shorter_tile),
     r"tile/0/000: is not the hashes of its records"),
    ("edited tile", "a hash too many", signed_after(longer_tile),
     r"tile/0/000: is not the hashes of its records"),
    ("edited tile", "a tile under another width", signed_after(other_width),
     r"tile/0/\S+: is missing"),
    ("forged checkpoint", "a second signature, wrong", lines_of_checkpoint(second_signature),
     r"checkpoint: the signature of example\.com/audit is not that of its text"),
    ("forged checkpoint", "another origin in its text",
     lines_of_checkpoint(lambda lines: ["example.com/other", *lines[1:]]),
     r"checkpoint: the signature of example\.com/audit is not that of its text"),
    ("forged checkpoint", "lines with CR LF",
     lines_of_checkpoint(lambda lines: "\r\n".join(lines).split("\n")),
     "checkpoint: is no signed note"),
    ("forged checkpoint", "junk behind a signature",
     lines_of_checkpoint(lambda lines: [*lines[:-2], lines[-2] + "#", ""]),
     r"checkpoint: no signature"),
    ("forged proofs", "a consistency proof with a hash more", longer_consistency,
     r"proofs\.json: the proof of the first \d+ records is wrong"),
    ("forged statement", "a file twice",
     statement_with(lambda one: one.replace(b'"subject":[', b'"subject":[{"digest":{"sha256":"' +
                    b"0" * 64 + b'"},"name":"claims.json"},', 1)),
     r"statement\.dsse\.json: names a file twice"),
    ("forged statement", "its sessions twice",
     statement_with(lambda one: one.replace(b'"sessions":', b'"sessions":[],"sessions":', 1)),
     r"statement\.dsse\.json: is no JSON of one meaning \(a name stands twice"),
    ("forged statement", "a payload of another type",
     lambda forger: forger.sign_payload(canonical_json(payload_of(forger.folder)), "text/plain"),
     r"statement\.dsse\.json: is of another version"),
    ("forged statement", "a second signature",
     envelope_with(lambda told: told["signatures"].append({"keyid": "x", "sig": ""})),
     r"statement\.dsse\.json: has not one signature"),
    ("forged signature", "S above the order", envelope_with(larger_s), "its signature is wrong"),
    ("forged signature", "base64 of two forms", envelope_with(loose_base64), "no canonical base64"),
    ("forged signature", "a key of small order", small_order, "the signer is unknown"),
    ("forged signature", "a key that is a file",
     envelope_with(lambda told: told["signatures"][0].update(keyid="/etc/hostname")),
     "its keyid is no key"),
]  # fmt: skip
