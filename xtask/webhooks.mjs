// Tries examples/verify_webhook.mjs, which lies beside a copy of this file, on what we sign, and on its neighbours, which must be refused.
//
//     node webhooks.mjs NOW EARLIER LATER
//
// The arguments are files with what examples/sign_webhook.rs printed for now, for ten minutes ago and for ten minutes ahead.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { WebhookVerificationError } from "standardwebhooks";
import { event, isPublished } from "./verify_webhook.mjs";

const [now, earlier, later] = process.argv.slice(2).map((name) => JSON.parse(readFileSync(name, "utf8")));

function refused(secret, headers, body, why) {
  assert.throws(() => event(secret, headers, body), WebhookVerificationError, `a webhook with ${why} was taken for good`);
}

const [newest, older] = now.secrets;
const { headers, body } = now;
for (const secret of [newest, older]) assert.equal(event(secret, headers, body).type, "webhook.ping");
assert(isPublished(newest, headers, body));
assert(!isPublished(older, headers, body));
assert(!isPublished(newest, headers, body + " "));

const stamp = String(Number(headers["webhook-timestamp"]) + 1);
refused(earlier.secrets[0], headers, body, "another secret");
refused(newest, headers, body + " ", "another body");
refused(newest, { ...headers, "webhook-timestamp": stamp }, body, "a shifted timestamp");
refused(newest, { ...headers, "webhook-id": "evt_000000000000000000000000" }, body, "another id");
refused(newest, { ...headers, "webhook-signature": "v1,AAAA" }, body, "another signature");
refused(earlier.secrets[0], earlier.headers, earlier.body, "an old signature");
refused(later.secrets[0], later.headers, later.body, "a signature from the future");
console.log("standardwebhooks of JavaScript verifies our webhook and refuses its neighbours");
