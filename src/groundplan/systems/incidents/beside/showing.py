"""What the pages of a beside run show, with the names of units in place of their codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from groundplan.kernel.parties.queries import Actor
from groundplan.systems.incidents.beside import forms, logic, queries
from groundplan.systems.incidents.beside.models import Beside, BesideRow
from groundplan.systems.incidents.logic.trial import CAUSES

TRENDS = ("differ", "ours", "late", "avoided")
UNMAPPED = {
    "unit": {"zh-hans": "承办单位", "en": "Handling unit"},
    "matter": {"zh-hans": "事项", "en": "Matter"},
    "district": {"zh-hans": "区县", "en": "District"},
}
STEPS = {
    "start": {"zh-hans": "开始运行", "en": "Started"},
    "end": {"zh-hans": "调整结束日期", "en": "End moved"},
    "propose": {"zh-hans": "提出切换", "en": "Switch proposed"},
    "approve": {"zh-hans": "批准切换", "en": "Switch approved"},
    "take_back": {"zh-hans": "撤回切换", "en": "Switch taken back"},
    "erase": {"zh-hans": "到期销毁逐件数据", "en": "Rows erased"},
}
MOST_PAIRS = 20
Labels = dict[str, str]


def run_context(actor: Actor, run: Beside) -> dict[str, Any]:
    """Figures in all and by day, where both differ, files, and the forms that the reader may use."""
    found, names = queries.comparison(run), queries.unit_names()
    labels = {name: label for name, (_condition, label) in queries.FIGURES.items()}
    return {
        "run": run, "erased": found.erased, "figures": [(name, labels[name], found.total[name]) for name in labels],
        "trends": [labels[name] for name in TRENDS],
        "trend": [(day, [counted.get(name, 0) for name in TRENDS]) for day, counted in found.days],
        "days": [(day, [(name, labels[name], counted.get(name, 0)) for name in labels]) for day, counted in found.days],
        "pairs": [(named(names, pair["first_unit"]), named(names, pair["our_unit"]), pair)
                  for pair in queries.pairs(run, MOST_PAIRS)],
        "unmapped": [(UNMAPPED[kind], word, count) for kind, word, count in queries.unmapped_values(run)],
        "files": queries.last_files(run),
        "steps": [(STEPS[step.kind], step) for step in run.steps.order_by("at", "id")],
        **_forms(actor, run),
    }  # fmt: skip


def _forms(actor: Actor, run: Beside) -> dict[str, Any]:
    return {
        "take": forms.TakeForm(auto_id="take-%s"), "propose": forms.ProposeForm(auto_id="propose-%s"),
        "note": forms.NoteForm(auto_id="back-%s"), "replay": forms.ReplayForm(auto_id="replay-%s"),
        "end": forms.EndForm(auto_id="end-%s", initial={"ends_on": run.ends_on}),
        "may_take": actor.has_role(*queries.TAKE) and run.may_take(), "may_propose": actor.has_role(*queries.START),
        "may_approve": run.unit_id in actor.party_ids(*queries.APPROVE) and actor.actor_id != run.proposed_by,
    }  # fmt: skip


def lines_of(rows: Sequence[BesideRow]) -> list[tuple[BesideRow, Labels, Labels, Labels]]:
    """Rows with verdict, their first unit and ours in words."""
    names = queries.unit_names()
    return [
        (row, logic.VERDICTS[row.verdict], named(names, row.first_unit), named(names, row.our_unit)) for row in rows
    ]


def row_context(row: BesideRow) -> dict[str, Any]:
    """One row: what was told, what we say, and on what ground."""
    names = queries.unit_names()
    return {
        "row": row, "run": row.run, "verdict": logic.VERDICTS[row.verdict], "cause": CAUSES.get(row.cause),
        "first": named(names, row.first_unit), "final": named(names, row.final_unit),
        "ours": named(names, row.our_unit), "unmapped": [UNMAPPED[kind] for kind in row.unmapped.split(",") if kind],
    }  # fmt: skip


def replay_context(found: queries.Replayed, file_name: str) -> dict[str, Any]:
    """What a changed directory made of a run, most frequent changes first."""
    names = queries.unit_names()
    changes = [(named(names, a), named(names, b), count) for (a, b), count in found.changes.most_common(MOST_PAIRS)]
    verdicts = [(text, found.before[name], found.after[name]) for name, text in logic.VERDICTS.items()]
    return {"found": found, "changes": changes, "verdicts": verdicts, "file": file_name}


def faults_of(form: Any) -> str:
    """What a form refuses, in one line."""
    return "；".join(str(text) for texts in form.errors.values() for text in texts)


def named(names: Mapping[str, Labels], code: str) -> Labels:
    """The name of a unit; its code where nobody knows it."""
    return names.get(code) or {"zh-hans": code or "（无）", "en": code or "(none)"}
