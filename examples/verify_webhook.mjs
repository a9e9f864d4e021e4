// Verifies a webhook of Doorward before anything in it is believed.
//
//     npm install standardwebhooks
//     cargo run --example sign_webhook | node verify_webhook.mjs
//
// In a receiver, take the raw body as it arrived: JSON that was parsed and written again has another signature. Answer with a status
// of 2xx as soon as the event is kept; the same `webhook-id` may come again, and is the same event.

import { createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { Webhook } from "standardwebhooks";

// The event in a good body; throws for any other, and for one that was signed more than five minutes ago.
export function event(secret, headers, body) {
  return new Webhook(secret).verify(body, headers);
}

// The published proof alone, for receivers that know no other. It has no time in it: keep the ids you have seen.
export function isPublished(secret, headers, body) {
  const expected = createHmac("sha256", secret).update(body).digest();
  const given = Buffer.from(headers["x-pelcro-hmac-sha256"], "base64");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { secrets, headers, body } = JSON.parse(readFileSync(0, "utf8"));
  console.log(JSON.stringify(event(secrets[0], headers, body)));
}
