"""The groundplan command. Each subcommand is a module of this folder and is imported only when it is called."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec

import click

from groundplan import __version__
from groundplan.lib import environment
from groundplan.lib.errors import GroundplanError

# Name of the command -> where it is, and its line in --help. One line a command.
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("groundplan.cli.demo:demo", "Build the sample city and serve it."),
    "up": ("groundplan.cli.up:up", "Run the real thing: database, web, worker."),
    "status": ("groundplan.cli.status:status", "How the installation is doing."),
    "test": ("groundplan.cli.developing.test:test", "Run the tests."),
    "check": ("groundplan.cli.developing.check:check", "Lint, types, boundaries, migrations."),
    "bench": ("groundplan.cli.developing.bench:bench", "Measure ours beside a peer or a limit."),
    "docs": ("groundplan.cli.developing.docs:docs", "Check the documentation; make the pictures."),
    "database": ("groundplan.cli.database:database", "Dump and restore the database."),
    "backup": ("groundplan.cli.keeping.commands:backup", "Write everything into one file while the city runs."),
    "restore": ("groundplan.cli.keeping.commands:restore", "Read a backup into an empty installation."),
    "bundle": ("groundplan.cli.bundling.commands:bundle", "Write a signed installer for a machine without internet."),
    "ledger": ("groundplan.cli.ledger:ledger", "Verify the log, write proofs."),
    "rules": ("groundplan.cli.rules:rules", "Decision tables."),
    "flows": ("groundplan.cli.flows:flows", "Flows of cases: list, export."),
    "party": ("groundplan.cli.party:party", "Organisations, people and their roles."),
    "identity": ("groundplan.cli.systems.identity:identity", "Applications, sources of identities, the signing key."),
    "reports": ("groundplan.cli.systems.reports:reports", "Written reports as files."),
    "catalogue": ("groundplan.cli.systems.catalogue:catalogue", "The data catalogue: search, import, export."),
    "linkage": ("groundplan.cli.systems.linkage:linkage", "Linkage plans: load, template, import."),
    "attached": ("groundplan.cli.systems.attached:attached", "Existing systems of the city: list, run, reconcile."),
    "zones": ("groundplan.cli.systems.zones:zones", "Two zones that exchange by signed files."),
    "lake": ("groundplan.cli.systems.lake:lake", "The data lake: load, look, go back."),
    "incidents": ("groundplan.cli.incidents:incidents", "Reports from files."),
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands whose module is installed, in the order of the table."""
        del ctx
        return [name for name, (target, _) in COMMANDS.items() if find_spec(target.partition(":")[0])]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in --help, written without importing any command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(ctx)])

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; an error of ours is one line and status 1."""
        try:
            environment.check()
            return super().invoke(ctx)
        except GroundplanError as error:
            click.echo(f"groundplan: {error}", err=True)
            sys.exit(1)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="groundplan")
def main() -> None:
    """Groundplan: the base a city runs on.

    Begin with `groundplan demo`. State is kept in $GROUNDPLAN_STATE (default .state).
    """
