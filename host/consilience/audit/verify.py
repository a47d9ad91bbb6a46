"""Verify an audit package of consilience: python -I -S verify.py DIR --key KEY [--checkpoint NOTE].

Written from docs/numerics.md, monitor.md and audit.md; shares no code with what it judges. Checks hashes, signatures,
the Merkle log and the page that people read, and works out every posterior, log sum, rank, increment, statistic, alarm
and reading again. KEY is the signer's, as text (NAME+HASH+KEY, 64 hexadecimal digits) or a file: have it by another way
than the package. NOTE is an earlier checkpoint that you kept, or a witness signed (--witness KEY): nothing before it
may have changed. DIR may be one proof's file. Exit code 0: all is right; 8: a line says what differs; 2: usage."""
import sys
if __name__ == "__main__" and not sys.flags.isolated:  # else Python imports what lies beside it
    sys.exit(sys.stderr.write("refused: run it as python -I -S verify.py .., or files of the package may run\n") and 2)
import argparse, base64, decimal, hashlib, html, json, os, pathlib, re, struct
from array import array; from bisect import bisect_left, bisect_right, insort; from collections import Counter
from fractions import Fraction; from math import isqrt
ZERO, MOST, BITS = -(1 << 31), (1 << 31) - 1, 128  # the log of zero, the largest code; precision of our logarithms
FORMAT, INFINITE, WORD = 0x10101837, (1 << 63) - 1, (1 << 64) - 1  # of codes; as what a run stands that was cut
DASH, UNSIGNED, STATEMENT = "\N{EM DASH} ", "measured.json", "statement.dsse.json"
OWN = "checkpoint", "proofs.json", "seeds.json", "index.html", "README.md", "verify.py"
FRAME = bytes.fromhex("6d702ae6e88e3e00a66c0c642b9f2491d822b0a4386fc55a95f6d7b0f31a5224")  # index.html, bare, README.md
TYPES = "application/vnd.in-toto+json", "https://in-toto.io/Statement/v1", "urn:consilience:audit-package:2"
class Refused(Exception): pass  # something is not as it must be; the text says where and what
def need(condition, text):
    if not condition: raise Refused(text)
def exact(told, where, names):  # an object of these members and no other; of a list of names, a list of such
    for one in told if type(names) is list else [told]:
        found, right = {*one} if type(one) is dict else {"no object"}, {*"".join(names).split()}
        need(found == right, f"{where}: has {sorted(found - right)} too many, lacks {sorted(right - found)}")
def sha256(data): return hashlib.sha256(data).digest()
def read(path): return pathlib.Path(path).read_bytes()
def read_text(path): return read(path).decode().replace("\r\n", "\n")
def b64(text):  # of base64 that has one form: no junk, no other bits at its end
    data = base64.b64decode(text); need(base64.b64encode(data).decode() == text, "is no canonical base64"); return data
def pairs(found): need(len(dict(found)) == len(found), "a name stands twice in one object"); return dict(found)
def no_decimal(text): raise Refused(f"{text} is no whole number")
EXACT = json.JSONDecoder(object_pairs_hook=pairs, parse_float=no_decimal, parse_constant=no_decimal)
def ratio(text):  # "200" or "1/40", and nothing else that Fraction takes
    right = isinstance(text, str) and re.fullmatch("[0-9]{1,1001}(/0*[1-9][0-9]{0,1000})?", text)
    need(right, f"{text!r} is no whole number and no fraction"); return Fraction(text)
def in_range(of, what): need(ZERO <= min(of, default=0) <= max(of, default=0) <= MOST, f"{what} {of} are out of range")
P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493; D = -121665 * pow(121666, -1, P) % P
def add_points(p, q):  # Ed25519, RFC 8032: points (x, y) of the curve -x^2 + y^2 = 1 + d x^2 y^2 modulo P
    (a, b), (c, d) = p, q; t = D * a * b * c * d
    return (a * d + b * c) * pow(1 + t, -1, P) % P, (b * d + a * c) * pow(1 - t, -1, P) % P
def times_point(n, p):
    twice = times_point(n >> 1, add_points(p, p)) if n else (0, 1); return add_points(twice, p) if n & 1 else twice
def point_of(data):  # None if its 32 bytes are no point
    sign, y = divmod(int.from_bytes(data, "little"), 1 << 255); square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P); x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    return None if y >= P or (x * x - square) % P or (x == 0 and sign) else (x if x & 1 == sign else P - x, y)
def is_signed(public, message, signature):
    a, r, s = point_of(public), point_of(signature[:32]), int.from_bytes(signature[32:], "little")
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    base, right = point_of((4 * pow(5, -1, P) % P).to_bytes(32, "little")), (len(public), len(signature)) == (32, 64)
    if not right or not a or not r or s >= ORDER or times_point(8, a) == (0, 1): return False  # small order: signs all
    return times_point(s, base) == add_points(r, times_point(h, a))
def key_hash(name, typed): return sha256(name.encode() + b"\n" + typed)[:4]  # C2SP signed-note, tlog-cosignature
def read_key(text):  # (name or None, type, public key) of what --key was given, of which nothing is shown
    where = repr(text) if os.path.isfile(text) or ("." in text and "+" not in text) else "what was given as a key"
    if os.path.isfile(text): text = read_text(text).strip()
    return (None, 1, bytes.fromhex(text)) if re.fullmatch("[0-9a-fA-F]{64}", text) else key_of_text(text, where)
def key_of_text(text, where):
    need("PRIVATE KEY" not in text, f"{where} is the PRIVATE key; give the public one, NAME.pub, show this to nobody")
    try:
        name, digits, encoded = text.split("+", 2); data, right = b64(encoded), [name] == name.split()
        right = right and len(data) == 33 and data[0] in (1, 4) and key_hash(name, data).hex() == digits
    except (ValueError, Refused): right = False
    need(right and name.isprintable(), f"{where} is no key, neither a file nor NAME+HASH+KEY of Ed25519; copy it again")
    return name, data[0], data[1:]
def open_note(where, note, name, kind, public):  # its text, if the key has signed it
    text, empty, lines = note.rpartition("\n\n"); need(empty and lines.endswith("\n"), f"{where}: is no signed note")
    text, found, typed = text + "\n", False, bytes([kind]) + public
    for line in lines[:-1].split("\n"):  # signatures of others are not looked at
        dash, signer, encoded = line[:2], *line[2:].partition(" ")[::2]
        need(dash == DASH and re.fullmatch("[A-Za-z0-9+/]+={0,2}", encoded), f"{where}: no signature in a line of it")
        data = b64(encoded)
        if (signer, data[:4]) != (name, key_hash(name, typed)): continue
        head = f"cosignature/v1\ntime {int.from_bytes(data[4:12], 'big')}\n" if kind == 4 else ""
        found = is_signed(public, (head + text).encode(), data[4 if kind == 1 else 12:])
        need(found, f"{where}: the signature of {name} is not that of its text")
    need(found, f"{where}: is not signed by {name} with the key {key_hash(name, typed).hex()}"); return text
