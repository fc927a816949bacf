"""Refusals about webhooks."""

from __future__ import annotations

from shared.errors import CONSTRAINT_ERRORS, ErrorKind

TARGET_REFUSED = ErrorKind(
    "webhook_target_refused", 422, "Nothing is ever sent to this address", "不向该地址推送，请检查地址"
)
ENDPOINT_EXISTS = ErrorKind("webhook_endpoint_exists", 409, "This address is registered already", "该地址已登记")
TOO_MANY_ENDPOINTS = ErrorKind(
    "too_many_webhook_endpoints", 409, "You have as many addresses as you may have", "登记的地址数已达上限"
)
MESSAGE_PENDING = ErrorKind(
    "webhook_message_pending", 409, "The message is still being sent by itself", "该消息仍在自动重试，无需重发"
)
CONSTRAINT_ERRORS["uq_webhook_endpoint_live"] = ENDPOINT_EXISTS
