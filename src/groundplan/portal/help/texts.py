"""The texts of help: ``help.yaml`` beside each app, keyed by the name of a page's address; words and contacts shared.

Each file is checked when it is read: a missing language, an unknown word or contact, or a page that two apps describe
is refused with its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml
from django.apps import apps
from pydantic import BaseModel, ConfigDict, Field

HERE = Path(__file__).parent
# Readers beyond the roles of the profile: ``public`` is everybody, ``staff`` whoever holds a role.
GENERAL = ("public", "staff")
FEWEST = 8


class Text(BaseModel):
    """A text in both languages."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    chinese: str = Field(alias="zh-hans", min_length=2)
    english: str = Field(alias="en", min_length=2)

    @property
    def labels(self) -> dict[str, str]:
        """As the filter ``label`` takes it."""
        return {"zh-hans": self.chinese, "en": self.english}


class Word(BaseModel):
    """A word of the trade and what it means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    term: Text
    means: Text


class Contact(BaseModel):
    """Somebody to ask; ``page`` is the name of an address that leads there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    who: Text
    page: str = ""


class Written(BaseModel):
    """The help of one page as a file has it."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    title: Text
    readers: tuple[str, ...] = Field(min_length=1)
    also: tuple[str, ...] = ()
    purpose: Text = Field(alias="for")
    can: tuple[Text, ...] = Field(min_length=1)
    words: tuple[str, ...] = ()
    ask: tuple[str, ...] = Field(min_length=1)


class Help(BaseModel):
    """The help of one page, with its words and contacts."""

    model_config = ConfigDict(frozen=True)

    name: str
    app: str
    written: Written
    words: tuple[Word, ...]
    contacts: tuple[Contact, ...]

    def for_reader(self, role: str) -> bool:
        """Whether the page belongs to somebody with a role; ``resident`` reads what is public."""
        if "public" in self.written.readers or role in self.written.readers:
            return True
        return "staff" in self.written.readers and role not in {"resident", ""}

    @property
    def public(self) -> bool:
        """Whether residents use the page."""
        return "public" in self.written.readers or "resident" in self.written.readers


class HelpInvalid(ValueError):
    """A file of help that cannot be used; the message names file and page."""


def read(path: Path) -> dict[str, Any]:
    """A file of help as plain data."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with path.open("rb") as stream:
        return dict(yaml.load(stream, Loader=loader) or {})  # noqa: S506 - both loaders are the safe ones.


def files() -> Iterator[tuple[str, Path]]:
    """The files of the installed apps, in the order of the apps."""
    for app in apps.get_app_configs():
        path = Path(app.path) / "help.yaml"
        if app.name.startswith("groundplan.") and path.is_file():
            yield app.label, path


def gather(found: Iterator[tuple[str, Mapping[str, Any]]], shared: Mapping[str, Any]) -> dict[str, Help]:
    """All pages' help by name, checked.

    Raises:
        HelpInvalid: a page is described twice, or names a word or contact that nobody describes.
        pydantic.ValidationError: a part or a language is missing.
    """
    words = {key: Word.model_validate(each) for key, each in shared["words"].items()}
    contacts = {key: Contact.model_validate(each) for key, each in shared["contacts"].items()}
    gathered: dict[str, Help] = {}
    for app, pages in found:
        for name, given in pages.items():
            written = Written.model_validate(given)
            unknown = [each for each in written.words if each not in words]
            unknown += [each for each in written.ask if each not in contacts]
            if name in gathered or unknown:
                reason = f"unknown {', '.join(unknown)}" if unknown else "described twice"
                raise HelpInvalid(f"help of {name} in {app}: {reason}")
            gathered[name] = Help(
                name=name,
                app=app,
                written=written,
                words=tuple(words[each] for each in written.words),
                contacts=tuple(contacts[each] for each in written.ask),
            )
    return gathered


@lru_cache(maxsize=1)
def pages() -> dict[str, Help]:
    """The help of every page, read once a process."""
    shared = {name: read(HERE / f"{name}.yaml")[name] for name in ("words", "contacts")}
    return gather(((app, read(path)) for app, path in files()), shared)


@lru_cache(maxsize=1)
def addresses() -> dict[str, str]:
    """Name of an address -> name of the page whose help it shows."""
    named = {name: name for name in pages()}
    return named | {other: name for name, each in pages().items() for other in each.written.also}


def search(text: str, known: list[Help]) -> list[Help]:
    """The pages in whose help all the words of a text stand, those with them in their title first."""
    wanted = text.casefold().split()[:FEWEST]
    if not wanted:
        return []
    ranked: list[tuple[int, int, Help]] = []
    for place, each in enumerate(known):
        ranks = [_rank(word, each) for word in wanted]
        if all(ranks):
            ranked.append((-sum(ranks), place, each))
    return [each for _, _, each in sorted(ranked, key=lambda found: found[:2])]


def _rank(word: str, each: Help) -> int:
    """How prominently a word stands in a page's help; 0 for nowhere."""
    parts: list[tuple[Literal[4, 3, 2, 1], list[Text]]] = [
        (4, [each.written.title]),
        (3, [term.term for term in each.words]),
        (2, [each.written.purpose]),
        (1, [*each.written.can, *(term.means for term in each.words)]),
    ]
    return next(
        (rank for rank, texts in parts if any(word in f"{t.chinese}\n{t.english}".casefold() for t in texts)), 0
    )
