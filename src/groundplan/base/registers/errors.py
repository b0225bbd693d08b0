"""What can go wrong with registers."""

from __future__ import annotations

from typing import ClassVar

from groundplan.lib.errors import Conflict, Invalid, NotFound


class ComponentNotFound(NotFound):
    """No component has this identity, or none that the actor may see."""

    code = "component-not-found"
    title: ClassVar[dict[str, str]] = {"zh-hans": "未找到部件", "en": "No such component"}


class ComponentChanged(Conflict):
    """The component is no longer in the state the actor saw."""

    code = "component-changed"
    title: ClassVar[dict[str, str]] = {"zh-hans": "部件状态已变化", "en": "The component has changed"}


class LoadNotFound(NotFound):
    """No load has this id, or none that the actor may see."""

    code = "load-not-found"
    title: ClassVar[dict[str, str]] = {"zh-hans": "未找到导入批次", "en": "No such load"}


class CodeListRefused(Invalid):
    """A code list is not of the accepted form."""

    code = "code-list-refused"
    title: ClassVar[dict[str, str]] = {"zh-hans": "代码表导入未通过", "en": "Code list refused"}
