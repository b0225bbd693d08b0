# ruff: noqa: E501 - the usual names of a column stand in one line.
"""Which column of a city's spreadsheet is which field of a report: proposed by its header, corrected by a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from groundplan.lib.tabular import columns

FIELDS: dict[str, tuple[str, ...]] = {
    "external_id": ("工单编号", "工单号", "案卷编号", "案卷号", "任务号", "编号", "留言编号", "流水号", "诉求编号", "受理编号", "case id", "case_enquiry_id", "id"),
    "title": ("标题", "工单标题", "诉求标题", "主题", "留言主题", "案卷标题", "title", "case_title", "subject"),
    "description": ("内容", "诉求内容", "工单内容", "问题描述", "描述", "留言详情", "反映内容", "详情", "description", "text"),
    "type": ("诉求类型", "工单类型", "类型", "诉求类别", "type of request"),
    "category": ("诉求分类", "问题分类", "小类", "小类名称", "类别", "事项分类", "三级分类", "分类", "一级标签", "category"),
    "kind": ("部件事件", "案卷类型", "问题类型", "kind"),
    "reported_at": ("受理时间", "来电时间", "上报时间", "登记时间", "留言时间", "创建时间", "诉求时间", "反映时间", "open_dt", "reported at", "created", "时间", "日期"),
    "place_text": ("事发地址", "地址", "问题位置", "位置", "详细地址", "事发地点", "地点", "address", "location"),
    "district": ("区县", "所属区县", "行政区", "属地", "区划", "district"),
    "street": ("街道", "乡镇", "所属街道", "街道乡镇", "街镇", "street"),
    "lon": ("经度", "x坐标", "x", "lon", "lng", "longitude"),
    "lat": ("纬度", "y坐标", "y", "lat", "latitude"),
    "component": ("部件编号", "部件标识码", "部件代码", "component"),
    "reporter_name": ("联系人", "反映人", "姓名", "来电人", "市民姓名", "留言用户", "reporter"),
    "reporter_phone": ("联系电话", "来电号码", "手机号", "电话", "手机号码", "联系方式", "phone"),
    "channel": ("来源", "诉求来源", "渠道", "上报渠道", "问题来源", "source", "channel"),
    "reply": ("答复意见", "办理结果", "处理结果", "答复内容", "reply"),
}  # fmt: skip
# What a city writes in the columns of type and kind.
TYPES = {
    "咨询": "consult",
    "求助": "help",
    "投诉": "complaint",
    "举报": "report",
    "建议": "suggestion",
    "表扬": "praise",
}
KINDS = {"部件": "component", "事件": "matter"}
_MOMENTS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y年%m月%d日 %H:%M:%S",
            "%Y年%m月%d日 %H时%M分", "%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日", "%Y%m%d")  # fmt: skip


class UnreadableMoment(ValueError):
    """A cell that should hold a time holds something else."""


def propose_mapping(headers: Sequence[str], fields: Mapping[str, tuple[str, ...]] | None = None) -> dict[str, str]:
    """Field -> header, for each field whose usual names one header equals or, failing that, contains.

    Args:
        headers: as they stand in the file.
        fields: the usual names of each field; FIELDS when None.

    Returns:
        A proposal: each header serves one field at most.

    Example:
        >>> propose_mapping(["留言编号", "留言主题", "留言详情", "留言时间"])["title"]
        '留言主题'
    """
    return columns.propose_mapping(headers, fields or FIELDS)


def read_moment(value: Any, zone: tzinfo) -> datetime:
    """A time of a cell: a date cell of a spreadsheet, or one of the usual written forms, in local time.

    Raises:
        UnreadableMoment: the cell holds something else.

    Example:
        >>> from zoneinfo import ZoneInfo
        >>> read_moment("2019/4/25 9:32:09", ZoneInfo("Asia/Shanghai")).isoformat()
        '2019-04-25T01:32:09+00:00'
    """
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day, tzinfo=zone)
    else:
        moment = _written_moment(str(value).strip())
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _written_moment(text: str) -> datetime:
    for form in _MOMENTS:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 - the caller adds the zone.
        except ValueError:
            continue
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise UnreadableMoment(text) from None


def apply_mapping(mapping: Mapping[str, str], cells: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of one row; empty cells are left out."""
    fields = {field: cells.get(header) for field, header in mapping.items()}
    return {field: value for field, value in fields.items() if value is not None and str(value).strip() != ""}
