"""The embedded PostgreSQL: one data folder in the state folder, started by its first holder, stopped after its last."""

from groundplan.cli.postgres.holding import DatabaseFailed, Held, discard, hold
from groundplan.cli.postgres.programs import Server, free_port
from groundplan.cli.postgres.throwaway import start_throwaway

__all__ = ["DatabaseFailed", "Held", "Server", "discard", "free_port", "hold", "start_throwaway"]
