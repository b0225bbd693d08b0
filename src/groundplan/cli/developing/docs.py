"""``groundplan docs``: checks that everything is documented and, on wish, makes a picture of every page."""

from __future__ import annotations

import subprocess
import sys

import click

from groundplan.cli.context import checkout


@click.command()
@click.option("--screenshots", is_flag=True, help="Also visit every page of the sample city and keep a picture of it.")
def docs(*, screenshots: bool) -> None:
    """Check the documentation; make the pictures.

    Pictures go to docs/screenshots: every page in both languages, 1440 and 390 wide, from shipped texts only.
    """
    root = checkout()
    done = run(root, "tests/architecture/test_documentation.py")
    if screenshots and done == 0:
        folder = root / "docs" / "screenshots"
        done = run(root, "tests/browser/test_pages.py", "-k", "accessible_fits", "-n", "2", "--pictures", str(folder))
        names = sorted(path.name for path in folder.glob("*.png"))
        (folder / "index.html").write_text(gallery(names), encoding="utf-8")
        click.echo(f"{len(names)} pictures in {folder.relative_to(root)}", err=True)
    sys.exit(done)


def run(root: object, *arguments: str) -> int:
    """Run some tests in the checkout; their status."""
    return subprocess.run([sys.executable, "-m", "pytest", "-q", *arguments], cwd=str(root), check=False).returncode


def gallery(names: list[str]) -> str:
    """A page that shows all pictures, to be looked at."""
    items = "\n".join(
        f'<figure><img src="{name}" alt="" loading="lazy"><figcaption>{name}</figcaption></figure>' for name in names
    )
    return f"<!doctype html><meta charset=utf-8><title>Groundplan</title><style>img{{max-width:48%}}</style>{items}\n"
