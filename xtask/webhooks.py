"""Tries examples/verify_webhook.py on what we sign, and on its neighbours, which must be refused.

    python webhooks.py EXAMPLES NOW EARLIER LATER

EXAMPLES is the directory of the example; the others are files with what examples/sign_webhook.rs printed for now, for ten minutes
ago and for ten minutes ahead.
"""

import json
import sys
from pathlib import Path

import standardwebhooks

sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
from verify_webhook import event, is_published  # noqa: E402

now, earlier, later = (json.loads(Path(name).read_text()) for name in sys.argv[2:])


def refused(secret, headers, body, why):
    try:
        event(secret, headers, body)
    except standardwebhooks.WebhookVerificationError:
        return
    sys.exit(f"a webhook with {why} was taken for good")


newest, older = now["secrets"]
headers, body = now["headers"], now["body"]
for secret in (newest, older):
    assert event(secret, headers, body)["type"] == "webhook.ping"
assert is_published(newest, headers, body)
assert not is_published(older, headers, body)
assert not is_published(newest, headers, body + " ")

stamp = str(int(headers["webhook-timestamp"]) + 1)
refused(earlier["secrets"][0], headers, body, "another secret")
refused(newest, headers, body + " ", "another body")
refused(newest, headers | {"webhook-timestamp": stamp}, body, "a shifted timestamp")
refused(newest, headers | {"webhook-id": "evt_000000000000000000000000"}, body, "another id")
refused(newest, headers | {"webhook-signature": "v1,AAAA"}, body, "another signature")
for shifted, why in ((earlier, "an old signature"), (later, "a signature from the future")):
    refused(shifted["secrets"][0], shifted["headers"], shifted["body"], why)
print("standardwebhooks of Python verifies our webhook and refuses its neighbours")
