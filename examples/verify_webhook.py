"""Verifies a webhook of Doorward before anything in it is believed.

    pip install standardwebhooks
    cargo run --example sign_webhook | python3 verify_webhook.py

In a receiver, take the raw body as it arrived: JSON that was parsed and written again has another signature. Answer with a status
of 2xx as soon as the event is kept; the same `webhook-id` may come again, and is the same event.
"""

import base64
import hashlib
import hmac
import json
import sys

from standardwebhooks import Webhook


def event(secret, headers, body):
    """The event in a good body; WebhookVerificationError for any other, and for one that was signed more than five minutes ago."""
    return Webhook(secret).verify(body, headers)


def is_published(secret, headers, body):
    """The published proof alone, for receivers that know no other. It has no time in it: keep the ids you have seen."""
    expected = base64.b64encode(hmac.new(secret.encode(), body.encode(), hashlib.sha256).digest()).decode()
    return hmac.compare_digest(expected, headers["x-pelcro-hmac-sha256"])


if __name__ == "__main__":
    signed = json.load(sys.stdin)
    print(json.dumps(event(signed["secrets"][0], signed["headers"], signed["body"])))
