"""What can go wrong with divisions and grids."""

from __future__ import annotations

from typing import ClassVar

from groundplan.lib.errors import Conflict, Invalid, NotFound


class DivisionNotFound(NotFound):
    """No division of this code was in force on the day asked for."""

    code = "division-not-found"
    title: ClassVar[dict[str, str]] = {"zh-hans": "未找到行政区划", "en": "No such division"}


class LayerRefused(Invalid):
    """A layer file was not imported; ``errors`` lists place and reason, and nothing was changed."""

    code = "layer-refused"
    title: ClassVar[dict[str, str]] = {"zh-hans": "图层导入未通过", "en": "Layer refused"}


class DivisionInUse(Conflict):
    """A division cannot end before the divisions or cells within it do."""

    code = "division-in-use"
    title: ClassVar[dict[str, str]] = {"zh-hans": "下级区划仍有效", "en": "Division still in use"}