def read_checkpoint(where, note, name, public):  # C2SP tlog-checkpoint: (origin, size, root)
    lines = open_note(where, note, name, 1, public).split("\n")
    need(len(lines) > 3 and re.fullmatch("0|[1-9][0-9]{0,17}", lines[1]), f"{where}: is no checkpoint")
    return lines[0], int(lines[1]), b64(lines[2])
def node(left, right): return sha256(b"\1" + left + right)  # the Merkle tree of RFC 6962, in C2SP tlog-tiles
def tree_root(hashes):  # pairs level by level, an odd last one goes up as it is
    while len(hashes) > 1:
        hashes = [node(a, b) for a, b in zip(hashes[::2], hashes[1::2])] + (hashes[-1:] if len(hashes) & 1 else [])
    return hashes[0] if hashes else sha256(b"")
def climb(leaf, index, size, hashes):  # the root to which an inclusion proof leads; None: none
    if size < 2 or not hashes: return None if hashes or size != 1 or index else leaf
    middle = 1 << (size - 1).bit_length() - 1
    below = climb(leaf, *((index, middle) if index < middle else (index - middle, size - middle)), hashes[:-1])
    return below and (node(below, hashes[-1]) if index < middle else node(hashes[-1], below))
def climb_record(told, size):
    leaf, at = sha256(b"\0" + told["record"].encode()), told["index"]
    return climb(leaf, at, size, [*map(bytes.fromhex, told["hashes"])]) if type(at) is int and 0 <= at < size else None
def consistency(first, leaves, whole=True):  # the proof that they begin with `first` of before
    if first == len(leaves): return [] if whole else [tree_root(leaves)]
    middle = 1 << (len(leaves) - 1).bit_length() - 1; left, right = leaves[:middle], leaves[middle:]
    if first <= middle: return [*consistency(first, left, whole), tree_root(right)]
    return [*consistency(first - middle, right, False), tree_root(left)]
