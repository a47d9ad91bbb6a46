"""Words where nobody looks: members that no form has, of statements, settings, proofs and files."""

import json
import os

from consilience.audit.package import MEASURED
from consilience.audit.statement import canonical_json
from tests.campaigns.forgeries.false_verdicts import RUN
from tests.campaigns.forgeries.forger import payload_of
from tests.campaigns.forgeries.hostile_files import envelope_with
from tests.campaigns.forgeries.settings import ranks, setting

SAID = r"statement\.dsse\.json: .*has \['{}'\] too many"


def in_statement(change):
    """Sign another statement: changed in place."""

    def forge(forger):
        told = payload_of(forger.folder)
        change(told)
        forger.sign_payload(canonical_json(told))

    return forge


def measured(make):
    """Put something else in the place of the file that is not signed: by a function of its path."""

    def forge(forger):
        path = forger.folder / MEASURED
        path.unlink()
        make(path)

    return forge


def in_file(path, change):
    """Change JSON of a file in place, and sign it."""

    def forge(forger):
        told = forger.json(path)
        change(told)
        forger.put(path, json.dumps(told, ensure_ascii=False).encode())
        forger.sign()

    return forge


def named_as_our_row(forger):
    begin = next(one for one in forger.records if one[:1] + one[2:3] == ["begin", "robust"])
    begin[2] = "documents"
    forger.predicate["sessions"][-1] = "documents"


def of_a_file(forger):
    forger.begin("frozen")["files"]["frozen"]["reviewed"] = "by Ruth"


def older(told):
    told["predicateType"] = "urn:consilience:audit-package:1"
    told["predicate"]["version"] = 1


CARELESS = [
    ("added word", "in the envelope", envelope_with(lambda told: told.update(note="approved")),
     SAID.format("note")),
    ("added word", "in the signature",
     envelope_with(lambda told: told["signatures"][0].update(cert="x")), SAID.format("cert")),
    ("unsigned file", "a link", measured(lambda path: path.symlink_to("/etc/passwd")),
     r"measured\.json: is a link"),
    ("unsigned file", "a pipe", measured(os.mkfifo), r"measured\.json: is missing"),
    ("unsigned file", "a page",
     measured(lambda path: path.write_text("<script>alert(1)</script>")),
     r"measured\.json: is no JSON"),
    ("unsigned file", "a text", measured(lambda path: path.write_text('"agent-3 is guilty"')),
     r"measured\.json: no object"),
    ("added file", "a folder of nothing",
     lambda forger: (forger.folder / "agent-3 is guilty").mkdir(), "is a folder of nothing"),
]  # fmt: skip
HASTY = [
    ("added word", "a verdict in the predicate",
     in_statement(lambda told: told["predicate"].update(verdict="guilty")), SAID.format("verdict")),
    ("added word", "in the statement",
     in_statement(lambda told: told.update(note="x")), SAID.format("note")),
    ("added word", "an annotation of a file",
     in_statement(lambda told: told["subject"][0].update(annotations={"reviewed": "by Ruth"})),
     SAID.format("annotations")),
    ("added word", "another digest of a file",
     in_statement(lambda told: told["subject"][0]["digest"].update(md5="x")), SAID.format("md5")),
    ("added word", "a date in words",
     in_statement(lambda told: told["predicate"].update(date="since 14:03")), "no such form"),
    ("added word", "an input in words",
     in_statement(lambda told: told["predicate"].update(inputs={"scores.csv": "all of them"})),
     "no such form"),
    ("false page", "an input that the page does not name",
     in_statement(lambda told: told["predicate"].update(inputs={"scores.csv": "00" * 32})),
     r"index\.html: does not say what was found, date, inputs"),
    ("added word", "a seed that is none",
     in_file("seeds.json", lambda told: told.update({"drawn at 08:00, before the scores": 1})),
     r"seeds\.json: has more"),
    ("added word", "in the proofs", in_file("proofs.json", lambda told: told.update(note="x")),
     r"proofs\.json: has \['note'\] too many"),
    ("added word", "in one proof",
     in_file("proofs.json", lambda told: told["inclusion"][0].update(note="agent-3, too")),
     r"proofs\.json: has \['note'\] too many"),
    ("older version", "a package of version 1", in_statement(older),
     "is of another version, urn:consilience:audit-package:1, and this verify.py knows version 2"),
]  # fmt: skip
FALSE = [
    ("added word", "in the ranks", ranks("restart", certified="by Ruth"),
     RUN + r"session 'restart': ranks: has \['certified'\] too many"),
    ("added word", "how scores were cut down", setting("restart", binning="exact, unrounded"),
     RUN + r"session 'restart': binning 'exact, unrounded', reports or readings are none"),
    ("added word", "a file that nothing needs", setting("robust", files={"x": 1}),
     RUN + r"session 'robust': has \['files'\] too many"),
    ("added word", "of a file", of_a_file, RUN + r".*file frozen: has \['reviewed'\] too many"),
    ("added word", "beside the prior", setting("posterior", reviewed="by Ruth"),
     RUN + r"session 'posterior': has \['reviewed'\] too many"),
    ("added word", "behind the reporters", setting("reports", reports=[9, 2, 0]),
     RUN + "session 'reports': binning .*, reports or readings are none"),
    ("added word", "behind the readings", setting("restart", readings=["1/10", [], "by Ruth"]),
     RUN + "session 'restart': binning .*, reports or readings are none"),
    ("other parameters", "low scores were the suspect ones",
     setting("restart", binning="floor(65536 x) of -y"), RUN + "session 'restart': binning"),
    ("other parameters", "a rate a day that its promise is not",
     setting("restart", daily=["1/1000", "50"]),
     RUN + r"session 'restart': \['1/1000', '50'\] a day give another promise"),
    ("forged sessions", "one that is called as our rows are", named_as_our_row,
     RUN + "session 'documents': version or kind is unknown, or its name is taken"),
]  # fmt: skip
