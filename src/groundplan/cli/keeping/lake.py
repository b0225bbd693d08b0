"""The lake in a backup: the files that its tables need at the frozen moment, and where they go in a restore."""

from __future__ import annotations

import shutil
from pathlib import Path

from groundplan.cli import context
from groundplan.cli.keeping import archive

LAKE = "lake"


def add_lake(writer: archive.Writer) -> int:
    """Add the lake's files; how many. Called within the frozen moment of the database.

    Only new files are ever written and none is changed, so what the frozen catalogue names is whole.
    """
    from groundplan.base.lake import queries
    from groundplan.base.lake.engine import places

    paths = queries.kept_files()
    for path in paths:
        writer.add(f"{LAKE}/{path.relative_to(places.root()).as_posix()}", path)
    return len(paths)


def put_lake(folder: Path) -> None:
    """Put the lake of an unpacked backup in its place; paths inside are found from there, wherever it was before."""
    if not (folder / LAKE).is_dir():
        return
    root = lake_folder()
    shutil.rmtree(root, ignore_errors=True)
    root.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(folder / LAKE, root)


def refuse_occupied_lake() -> None:
    """End if there are tables in the lake's folder."""
    tables = lake_folder() / "tables"
    if tables.is_dir() and any(tables.iterdir()):
        context.fail(f"{tables} holds tables already; name an empty folder in GROUNDPLAN_LAKE or GROUNDPLAN_STATE.")


def lake_folder() -> Path:
    """The lake's folder, before Django is set up."""
    from groundplan.lib import environment

    named = environment.read("GROUNDPLAN_LAKE")
    return Path(named).absolute() if named else context.state_folder() / LAKE
