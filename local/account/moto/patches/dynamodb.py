"""Transactions of DynamoDB."""

import json

import moto.core.utils as core
import moto.dynamodb.exceptions as dynamodb_errors
from moto.core.responses import ActionResult
from moto.dynamodb.responses import DynamoHandler
from patches.registry import patch


token_lifetime_seconds = 600


@patch
def deduplicate_transactions() -> None:
    transact = DynamoHandler.transact_write_items

    def transact_write_items(handler: DynamoHandler) -> ActionResult:
        token = handler.body.get("ClientRequestToken")
        done = handler.dynamodb_backend.__dict__.setdefault("done_transactions", {})
        items = json.dumps(handler.body["TransactItems"], sort_keys=True)
        known_items, until = done.get(token, (None, 0.0))
        if token and until > core.unix_time():
            if known_items != items:
                raise IdempotentParameterMismatch()
            return ActionResult({})
        result = transact(handler)
        if token:
            done[token] = (items, core.unix_time() + token_lifetime_seconds)
        return result

    DynamoHandler.transact_write_items = transact_write_items


class IdempotentParameterMismatch(dynamodb_errors.DynamodbException):
    def __init__(self) -> None:
        super().__init__(
            "com.amazonaws.dynamodb.v20120810#IdempotentParameterMismatchException",
            "The token was used before with other items.",
        )
