"""What can go wrong with cases and flows."""

from __future__ import annotations

from typing import ClassVar

from groundplan.lib.errors import Conflict, Invalid, NotAllowed, NotFound


class FlowInvalid(Invalid):
    """A flow file does not describe a flow that can run; ``problems`` names stage and key of each fault."""

    code = "flow-invalid"
    title: ClassVar[dict[str, str]] = {"zh-hans": "流程定义有误", "en": "The flow is not valid"}


class FlowUnknown(NotFound):
    """No flow of this name is in force."""

    code = "flow-unknown"
    title: ClassVar[dict[str, str]] = {"zh-hans": "没有该流程", "en": "No such flow"}


class CaseNotFound(NotFound):
    """No such case, or none that the actor may see."""

    code = "case-not-found"
    title: ClassVar[dict[str, str]] = {"zh-hans": "没有该办件", "en": "No such case"}


class TaskNotFound(NotFound):
    """No such task, or none that the actor may see."""

    code = "task-not-found"
    title: ClassVar[dict[str, str]] = {"zh-hans": "没有该任务", "en": "No such task"}


class CaseMoved(Conflict):
    """Somebody else moved the case or the task first."""

    code = "case-moved"
    title: ClassVar[dict[str, str]] = {"zh-hans": "办件已被他人处理", "en": "Somebody else has moved the case"}


class NotYourTask(NotAllowed):
    """The actor is not a member, in the asked role, of the unit that has the task."""

    code = "not-your-task"
    title: ClassVar[dict[str, str]] = {"zh-hans": "不是本单位的任务", "en": "The task is with another unit or role"}


class NotForThisStage(Conflict):
    """The flow does not allow this action at this stage or in this state."""

    code = "not-for-this-stage"
    title: ClassVar[dict[str, str]] = {"zh-hans": "当前环节不能这样办理", "en": "Not possible at this stage"}


class TooLate(Conflict):
    """The time in which this was allowed has passed."""

    code = "too-late"
    title: ClassVar[dict[str, str]] = {"zh-hans": "已过办理期限", "en": "The time for this has passed"}


class DataInvalid(Invalid):
    """Case data is missing, unknown or of another type than the flow says; ``fields`` names each."""

    code = "case-data-invalid"
    title: ClassVar[dict[str, str]] = {"zh-hans": "填写内容有误", "en": "The data of the case is not valid"}


class OwnerMissing(Invalid):
    """The flow names an owner that is no unit; the case stays where it is."""

    code = "owner-missing"
    title: ClassVar[dict[str, str]] = {"zh-hans": "找不到承办单位", "en": "No unit to own the task"}


class IdentityHidden(NotAllowed):
    """The reporter of this case is hidden from this role."""

    code = "identity-hidden"
    title: ClassVar[dict[str, str]] = {"zh-hans": "举报人信息依法保密", "en": "The reporter is hidden from this role"}


class FlowRoleNeeded(NotAllowed):
    """Changing the flow of running cases asks for a role that the actor does not hold."""

    code = "flow-role-needed"
    title: ClassVar[dict[str, str]] = {"zh-hans": "没有管理流程的权限", "en": "Managing flows needs another role"}


class MigrationNeedsSecondPerson(NotAllowed):
    """Who proposed a migration does not approve it."""

    code = "migration-needs-second-person"
    title: ClassVar[dict[str, str]] = {
        "zh-hans": "版本迁移须由另一人批准",
        "en": "A second person approves a migration of cases",
    }


class TooDeep(Conflict):
    """Below as many cases already, or below a case of the same flow."""

    code = "subcase-too-deep"
    title: ClassVar[dict[str, str]] = {"zh-hans": "子件层级过多", "en": "Too many cases above"}


class SecondPersonNeeded(NotAllowed):
    """Who asked for something does not approve it, not even as somebody's deputy."""

    code = "second-person-needed"
    title: ClassVar[dict[str, str]] = {"zh-hans": "须由另一人审批", "en": "Another person must decide"}


class MappingInvalid(Invalid):
    """A mapping between versions names what is not there; ``problems`` says where."""

    code = "mapping-invalid"
    title: ClassVar[dict[str, str]] = {"zh-hans": "版本对应关系有误", "en": "The mapping of versions is not valid"}


class MigrationMoved(Conflict):
    """A migration is no longer in the state that the actor saw, or another one is under way."""

    code = "migration-moved"
    title: ClassVar[dict[str, str]] = {
        "zh-hans": "版本迁移已被他人处理",
        "en": "Somebody else has moved this migration",
    }


class HistoryUnfit(Invalid):
    """Past cases do not fit the flow that they are to be taken over into."""

    code = "history-unfit"
    title: ClassVar[dict[str, str]] = {
        "zh-hans": "历史办件与流程不符",
        "en": "Past cases do not fit the flow",
    }
