"""Code lists come in as versions with origin and digest; nothing in force is changed by an import."""

from __future__ import annotations

import hashlib
from datetime import date
from importlib.resources import files
from typing import Any

import yaml
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, ValidationError

from groundplan.base.registers.errors import CodeListRefused
from groundplan.base.registers.models import Code, CodeList, CodeMapping
from groundplan.base.registers.queries import may_keep
from groundplan.kernel.events import actions as events
from groundplan.kernel.ledger import actions as ledger
from groundplan.kernel.parties.queries import Actor

_DIGITS = 5


class _Major(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: str
    label: dict[str, str]
    items: dict[str, dict[str, str]]


class _ListFile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    list: str
    edition: str
    valid_from: date
    valid_until: date | None = None
    weak: bool = False
    source: dict[str, str]
    majors: dict[str, _Major]


class _Pair(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    kind: str
    old: str
    new: str
    relation: str = "exact"


class _MappingFile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    mapping: str
    from_edition: str
    to_edition: str
    weak: bool = False
    source: dict[str, str]
    pairs: list[_Pair]


def import_code_list(*, actor: Actor, content: bytes, filename: str, origin: str = "city") -> CodeList:
    """Import an edition of a code list from YAML; the same content again is the version already held.

    Args:
        actor: the data office or the system.
        content: ``list, edition, valid_from, weak, source, majors``; see docs/registers.md.
        filename: its name, for errors.
        origin: ``shipped``, ``profile`` or ``city``.

    Raises:
        NotAllowed: the actor does not keep the registers.
        CodeListRefused: the file is not of the form.
    """
    may_keep(actor)
    document = _parsed(_ListFile, content, filename)
    digest = hashlib.sha256(content).hexdigest()
    with transaction.atomic():
        held = CodeList.objects.filter(digest=digest).first()
        if held is not None:
            return held
        made = CodeList.objects.create(
            list=document.list,
            edition=document.edition,
            valid_from=document.valid_from,
            valid_until=document.valid_until,
            weak=document.weak,
            source=document.source,
            origin=origin,
            digest=digest,
        )
        Code.objects.bulk_create(
            Code(code_list=made, kind=major.kind, code=number + minor, label=label, major=major.label)
            for number, major in document.majors.items()
            for minor, label in major.items.items()
        )
        data = {"list": made.list, "edition": made.edition, "sha256": digest}
        ledger.record(actor=actor.actor_id, action="registers.import_code_list", subject=f"codes:{made.pk}", data=data)
        events.publish(type="registers.codes_imported.v1", subject=f"codes:{made.pk}", data=data, actor=actor.actor_id)
    return made


def import_code_mapping(*, actor: Actor, content: bytes, filename: str) -> int:
    """Import what codes of one edition are in another; pairs already held stay.

    Args:
        actor: the data office or the system.
        content: YAML: ``mapping, from_edition, to_edition, weak, source, pairs``.
        filename: its name, for errors.

    Returns:
        How many pairs are new.

    Raises:
        NotAllowed: the actor does not keep the registers.
        CodeListRefused: the file is not of the form.
    """
    may_keep(actor)
    document = _parsed(_MappingFile, content, filename)
    with transaction.atomic():
        before = CodeMapping.objects.count()
        CodeMapping.objects.bulk_create(
            (
                CodeMapping(
                    list=document.mapping,
                    kind=pair.kind,
                    from_edition=document.from_edition,
                    from_code=pair.old,
                    to_edition=document.to_edition,
                    to_code=pair.new,
                    relation=pair.relation,
                    weak=document.weak,
                )
                for pair in document.pairs
            ),
            ignore_conflicts=True,
        )
        new = CodeMapping.objects.count() - before
        if new:
            data = {"list": document.mapping, "sha256": hashlib.sha256(content).hexdigest(), "pairs": new}
            ledger.record(
                actor=actor.actor_id, action="registers.import_code_mapping", subject=f"codes:{filename}", data=data
            )
    return new


def load_shipped_codes(*, actor: Actor, profile: str = "") -> int:
    """Import the code lists and mappings that a profile ships; what is held already is left alone.

    Args:
        actor: the data office or the system.
        profile: name of the profile; that of the settings by default.

    Returns:
        How many lists the profile ships.
    """
    count = 0
    folder = files("groundplan.profiles").joinpath(profile or settings.GROUNDPLAN_PROFILE, "codes")
    sources = [item for place in (folder, folder.joinpath("earlier")) if place.is_dir() for item in place.iterdir()]
    for source in sorted((item for item in sources if item.is_file()), key=lambda item: item.name):
        content = source.read_bytes()
        document = yaml.safe_load(content)
        if "majors" in document:
            import_code_list(actor=actor, content=content, filename=source.name, origin="shipped")
            count += 1
        elif "mapping" in document:
            import_code_mapping(actor=actor, content=content, filename=source.name)
    return count


def _parsed(form: type[Any], content: bytes, filename: str) -> Any:
    try:
        document = form.model_validate(yaml.safe_load(content))
    except (yaml.YAMLError, ValidationError, UnicodeDecodeError) as error:
        raise CodeListRefused(
            _("%(name)s 不是代码表：%(reason)s") % {"name": filename, "reason": str(error)[:500]},
            accepted="docs/registers.md",
        ) from error
    majors = getattr(document, "majors", {})
    for number, major in majors.items():
        for minor in major.items:
            if len(number + minor) > _DIGITS or not (number + minor).isdigit():
                raise CodeListRefused(_("代码 %(code)s 不是数字或过长。") % {"code": number + minor}, accepted="<= 5")
    return document
