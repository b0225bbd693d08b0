"""What may go wrong with walls."""

from groundplan.lib.errors import Invalid, NotFound


class WallInvalid(Invalid):
    """A wall that cannot be opened."""

    code = "wall-invalid"
    title = {"zh-hans": "大屏信息有误", "en": "The wall cannot be opened"}


class WallUnknown(NotFound):
    """No such wall, or it was ended."""

    code = "wall-unknown"
    title = {"zh-hans": "没有这块大屏，或已停用", "en": "No such wall, or it was ended"}
