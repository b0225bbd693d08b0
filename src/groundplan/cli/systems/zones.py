"""`groundplan zones`: pair two zones, send, receive, where the exchange stands."""

from __future__ import annotations

import json
from pathlib import Path

import click

from groundplan.cli.context import actor_named, as_option, echo_json, fail, setup_django

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group()
def zones() -> None:
    """Two zones (GROUNDPLAN_ZONE=outer and inner) that exchange by signed files."""


@zones.command("pair")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--export", "target", type=click.Path(dir_okay=False, writable=True, path_type=Path), metavar="FILE",
              help="Write this zone's public keys to FILE and show their fingerprint.")  # fmt: skip
@click.option("--confirm", "fingerprint", metavar="FINGERPRINT", help="Confirm what another administrator proposed.")
@click.option("--end", is_flag=True, help="End the pairing and throw this zone's keys away.")
@as_option
def pair(*, file: Path | None, target: Path | None, fingerprint: str | None, end: bool, as_name: str | None) -> None:
    """Write this zone's key file, propose the other one's (FILE), or confirm it by its fingerprint.

    In production two administrators propose and confirm on the page /zones, each signed in.
    """
    if sum(map(bool, (file, target, fingerprint, end))) != 1:
        raise click.UsageError("Give one of FILE, --export, --confirm and --end.")
    setup_django()
    from groundplan.commons.zones import actions, queries

    if target:
        if not queries.side():
            fail("this installation is no zone. Next: set GROUNDPLAN_ZONE to outer or inner.")
        target.write_bytes(queries.key_file())
        click.echo(f"{target}\nfingerprint: {queries.own_keys().public.fingerprint}")
    elif file:
        made = actions.propose_zone(actor=actor_named(as_name), content=file.read_bytes()[:10_000])
        click.echo(f"proposed: {made.side} {made.fingerprint}\nAnother administrator confirms it.")
    elif fingerprint:
        made = actions.confirm_zone(actor=actor_named(as_name), fingerprint=fingerprint)
        click.echo(f"paired: {made.side} {made.fingerprint}")
    else:
        actions.end_zone(actor=actor_named(as_name))
        click.echo("ended")


@zones.command("send")
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), help="Write the files there.")
@click.option("--again", is_flag=True, help="Write again all that is not acknowledged.")
@json_option
def send(*, folder: Path | None, again: bool, as_json: bool) -> None:
    """Make packets of what waits and write them to the drop folder, or to a disk."""
    setup_django()
    from groundplan.commons.zones import actions

    done = actions.send_packets(folder=folder, again=again)
    echo_json({"made": done.made, "written": done.written}) if as_json else click.echo(
        f"made: {done.made}, written: {done.written}"
    )


@zones.command("receive")
@click.option(
    "--from", "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Read them there."
)
@json_option
def receive(*, folder: Path | None, as_json: bool) -> None:
    """Apply the packets of the drop folder, or of a disk; exits with 1 if one was refused."""
    setup_django()
    from groundplan.commons.zones import actions

    done = actions.receive_packets(folder=folder)
    refused = dict(done.refused)
    if as_json:
        echo_json({"applied": done.applied, "messages": done.messages, "refused": refused})
    else:
        click.echo(f"applied: {done.applied}, messages: {done.messages}")
    if set(refused) - {"repeated"}:
        fail(f"refused: {json.dumps(refused)}")


@zones.command("status")
@json_option
def status(*, as_json: bool) -> None:
    """Zone, pairing, numbers sent, acknowledged and received, what waits, and the lag."""
    setup_django()
    from groundplan.commons.zones import queries

    state = queries.state()
    if as_json:
        echo_json(state)
        return
    for name, value in state.items():
        click.echo(f"{name}: {value}")