def tile_path(level, index, size):  # of a tile or bundle, `size` hashes or records on its level
    digits, width = str(index).zfill(-(-len(str(index)) // 3) * 3), min(256, size - 256 * index)
    name = "".join(f"x{digits[at:at + 3]}/" for at in range(0, len(digits) - 3, 3)) + digits[-3:]
    return f"tile/{level}/{name}" + ("" if width == 256 else f".p/{width}")
def read_log(package, size):  # all records and their leaf hashes; tiles are compared
    records, leaves, level = [], [], 0
    for bundle in range(-(-size // 256)):
        path, start, at = tile_path("entries", bundle, size), len(records), 0; data = package.read(path)
        while at < len(data):
            at, start_at = at + 2 + int.from_bytes(data[at:at + 2], "big"), at + 2
            need(at <= len(data), f"{path}: ends within record {len(records)}"); records.append(data[start_at:at])
        n, most = len(records) - start, min(256, size - start); need(n == most, f"{path}: {n} of {most} records")
    hashes = leaves = [sha256(b"\0" + one) for one in records]
    while hashes:
        tiles = [hashes[at:at + 256] for at in range(0, len(hashes), 256)]
        for index, part in enumerate(tiles):
            at = tile_path(level, index, len(hashes))
            need(package.read(at) == b"".join(part), f"{at}: is not the hashes of its records")
        level, hashes = level + 1, [tree_root(part) for part in tiles if len(part) == 256]
    return records, leaves
def make_tables():  # by square roots, in 2^-BITS: 2^(f / 65536), 2^(1 / 131072), the mantissas M, G of docs/monitor.md
    roots, table = [2 << BITS], [1 << BITS]
    while len(roots) < 18: roots.append(isqrt(roots[-1] << BITS))
    while len(table) < 65536: table.append(table[-1] * roots[16] >> BITS)  # each right to 2^-110
    # G(d) is the largest v with 2^(v / 65536) - 1 <= 2^(-d / 65536); no d is within 2^-55 of it.
    borders = [one - (1 << BITS) >> 32 for one in table] + [1 << BITS - 32]
    gains, v, down = array("l"), 65536, [one >> 32 for one in table]
    for d in range(1 << 21):
        while borders[v] > down[-d & 0xFFFF] >> -(-d >> 16): v -= 1
        if not v: break
        gains.append(v)
    return table, roots[17], array("q", [((one >> BITS - 25) + 1) >> 1 for one in table]), gains
POWER, HALF_STEP, MANTISSA, GAIN = make_tables(); GAINS = len(GAIN)
def split(value):  # (w, f, fraction): the number is 2^w times a fraction of POWER[f] or more
    bits = value.bit_length() - 1; scaled = value << BITS - bits if bits <= BITS else value >> bits - BITS
    return bits, bisect_right(POWER, scaled) - 1, scaled
def floor_code(low, high):  # floor(65536 log2 y), y from low to high in units of 2^-BITS
    (a, f, _), (b, g, _) = split(low), split(high)
    need((a, f) == (b, g), "too near to a border to decide"); return (a - BITS << 16) + f
def ceil_code(value):  # ceil(65536 log2 of a fraction), a whole number if both its parts are powers of two
    top, bottom = value.numerator, value.denominator; whole = top & (top - 1) == 0 == bottom & (bottom - 1)
    shift = max(0, bottom.bit_length() - top.bit_length() + 4); low = (top << BITS + shift) // bottom
    return top.bit_length() - bottom.bit_length() << 16 if whole else floor_code(low, low + 1) + 1 - (shift << 16)
def power_of(number, a, b):  # number^(a / 2^b) as two bounds in units of 2^-BITS
    low = high = number << BITS; least = most = 1 << BITS
    for bit in range(b - 1, -1, -1):
        low, above = isqrt(low << BITS), isqrt(high << BITS); high = above + (above * above != high << BITS)
        if a >> bit & 1: least, most = least * low >> BITS, -(-most * high >> BITS)
    return least, most
def log_sum(codes):  # terms cut below bin top - 7, summed, rounded once
    if (top := max(codes, default=ZERO)) == ZERO: return ZERO
    cut, total = 8 * ((top >> 16) // 8 - 7), 0
    for code in (one for one in codes if one != ZERO):
        shift, term = (code >> 16) - 24 - cut, MANTISSA[code & 0xFFFF]
        total += term << shift if shift >= 0 else term >> -shift
    bits, f, scaled = split(total); border = POWER[f] * HALF_STEP >> BITS; above = scaled > border
    if abs(scaled - border) < 1 << 20: above = total**131072 > 1 << bits * 131072 + 2 * f + 1  # too near for BITS
    return min((bits + cut << 16) + f + above, MOST)
def log_add(a, b):  # L(a, b), the greatest code not above log2(2^a + 2^b)
    d = abs(a - b); return max(a, b) + (GAIN[d] if d < GAINS and ZERO not in (a, b) else 0)
class Scores:  # past scores, sorted, in blocks, so that a million of them can be counted among
    def __init__(self): self.blocks, self.tops, self.total = [[]], [1 << 63], 0
    def above_and_at(self, score):
        at = bisect_left(self.tops, score); block, above = self.blocks[at], sum(map(len, self.blocks[at + 1:]))
        right = bisect_right(block, score); return above + len(block) - right, right - bisect_left(block, score)
    def add(self, score):
        at = bisect_left(self.tops, score); block, self.total = self.blocks[at], self.total + 1
        insort(block, score); cut = bisect_left(block, block[len(block) // 2]) if len(block) > 4096 else 0
        if cut: self.blocks[at:at + 1] = [block[:cut], block[cut:]]; self.tops.insert(at, block[cut - 1])  # equals stay
class Ranks:  # ranks of runs among the earlier ones of their histories
    def __init__(self, settings, seed, where):
        exact(settings, f"{where}: ranks", "kappas n0 ties contaminated"); self.kappas = settings["kappas"]
        self.n0, self.contaminated, ties = (settings[one] for one in ("n0", "contaminated", "ties"))
        right = self.n0 >= 50 and self.contaminated >= 0 and letter([self.n0, self.contaminated]) == "l"
        need(right, f"{where}: n0 is {self.n0}, the least is 50; {self.contaminated} may be bad")
        need(ties == "full" or (ties == "seeded" and seed is not None), f"{where}: ties {ties!r}, but no seed of it")
        self.seed, self.ties = seed if ties == "seeded" else None, ties
        self.histories, self.of_rank, self.of_count, self.bets = {}, {}, {}, [*map(read_kappa, self.kappas)]
    def drop(self, of): self.histories[of] = [Scores(), self.histories.get(of, [0, -1])[1], of in self.histories]
    def take(self, agent, name, ordinal, score, stands):  # (j, N, increments or None)
        history = self.histories.setdefault(name, [Scores(), -1, False]); scores, last, dropped = history
        need(0 < ordinal - last <= 1 + dropped * WORD, f"run {ordinal} of {name!r} after run {last}: one was left out")
        history[1:] = ordinal, False; above, at = scores.above_and_at(score)
        place = at if self.seed is None else self.chance(agent, ordinal) * (1 + at) >> 64; n = scores.total + 1
        j = min(1 + above + place + self.contaminated, n); scores.add(stands)
        if n <= self.n0: return j, n, None
        if j not in self.of_rank: self.of_rank[j] = [rank_term(j, *bet) for bet in self.bets]
        if n not in self.of_count: self.of_count[n] = [floor_code(*power_of(n, (1 << b) - a, b)) for a, b in self.bets]
        return j, n, [one + other for one, other in zip(self.of_rank[j], self.of_count[n])]
    def chance(self, agent, ordinal):  # SplitMix64 of the agent's key and the run's number
        text = isinstance(agent, str); name = agent.encode() if text else (agent & WORD).to_bytes(8, "little")
        data = b"consilience conformal 1\0" + struct.pack("<QBI", self.seed, 2 if text else agent >> 63 > 0, len(name))
        z = int.from_bytes(sha256(data + name)[:8], "little") + (ordinal + 1) * 0x9E3779B97F4A7C15 & WORD
        for s, by in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1)): z = (z ^ z >> s) * by & WORD
        return z
def read_kappa(text):
    k = ratio(text); need(0 < k < 1 and k.denominator in [1 << b for b in range(17)], f"kappa {text} is no a / 2^b")
    return k.numerator, k.denominator.bit_length() - 1
def rank_term(j, a, b):  # floor(65536 log2(j^k - (j - 1)^k)), k = a / 2^b; beyond 4096 the slope's
    low, high = power_of(j, a, b)
    if j > 4096: return floor_code(a * low // (j << b), -(-a * high // (j << b)))
    least, most = power_of(j - 1, a, b) if j > 1 else (0, 0); return floor_code(low - most, high - least)
class FrozenTable:  # bins of scores to increments, from stored counts; every limit is proved again
    def __init__(self, where, data):
        magic, *kind, k, flags, m, top, bottom = struct.unpack_from("<4sHIBBIQQ", data)
        right = (magic, *kind, flags >> 1) == (b"CNFT", 1, FORMAT, 0) and 2 <= m <= 1024 and 0 < top < bottom
        need(right, f"{where}: is no frozen table, or its delta is none")
        bets, at = [struct.unpack_from("<HB", data, 32 + 3 * one) for one in range(k)], 32 + 3 * k
        counts, limits = (struct.unpack_from(f"<{m}Q", data, at + one) for one in (0, 8 * m))
        edges = struct.unpack_from(f"<{flags * (m - 1)}q", data, at + 16 * m)
        need(len(data) == at + 16 * m + 8 * len(edges), f"{where}: left-over bytes")
        right = [*edges] == sorted({*edges}) and all(a & 1 and a < 1 << b <= 65536 for a, b in bets)
        need(right, f"{where}: its edges do not ascend, or bets {bets} are none"); self.delta = Fraction(top, bottom)
        hits, beyond = [sum(counts[j:]) for j in range(m)], Fraction(top, bottom * m)
        n, self.limits, self.codes, self.edges = hits[0], limits, [None] * m, edges or None
        need(1000 <= n <= 10**7, f"{where}: {n} calibration runs, they are 1,000 to 10,000,000")
        for j in range(m - 1, -1, -1):
            x, u, v = hits[j], limits[j], limits[j + 1] if j + 1 < m else 0
            right = 0 < u < 1 << 32 and tail(n, x, u) <= beyond < tail(n, x, u - 1)
            need(u == 1 << 32 if x == n else right, f"{where}: limit {j + 1} is not the least one of {x} in {n} runs")
            self.codes[j] = [slope(u, v, *one) for one in bets] if u > v else self.codes[j + 1]
def tail(trials, hits, share):  # P(Binomial(trials, share / 2^32) <= hits), right to 40 digits
    with decimal.localcontext() as context:
        context.prec, context.Emin, context.Emax = 60, -(10**15), 10**15; u = decimal.Decimal(share) / (1 << 32)
        term = total = (1 - u) ** trials
        for i in range(1, hits + 1): term = term * ((trials - i + 1) * u) / (i * (1 - u)); total += term
        return Fraction(total) if total > decimal.Decimal("1e-999") else Fraction(0)
def slope(above, below, a, b):  # floor(65536 log2 of the slope of u^k between limits of 2^-32)
    shared = ((above | below) & -(above | below)).bit_length() - 1; above, below = above >> shared, below >> shared
    (low, high), (least, most) = power_of(above, a, b), power_of(below, a, b) if below else (0, 0)
    code = floor_code((low - most) // (above - below), -(-(high - least) // (above - below)))
    return code + ((32 - shared) * ((1 << b) - a) << 16 - b)
class ModelTable:  # increments of a model's contexts and symbols from stored codes; certified again
    def __init__(self, where, data):
        *kind, n, m, unseen, end = struct.unpack_from("<4sHIIIII", data)
        right = (*kind, len(data)) == (b"CNMI", 1, FORMAT, 26 + 8 * n * m)
        need(right and m > max(unseen, end) and unseen != end, f"{where}: is no model, or cut")
        codes, self.codes = struct.unpack_from(f"<{2 * n * m}i", data, 26), []
        for at in range(0, n * m, m):
            base, other = codes[at:at + m], codes[at + n * m:at + n * m + m]
            row = [c1 - c0 - 2 for c0, c1 in zip(base, other)]; row[unseen] = min(row[unseen], 0)
            row = [ZERO if c1 == ZERO or x < ZERO else x for x, c1 in zip(row, other)]
            paid = [ZERO if x == ZERO else max(c0 + x, ZERO) for c0, x in zip(base, row)]
            right = ZERO not in base and max(base + other) <= 0 and log_sum(paid) < 0; self.codes.append(row)
            need(right, f"{where}: context {at // m} is not certified: its increments are no e-values")
# Records, fields by kind. a: name, i or s; i: number; s: text; b: true, false; n: null; l: numbers; m: names; d: object
FORMS = {"begin": "issd", "run": "aaii(i|n)(li|nn)a?", "bin": "aaili", "call": "aaiili", "given": "aali", "enrol": "ii",
         "fleet": "si(m|n)m", "run alarm": "aaii", "alarm": "aai", "acknowledge": "a", "renew": "ab", "reports": "aaml",
         "recalibrate": "a", "state": "aliibb", "evidence": "ali", "posterior": "al", "robust": "liiil"}
FORMS = {kind: re.compile(form.replace("a", "[is]").replace("m", "[lm]")) for kind, form in FORMS.items()}
LETTERS = {int: "i", str: "s", bool: "b", type(None): "n", dict: "d"}
def letter(value):
    if type(value) is int and not -INFINITE <= value + 1 <= WORD + 1: raise Refused(f"number {value} is out of range")
    if type(value) is not list: return LETTERS[type(value)]
    types = {*map(type, value)}; return "l" if types <= {int} else "m" if types <= {int, str} else "?"
def parse_record(record):  # its parts, if it is written as it must be
    parts = EXACT.decode(record.decode()); fields = "".join([letter(one) for one in parts[1:]])
    same, form = record == json.dumps(parts, separators=(",", ":"), ensure_ascii=False).encode(), FORMS.get(parts[0])
    need(same, "is not written as a record is: no spaces, each text in one form")
    need(form and form.fullmatch(fields), f"the fields of {parts[0]!r} are {fields}"); return parts
class Session:  # `take_KIND` finds again what a record of the kind says
    MEMBERS, end, said = "", staticmethod(lambda: ()), staticmethod(lambda: ())  # settings; nothing to end, or to say
    def __init__(self, settings, package, seed, where): self.counts = Counter()
    def take(self, parts):
        found = getattr(self, f"take_{parts[0]}", None); need(found, f"kind {parts[0]!r} is none of its session")
        found(*parts[1:]); self.counts[parts[0]] += 1
def some(names): return ", ".join(sorted(names)[:20]) + f" and {len(names) - 20} more" * (len(names) > 20) or "none"
def join(mark, *parts): return mark.join(one for one in parts if one)
class Monitor(Session):  # observations in order: increments, statistics, alarms, readings
    OF = {"run": "conformal", "bin": "frozen", "call": "model", "given": "asserted"}
    IF = {"conformal": "a good agent's scores are exchangeable: no drift, no batches, none like the one before it",
          "model": "calls follow p0", "asserted": "x are e-values", "frozen": "good runs are as those of the table"}
    SAYS = {"arl": "{} observations or more to a false alarm of an agent, on average",
            "false_alarm": "a false alarm of an agent, ever, with a probability of at most {}"}
    MEMBERS = "mode policy source weights threshold enrolled run_alpha promise daily reports readings binning "
    MORE, UP = {"conformal": "ranks ", "frozen": "files", "model": "files"}, "floor(65536 x)"; history, judged = None, 0
    def __init__(self, settings, package, seed, where):
        for name in self.MEMBERS.split(): setattr(self, name, settings.get(name))
        self.states, self.first, self.history_of, self.told, self.runs, self.levels = {}, {}, {}, {}, set(), set()
        self.counts, self.renewed, self.alone, self.named = (Counter() for _ in range(4)); self.due = []
        more = self.MORE.get(self.source, "") + "seed_sha256" * (settings.get("ranks", {}).get("ties") == "seeded")
        exact(settings, where, self.MEMBERS + more); self.endless = self.mode in ("restart", "cusum")
        need((self.endless or self.mode in ("once", "spread")) and self.policy in ("latch", "renew", "recalibrate") and
             self.source in self.OF.values(), f"{where}: mode or policy is unknown")
        right = letter([self.threshold, *self.weights, 1 if self.enrolled is None else self.enrolled]) == "l"
        need(right and self.threshold > 0 < len(self.weights) <= 16, f"{where}: weights, threshold or fleet are none")
        shares = [(POWER[w & 0xFFFF] >> 104 - (w >> 16)) + (w & 0xFFFF > 0) for w in self.weights]
        need(max(self.weights) <= 0 and sum(shares) <= 1 << 24, f"{where}: weights sum to above 1")
        need(self.run_alpha is None or 0 < ratio(self.run_alpha) < 1, f"{where}: run_alpha is no share")
        known = [self.UP, self.UP + " of -x"] if self.source in ("conformal", "frozen") else [None]
        right = self.binning in known and (self.readings is None or [*map(letter, self.readings)] == ["s", "l"])
        right = right and (self.reports is None or (letter(self.reports) == "l" and len(self.reports) == 2))
        need(right, f"{where}: binning {self.binning!r}, reports or readings are none")
        for name, asked in self.promise.items():
            need(name == ("arl" if self.endless else "false_alarm"), f"{where}: mode {self.mode} promises no {name}")
            least = ceil_code(ratio(asked) if name == "arl" else 1 / ratio(asked))
            need(self.threshold == least, f"{where}: threshold {self.threshold}, right is {least}")
        if self.daily is not None:  # false alarms of agents a day, runs a day of each
            right = ratio(self.promise["arl"]) * ratio(self.daily[0]) == self.enrolled * ratio(self.daily[1])
            need(right and len(self.daily) == 2, f"{where}: {self.daily} a day give another promise")
        self.ranks = Ranks(settings["ranks"], seed, where) if self.source == "conformal" else None
        made = {"frozen": FrozenTable, "model": ModelTable}.get(self.source)
        if made: self.table = made(*package.file_of(settings, self.source, where))
    def said(self):  # rows: as what it was judged, what is guaranteed and if what, what came of it
        of, ranks, most = self.source, self.ranks, max(self.renewed.values(), default=0)
        rare = [ratio(one) if self.endless else 1 / ratio(one) for one in self.promise.values()]
        rare, way = (rare or [Fraction(1 << (self.threshold >> 16))])[0], "high" if self.binning == self.UP else "low"
        yield "judged as", join(
            ", ", self.mode, self.policy, of + ": NOT the increments, which the signer asserts" * (of == "asserted"),
            self.enrolled and f"{self.enrolled} enrolled", self.binning and f"scores {self.binning}: {way} is suspect",
            ranks and f"kappas {' and '.join(ranks.kappas)} after {ranks.n0} runs"); yield "guaranteed", join(
            "; ", "if " + self.IF[of], self.daily and "{} false alarms a day, {} runs a day each".format(*self.daily),
            *(self.SAYS[n].format(one) for n, one in self.promise.items()), not self.endless and self.counts["renew"]
            and f"from each renewal to the next: at most {most} of an agent come before its first alarm, for which "
            f"it is {min((most + 1) / rare, 1)}, if their number does not depend on scores", "threshold "
            f"2^{self.threshold / 65536:.3f}", ranks and f"{ranks.ties} ties, {ranks.contaminated} bad at first",
            of == "frozen" and f"confidence 1 - {self.table.delta}, over the calibration runs",
            self.reports and "of {} reporters at most {} lie or are silent".format(*self.reports),
            self.run_alpha and f"of good runs at most {self.run_alpha} alarm by themselves",
            *(f"of those that a reading names at most {one} behave, expected" for one in sorted(self.levels)))
        number = self.judged if self.endless else len(self.states) + self.renewed.total()
        taken = sum(self.counts[one] for one in self.OF)
        yield "judged", (f"{self.judged} of {taken} observations, {len(self.states)} agents; if all behave, at most "
                         f"{number} / {rare} first false alarms are expected")
        yield "agents that alarmed", some([f"{one!r} first at run {r!r}, T {t}" for one, (r, t) in self.first.items()])
        if self.run_alpha: yield "runs alarmed alone", some([f"{one!r} {n}" for one, n in self.alone.items() if n])
        if self.readings: yield "named by readings", some([f"{one!r} {n}" for one, n in self.named.items()])
    def take(self, parts):
        if self.due:
            need(parts == self.due[0], f"is {parts}, but {self.due[0]} follows here")
            self.counts[self.due.pop(0)[0]] += 1; self.alone[parts[1]] += parts[0] == "run alarm"; return
        need("alarm" not in parts[0], f"the {parts[0]} of {parts[1:2]} does not follow here")
        need(self.OF.get(parts[0], self.source) == self.source, f"is none of {self.source}"); super().take(parts)
    def take_run(self, agent, name, ordinal, score, stands, x, statistic, history=None):
        self.history = agent if history is None else history
        need(self.history_of.setdefault(agent, self.history) == self.history and agent != history,
             f"run {name!r} of {agent!r} stands in another history than its runs before")
        as_what = score if stands is None else stands; need(score <= INFINITE, f"score {score} is out of range")
        right = stands in (None, INFINITE) if not self.reports else self.told.pop((agent, name), 0) == [score, as_what]
        need(right, f"run {name!r} of {agent!r} has score {score} and stands as {stands}, which does not follow")
        j, n, found = self.ranks.take(agent, self.history, ordinal, score, as_what); self.alarm_if(agent, name, j, n)
        if found is not None and x is not None: self.observe(agent, name, found, x, statistic)
        else: need(x == found and statistic is None, f"run {name!r}: {x}, but {found} follows")
    def take_reports(self, agent, name, who, said):  # f of n may lie: their honest median is between two of these
        (n, f), x, s = self.reports, sorted(said), self.reports[0] - len(who); k, key = (n + 1) // 2, (agent, name)
        right = n > 3 * f >= 0 <= s and len({*who}) == len(who) == len(said)
        need(right and key not in self.told and key not in self.runs, f"run {name!r}: no such reports of {n} reporters")
        self.told[key] = [x[k - f - 1], x[k + f - s - 1]] if s <= f else [-INFINITE - 1, INFINITE]
    def take_bin(self, agent, name, score, x, statistic):
        at = score if self.table.edges is None else bisect_right(self.table.edges, score)
        need(0 <= at < len(self.table.codes), f"bin {at} is none of the table's")
        self.alarm_if(agent, name, self.table.limits[at], 1 << 32)
        self.observe(agent, name, self.table.codes[at], x, statistic)
    def take_call(self, agent, name, context, symbol, x, statistic):
        need(min(context, symbol) >= 0, f"run {name!r}: context or symbol below 0")
        self.observe(agent, name, [self.table.codes[context][symbol]], x, statistic)
    def take_given(self, agent, name, x, statistic):
        in_range(x, f"run {name!r}: increments"); self.observe(agent, name, x, x, statistic)
    def alarm_if(self, agent, name, j, n):
        need((agent, name) not in self.runs, f"run {name!r} of {agent!r} comes twice"); self.runs.add((agent, name))
        if self.run_alpha and j <= Fraction(self.run_alpha) * n: self.due.append(["run alarm", agent, name, j, n])
    def observe(self, agent, name, x, recorded, statistic):
        if x != recorded: raise Refused(f"run {name!r} of {agent!r}: increments {recorded}, recomputed {x}")
        if (state := self.states.get(agent)) is None:  # R_1 .. R_K, t, m, saturated, latched, T
            state = self.states[agent] = [self.fresh(), 0, 0, False, False, ZERO]
            need(len(self.states) <= (self.enrolled or WORD), f"agent {agent!r} comes after {self.enrolled} enrolled")
        mode, values, terms, self.cut = self.mode, state[0], [], False; self.judged += 1
        need(len(x) == len(values), f"{len(x)} increments for {len(values)} bets")
        for at, (v, i, weight) in enumerate(zip(values, x, self.weights)):
            if mode == "restart" and -GAINS < v < GAINS: v = v + GAIN[v] if v >= 0 else GAIN[-v]
            elif self.endless: v = max(v, 0)
            elif mode == "spread": v = log_add(v, 65536 - 131072 * (state[1] + 1).bit_length())
            v = ZERO if v == ZERO or i == ZERO or v + i < ZERO else v + i
            if v > MOST: v, self.cut = MOST, True
            values[at] = v; terms.append(ZERO if v == ZERO or v + weight < ZERO else v + weight)
        found = self.tree(terms)
        if found != statistic: raise Refused(f"run {name!r} of {agent!r}: statistic {statistic}, recomputed {found}")
        state[1:4], state[5] = [state[1] + 1, state[2] + 1, state[3] or self.cut], found
        if found >= self.threshold and not state[4]:
            self.due.append(["alarm", agent, name, found]); self.first.setdefault(agent, (name, found))
            state[4] = self.policy == "latch"; state[4] or self.renew(agent, False)
            if self.policy == "recalibrate": self.take_recalibrate(self.history)
    def fresh(self): return [0 if self.mode == "once" else ZERO] * len(self.weights)
    def tree(self, terms):
        while len(terms) > 1:
            terms = [log_add(a, b) for a, b in zip(terms[::2], terms[1::2])] + (terms[-1:] if len(terms) & 1 else [])
            if max(terms) > MOST: self.cut, terms = True, [min(one, MOST) for one in terms]
        return terms[0]
    def take_acknowledge(self, agent): self.states[agent][4] = False
    def take_recalibrate(self, history): self.ranks and self.ranks.drop(history)
    def take_renew(self, agent, scheduled): self.renew(agent, scheduled); self.renewed[agent] += agent not in self.first
    def renew(self, agent, scheduled):
        state = self.states[agent]; state[0], state[1], state[2] = self.fresh(), 0, 0 if scheduled else state[2]
        state[5] = self.tree([v if v == ZERO else v + w for v, w in zip(state[0], self.weights)])
    def take_enrol(self, enrolled, threshold):
        right = enrolled >= max(self.enrolled or 1, len(self.states)) and threshold >= self.threshold
        need(right, "the fleet or its threshold falls")
        need(threshold == self.threshold or not self.promise, f"threshold {threshold}, right is {self.threshold}")
        self.enrolled, self.threshold = enrolled, threshold
    def take_state(self, agent, *recorded):
        need([*recorded] == self.states[agent][:5], f"state of {agent!r} is wrong, recomputed {self.states[agent][:5]}")
    def take_fleet(self, alpha, enrolled, among, named):
        of = self.states; members = {*of} if among is None else {*of} & {*among}
        right = self.readings and self.readings[0] == alpha and 0 < ratio(alpha) < 1 and self.mode != "cusum"
        need(right, f"no reading at alpha {alpha} is stated"); groups = self.readings[1]
        right = enrolled == self.enrolled if among is None else enrolled in groups and enrolled >= len({*among})
        need(right, f"the reading is of {enrolled} agents, but {groups if among else self.enrolled} are enrolled")
        self.levels.add(alpha); fleet = enrolled / Fraction(alpha)
        values = {one: of[one][5] - (self.mode == "restart" and ceil_code(max(1, of[one][2]))) for one in members}
        least = max(ceil_code(fleet / max(1, len(members))), ZERO + 1)
        falling = sorted((one for one in values.values() if one >= least), reverse=True)
        border = next((one for k, one in [*enumerate(falling, 1)][::-1] if one >= ceil_code(fleet / k)), MOST + 1)
        right = sorted((one for one in values if values[one] >= border), key=repr); self.named.update(named)
        need(sorted(named, key=repr) == right, f"the reading at alpha {alpha} names {named}, recomputed {right}")
    def end(self): need(not self.due, f"the session ends before {self.due[:1]}, which follows")
class Posterior(Session):  # rows of evidence to posteriors: exact sums, one log sum, one rounding
    MEMBERS = "prior"
    def __init__(self, settings, package, seed, where):
        self.prior, self.sums, self.counts = settings["prior"], {}, Counter()
        need(self.prior and letter(self.prior) == "l", f"{where}: the prior is no codes"); in_range(self.prior, where)
    def take_evidence(self, agent, codes, w):
        need(len(codes) == len(self.prior) and 0 <= w <= 65536, "is no row"); in_range(codes, "codes of evidence")
        sums = self.sums.get(agent, [None if p == ZERO else p << 16 for p in self.prior])
        need(sums, f"evidence of {agent!r} comes after its posterior")
        self.sums[agent] = [a if not w else None if a is None or x == ZERO else a + w * x for a, x in zip(sums, codes)]
    def take_posterior(self, agent, codes):
        need(self.sums.get(agent), f"no evidence of {agent!r} comes before its posterior")
        sums, self.sums[agent] = self.sums[agent], (); top = max((one for one in sums if one is not None), default=0)
        d = [ZERO if one is None else max(round(Fraction(one - top, 65536)), ZERO + 1) for one in sums]  # ties to even
        total = log_sum(d); found = [ZERO if one == ZERO else max(one - total, ZERO + 1) for one in d]
        need(codes == found, f"posterior of {agent!r} is {codes}, recomputed {found}")
    def end(self): need(not any(self.sums.values()), f"no posterior comes of {[*filter(self.sums.get, self.sums)][:1]}")
class LogSums(Session):  # of raw codes: int32, offsets int64, results int32, little-endian
    MEMBERS = "files"
    def __init__(self, settings, kept, seed, where):
        codes, offsets, results = ([one for one, in struct.iter_unpack(form, kept.file_of(settings, name, where, 3)[1])]
                                   for name, form in (("codes", "<i"), ("offsets", "<q"), ("results", "<i")))
        path, right = settings["files"]["results"]["path"], len(offsets) == len(results) + 1
        right = right and (offsets[0], offsets[-1]) == (0, len(codes)) and offsets == sorted(offsets)
        need(right, f"{path}: has not one result for each segment, or these do not ascend")
        for row, (told, a, b) in enumerate(zip(results, offsets, offsets[1:])):
            found = log_sum(codes[a:b]); need(told == found, f"{path}: row {row}: log sum {told}, recomputed {found}")
        self.counts = {"log sum": len(results)}
class Robust(Session):  # ratios of reporters, f of whom may lie: sums, interval, decision
    def take_robust(self, ratios, f, unit, threshold, result):
        n = len(ratios); in_range([*ratios, threshold], "ratios")
        need(n > 3 * f >= 0 < unit <= 1 << 24, f"{n} reporters, {f} faulty, unit {unit}: no such question")
        bins = sorted(-128 if x == ZERO else max(-128, min(128, (1 if x > 0 else -1) *
                      ((abs(x) + unit // 2) // unit))) for x in ratios)
        low = sum(bins) - sum(one for one in bins[n - f:] if one > 0)
        high = sum(bins) - sum(one for one in bins[:f] if one < 0)
        found = [sum(bins[f:n - f]), n - 2 * f, low, high, (low * unit > threshold) - (high * unit < threshold)]
        need(result == found, f"the robust result is {result}, recomputed {found}")
SESSIONS = {"monitor": Monitor, "posterior": Posterior, "logsum": LogSums, "robust": Robust}
def replay(records, package, seeds):  # (name, session) of all; what has a proof
    sessions, proved = [], []; need(records, "checkpoint: of a log without records, from which nothing follows")
    for index, record in enumerate(records):
        try:
            parts = parse_record(record); begins = parts[0] == "begin"
            if not begins: sessions[-1][1].take(parts); proved += [index] * (parts[0] in ("alarm", "fleet"))
            if sessions and (begins or index + 1 == len(records)): sessions[-1][1].end()
            if begins: sessions.append(begin(*parts[1:], package, seeds, [one[0] for one in sessions]))
            if begins and index + 1 == len(records): sessions[-1][1].end()
        except Exception as error:  # whatever cannot be taken is refused
            said = error if isinstance(error, Refused) else f"is no record of its session ({error!r})"
            raise Refused(f"{tile_path('entries', index // 256, len(records))}: record {index}: {said}") from None
    return sessions, proved
def begin(version, name, kind, settings, package, seeds, before):
    right = version == 2 and kind in SESSIONS and name.isprintable() and name not in ("the log", "documents", *before)
    need(right, f"session {name!r}: version or kind is unknown, or its name is taken")
    where, seed = f"session {name!r}", seeds.get(name)
    if kind != "monitor": exact(settings, where, SESSIONS[kind].MEMBERS)
    told = None if seed is None else sha256(b"consilience audit seed 1\0" + seed.to_bytes(8, "little")).hex()
    need(told in (None, settings.get("seed_sha256")), f"seeds.json has another seed of {name!r} than the log")
    return name, SESSIONS[kind](settings, package, seed, where)
class Package:  # the files of a folder; each is compared with the statement's hash when it is read
    def __init__(self, folder): self.folder, self.digests, self.used = folder, None, set()
    def read(self, path):
        steps, whole = path.split("/"), os.path.realpath(self.folder); full = os.path.join(whole, *steps)
        inside = not {"", ".", ".."} & {*steps} and not re.search(r"[\\:]", path) and path.isprintable()
        need(inside, f"{path!r}: is no path within the package")
        need(os.path.realpath(full) == full, f"{path}: is a link, no file of the package")
        need(os.path.isfile(full), f"{path}: is missing"); data = read(full); self.used.add(path)
        told = self.digests is None or self.digests.get(path); need(told, f"{path}: is not in the statement")
        found = told is True or sha256(data).hex()
        need(found == told, f"{path}: its SHA-256 is {found}, the statement says {told}"); return data
    def read_json(self, path, data=None, form=EXACT.decode):
        try: return form((data or self.read(path)).decode())
        except (ValueError, Refused) as error: raise Refused(f"{path}: is no JSON of one meaning ({error})") from None
    def file_of(self, settings, name, where, most=1):
        told = settings["files"]; need(name in told and len(told) == most, f"{where}: files are {sorted(told)}")
        told = told[name]; exact(told, f"{where}: file {name}", "path sha256"); data = self.read(told["path"])
        need(sha256(data).hex() == told["sha256"], f"{told['path']}: is not what the log names")
        return told["path"], data
    def open_statement(self, key):  # its predicate, the signer's name and key
        envelope = self.read_json(STATEMENT); exact(envelope, STATEMENT, "payload payloadType signatures")
        payload, kind, signatures = b64(envelope["payload"]), envelope["payloadType"], envelope["signatures"]
        need(len(signatures) == 1, f"{STATEMENT}: has not one signature"); exact(signatures, STATEMENT, ["keyid sig"])
        name, _, public = key_of_text(signatures[0]["keyid"], f"{STATEMENT}: its keyid")
        need(not key or key[2] == public, f"{STATEMENT}: the signer is unknown, {public.hex()}")
        need(not key or key[0] in (None, name), f"{STATEMENT}: is signed under the name {name}")
        message = f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload
        need(is_signed(public, message, b64(signatures[0]["sig"])), f"{STATEMENT}: its signature is wrong")
        told = self.read_json(STATEMENT, payload)
        predicate, types = told["predicate"], (kind, told["_type"], told["predicateType"])
        need(types == TYPES and predicate["version"] == 2, f"{STATEMENT}: is of another version, {types[-1]}, and this "
             "verify.py knows version 2: verify it by the verify.py of the consilience that wrote it")
        exact(told, STATEMENT, "_type subject predicateType predicate"); subject = told["subject"]
        exact(predicate, STATEMENT, "version log sessions inputs unsigned date")
        need(predicate["unsigned"] == [UNSIGNED], f"{STATEMENT}: leaves out too much")
        exact(subject, STATEMENT, ["name digest"]); exact([one["digest"] for one in subject], STATEMENT, ["sha256"])
        there, whole = set(), os.path.abspath(self.folder)
        for folder, below, names in os.walk(whole):
            need(below or names, f"{os.path.relpath(folder, whole)!r}: is a folder of nothing")
            names += [one for one in below if os.path.islink(os.path.join(folder, one))]
            there |= {os.path.relpath(os.path.join(folder, one), whole).replace(os.sep, "/") for one in names}
        need({UNSIGNED} - there or type(self.read_json(UNSIGNED, None, json.loads)) is dict, f"{UNSIGNED}: no object")
        self.digests = {one["name"]: one["digest"]["sha256"] for one in subject}
        need(len(self.digests) == len(told["subject"]), f"{STATEMENT}: names a file twice")
        for path in sorted(there - {STATEMENT, UNSIGNED} | {*self.digests}): self.read(path)
        self.used = {*OWN}; return predicate, name, public
def check_proofs(package, records, leaves, root, proved, origin, public):
    told, where = package.read_json("proofs.json"), "proofs.json"; exact(told, where, "consistency inclusion")
    exact(told["inclusion"], where, ["index record hashes"]); exact(told["consistency"], where, ["checkpoint hashes"])
    need([one["index"] for one in told["inclusion"]] == proved, f"{where}: has not one proof of each alarm and reading")
    for one in told["inclusion"]:
        right = one["record"].encode() == records[one["index"]] and climb_record(one, len(leaves)) == root
        need(right, f"{where}: the proof of record {one['index']} does not lead to the root")
    for one in told["consistency"]:
        size = check_earlier(where, one["checkpoint"], leaves, origin, public, None)
        right = [each.hex() for each in consistency(size, leaves)] if size else []
        need(one["hashes"] == right, f"{where}: the proof of the first {size} records is wrong")
def check_earlier(where, note, leaves, origin, public, witness):  # nothing before it has changed
    name, size, root = read_checkpoint(where, note, origin, public); witness and open_note(where, note, *witness)
    need(name == origin, f"{where}: is of the log {name}, the package of {origin}")
    need(size <= len(leaves), f"rolled back: {where} has {size} records, the log {len(leaves)}")
    need(tree_root(leaves[:size]) == root, f"forked: the first {size} records differ from {where}")
    print(f"{where}: the first {size} records are unchanged since"); return size
def check_page(package, rows):  # what people read is what was found, in a frame that is known
    page = package.read("index.html").decode()
    lines = ["<tr>" + "".join(f"<td>{html.escape(cell)}" for cell in row) + "\n" for row in rows]
    for row, line in zip(rows, lines): need(line in page, f"index.html: does not say what was found, {': '.join(row)}")
    bare = page.replace("".join(lines), "(rows)", 1).encode() + package.read("README.md")
    need(sha256(bare) == FRAME, "index.html or README.md: says more than was found")
def verify_proof(path, key):  # one record is in the log of a signed checkpoint
    need(key, "a proof by itself needs --key"); told = json.loads(read_text(path), object_pairs_hook=pairs)
    exact(told, path, " ".join(["checkpoint index record hashes", *{"alarm", "key"} & {*told}]))
    name = key[0] or told["checkpoint"].split("\n")[0]
    need("key" not in told or key_of_text(told["key"], path)[::2] == (name, key[2]), f"{path}: names another key")
    _, size, root = read_checkpoint(path, told["checkpoint"], name, key[2])
    need(climb_record(told, size) == root, f"{path}: the proof does not lead to the root")
    print(f"record {told['index']} of {size} is in the log {name}: {told['record']!a}")
    if "alarm" in told:  # of a service: its record has the alarm's hash
        alarm = told["alarm"]; right = letter(alarm.pop("acknowledged_ms", None)) in "in"
        written = sha256(json.dumps(alarm, sort_keys=True, separators=(",", ":")).encode()).hex()
        right = right and json.loads(told["record"]) == ["alarm", alarm["id"], written]
        need(right, f"{path}: says another alarm than its record")
def verify_package(folder, key, earlier, witness):
    package = Package(folder); predicate, name, public = package.open_statement(key)
    origin, size, root = read_checkpoint("checkpoint", package.read("checkpoint").decode(), name, public)
    need(predicate["log"] == {"origin": name, "size": size, "root": root.hex()} and origin == name,
         "checkpoint: is not that of the statement"); records, leaves = read_log(package, size)
    need(tree_root(leaves) == root, "checkpoint: its root is not that of the records")
    if package.read("verify.py") != read_text(__file__).encode(): print("note: its verify.py is another one than this")
    for path in earlier: check_earlier(path, read_text(path), leaves, origin, public, witness)
    seeds = package.read_json("seeds.json"); sessions, proved = replay(records, package, seeds)
    need({*seeds} <= {one[0] for one in sessions} and letter([*seeds.values()]) == "l", "seeds.json: has more")
    need([one[0] for one in sessions] == predicate["sessions"], f"{STATEMENT}: has other sessions")
    check_proofs(package, records, leaves, root, proved, origin, public)
    rows = [("the log", "signed by", f"{name}, {public.hex()}"), ("the log", "records", f"{size}, root {root.hex()}")]
    for session, found in sessions:
        told = ", ".join(f"{found.counts[what]} {what}" for what in sorted(found.counts)) or "nothing"
        rows += [(f"session {session!r}", *one) for one in (("recomputed", told), *found.said())]
    said = sorted({*package.digests} - package.used)
    for one in said: need("/" not in one, f"{one}: no record uses it")
    inputs = [f"{one!r} of SHA-256 {bytes.fromhex(told).hex()}" for one, told in sorted(predicate["inputs"].items())]
    inputs = [f"{one:d} s since 1970" for one in [predicate["date"]] if one is not None] + inputs
    said = ("documents", said), ("date, inputs", inputs)
    rows += [(one, "asserted, not recomputed:", ", ".join(names) or "none") for one, names in said]
    check_page(package, rows)
    for one in [*rows, (UNSIGNED, "is not signed,", "and was not looked at")]: print("{}: {} {}".format(*one))
def main():
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("package"); parser.add_argument("--checkpoint", action="append", default=[], help="an earlier")
    for option in ("--key", "--witness"): parser.add_argument(option, help="a file, or as text")
    for path in [(words := parser.parse_args()).package, *words.checkpoint]:
        if not os.path.exists(path): parser.error(f"{path}: there is no such file or folder")
    try:
        key, witness = (text and read_key(text) for text in (words.key, words.witness))
        need(not witness or (witness[0] and words.checkpoint), "--witness is of a --checkpoint")
    except (Refused, OSError, ValueError) as error: parser.error(f"{error}")
    try:
        if os.path.isfile(words.package): verify_proof(words.package, key)
        else: verify_package(words.package, key, words.checkpoint, witness)
        need(key, "all is right, but the signer is UNKNOWN; give its key, --key KEY"); print("verified"); return 0
    except Exception as error:
        said = error if isinstance(error, Refused) else f"no such form ({error!r})"
        print(f"refused: {said}", file=sys.stderr); return 8
if __name__ == "__main__": sys.exit(main())
