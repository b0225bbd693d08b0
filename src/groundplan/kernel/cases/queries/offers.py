"""What an actor may do with a case now, taken from its flow: the page and the API offer the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from groundplan.kernel.cases.logic import values
from groundplan.kernel.cases.logic.flow import Flow, Outcome, Work
from groundplan.kernel.cases.logic.guards import passes
from groundplan.kernel.cases.models import ACTIVE_TASK, Case, Task
from groundplan.kernel.cases.queries.accounts import account_of, keeps, may_end
from groundplan.kernel.cases.queries.flows import flow_of
from groundplan.kernel.cases.queries.scope import controls, holds, may, sees
from groundplan.kernel.parties.queries import Actor
from groundplan.kernel.rules import queries as rules

Labels = Mapping[str, str]
DONE = {"zh-hans": "办结", "en": "done"}

LABELS: dict[str, Labels] = {
    "sign": {"zh-hans": "签收", "en": "Sign for"},
    "accept": {"zh-hans": "接收移交", "en": "Accept the hand-over"},
    "refuse": {"zh-hans": "不接收", "en": "Refuse the hand-over"},
    "uphold": {"zh-hans": "同意退单", "en": "Uphold the return"},
    "overrule": {"zh-hans": "不同意退单", "en": "Refuse the return"},
    "grant": {"zh-hans": "同意延期", "en": "Grant the extension"},
    "deny": {"zh-hans": "不同意延期", "en": "Refuse the extension"},
    "return": {"zh-hans": "退单", "en": "Return"},
    "transfer": {"zh-hans": "移交", "en": "Hand over"},
    "redispatch": {"zh-hans": "转派下级", "en": "Re-dispatch downwards"},
    "reassign": {"zh-hans": "改派", "en": "Correct the dispatch"},
    "assist": {"zh-hans": "请求协办", "en": "Ask to assist"},
    "extend": {"zh-hans": "申请延期", "en": "Ask for an extension"},
    "subcase": {"zh-hans": "办理子件", "en": "Open a case below"},
    "stop_waiting": {"zh-hans": "不再等待子件", "en": "Stop waiting for the cases below"},
    "account": {"zh-hans": "申请挂账", "en": "Ask to put it on account"},
    "account_grant": {"zh-hans": "同意挂账", "en": "Put it on account"},
    "account_deny": {"zh-hans": "不同意挂账", "en": "Refuse the account"},
    "account_review": {"zh-hans": "复核并继续挂账", "en": "Review and keep on account"},
    "account_end": {"zh-hans": "销账", "en": "Take off account"},
    "suspend": {"zh-hans": "挂起", "en": "Suspend"},
    "resume": {"zh-hans": "恢复办理", "en": "Resume"},
    "supervise": {"zh-hans": "督办", "en": "Supervise"},
    "merge": {"zh-hans": "并单", "en": "Merge"},
    "unmerge": {"zh-hans": "拆单", "en": "Take out of the merge"},
    "reopen": {"zh-hans": "重新办理", "en": "Reopen"},
    "cancel": {"zh-hans": "撤销", "en": "Cancel"},
    "comment": {"zh-hans": "备注与附件", "en": "Comment and files"},
    "rate": {"zh-hans": "登记回访结果", "en": "Record the call-back"},
}
OWN = ("return", "transfer", "redispatch", "assist", "extend", "account")

PAIRS = {
    "offer": ("accept", "refuse"),
    "ruling": ("uphold", "overrule"),
    "extension": ("grant", "deny"),
    "account": ("account_grant", "account_deny"),
}


@dataclass(frozen=True)
class Offer:
    """One thing that the actor may do.

    Args:
        action: ``complete`` or a key of LABELS.
        label: what the button says.
        task: the task it is about; None = the whole case.
        outcome: key of the outcome, for ``complete``.
        requires, optional: fields of the flow that the form asks for.
        main: whether it is the work itself, not a way around it.
    """

    action: str
    label: Labels
    task: Task | None = None
    outcome: str = ""
    requires: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    main: bool = False

    @property
    def key(self) -> str:
        """A name that is unique on the page."""
        parts = (self.action, self.outcome, str(self.task.public_id) if self.task else "")
        return "-".join(part for part in parts if part)


def offers_for(actor: Actor, case: Case, tasks: list[Task]) -> list[Offer]:
    """Everything that an actor who sees a case may do with it now, the work itself first.

    Args:
        actor: who looks.
        case: the case.
        tasks: its active tasks.
    """
    flow = flow_of(case.flow_version_id)
    found: list[Offer] = []
    if case.state == "open":
        for task in tasks:
            task.case = case
            found += list(_of_task(actor, flow, task)) if holds(actor, task) else []
            found += list(_of_control(actor, case, flow, task))
    found += list(_of_case(actor, case, flow, tasks))
    return sorted(found, key=lambda offer: not offer.main)


def _offer(action: str, task: Task | None = None, *, main: bool = False) -> Offer:
    return Offer(action, LABELS[action], task, main=main)


def _of_task(actor: Actor, flow: Flow, task: Task) -> Iterator[Offer]:
    if task.kind in PAIRS:
        own = task.kind == "account" and task.asks["by"] == actor.actor_id
        yield from (_offer(action, task, main=True) for action in PAIRS[task.kind] if not own)
        return
    work = flow.work(task.stage, task.key)
    if not isinstance(work, Work):
        return
    if task.state == "waiting":
        yield from _of_waiting(work, task)
        return
    if task.state == "offered":
        yield _offer("sign", task, main=True)
    else:
        for key, outcome in outcomes_for(flow, task, actor).items():
            yield _completing(task, key, outcome)
    if task.kind in {"child", "assist"}:
        yield _offer("return", task)
    yield from _of_subcases(work, task)
    for action in OWN:
        if action not in work.allow or (task.state == "offered" and action != "return"):
            continue
        if task.kind == "work" or (task.kind == "child" and action not in {"return", "extend", "account"}):
            yield _offer(action, task)


def _of_waiting(work: Work, task: Task) -> Iterator[Offer]:
    if work.subcases and task.subcases.filter(waits=True, ended_at=None).exists():
        yield _offer("stop_waiting", task)


def _of_subcases(work: Work, task: Task) -> Iterator[Offer]:
    if work.subcases and task.state == "open" and task.kind in {"work", "child"}:
        yield _offer("subcase", task)


def _completing(task: Task, key: str, outcome: Outcome) -> Offer:
    return Offer("complete", outcome.label, task, key, outcome.requires, outcome.optional, main=True)


def _of_control(actor: Actor, case: Case, flow: Flow, task: Task) -> Iterator[Offer]:
    work = flow.work(task.stage, task.key)
    if (
        isinstance(work, Work)
        and task.kind in {"work", "child"}
        and "reassign" in work.allow
        and controls(actor, case, flow)
    ):
        yield _offer("reassign", task)


def _of_case(actor: Actor, case: Case, flow: Flow, tasks: list[Task]) -> Iterator[Offer]:
    state = case.state
    if state == "open":
        yield from (_offer(action) for action in ("suspend", "merge") if may(actor, action, case, flow, tasks))
    if state == "suspended" and may(actor, "suspend", case, flow, tasks):
        yield _offer("resume", main=True)
    account = account_of(case) if state == "on_account" else None
    if account is not None and keeps(actor, account, flow):
        yield _offer("account_review", main=True)
    if account is not None and may_end(actor, account, case, flow, tasks):
        yield _offer("account_end", main=True)
    if case.active:
        if actor.has_role("leader", "supervisor") or controls(actor, case, flow):
            yield _offer("supervise")
        if may(actor, "cancel", case, flow, tasks):
            yield _offer("cancel")
    if state == "merged" and case.merged_into is not None and _may_unmerge(actor, case.merged_into):
        yield _offer("unmerge")
    if state == "closed" and controls(actor, case, flow):
        yield _offer("reopen")
        yield _offer("rate")
    yield _offer("comment")


def _may_unmerge(actor: Actor, main: Case) -> bool:
    """Whether an actor may merge in the case that a duplicate was joined to."""
    tasks = list(Task.objects.filter(case=main, state__in=ACTIVE_TASK).select_related("party"))
    return sees(actor, main) and may(actor, "merge", main, flow_of(main.flow_version_id), tasks)


def outcomes_for(flow: Flow, task: Task, actor: Actor) -> dict[str, Outcome]:
    """The outcomes that an actor may choose for a task, by its kind, its guards and the actor's roles."""
    work = flow.work(task.stage, task.key)
    if not isinstance(work, Work):
        return {}
    if work.not_by_opener and not actor.is_system and task.case.opened_by == actor.actor_id:
        return {}
    if task.kind == "assist":
        return {"done": Outcome(label=DONE)}
    if task.kind == "child" or not work.outcomes:
        names = dict.fromkeys(n for each in work.outcomes.values() for n in (*each.requires, *each.optional))
        return {"done": Outcome(label=DONE, optional=tuple(names))}
    return {
        key: each
        for key, each in work.outcomes.items()
        if (not each.roles or actor.has_role(*each.roles)) and _may_pass(flow, each, task.case.data)
    }


def files_wanted(flow: Flow, case: Case, outcome: Outcome) -> int:
    """How many files an outcome wants, as its rule stands today; nothing is decided or recorded."""
    if outcome.files is None or outcome.files.least is not None:
        return outcome.files.least or 0 if outcome.files else 0
    rule = outcome.files.rule or ""
    inputs = [field.name for field in rules.table(rule).table.inputs]
    names = outcome.files.facts or {name: name for name in inputs if name in flow.fields}
    given = {fact: values.load(flow.fields[name], case.data.get(name)) for fact, name in names.items()}
    found = rules.evaluate(rule, {fact: value for fact, value in given.items() if value is not None})
    return int(found.outputs.get(outcome.files.output) or 0)


def _may_pass(flow: Flow, outcome: Outcome, data: Mapping[str, Any]) -> bool:
    """Whether the guards can be passed: those on fields that the outcome itself asks for are tried when given."""
    asked = {*outcome.requires, *outcome.optional}
    return passes(flow, {name: text for name, text in outcome.when.items() if name not in asked}, data)
