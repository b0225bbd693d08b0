"""``groundplan ledger``: verify the log, write proof files, change the signing key."""

from __future__ import annotations

import sys
from pathlib import Path
from uuid import UUID

import click

from groundplan.cli import context


@click.group()
def ledger() -> None:
    """The log of records: check it, prove from it."""


@ledger.command()
@click.option("--json", "as_json", is_flag=True, help="Print ok, size, root, heads, first_bad as one JSON object.")
@click.option(
    "--copy", "copies", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A witness's copy of the heads, brought by yourself; may be given again.",
)  # fmt: skip
def verify(*, as_json: bool, copies: tuple[Path, ...]) -> None:
    """Compute the whole log again and set it beside the witnesses' copies; name the first fault."""
    context.setup_django()
    from groundplan.kernel.ledger import queries
    from groundplan.kernel.proofs import queries as proofs

    found = queries.verify(_show_progress)
    beside = [*proofs.agreements(), *(proofs.agreement_with(str(path), path) for path in copies)]
    for each in beside:
        if not each.reached:
            click.echo(f"the witness {each.name} could not be reached: nothing was compared with its copy", err=True)
    disagreements = [each.fault for each in beside if each.fault]
    bad = found.first_bad or min(disagreements, key=lambda fault: fault.index or 0, default=None)
    if as_json:
        context.echo_json(
            {
                "ok": bad is None,
                "size": found.size,
                "root": found.root,
                "heads": found.heads,
                "first_bad": bad.document() if bad else None,
                "witnesses": [each.document() for each in beside],
            }
        )
    elif bad is None:
        click.echo(f"The log holds: {found.size} entries under {found.heads} signed heads, root {found.root}.")
        for each in (each for each in beside if each.reached):
            click.echo(f"It agrees with the {each.heads} heads that {each.name} keeps.")
    if bad:
        context.fail(f"the log does not hold. First fault ({bad.kind}): {bad.reason}")


@ledger.command()
@click.argument("entry_id", metavar="ID", type=click.UUID)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The proof file to write.")
def prove(entry_id: UUID, out: Path) -> None:
    """Write the proof file of one entry; docs/verify_proof.py checks it alone."""
    context.setup_django()
    from groundplan.kernel.ledger import queries
    from groundplan.lib.crypto import signing

    proof = queries.inclusion_proof(entry_id)
    _write(out, proof.file())
    click.echo(f"{out}: leaf {proof.leaf_index} of {proof.head.size}", err=True)
    key = signing.fingerprint(proof.head.public_key)
    click.echo(f"check with: python3 docs/verify_proof.py --key {key} {out}", err=True)


@ledger.command()
@click.argument("first", type=click.IntRange(min=1, max=2**62))
@click.argument("second", type=click.IntRange(min=1, max=2**62))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The proof file to write.")
def consistency(first: int, second: int, out: Path) -> None:
    """Write the proof that the log of SECOND records only adds to the log of FIRST; both are sizes of signed heads."""
    context.setup_django()
    from groundplan.kernel.ledger import queries
    from groundplan.lib.crypto import signing

    proof = queries.consistency_proof(first, second)
    _write(out, proof.file())
    fingerprints = dict.fromkeys(signing.fingerprint(head.public_key) for head in (proof.first, proof.second))
    keys = " ".join(f"--key {key}" for key in fingerprints)
    click.echo(f"check with: python3 docs/verify_consistency.py {keys} {out}", err=True)


@ledger.group()
def witness() -> None:
    """Files and addresses outside that keep a copy of every signed head."""


@witness.command("add")
@click.argument("name")
@click.option("--file", "file_name", help="A file name inside GROUNDPLAN_WITNESS_FOLDER.")
@click.option("--webhook", help="An http or https address.")
@context.as_option
def add_witness(name: str, file_name: str | None, webhook: str | None, as_name: str | None) -> None:
    """Give every signed head to a file or an address from now on, beginning with the first."""
    if bool(file_name) == bool(webhook):
        message = "name one of --file and --webhook."
        raise click.UsageError(message)
    context.setup_django()
    from groundplan.kernel.proofs import actions

    made, secret = actions.add_witness(
        actor=context.actor_named(as_name), name=name, kind="file" if file_name else "webhook",
        address=str(file_name or webhook),
    )  # fmt: skip
    click.echo(f"{made}{f' {secret}' if secret else ''}")


@witness.command("list")
def list_witnesses() -> None:
    """All witnesses: id, state, heads given, name, address, and why the last attempt failed."""
    context.setup_django()
    from groundplan.kernel.proofs import queries

    for row in queries.witnesses():
        click.echo(f"{row.public_id}\t{row.state}\t{row.given}\t{row.name}\t{row.address}\t{row.reason}")


@witness.command("end")
@click.argument("witness_id", metavar="ID", type=click.UUID)
@context.as_option
def end_witness(witness_id: UUID, as_name: str | None) -> None:
    """Give a witness no more heads; its copy stays where it is."""
    context.setup_django()
    from groundplan.kernel.proofs import actions

    actions.change_witness(actor=context.actor_named(as_name), witness=witness_id, change="end")


@ledger.command()
@click.argument("decision_id", metavar="DECISION", type=click.UUID)
@click.option("--reason", required=True, help="The ground of the erasure; docs/ledger.md lists them.")
@context.as_option
def erase(decision_id: UUID, reason: str, as_name: str | None) -> None:
    """Destroy the facts of a decision and the salt of its commitment; log and proofs stay valid."""
    context.setup_django()
    from groundplan.kernel.rules import actions

    actor = context.actor_named(as_name)
    if not actions.erase_facts(actor=actor, decision=decision_id, reason=reason):
        context.fail(f"the decision {decision_id} has no facts: there is none, or they are erased.")
    click.echo(f"erased: the facts and the salt of the decision {decision_id}")


@ledger.command("rotate-key")
@context.as_option
def rotate_key(as_name: str | None) -> None:
    """Let a new key sign from now on; old heads stay verifiable."""
    context.setup_django()
    from groundplan.kernel.ledger import actions

    click.echo(actions.rotate_key(actor=context.actor_named(as_name).actor_id))


def _write(out: Path, content: bytes) -> None:
    try:
        out.write_bytes(content)
    except OSError as error:
        context.fail(f"{out} could not be written: {error.strerror}.")


def _show_progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{done} of {total} entries", nl=done >= total, err=True)
    elif done >= total:
        click.echo(f"{done} of {total} entries", err=True)
