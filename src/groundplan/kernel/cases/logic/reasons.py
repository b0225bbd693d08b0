"""The words in which a case answers: why is it with this unit, where did its time go, what comes next."""

from __future__ import annotations

from collections.abc import Mapping

from groundplan.kernel.cases.logic.texts import in_language

Labels = Mapping[str, str]

REASONS: dict[str, dict[str, str]] = {
    "party": {"zh-hans": "流程规定“{stage}”由{unit}办理", "en": "The flow gives “{stage}” to {unit}"},
    "field": {"zh-hans": "“{field}”填的是{unit}", "en": "“{field}” names {unit}"},
    "rule": {"zh-hans": "规则“{rule}”判定由{unit}办理", "en": "The rule “{rule}” decided for {unit}"},
    "owner_of": {
        "zh-hans": "流程规定由办理“{other}”的单位办理，即{unit}",
        "en": "The flow gives it to the unit that had “{other}”: {unit}",
    },
    "relation": {
        "zh-hans": "流程规定由“{other}”承办单位的上级办理，即{unit}",
        "en": "The flow gives it to the superior of the unit that had “{other}”: {unit}",
    },
    "reassign": {"zh-hans": "由{by}改派给{unit}", "en": "{by} corrected the dispatch to {unit}"},
    "transfer": {"zh-hans": "{unit}接收了移交", "en": "{unit} accepted it from another unit"},
    "child": {"zh-hans": "由{other}转派给{unit}", "en": "{other} re-dispatched it to {unit}"},
    "assist": {"zh-hans": "{other}请{unit}协办", "en": "{other} asked {unit} to assist"},
    "offer": {"zh-hans": "{other}拟移交{unit}，待答复", "en": "{other} offers it to {unit}, who is to answer"},
    "ruling": {"zh-hans": "{other}申请退单，由{unit}裁定", "en": "{other} asks to return it, and {unit} rules"},
    "account": {
        "zh-hans": "{other}申请挂账，由{unit}审批",
        "en": "{other} asks to put it on account, and {unit} decides",
    },
    "extension": {"zh-hans": "{other}申请延期，由{unit}审批", "en": "{other} asks for more time, and {unit} decides"},
    "signing": {"zh-hans": "等待签收", "en": "Waiting to be signed for"},
    "work": {"zh-hans": "办理", "en": "Working"},
    "waiting": {"zh-hans": "等待下级、裁定或接收", "en": "Waiting for units below, a ruling or a receiver"},
    "paused": {"zh-hans": "停止计时", "en": "Clock standing still"},
    "by_unit": {"zh-hans": "由{unit}办理", "en": "with {unit}"},
    "by_field": {"zh-hans": "由“{field}”所填单位办理", "en": "with the unit named in “{field}”"},
    "by_rule": {"zh-hans": "由规则“{rule}”判定", "en": "decided by the rule “{rule}”"},
    "by_output": {"zh-hans": "由规则判定的单位办理", "en": "with the unit that the rule names"},
    "by_stage": {"zh-hans": "由办理“{other}”的单位办理", "en": "with the unit that had “{other}”"},
    "by_superior": {
        "zh-hans": "由“{other}”承办单位的上级办理",
        "en": "with the superior of the unit that had “{other}”",
    },
    "ends": {"zh-hans": "办件结束", "en": "the case ends"},
    "after_all": {"zh-hans": "本环节任务全部办结后", "en": "when all tasks of this stage are done"},
    "after_any": {"zh-hans": "任一任务办结后", "en": "when one of the tasks is done"},
    "after_some": {"zh-hans": "{count}项任务办结后", "en": "when {count} tasks are done"},
    "review": {"zh-hans": "由{other}复核后继续", "en": "{other} reviews it and goes on"},
    "uphold": {"zh-hans": "同意退单", "en": "Return upheld"},
    "refuse": {"zh-hans": "不同意退单", "en": "Return refused"},
    "accept": {"zh-hans": "接收", "en": "Accepted"},
    "decline": {"zh-hans": "不接收", "en": "Refused"},
    "done": {"zh-hans": "办结", "en": "Done"},
    "decided": {"zh-hans": "作出决定后", "en": "When it is decided"},
}


def reason(kind: str, **values: Labels | str) -> dict[str, str]:
    """One of these sentences in every language.

    Example:
        >>> reason("by_unit", unit={"zh-hans": "路灯所", "en": "Lamps"})["en"]
        'with Lamps'
    """
    return {
        language: text.format(
            **{
                name: value if isinstance(value, str) else in_language(value, language)
                for name, value in values.items()
            }
        )
        for language, text in REASONS[kind].items()
    }


# Why a running case cannot go over to another version of its flow.
STAYS: dict[str, dict[str, str]] = {
    "stage_gone": {
        "zh-hans": "环节 {where}：新版本没有该环节，对应关系中也未指定",
        "en": "{where}: no such stage in the new version, and the mapping names none",
    },
    "stage_kind": {
        "zh-hans": "环节 {where}：原为“{kind}”类，{other} 为“{new}”类",
        "en": "{where}: of kind {kind}, but {other} is of kind {new}",
    },
    "task_stage_gone": {
        "zh-hans": "任务 {where}：新版本没有其所在环节",
        "en": "{where}: its task has no stage in the new version",
    },
    "task_gone": {
        "zh-hans": "任务 {where}：新版本的环节 {other} 没有该任务，对应关系中也未指定",
        "en": "{where}: no such task in {other} of the new version, and the mapping names none",
    },
    "only_ruling": {
        "zh-hans": "任务 {where}：{other} 是裁定环节，其他任务不能转为裁定",
        "en": "{where}: {other} is a ruling, which no other task can become",
    },
    "ruling_waits": {
        "zh-hans": "任务 {where}：退单正在等待裁定，而 {other} 为“{new}”类",
        "en": "{where}: a return waits for its ruling, and {other} is of kind {new}",
    },
    "owner": {
        "zh-hans": "环节 {where}：由环节 {other} 的单位承办，而本件未经过该环节",
        "en": "{where}: its owner is that of {other}, which this case has never had",
    },
    "field_gone": {
        "zh-hans": "字段 {where}：新版本没有该字段，请改名或列入 drop",
        "en": "{where}: no such field in the new version: rename it or name it in `drop`",
    },
    "value": {
        "zh-hans": "字段 {where}：现有的值不符合新版本字段 {other} 的要求",
        "en": "{where}: its value does not fit {other} of the new version ({detail})",
    },
}


def stays(why: str, where: str, **named: str) -> dict[str, str]:
    """A reason in every language.

    >>> stays("field_gone", "cost")["en"]
    'cost: no such field in the new version: rename it or name it in `drop`'
    """
    return {language: text.format(where=where, **named) for language, text in STAYS[why].items()}
