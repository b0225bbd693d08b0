"""Iceberg's metadata on the disk for sure: the catalogue never names a file that a power failure could take away."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Self, cast

from pyiceberg.io import InputFile, OutputFile, OutputStream
from pyiceberg.io.pyarrow import PyArrowFileIO

from groundplan.base.lake.engine.places import here


class _Stream:
    def __init__(self, path: Path, *, overwrite: bool) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = path
        self.file = path.open("wb" if overwrite else "xb")

    def write(self, data: bytes) -> int:
        return self.file.write(data)

    def tell(self) -> int:
        return self.file.tell()

    def close(self) -> None:
        if self.file.closed:
            return
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


class SyncedOutput(OutputFile):
    """A file that is on the disk when it is closed."""

    def __init__(self, location: str, io: PyArrowFileIO) -> None:
        super().__init__(location)
        self.io = io

    def __len__(self) -> int:
        return Path(self.location).stat().st_size

    def exists(self) -> bool:
        """Whether the file is there."""
        return Path(self.location).exists()

    def to_input_file(self) -> InputFile:
        """The same file to read."""
        return self.io.new_input(self.location)

    def create(self, overwrite: bool = False) -> OutputStream:  # noqa: FBT001, FBT002 - the interface of pyiceberg.
        """Open it."""
        return cast("OutputStream", _Stream(Path(self.location), overwrite=overwrite))


class SyncedFileIO(PyArrowFileIO):
    """Files on a disk of this machine, written for sure; other places as pyiceberg writes them."""

    def new_input(self, location: str) -> Any:
        """A file to read."""
        return super().new_input(here(location))

    def new_output(self, location: str) -> Any:
        """A file to write."""
        found = here(location)
        return SyncedOutput(found, self) if found.startswith("/") else super().new_output(found)

    def delete(self, location: Any) -> None:
        """Remove a file."""
        super().delete(here(location) if isinstance(location, str) else here(location.location))
