"""Lists of data that units have already: any columns, DCAT, CKAN; good rows are taken, bad ones listed by cell."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from groundplan.base.catalogue import queries
from groundplan.base.catalogue.actions._checking import checked, require_editor
from groundplan.base.catalogue.actions._placing import place_resource
from groundplan.base.catalogue.actions._writing import begin_entry, change_entry, publish_version
from groundplan.base.catalogue.errors import EntryInvalid, EntryMoved, FileRefused
from groundplan.base.catalogue.logic import foreign
from groundplan.base.catalogue.logic.importing import DEFAULTS, FIELDS, Given, Unreadable, content_of, plain, unit_names
from groundplan.base.catalogue.models import ColumnMapping, Entry, Load, Problem
from groundplan.kernel.ledger.actions import record
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock
from groundplan.lib.errors import GroundplanError, NotAllowed
from groundplan.lib.tabular import normal_header, read_table
from groundplan.lib.tabular.columns import propose_mapping

MOST_ROWS = 100_000
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class _Known:
    """What is looked up once for a load."""

    defaults: Mapping[str, str]
    shelves: Mapping[str, str]
    units: Mapping[str, Party]
    publish: bool
    prefix: str


@transaction.atomic
def save_mapping(
    *, actor: Actor, name: str, columns: Mapping[str, str], defaults: Mapping[str, str] | None = None
) -> ColumnMapping:
    """Keep under a name which column is which field, and the values of fields that the list lacks; replaces its like.

    Args:
        actor: handles for a unit, or is of the data office.
        name: 1 to 64 characters.
        columns: field -> header.
        defaults: field -> value.

    Raises:
        NotAllowed: the actor writes no entries.
        EntryInvalid: a field that there is none of, or none for the title.
    """
    _require(actor)
    wrong = sorted((set(columns) - set(FIELDS)) | (set(defaults or {}) - set(DEFAULTS)))
    if wrong or "title" not in columns or not 1 <= len(name.strip()) <= 64:  # noqa: PLR2004 - the column's length.
        raise EntryInvalid(
            _("没有字段：%(names)s。") % {"names": "、".join(wrong)} if wrong else _("请指定名称和“名称”所在的列。"),
            accepted="、".join(FIELDS),
            fields=[{"field": each, "reason": "unknown"} for each in wrong or ["title"]],
        )
    saved, _made = ColumnMapping.objects.update_or_create(
        name=name.strip(),
        defaults={"columns": dict(columns), "defaults": dict(defaults or {}), "saved_at": clock.now(),
                  "saved_by": actor.actor_id},
    )  # fmt: skip
    record(
        actor=actor.actor_id, action="catalogue.save_mapping", subject=f"catalogue-mapping:{saved.pk}",
        data={"name": saved.name},
    )  # fmt: skip
    return saved


@transaction.atomic
def import_entries(
    *,
    actor: Actor,
    content: bytes,
    filename: str,
    mapping: str = "",
    columns: Mapping[str, str] | None = None,
    defaults: Mapping[str, str] | None = None,
    prefix: str = "",
    publish: bool = False,
    progress: Progress | None = None,
) -> Load:
    """Take in a list of entries. What does not fit is listed with cell and reason; the rest is taken.

    An entry with the same code, or the same unit and title, is not stored twice: it is repeated when it says the same,
    else changed by a new version.

    Args:
        actor: handles for the units that it names, or is of the data office.
        content: XLSX, CSV or TSV with any columns; a CKAN package dump; DCAT as JSON-LD.
        filename: for messages; ``.json``, ``.jsonl`` and ``.jsonld`` are read as JSON.
        mapping: name of a kept mapping.
        columns: field -> header; otherwise the kept mapping, otherwise proposed from the headers.
        defaults: values of fields that a row leaves empty.
        prefix: stands before each code of the list.
        publish: take over what is published elsewhere already as published; only for the data office.
        progress: called with (rows done, rows in all).

    Raises:
        NotAllowed: the actor writes no entries, or may not publish.
        FileRefused: the file is no list, or has no column for the title.
        UnreadableTable: the same for a table.
    """
    _require(actor)
    if publish and not actor.has_role(*queries.KEEPERS):
        raise NotAllowed(_("只有数据管理部门可以按已发布导入。"), accepted=", ".join(queries.KEEPERS))
    kept = queries.saved_mapping(mapping) if mapping else None
    form, used, rows = _read(content, filename, columns or (kept.columns if kept else None))
    known = _known({**(kept.defaults if kept else {}), **(defaults or {})}, publish=publish, prefix=prefix)
    load = Load.objects.create(
        file_name=filename[:255], digest=hashlib.sha256(content).hexdigest(), form=form, columns=used,
        published=publish, loaded_by=actor.actor_id,
    )  # fmt: skip
    counted = dict.fromkeys(("stored", "changed", "repeated", "refused"), 0)
    for done, given in enumerate(rows, start=1):
        counted[_take(actor, load, given, known)] += 1
        if progress and done % 100 == 0:
            progress(done, len(rows))
    for name, number in {"read": len(rows), **counted}.items():
        setattr(load, name, number)
    load.save(update_fields=["read", *counted])
    record(
        actor=actor.actor_id, action="catalogue.import_entries", subject=f"catalogue-load:{load.public_id}",
        data={"digest": load.digest, "form": form, "published": publish, "read": load.read, **counted},
    )  # fmt: skip
    return load


def _take(actor: Actor, load: Load, given: Given, known: _Known) -> str:
    """Take one entry in; whatever is wrong with it becomes a problem with its cell."""
    try:
        with transaction.atomic():
            return _store(actor, given, known)
    except Unreadable as error:
        found = [(error.field, _("不能识别的取值"), error.value)]
    except EntryInvalid as error:
        found = [(str(each["field"]), str(each["reason"]), "") for each in error.extra.get("fields", ())]
        found = found or [("", error.detail, "")]
    except GroundplanError as error:
        found = [("", error.detail or str(error), "")]
    Problem.objects.bulk_create(
        Problem(
            load=load, row=given.number, cell=given.cell(name.partition(".")[0])[:300], field=name[:120],
            reason=reason[:400], value=(value or given.values.get(name.partition(".")[0], ""))[:400],
        )
        for name, reason, value in found
    )  # fmt: skip
    return "refused"


def _store(actor: Actor, given: Given, known: _Known) -> str:
    unit = _unit(given, known)
    require_editor(actor, unit.pk)
    fit = checked(content_of(given, known.defaults, known.shelves))
    code = "".join(given.values.get("identifier", "").split())
    code = f"{known.prefix}{code}"[:200] if code else ""
    same = Entry.objects.select_for_update(of=("self",)).select_related("provider", "shelf")
    found = same.filter(identifier=code).first() if code else same.filter(provider=unit, name=fit.content.name).first()
    if found is None:
        version, outcome = begin_entry(actor, unit, fit, code), "stored"
    elif found.provider_id != unit.pk:
        raise EntryInvalid(_("该目录代码属于另一单位。"), fields=[{"field": "identifier", "reason": code}])
    elif found.content == fit.content.model_dump(mode="json"):
        return "repeated"
    else:
        version, outcome = change_entry(actor, found, fit, _("批量导入")), "changed"
    if known.publish:
        entry = version.entry
        if version.state == "returned" or version.case_id is not None:
            raise EntryMoved(_("有版本正在审核，退回或办结后才能修改。"))
        publish_version(actor, entry, version)
        if outcome == "stored":
            for address, form in given.resources:
                place_resource(actor, entry, address=address, form=form[:40])
    return outcome


def _unit(given: Given, known: _Known) -> Party:
    """The unit that a row names, or the default.

    Raises:
        EntryInvalid: nobody is named so.
    """
    written = given.values.get("provider", "")
    for name in unit_names(written) if written.strip() else ():
        if plain(name) in known.units:
            return known.units[plain(name)]
    default = known.units.get(plain(known.defaults.get("provider", "")))
    if default is None:
        raise EntryInvalid(
            _("没有名称或代码为“%(name)s”的单位。") % {"name": written[:80]},
            fields=[{"field": "provider", "reason": _("没有该单位")}],
        )
    return default


def _read(content: bytes, filename: str, columns: Mapping[str, str] | None) -> tuple[str, dict[str, str], list[Given]]:
    """The entries of a file: form, mapping used, rows."""
    if not filename.lower().endswith((".json", ".jsonl", ".jsonld")):
        return _read_rows(content, filename, columns)
    if len(content) > 64 * 1024 * 1024:
        raise FileRefused(_("文件过大。"), accepted="<= 64 MiB")
    try:
        document = foreign.read_document(content)
        if foreign.is_dcat(document):
            return "dcat", {}, foreign.datasets_of(document)
        return "ckan", {}, foreign.packages_of(document)
    except foreign.DocumentRefused as error:
        raise FileRefused(
            _("文件不是可读的目录：%(reason)s") % {"reason": str(error)[:200]},
            accepted="CKAN package dump; DCAT JSON-LD",
            next_step=_("外部 @context 不予下载，请展开后写入文件。"),
        ) from error


def _read_rows(
    content: bytes, filename: str, columns: Mapping[str, str] | None
) -> tuple[str, dict[str, str], list[Given]]:
    table = read_table(content, filename, most_rows=MOST_ROWS)
    used = {name: normal_header(header) for name, header in (columns or {}).items()}
    used = used or propose_mapping(table.headers, FIELDS)
    missing = [header for header in used.values() if header not in table.headers]
    if "title" not in used or missing:
        raise FileRefused(
            _("没有“名称”列，或缺少列：%(names)s。") % {"names": "、".join(missing)}, accepted="、".join(table.headers)
        )
    rest = [header for header in table.headers if header not in used.values()]
    rows = []
    for row in table.rows:
        values = {name: row.text(header) for name, header in used.items()}
        address = values.pop("address", "")
        extra = {header[:120]: row.text(header)[:8000] for header in rest[:100] if row.text(header)}
        rows.append(
            Given(row.number, values, {name: row.address(header) for name, header in used.items()},
                  [(address, values.get("form", ""))] if address else (), extra)
        )  # fmt: skip
    return "table", used, rows


def _known(defaults: Mapping[str, str], *, publish: bool, prefix: str) -> _Known:
    wrong = sorted(set(defaults) - set(DEFAULTS))
    if wrong:
        raise EntryInvalid(
            _("没有字段：%(names)s。") % {"names": "、".join(wrong)}, accepted="、".join(DEFAULTS),
            fields=[{"field": each, "reason": "unknown"} for each in wrong],
        )  # fmt: skip
    shelves = {plain(name): each.key for each in queries.shelves() for name in (each.key, *each.label.values())}
    units: dict[str, Party] = {}
    for unit in Party.objects.on().exclude(kind__in=("person", "firm")).order_by("-id"):
        for name in (*unit.name.values(), *(unit.short_name or {}).values(), unit.code):
            units[plain(name)] = unit
    given = {name: value for name, value in defaults.items() if value}
    return _Known(given, shelves, units, publish, prefix.strip()[:60])


def _require(actor: Actor) -> None:
    if not actor.has_role(*queries.EDITORS):
        raise NotAllowed(_("您没有编目的角色。"), accepted=", ".join(queries.EDITORS))
