"""The shipped kinds of sources."""

from __future__ import annotations

from groundplan.kernel.identity import registry
from groundplan.kernel.identity.actions._kinds import _dingtalk, _oidc, _provincial, _wecom
from groundplan.kernel.identity.registry import SourceKind

SHIPPED = (
    SourceKind(
        "oidc", {"zh-hans": "OpenID Connect", "en": "OpenID Connect"}, ("client_id",), ("scope",),
        _oidc.begin, _oidc.finish, _oidc.prepare,
    ),
    SourceKind(
        "provincial", {"zh-hans": "省统一身份认证", "en": "Provincial identity service"},
        ("client_id", "authorize_path", "token_path", "user_path", "subject_field"),
        ("scope", "name_field", "token_field", "level_field", "strong_levels"),
        _provincial.begin, _provincial.finish,
    ),
    SourceKind(
        "wecom", {"zh-hans": "政务微信", "en": "WeCom for government"}, ("corp_id", "agent_id", "login_address"), (),
        _wecom.begin, _wecom.finish,
    ),
    SourceKind(
        "dingtalk", {"zh-hans": "政务钉钉", "en": "DingTalk for government"}, ("app_key", "app_id", "login_address"),
        (), _dingtalk.begin, _dingtalk.finish,
    ),
)  # fmt: skip


def register_kinds() -> None:
    """Make the shipped kinds known; called from ``AppConfig.ready()``."""
    for kind in SHIPPED:
        registry.source_kind(kind)
