"""Refusals about lists."""

from shared.errors import ErrorKind

NO_EDITION = ErrorKind("no_edition", 404, "No edition has been published", "尚未发布任何一期名单")
EDITION_NOT_FOUND = ErrorKind("edition_not_found", 404, "This list has no edition with that serial", "该名单没有这一期")
PROGRAMME_NOT_FOUND = ErrorKind(
    "list_not_found", 404, "No such list, or you are not subscribed to it", "没有该名单，或您未获授权"
)
CLIENT_NOT_A_BANK = ErrorKind("client_not_a_bank", 422, "No bank client has this id", "没有该标识的银行客户端")
