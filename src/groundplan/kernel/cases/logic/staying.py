"""Why a running case cannot go over to another version of its flow, in every language of the interface."""

from __future__ import annotations

from typing import Final

Labels = dict[str, str]

STAYS: Final[dict[str, Labels]] = {
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


def stays(why: str, where: str, **named: str) -> Labels:
    """A reason in every language.

    >>> stays("field_gone", "cost")["en"]
    'cost: no such field in the new version: rename it or name it in `drop`'
    """
    return {language: text.format(where=where, **named) for language, text in STAYS[why].items()}
