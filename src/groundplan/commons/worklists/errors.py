"""What may go wrong with kept filters and bulk runs."""

from groundplan.lib.errors import Invalid, NotFound


class FilterInvalid(Invalid):
    """A filter that cannot be kept."""

    code = "filter-invalid"
    title = {"zh-hans": "筛选条件无法保存", "en": "The filter cannot be kept"}


class FilterNotFound(NotFound):
    """No such filter for this reader."""

    code = "filter-not-found"
    title = {"zh-hans": "没有这个常用筛选", "en": "No such filter"}


class ExportInvalid(Invalid):
    """A list that cannot leave as a file."""

    code = "list-export-invalid"
    title = {"zh-hans": "无法导出", "en": "The list cannot be exported"}


class ListingUnknown(NotFound):
    """No such list, or one that leaves in no file."""

    code = "listing-unknown"
    title = {"zh-hans": "没有可导出的列表", "en": "No such list to export"}


class BulkInvalid(Invalid):
    """A bulk run that cannot be started."""

    code = "bulk-invalid"
    title = {"zh-hans": "无法批量办理", "en": "This cannot be done in bulk"}


class BulkNotFound(NotFound):
    """No such run of this reader."""

    code = "bulk-not-found"
    title = {"zh-hans": "没有这次批量办理", "en": "No such bulk run"}
