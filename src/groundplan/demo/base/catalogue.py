"""The sample city's catalogue: entries of units over all shelves, reviewed and published, most of them mounted."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import yaml

from groundplan.base.catalogue import actions
from groundplan.base.catalogue.models import Entry, EntryVersion
from groundplan.demo.crew import Crew
from groundplan.kernel.cases import actions as cases
from groundplan.kernel.cases.models import Task
from groundplan.kernel.parties.queries import SYSTEM

SHARING = {"u": "unconditional", "c": "conditional", "n": "not_shared"}
OPENNESS = {"o": "open", "c": "conditional", "x": "closed"}
KINDS = {"接口": "api", "图层": "layer", "GeoJSON": "layer", "证照": "certificate", "数据流": "stream"}
PERSONAL = ("none", "personal", "sensitive")


def enter_catalogue() -> int:
    """Enter the sample entries and let them pass; how many."""
    text = files("groundplan.demo").joinpath("data", "catalogue.yaml").read_text(encoding="utf-8")
    crew = Crew.mustered()
    wanted: dict[int, bool] = {}
    for line in yaml.safe_load(text)["entries"]:
        provider, mounted, content = _read(line)
        version = actions.write_entry(actor=SYSTEM, content=content, provider=provider)
        case = actions.submit_entry(actor=SYSTEM, version=version.public_id)
        wanted[version.entry_id] = mounted
        task = Task.objects.get(case=case, state="open")
        handler = crew.actor(task.party_id, "handler") or SYSTEM
        cases.complete_task(actor=handler, task=task.public_id, seen=None, outcome="agree")
        task = Task.objects.get(case=case, state="open")
        outcome = "publish" if content["sharing"] == "not_shared" else "publish_mount"
        keeper = crew.of("data-office", "data_office")
        cases.complete_task(actor=keeper, task=task.public_id, seen=None, outcome=outcome)
        actions.follow_case(actor=SYSTEM, case=case.public_id)
    for entry in Entry.objects.filter(pk__in=[pk for pk, mounted in wanted.items() if mounted]).order_by("id"):
        handler = crew.actor(entry.provider_id, "handler") or SYSTEM
        made = actions.mount_resource(actor=handler, entry=entry.public_id)
        actions.note_update(actor=handler, resource=made.identifier)
    return EntryVersion.objects.filter(state="published").count()


def figures() -> dict[str, int]:
    """How many entries are published, and of how many the data is mounted."""
    published = Entry.objects.filter(state="published")
    return {
        "catalogue.entries": published.count(),
        "catalogue.mounted": published.filter(mounted_at__isnull=False).count(),
    }


def _read(line: str) -> tuple[str, bool, dict[str, Any]]:
    """A line of the file: the provider, whether its data is mounted, and what the entry says."""
    provider, shelf, title, english, sharing, openness, cycle, form, mounted, items = (
        part.strip() for part in line.split("|")
    )
    content = {
        "title": {"zh-hans": title, "en": english}, "summary": {"zh-hans": f"演示数据：{title}。"}, "shelf": shelf,
        "sharing": SHARING[sharing], "openness": OPENNESS[openness], "cycle": cycle, "form": form,
        "kind": KINDS.get(form, "dataset"), "coverage": "兰汀市",
        "elements": [_element(item) for item in items.split()],
    }  # fmt: skip
    if sharing == "c":
        content["condition"] = "用于履行法定职责，经数据提供单位同意。"
    if sharing == "n":
        content["basis"] = "演示数据：须引用的法律依据由数据提供单位填写。"
    if openness == "c":
        content["open_condition"] = "实名申请，注明用途。"
    return provider, mounted == "+", content


def _element(item: str) -> dict[str, str]:
    name, _, source = item.partition("@")
    marks = name.count("!")
    found = {"name": name.rstrip("!"), "personal": PERSONAL[marks]}
    return {**found, "source": source} if source else found
