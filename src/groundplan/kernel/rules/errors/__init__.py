"""What the rules refuse, each with the value at fault, what is accepted, and the next step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.utils.translation import get_language, gettext

from groundplan.kernel.rules.errors.reasons import ACCEPTED, REASONS
from groundplan.lib.errors import Conflict, Invalid, NotAllowed, NotFound


def reason_text(reason: str, params: dict[str, Any]) -> str:
    """The sentence of a reason in the reader's language."""
    return gettext(REASONS[reason]) % params


def accepted_text(kind: str) -> str:
    """What a type of column takes, in words."""
    return gettext(ACCEPTED[kind])


def label_text(labels: Mapping[str, str], otherwise: str) -> str:
    """A label in the reader's language."""
    return labels.get(get_language() or "zh-hans") or labels.get("zh-hans") or otherwise


class CellRefused(Invalid):
    """The text of a cell cannot be read as a test or a value."""

    code = "rule-cell-refused"
    title: ClassVar[dict[str, str]] = {"zh-hans": "单元格无法读懂", "en": "The cell cannot be read"}

    def __init__(self, reason: str, **params: Any) -> None:
        super().__init__(reason_text(reason, params))
        self.reason = reason
        self.params = params


class FactRefused(Invalid):
    """A fact is missing, unknown, or not of its type."""

    code = "fact-refused"
    title: ClassVar[dict[str, str]] = {"zh-hans": "事实有误", "en": "A fact is refused"}
    reason: ClassVar[str] = "fact-type"

    def __init__(self, fact: str, *, accepted: str = "", **params: Any) -> None:
        super().__init__(reason_text(self.reason, {"fact": fact, **params}), accepted=accepted, fact=fact)
        self.fact = fact


class FactMissing(FactRefused):
    """A fact that the table asks for was not given."""

    code = "fact-missing"
    title: ClassVar[dict[str, str]] = {"zh-hans": "缺少事实", "en": "A fact is missing"}
    reason: ClassVar[str] = "fact-missing"


class FactUnknown(FactRefused):
    """A fact was given that the table does not know: a spelling mistake must not fall silently to another row."""

    code = "fact-unknown"
    title: ClassVar[dict[str, str]] = {"zh-hans": "多余的事实", "en": "An unknown fact"}
    reason: ClassVar[str] = "fact-unknown"


class FactIllTyped(FactRefused):
    """A fact is not of the type that its column takes."""

    code = "fact-ill-typed"
    title: ClassVar[dict[str, str]] = {"zh-hans": "事实类型不符", "en": "A fact of the wrong type"}
    reason: ClassVar[str] = "fact-type"


class NoRowMatches(Invalid):
    """No row of the table takes these facts, and the table has no default row."""

    code = "rule-no-row"
    title: ClassVar[dict[str, str]] = {"zh-hans": "没有适用的规则行", "en": "No row applies"}

    def __init__(self, rule: str) -> None:
        super().__init__(reason_text("no-row", {"rule": rule}), next_step=accepted_text("no-row"), rule=rule)


class SeveralRowsMatch(Invalid):
    """More than one row takes these facts where the table promises one."""

    code = "rule-several-rows"
    title: ClassVar[dict[str, str]] = {"zh-hans": "命中多行", "en": "Several rows apply"}

    def __init__(self, rule: str, rows: Sequence[str]) -> None:
        super().__init__(reason_text("several-rows", {"rule": rule, "rows": "、".join(rows)}), rule=rule)


class TableRefused(Invalid):
    """A table was not imported; every problem names its cell."""

    code = "rule-table-refused"
    title: ClassVar[dict[str, str]] = {"zh-hans": "规则表未导入", "en": "The table was not imported"}

    def __init__(self, problems: Sequence[dict[str, str]]) -> None:
        shown = "；".join(f"{item['cell']}：{item['reason']}" for item in problems[:5])
        text = reason_text("table-refused", {"count": len(problems), "shown": shown})
        super().__init__(text, problems=list(problems)[:200])
        self.problems = list(problems)


class RuleUnknown(NotFound):
    """There is no rule with this key."""

    code = "rule-unknown"
    title: ClassVar[dict[str, str]] = {"zh-hans": "没有这条规则", "en": "No such rule"}

    def __init__(self, key: str, nearest: Sequence[str] = ()) -> None:
        super().__init__(
            reason_text("rule-unknown", {"rule": key}),
            next_step=reason_text("nearest", {"names": "、".join(nearest)}) if nearest else "",
        )


class RuleNotInForce(NotFound):
    """No version of the rule was in force on that day."""

    code = "rule-not-in-force"
    title: ClassVar[dict[str, str]] = {"zh-hans": "当日没有生效的版本", "en": "No version in force that day"}

    def __init__(self, key: str, on: Any) -> None:
        super().__init__(reason_text("not-in-force", {"rule": key, "date": on}))


class VersionMoved(Conflict):
    """The version is no longer in the state that this step starts from."""

    code = "rule-version-moved"

    def __init__(self, *, rule: str, version: int, state: str) -> None:
        super().__init__(reason_text("version-moved", {"rule": rule, "version": version, "state": state}))


class SecondPersonNeeded(NotAllowed):
    """Whoever drafted a version may not approve it."""

    code = "rule-second-person"
    title: ClassVar[dict[str, str]] = {"zh-hans": "须由另一人批准", "en": "A second person must approve"}

    def __init__(self) -> None:
        super().__init__(reason_text("second-person", {}))


class EffectiveDateRefused(Invalid):
    """A version cannot come into force on that day."""

    code = "rule-effective-date"
    title: ClassVar[dict[str, str]] = {"zh-hans": "生效日期不可用", "en": "The date is not possible"}

    def __init__(self, on: Any, earliest: Any) -> None:
        super().__init__(
            reason_text("effective-date", {"date": on}), accepted=reason_text("earliest", {"date": earliest})
        )


class TableUnchanged(Conflict):
    """The imported text is that of the latest version."""

    code = "rule-unchanged"
    title: ClassVar[dict[str, str]] = {"zh-hans": "规则没有变化", "en": "The rule has not changed"}

    def __init__(self, rule: str, version: int) -> None:
        super().__init__(reason_text("unchanged", {"rule": rule, "version": version}))


class RuleRoleNeeded(NotAllowed):
    """The actor does not hold the role that drafts or approves rules."""

    code = "rule-role-needed"

    def __init__(self, role: str) -> None:
        super().__init__(reason_text("role", {"role": role}))


class VersionUnknown(NotFound):
    """There is no such version of a rule."""

    code = "rule-version-unknown"


class DecisionUnknown(NotFound):
    """There is no such decision, or none that the reader may see."""

    code = "rule-decision-unknown"


class ReplayRefused(Invalid):
    """A replay cannot be made as asked."""

    code = "rule-replay-refused"
    title: ClassVar[dict[str, str]] = {"zh-hans": "无法回溯测算", "en": "The replay is refused"}

    def __init__(self, reason: str, **params: Any) -> None:
        super().__init__(reason_text(reason, params))
