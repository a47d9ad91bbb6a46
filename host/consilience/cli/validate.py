"""`consilience validate`: what the project claims, run on this machine and its devices."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from consilience.cli.device_option import JsonOption
from consilience.cli.output import INTERRUPTED, Output
from consilience.cli.reading_options import tell_doubts
from consilience.errors import BadInput, Mismatch

__all__ = ["validate"]


def validate(
    device: Annotated[
        list[str] | None,
        typer.Option(
            "--device",
            metavar="URL",
            help="A device to test beside cpu and sim; may be given several times.",
        ),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A minute or two.")] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Hours: all sizes, and the campaigns of a checkout.")
    ] = False,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Evidence (as for fuse) or scores (as for monitor) of your own, tested too.",
            show_default="none",
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            metavar="NAME",
            help="Test the claims whose names begin so; the others are NOT RUN. Several times.",
        ),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            "--resume",
            metavar="DIR",
            help="Keep results here; what was tested with this code and these options is taken "
            "from it.",
        ),
    ] = None,
    audit_mode: Annotated[
        bool,
        typer.Option(
            "--audit-mode",
            help="Add versions, and hashes of code, lock and bitstreams; refuse code that is not "
            "that of a commit or a wheel.",
        ),
    ] = False,
    output_package: Annotated[
        Path | None,
        typer.Option(
            "--output-package",
            metavar="DIR",
            help="Write an audit package, which others verify with Python alone: needs "
            "--audit-mode, and an empty or missing folder.",
        ),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Private key that signs the package, of `consilience keys`.",
            show_default="DIR.keys/node-0.key, made if it is not there",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Test what consilience claims: the same bits everywhere, time, promises, liars, losses.

    Three minutes on two cores. Each claim is shown with what was run, how many cases, the
    worst of them and the bound; what cannot be tested here is NOT RUN, with the reason. Exit code
    8 if a claim fails.
    """
    # All that the claims need takes a second to import.
    from consilience.validate.bench import AT_HAND, Bench, Options
    from consilience.validate.catalogue import all_claims
    from consilience.validate.claim import Claim, Tested
    from consilience.validate.environment import (
        built_bitstreams,
        environment_document,
        is_beside,
        refuse_changed_code,
    )
    from consilience.validate.finding import NotRun, Scale, Verdict
    from consilience.validate.kept import KeptClaims, run_key
    from consilience.validate.package import public_key_file, signing_key, write_validation
    from consilience.validate.report import claims_document, measured_document
    from consilience.validate.running import run_claims
    from consilience.validate.user_data import Evidence, read_user_data
    from consilience.validate.view import claim_line, claims_view, worst_case

    if quick and full:
        raise BadInput("--quick and --full: choose one")
    if output_package and not audit_mode:
        raise BadInput("--output-package is of --audit-mode; give both")
    if key and not output_package:
        raise BadInput("--key signs a package; give --output-package DIR")
    # At once: what changes while it runs is not what was tested.
    environment = environment_document(refuse_changed_code()) if audit_mode else {}
    signing = signing_key(output_package, key) if output_package else None
    scale = Scale.QUICK if quick else Scale.FULL if full else Scale.DEFAULT
    given = tuple(device or ())
    options = Options(scale, tuple(dict.fromkeys((*AT_HAND, *given))), data)
    output = Output(as_json=as_json)
    if is_beside(Path.cwd()):
        output.note(
            "note: what is tested is the installed wheel, not the checkout in this folder; for "
            "that: make setup, then .venv/bin/consilience validate"
        )
    if data is not None:
        own = read_user_data(data)  # refused before anything is tested
        if isinstance(own, Evidence):
            tell_doubts(output, own.doubts, own.saturated)
    kept = None if resume is None else KeptClaims(resume, run_key(options))
    claims = all_claims(options)
    wanted = _wanted(only or [], [claim.name for claim in claims])
    tested: list[Tested] = []
    interrupted = False
    with Bench(options) as bench:
        for url in given:
            with output.working(f"opening {url}"):
                try:
                    bench.device(url)
                except NotRun as missing:  # asked for by name: nothing goes on without it
                    raise missing.__cause__ or missing from None

        def watch(claim: Claim, left: float | None) -> None:
            output.note(claim_line(claim, len(tested), len(claims), left))

        try:
            for one in run_claims(claims, bench, watch, kept, wanted):
                tested.append(one)
                if one.verdict is Verdict.FAIL:
                    output.note(f"  fails: {worst_case(one)}")
        except KeyboardInterrupt:
            interrupted = True
    document = claims_document(tested, options)
    measured = measured_document(tested)
    whole = {**document, "complete": not interrupted, "measured": measured}
    if audit_mode:
        environment["bitstreams"] = built_bitstreams()  # a full run builds one
        whole["environment"] = environment
    if output_package and signing and not interrupted:
        with output.working(f"writing {output_package}"):
            facts = write_validation(
                output_package, signing, document, environment, measured, options
            )
        whole["package"] = {"folder": str(output_package), "files": facts.files}
    output.result(whole, *claims_view(tested))
    if output_package and not interrupted:
        output.note(
            f"package {output_package}: python -I -S {output_package / 'verify.py'} "
            f"{output_package} --key {public_key_file(output_package)}; it works the recorded "
            "judgements out again, and not the claims, which are what the signer says"
        )
    if interrupted:
        again = f"with --resume {resume} it goes on" if resume else "next time give --resume DIR"
        output.note(f"interrupted after {len(tested)} of {len(claims)} claims; {again}")
        raise typer.Exit(INTERRUPTED)
    if any(one.verdict is Verdict.FAIL for one in tested):
        raise typer.Exit(Mismatch.exit_code)


def _wanted(only: list[str], names: list[str]) -> Callable[[str], bool]:
    """Return whether a claim is asked for; BadInput at a beginning that no name has."""
    for one in only:
        if not any(name.startswith(one) for name in names):
            areas = ", ".join(dict.fromkeys(name.partition(".")[0] for name in names))
            raise BadInput(f"--only {one}: no claim's name begins so; there are {areas}")
    return lambda name: not only or name.startswith(tuple(only))
