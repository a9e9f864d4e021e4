// Verifies an auth_token the way another service does: by the keys that its issuer publishes.
//
//     npm install jose
//     node verify_token.mjs https://id.example.org/accounts/1 TOKEN

import { createRemoteJWKSet, jwtVerify } from "jose";

const [issuer, token] = process.argv.slice(2);
// Keep it for as long as the service runs: keys are fetched once, and again when a token names one that is not there.
const keys = createRemoteJWKSet(new URL(issuer + "/.well-known/jwks.json"), { cacheMaxAge: 300_000 });

const { payload } = await jwtVerify(token, keys, {
  algorithms: ["ES256"],
  typ: "JWT",
  issuer,
  audience: "account:" + issuer.split("/").at(-1),
  requiredClaims: ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"],
  clockTolerance: 10,
});
console.log(JSON.stringify(payload));
