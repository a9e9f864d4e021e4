"""Starts `doorward dev`, registers a customer, and verifies the token with PyJWT over the live JWKS.

    python pyjwt.py PROGRAM EXAMPLES

PROGRAM is the built `doorward`, EXAMPLES the directory with verify_token.py, which is what is tried. Neighbours of the token must
be refused.
"""

import json
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request

import jwt

program, examples = sys.argv[1:3]
sys.path.insert(0, examples)
sys.dont_write_bytecode = True
from verify_token import Verifier  # noqa: E402

PASSWORD = "plenty of tulips in May"


def register(base, site):
    form = urllib.parse.urlencode({"site_id": site, "email": "ada@example.org", "password": PASSWORD}).encode()
    with urllib.request.urlopen(base + "/api/v1/sdk/auth/register", form, timeout=30) as answer:
        return json.load(answer)["data"]


def refused(verifier, token, why):
    try:
        claims = verifier.claims(token)
    except (jwt.InvalidTokenError, jwt.PyJWKClientError):
        return
    sys.exit(f"a token with {why} was taken for good: {claims}")


def check(ready):
    base = "http://" + ready["listening"]
    account, site = ready["account_id"], ready["sites"][0]["id"]
    issuer = f"{base}/accounts/{account}"
    customer = register(base, site)
    token = customer["auth_token"]
    claims = Verifier(issuer).claims(token)
    expected = {"iss": issuer, "aud": f"account:{account}", "sub": str(customer["id"]), "site": site}
    for name, value in expected.items():
        assert claims[name] == value, (name, claims)
    assert claims["iat"] == claims["nbf"] and claims["exp"] - claims["iat"] == 30 * 86_400, claims
    assert set(claims) == {"iss", "sub", "aud", "jti", "iat", "nbf", "exp", "sid", "site"}, claims

    header, payload, signature = token.split(".")
    refused(Verifier(issuer), f"{header}.{payload}.{signature[:-8]}AAAAAAAA", "another signature")
    foreign = Verifier(issuer)
    foreign.issuer = "https://elsewhere.example/accounts/1"
    refused(foreign, token, "another issuer")
    stranger = Verifier(issuer)
    stranger.audience = "account:2"
    refused(stranger, token, "another audience")
    print(f"PyJWT {jwt.__version__} verifies our token and refuses its neighbours: {json.dumps(claims)}")


with tempfile.TemporaryDirectory() as data:
    command = [program, "dev", "--listen", "127.0.0.1:0", "--data", data + "/data", "--json", "--log", "warn"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        check(json.loads(server.stdout.readline()))
    finally:
        server.terminate()
        server.wait(timeout=60)
