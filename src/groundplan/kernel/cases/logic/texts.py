"""What the timeline says of each kind of step, in every language of the interface."""

from __future__ import annotations

from collections.abc import Mapping

Labels = Mapping[str, str]

STEPS: dict[str, dict[str, str]] = {
    "open": {"zh-hans": "登记{noun}", "en": "{noun} registered"},
    "offline": {
        "zh-hans": "离线办理：现场于 {done} 完成，系统于 {received} 收到",
        "en": "Done offline in the field at {done}, received at {received}",
    },
    "sign": {"zh-hans": "{unit}签收“{stage}”", "en": "{unit} signed for “{stage}”"},
    "complete": {"zh-hans": "{unit}办理“{stage}”：{outcome}", "en": "{unit} completed “{stage}”: {outcome}"},
    "return": {"zh-hans": "{unit}申请退单", "en": "{unit} asks to return it"},
    "return_up": {"zh-hans": "{unit}退回{other}", "en": "{unit} gives it back to {other}"},
    "ruling_upheld": {"zh-hans": "{unit}同意退单", "en": "{unit} upholds the return"},
    "ruling_refused": {
        "zh-hans": "{unit}不同意退单，由{other}继续办理",
        "en": "{unit} refuses the return: {other} goes on",
    },
    "transfer": {
        "zh-hans": "{unit}拟移交{other}，接收前仍由{unit}负责",
        "en": "{unit} offers it to {other}, and owns it until accepted",
    },
    "transfer_accepted": {"zh-hans": "{unit}接收{other}移交", "en": "{unit} accepts it from {other}"},
    "transfer_refused": {"zh-hans": "{unit}不接收，仍由{other}负责", "en": "{unit} refuses it: it stays with {other}"},
    "transfer_lapsed": {
        "zh-hans": "{unit}逾时未接收，仍由{other}负责",
        "en": "{unit} did not answer in time: it stays with {other}",
    },
    "transfer_escalated": {
        "zh-hans": "{unit}逾时未接收，提请{other}接收",
        "en": "{unit} did not answer in time: {other} is asked",
    },
    "redispatch": {"zh-hans": "{unit}转派{other}", "en": "{unit} re-dispatches it to {other}"},
    "reassign": {"zh-hans": "{unit}改派，由{other}承办", "en": "{unit} corrects the dispatch: {other} is to act"},
    "assist": {"zh-hans": "{unit}请{other}协办", "en": "{unit} asks {other} to assist"},
    "extension_asked": {"zh-hans": "{unit}申请延期（{span}）", "en": "{unit} asks for an extension ({span})"},
    "extension_granted": {"zh-hans": "{unit}同意延期（{span}）", "en": "{unit} grants an extension ({span})"},
    "extension_refused": {"zh-hans": "{unit}不同意延期", "en": "{unit} refuses the extension"},
    "subcase": {"zh-hans": "{unit}办理子件{other}", "en": "{unit} opens {other} below it"},
    "subcase_ended": {"zh-hans": "子件{other}已办结：{outcome}", "en": "{other} below it has ended: {outcome}"},
    "subcase_unwaited": {"zh-hans": "{unit}不再等待子件", "en": "{unit} no longer waits for the cases below"},
    "account_asked": {
        "zh-hans": "{unit}申请挂账（拟于{day}复核）",
        "en": "{unit} asks to put it on account until {day}",
    },
    "account_granted": {
        "zh-hans": "{unit}同意挂账，{day}复核",
        "en": "{unit} puts it on account; it is reviewed on {day}",
    },
    "account_refused": {"zh-hans": "{unit}不同意挂账", "en": "{unit} refuses to put it on account"},
    "account_reviewed": {
        "zh-hans": "{unit}复核后继续挂账，{day}再次复核",
        "en": "{unit} keeps it on account; the next review is on {day}",
    },
    "account_due": {"zh-hans": "挂账复核到期（{day}）", "en": "The review of the account is due ({day})"},
    "account_ended": {"zh-hans": "销账，恢复办理", "en": "Taken off account: work goes on"},
    "suspend": {"zh-hans": "挂起，停止计时", "en": "Suspended: the clock stands still"},
    "resume": {"zh-hans": "恢复办理，继续计时", "en": "Resumed: the clock goes on"},
    "supervise": {"zh-hans": "督办", "en": "Supervised"},
    "merge": {"zh-hans": "并入{other}", "en": "Merged into {other}"},
    "merged_in": {"zh-hans": "并入重复件：{other}", "en": "Duplicates joined: {other}"},
    "unmerge": {"zh-hans": "从{other}拆出，恢复办理", "en": "Taken out of {other}: it goes on by itself"},
    "unmerged_out": {"zh-hans": "拆出：{other}", "en": "Taken out: {other}"},
    "reopen": {"zh-hans": "重新办理", "en": "Reopened"},
    "cancel": {"zh-hans": "撤销", "en": "Cancelled"},
    "migrated": {
        "zh-hans": "流程由第 {old} 版改为第 {new} 版，期限不变",
        "en": "The flow changes from version {old} to version {new}; deadlines stay",
    },
    "comment": {"zh-hans": "备注", "en": "Comment"},
    "callback": {"zh-hans": "回访：{result}", "en": "Call-back: {result}"},
    "rate": {"zh-hans": "评价：{result}", "en": "Rated: {result}"},
    "unmask": {"zh-hans": "查看{field}", "en": "{field} was unmasked"},
    "attach": {"zh-hans": "补充附件", "en": "Files added"},
    "overdue": {"zh-hans": "{unit}超期", "en": "{unit} is overdue"},
    "escalate": {"zh-hans": "{unit}超期，报告{other}", "en": "{unit} is overdue: {other} is told"},
    "calendar": {"zh-hans": "工作日历已发布，补算期限", "en": "The work calendar has arrived: deadlines are set"},
    "decided": {"zh-hans": "{rule}", "en": "{rule}"},
    "entered": {"zh-hans": "进入“{stage}”，由{units}办理", "en": "“{stage}” is now with {units}"},
    "closed": {"zh-hans": "办结：{stage}", "en": "Closed: {stage}"},
}

# What a case ended with that came to no end of its flow.
ENDS: dict[str, dict[str, str]] = {
    "closed": {"zh-hans": "已办结", "en": "closed"},
    "cancelled": {"zh-hans": "已撤销", "en": "cancelled"},
    "merged": {"zh-hans": "已并单", "en": "merged"},
}


def step_text(kind: str, **values: Labels | str) -> dict[str, str]:
    """The text of a step in every language.

    Args:
        kind: one of STEPS.
        values: labels, or plain texts that are the same in every language.
    """
    return {
        language: template.format(
            **{
                name: value if isinstance(value, str) else in_language(value, language)
                for name, value in values.items()
            }
        )
        for language, template in STEPS[kind].items()
    }


def in_language(labels: Labels, language: str) -> str:
    """A label in a language, else Chinese, else whatever there is."""
    return labels.get(language) or labels.get("zh-hans") or next(iter(labels.values()), "")


def joined(labels: list[Labels]) -> dict[str, str]:
    """Several labels as one, separated as each language does it."""
    separators = {"zh-hans": "、", "en": ", "}
    return {
        language: separator.join(in_language(label, language) for label in labels)
        for language, separator in separators.items()
    }
