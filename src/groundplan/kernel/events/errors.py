"""Errors of events (docs/events.md)."""

from __future__ import annotations

from groundplan.lib.errors import Conflict, GroundplanError, Invalid, NotFound


class EventTypeUnknown(GroundplanError):
    """A type was published that no app has registered: a fault of the program."""

    code = "event-type-unknown"
    status = 500
    title = {"zh-hans": "消息类型未登记", "en": "Unknown event type"}


class EventDataInvalid(GroundplanError):
    """An event's data do not fit the model of its type: a fault of the program."""

    code = "event-data-invalid"
    status = 500
    title = {"zh-hans": "消息内容与类型不符", "en": "Event data do not fit their type"}


class PublishedOutsideTransaction(GroundplanError):
    """An event was published outside the transaction of the change that it tells of: a fault of the program."""

    code = "published-outside-transaction"
    status = 500
    title = {"zh-hans": "不在事务中发布消息", "en": "Published outside a transaction"}


class AddressRefused(Invalid):
    """A webhook address that this installation does not call."""

    code = "address-refused"
    title = {"zh-hans": "不允许的推送地址", "en": "Address refused"}


class WebhookNotFound(NotFound):
    """No webhook has this id."""

    code = "webhook-not-found"
    title = {"zh-hans": "未找到推送地址", "en": "Webhook not found"}


class WebhookStateChanged(Conflict):
    """The webhook is not in the state that the action starts from."""

    code = "webhook-state-changed"
    title = {"zh-hans": "推送地址的状态已变化", "en": "The webhook's state has changed"}
