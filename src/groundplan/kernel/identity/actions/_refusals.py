"""Why a source did not say who somebody is."""

from __future__ import annotations

from django.utils.translation import gettext as _

from groundplan.kernel.identity.errors import SourceRefused


def refused(reason: str) -> SourceRefused:
    """A source did not say who somebody is."""
    return SourceRefused(
        _("身份源没有确认您的身份（%(reason)s）。") % {"reason": reason},
        next_step=_("请重试；仍不成功的，用用户名和密码登录，并把括号中的代码告诉系统管理员。"),
        reason=reason,
    )
