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
def verify(*, as_json: bool) -> None:
    """Compute the whole log again; name the first entry or head that is wrong."""
    context.setup_django()
    from groundplan.kernel.ledger import queries

    found = queries.verify(_show_progress)
    bad = found.first_bad
    if as_json:
        context.echo_json(
            {
                "ok": found.ok,
                "size": found.size,
                "root": found.root,
                "heads": found.heads,
                "first_bad": bad.document() if bad else None,
            }
        )
    elif bad is None:
        click.echo(f"The log holds: {found.size} entries under {found.heads} signed heads, root {found.root}.")
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
