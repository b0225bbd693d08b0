"""What can go wrong with a beside run."""

from __future__ import annotations

from typing import ClassVar

from groundplan.lib.errors import Conflict, Invalid, NotFound


class BesideUnknown(NotFound):
    """No such run, row or file, or none that the actor may see."""

    code = "beside-unknown"
    title: ClassVar[dict[str, str]] = {"zh-hans": "没有该旁路运行", "en": "No such beside run"}


class BesideInvalid(Invalid):
    """A run cannot be started or changed like this; ``fields`` names what does not fit."""

    code = "beside-invalid"
    title: ClassVar[dict[str, str]] = {"zh-hans": "旁路运行填写有误", "en": "The beside run cannot be set so"}


class BesideState(Conflict):
    """What is asked does not fit the state of the run: it is over, or its switch stands elsewhere."""

    code = "beside-state"
    title: ClassVar[dict[str, str]] = {"zh-hans": "当前状态不能这样办理", "en": "Not in this state of the run"}
