"""Verifies an auth_token the way another service does: by the keys that its issuer publishes.

    pip install "pyjwt[crypto]"
    python3 verify_token.py https://id.example.org/accounts/1 TOKEN
"""

import json
import sys

import jwt


class Verifier:
    """Holds the keys of one account; keep it for as long as the service runs."""

    def __init__(self, issuer):
        self.issuer = issuer
        self.audience = "account:" + issuer.rsplit("/", 1)[1]
        # Keys are fetched once, kept for five minutes, and fetched again when a token names one that is not there.
        self.keys = jwt.PyJWKClient(issuer + "/.well-known/jwks.json", lifespan=300)

    def claims(self, token):
        """The claims of a good token; jwt.InvalidTokenError or jwt.PyJWKClientError for any other."""
        return jwt.decode(
            token,
            self.keys.get_signing_key_from_jwt(token),
            algorithms=["ES256"],
            issuer=self.issuer,
            audience=self.audience,
            leeway=10,
            options={"require": ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"]},
        )


if __name__ == "__main__":
    print(json.dumps(Verifier(sys.argv[1]).claims(sys.argv[2])))
