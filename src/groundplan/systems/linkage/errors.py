"""What can go wrong with linkage plans."""

from __future__ import annotations

from typing import ClassVar

from groundplan.lib.errors import Conflict, Invalid, NotAllowed, NotFound


class PlanInvalid(Invalid):
    """A plan cannot be read, or names what does not exist; ``problems`` lists each place."""

    code = "plan-invalid"
    title: ClassVar[dict[str, str]] = {"zh-hans": "预案内容有误", "en": "The plan is not valid"}


class PlanUnknown(NotFound):
    """No such plan, or none that the actor may see."""

    code = "plan-unknown"
    title: ClassVar[dict[str, str]] = {"zh-hans": "没有该预案", "en": "No such plan"}


class ResponseUnknown(NotFound):
    """No such response, or none that the actor's units have a part in."""

    code = "response-unknown"
    title: ClassVar[dict[str, str]] = {"zh-hans": "没有该联动响应", "en": "No such response"}


class ResponseMoved(Conflict):
    """The plan or the response is no longer in the state that the actor saw."""

    code = "response-moved"
    title: ClassVar[dict[str, str]] = {"zh-hans": "状态已变化", "en": "The state has changed"}


class ResponseInvalid(Invalid):
    """What was entered for a response does not fit; ``fields`` names each."""

    code = "response-invalid"
    title: ClassVar[dict[str, str]] = {"zh-hans": "填写内容有误", "en": "What was entered does not fit"}


class NotTheCommander(NotAllowed):
    """Only the plan's commanding unit, in a commanding role, may do this."""

    code = "not-the-commander"
    title: ClassVar[dict[str, str]] = {"zh-hans": "不是本预案的指挥单位", "en": "Not the commanding unit"}


class SecondPerson(NotAllowed):
    """Whoever drafted it does not approve it."""

    code = "linkage-second-person"
    title: ClassVar[dict[str, str]] = {"zh-hans": "须由另一人批准", "en": "Another person must approve"}
