"""Made-up tables and people for the tests of rules."""

from __future__ import annotations

from datetime import date

from groundplan.kernel.parties.tests.factories import make_player, make_unit
from groundplan.kernel.rules import actions
from groundplan.kernel.rules.models import RuleVersion

LIMITS = """
rule: sample-limits
label: {zh-hans: 办理时限, en: Time limits}
basis: [{zh-hans: 示例办法第三条, en: Article 3 of the sample measure}]
inputs:
  type: {type: enumeration, label: {zh-hans: 类型, en: Type}, values: [咨询, 投诉, 求助]}
  amount: {type: decimal, label: {zh-hans: 金额, en: Amount}}
  phone: {type: string, label: {zh-hans: 电话, en: Phone}, personal: true, optional: true}
outputs:
  days: {type: integer, label: {zh-hans: 工作日, en: Work days}}
  unit: {type: string, label: {zh-hans: 单位, en: Unit}, optional: true}
rows:
  - {id: r1, when: {type: 咨询}, then: {days: 1}}
  - {id: r2, when: {type: not(咨询), amount: "< 1000.5"}, then: {days: 5, unit: 城管局},
     basis: {zh-hans: 第四条, en: Article 4}}
  - {id: r3, when: {type: 投诉, amount: ">= 1000.5"}, then: {days: 10}}
default: {days: 15}
"""


def make_people():
    """An editor and an approver of rules, of one unit."""
    unit = make_unit()
    return make_player(unit, "rule_editor"), make_player(unit, "rule_approver")


def put_in_force(text: str = LIMITS, effective_from: date | None = None, people=None) -> RuleVersion:
    """A table imported, approved and put in force by two people."""
    editor, approver = people or make_people()
    draft = actions.import_table(actor=editor.actor, content=text.encode(), filename="sample.yaml")
    actions.approve(actor=approver.actor, version=draft.public_id)
    return actions.put_in_force(actor=approver.actor, version=draft.public_id, effective_from=effective_from)
