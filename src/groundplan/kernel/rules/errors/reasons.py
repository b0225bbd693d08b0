"""The sentences of the rules: why a cell, a table or a fact is refused. Chinese; English stands in the catalogue."""

from __future__ import annotations

from typing import Final


def gettext_noop(text: str) -> str:
    """Mark a text for the catalogue without looking it up."""
    return text


_ = gettext_noop

REASONS: Final[dict[str, str]] = {
    # cells
    "too-long": _("内容过长（%(length)s 个字符），最多 %(limit)s 个字符"),
    "number": _("“%(text)s”不是数；请写成 12 或 12.5"),
    "number-long": _("数字过长（%(digits)s 位），最多 %(limit)s 位"),
    "number-zero": _("“%(text)s”以 0 开头；千位分隔符请去掉，如 1000"),
    "number-thousands": _("“%(text)s”有两种读法：一千以上的数请写 %(joined)s，两个数请在逗号后加空格"),
    "integer": _("“%(text)s”不是整数"),
    "date": _("“%(text)s”不是日期；请写成 2026-01-31"),
    "duration": _("“%(text)s”不是时长；请写成 P1DT2H 或 1天2小时（年、月长短不定，不能用）"),
    "time": _("“%(text)s”不是时刻；请写成 08:30"),
    "boolean": _("“%(text)s”不是“是/否”；请写 true、false、是、否"),
    "value": _("“%(text)s”不在可取的值之中：%(values)s%(nearest)s"),
    "quote": _("引号没有成对：%(text)s"),
    "interval-bare": _(
        "“%(text)s”没有写明是否含两端；请写成 [%(low)s..%(high)s]（含两端）或 (%(low)s..%(high)s)（不含）"
    ),
    "interval-form": _("“%(text)s”不是完整的区间；请写成 [1..5]、(1..5]、]1..5["),
    "interval-upside-down": _("区间上下限颠倒：“%(text)s”，应为较小的数在前"),
    "interval-empty": _("区间“%(text)s”不含任何值"),
    "operator": _("“%(text)s”：%(type)s只能写等于、多个值或 not(...)，不能比大小；若是文字请加引号"),
    "unexpected": _("“%(text)s”第 %(position)s 个字符“%(found)s”处看不懂"),
    "not-nested": _("not(...) 不能嵌套，也不能与其他条件并列：“%(text)s”"),
    "empty-item": _("“%(text)s”中逗号之间没有内容"),
    "null-required": _("“%(name)s”是必填项，不会为空"),
    "text-form": _("文字“%(text)s”含有不成对的括号；请加引号"),
    # tables
    "key": _("“%(text)s”不能作标识；请用小写字母、数字、连字符或下划线，以字母开头"),
    "duplicate": _("“%(text)s”重复，前面已在 %(first)s 出现"),
    "missing": _("缺少“%(name)s”"),
    "unknown-field": _("没有“%(name)s”这一项%(nearest)s；可用：%(known)s"),
    "type": _("没有类型“%(text)s”；可用：%(known)s"),
    "hit": _("没有命中方式“%(text)s”；可用：唯一、首个、任一、汇总"),
    "aggregate": _("汇总方式“%(text)s”不可用；可用：sum、min、max、count，且结论须为一个数值"),
    "label": _("“%(name)s”须有中文（zh-hans）名称"),
    "form": _("“%(name)s”的写法不对；应为%(expected)s"),
    "values-missing": _("枚举“%(name)s”没有列出可取的值"),
    "output-missing": _("结论“%(name)s”没有填"),
    "no-rows": _("表中没有规则行"),
    "no-inputs": _("表中没有条件列"),
    "no-outputs": _("表中没有结论列"),
    "default-when": _("默认行不能写条件"),
    "overlap": _("与行 %(other)s（%(other_cell)s）重叠，例如 %(example)s 同时符合两行"),
    "conflict": _("与行 %(other)s（%(other_cell)s）重叠而结论不同，例如 %(example)s"),
    "unreachable": _("这一行永远不会命中：%(why)s"),
    "unreachable-empty": _("“%(name)s”的条件没有任何值符合"),
    "unreachable-covered": _("前面的行已全部覆盖"),
    "gap": _("没有一行适用，例如 %(example)s"),
    "formula": _("公式没有保存计算结果；请在表格软件中打开并重新保存"),
    "cell-error": _("公式出错：%(text)s"),
    "file": _("文件无法读取：%(why)s"),
    "file-kind": _("不支持的文件“%(name)s”；可用 .yaml、.xlsx、.csv、.tsv、.dmn"),
    "file-size": _("文件过大；最多 %(limit)s MB"),
    "file-rows": _("行数过多（%(rows)s 行），最多 %(limit)s 行"),
    "head": _("没有找到“编号”所在的表头行"),
    "column-kind": _("列的种类“%(text)s”不可用；可用：条件、结论、依据、备注"),
    "stray": _("这一格在表格之外"),
    "alias": _("YAML 中不能用锚点与引用"),
    "dmn-namespace": _("“%(text)s”不是 DMN 1.1 至 1.5 的 definitions"),
    "dmn-decisions": _("应有一个决策、其中一张判定表，却有 %(count)s 个"),
    "dmn-boxed": _("不支持的表达式“%(text)s”；只能是判定表（decisionTable）"),
    "dmn-policy": _("不支持的命中方式“%(text)s”；可用：UNIQUE、FIRST、ANY、COLLECT"),
    "dmn-language": _("不支持的表达式语言“%(text)s”；只能是 FEEL"),
    "dmn-expression": _("“%(text)s”是表达式；只能写值、比较和区间（S-FEEL）"),
    "dmn-text": _("“%(text)s”不是带引号的文字"),
    "dmn-entries": _("这一行有 %(found)s 格，应为 %(wanted)s 格"),
    "dmn-default": _("默认结论须每个结论都写，或都不写"),
    "dmn-entities": _("文件含有文档类型或实体声明，不予读取"),
    "dmn-deep": _("文件嵌套过深或元素过多；最多 %(limit)s 层"),
    # facts
    "fact-missing": _("缺少事实“%(label)s”（%(fact)s）"),
    "fact-unknown": _("规则“%(rule)s”没有事实“%(fact)s”%(nearest)s"),
    "fact-type": _("事实“%(label)s”（%(fact)s）的值 %(value)s 不可用：%(why)s"),
    "fact-nan": _("不是一个数"),
    "fact-string": _("是文字"),
    "fact-boolean": _("是真假值"),
    "fact-null": _("是空值"),
    "fact-other": _("类型是 %(kind)s"),
    "fact-digits": _("数字过长"),
    "fact-value": _("不在可取的值之中%(nearest)s"),
    "fact-text": _("含有不能保存的字符或过长"),
    # decisions and versions
    "no-row": _("规则“%(rule)s”没有一行适用于这些事实，也没有默认行"),
    "several-rows": _("规则“%(rule)s”只应命中一行，却命中了 %(rows)s"),
    "table-refused": _("共 %(count)s 处问题：%(shown)s"),
    "rule-unknown": _("没有规则“%(rule)s”"),
    "nearest": _("是否要找：%(names)s"),
    "did-you-mean": _("（是否为“%(name)s”？）"),
    "not-in-force": _("规则“%(rule)s”在 %(date)s 没有生效的版本"),
    "version-moved": _("规则“%(rule)s”第 %(version)s 版现在是“%(state)s”，不能这样操作"),
    "second-person": _("起草人不能批准自己的规则版本"),
    "effective-date": _("不能自 %(date)s 起生效"),
    "earliest": _("%(date)s 或以后"),
    "unchanged": _("规则“%(rule)s”与第 %(version)s 版完全相同"),
    "role": _("需要角色：%(role)s"),
    "replay-better": _("没有结论可以这样比较：“%(text)s”；可用：%(known)s"),
    "replay-group": _("不能按“%(text)s”分组；可用：%(known)s"),
    "replay-large": _("逐条测算的决定超过 %(limit)s 条；请由管理员运行 groundplan rules replay %(rule)s"),
    "hidden": _("（个人信息，不显示）"),
}

ACCEPTED: Final[dict[str, str]] = {
    "string": _("文字"),
    "integer": _("整数"),
    "decimal": _("数"),
    "boolean": _("true 或 false"),
    "date": _("日期，如 2026-01-31"),
    "time": _("时刻，如 08:30"),
    "duration": _("时长，如 P1DT2H"),
    "enumeration": _("可取的值之一"),
    "list": _("以逗号分隔的多个值"),
    "no-row": _("请规则编辑人补充规则行，或写明默认行"),
}
