"""Shelves and words of a profile come into the database; what is held already is left alone."""

from __future__ import annotations

from datetime import date
from importlib.resources import files
from typing import Any

import yaml
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, ValidationError

from groundplan.base.catalogue import queries
from groundplan.base.catalogue.errors import EntryInvalid
from groundplan.base.catalogue.models import Shelf, Term
from groundplan.kernel.ledger.actions import record
from groundplan.kernel.parties.queries import Actor
from groundplan.lib.errors import NotAllowed


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Shelf(_Strict):
    key: str
    kind: str
    label: dict[str, str]


class _Term(_Strict):
    kind: str
    key: str
    words: list[str]
    meaning: dict[str, Any] = {}


class _File(_Strict):
    valid_from: date
    shelves: list[_Shelf]
    terms: list[_Term] = []


@transaction.atomic
def load_shipped_catalogue(*, actor: Actor, profile: str = "") -> int:
    """Take over shelves and words that a profile ships in ``catalogue/``; a city's own changes stay.

    Args:
        actor: the data office or the system.
        profile: its name; that of the settings by default.

    Returns:
        How many shelves and terms were new.

    Raises:
        NotAllowed: the actor does not keep the catalogue.
        EntryInvalid: a file is not of the form.
    """
    if not actor.has_role(*queries.KEEPERS):
        raise NotAllowed(_("只有数据管理部门可以维护目录分类和词表。"), accepted=", ".join(queries.KEEPERS))
    folder = files("groundplan.profiles").joinpath(profile or settings.GROUNDPLAN_PROFILE, "catalogue")
    made = 0
    for name in ("shelves.yaml", "words.yaml"):
        if folder.joinpath(name).is_file():
            made += _load(folder.joinpath(name).read_text(encoding="utf-8"), name)
    queries.forget_synonyms()
    if made:
        record(
            actor=actor.actor_id, action="catalogue.load_shipped_catalogue", subject="catalogue:words",
            data={"new": made},
        )  # fmt: skip
    return made


def _load(text: str, name: str) -> int:
    try:
        read = _File.model_validate(yaml.safe_load(text))
    except (ValidationError, yaml.YAMLError) as error:
        raise EntryInvalid(f"{name}: {error}") from error
    held = set(Shelf.objects.values_list("key", flat=True))
    shelves = [
        Shelf(key=each.key, kind=each.kind, label=each.label, place=at, valid_from=read.valid_from, origin="shipped")
        for at, each in enumerate(read.shelves)
        if each.key not in held
    ]
    known = set(Term.objects.values_list("kind", "key"))
    terms = [
        Term(kind=each.kind, key=each.key, words=each.words, meaning=each.meaning, valid_from=read.valid_from,
             origin="shipped")
        for each in read.terms
        if (each.kind, each.key) not in known
    ]  # fmt: skip
    Shelf.objects.bulk_create(shelves)
    Term.objects.bulk_create(terms)
    return len(shelves) + len(terms)
