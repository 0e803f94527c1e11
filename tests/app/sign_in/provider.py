"""A real OpenID Connect server as a process of its own, which can be told to answer with tokens that are not right.

`python tests/app/sign_in/provider.py PORT`. Its tokens are signed by a key of its own that `/jwks` publishes; `PUT
/mode/…` says what is wrong with the next ones.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable, Iterable
from typing import Any

warnings.simplefilter("ignore")

from authlib.jose import JsonWebKey, jwt  # noqa: E402
from oidc_provider_mock import User, app  # noqa: E402

USERS: dict[str, dict[str, object]] = {
    "vera": {"email": "vera@example.com", "email_verified": True},
    "anton": {"email": "anton@example.com", "email_verified": True, "groups": ["data", "everyone"]},
    "mia": {"email": "Mia@Example.com", "email_verified": True, "groups": ["everyone"]},
    "adele": {"email": "adele@example.com", "email_verified": True, "groups": ["wardens"]},
    "norbert": {"email": "norbert@example.com", "email_verified": True, "groups": ["everyone"]},
    "liar": {"email": "mia@example.com", "email_verified": False},
}
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Misbehaving:
    """The provider with its tokens signed anew, and made wrong as the mode says."""

    def __init__(self, inner: Wsgi) -> None:
        self.inner = inner
        self.mode = "honest"
        self.key = JsonWebKey.generate_key("RSA", 2048, {"kid": "published"}, is_private=True)
        self.other = JsonWebKey.generate_key("RSA", 2048, {"kid": "published"}, is_private=True)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path.startswith("/mode/"):
            self.mode = path.removeprefix("/mode/")
            return self._answer(start_response, {})
        if path == "/jwks":
            return self._answer(start_response, {"keys": [self.key.as_dict()]})
        if path != "/oauth2/token":
            return self.inner(environ, start_response)
        started: list[Any] = []
        body = b"".join(self.inner(environ, lambda *arguments: started.append(arguments)))
        answer = json.loads(body)
        if "id_token" in answer:
            answer["id_token"] = self._signed(answer["id_token"])
        return self._answer(start_response, answer, started[0][0])

    def _signed(self, token: str) -> str:
        import base64

        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        claims |= {
            "expired": {"iat": int(time.time()) - 7200, "exp": int(time.time()) - 3600},
            "wrong-audience": {"aud": "another-client"},
            "wrong-audience-but-azp": {"aud": ["another-client"], "azp": "leadlake"},
            "wrong-issuer": {"iss": "https://elsewhere.example"},
            "wrong-nonce": {"nonce": "of another sign-in"},
        }.get(self.mode, {})
        if self.mode == "unsigned":
            parts = [json.dumps({"alg": "none", "typ": "JWT"}), json.dumps(claims)]
            return ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts) + "."
        key = self.other if self.mode == "forged" else self.key
        signed: bytes = jwt.encode({"alg": "RS256", "kid": "published"}, claims, key)
        return signed.decode()

    @staticmethod
    def _answer(start_response: Callable[..., Any], content: object, status: str = "200 OK") -> Iterable[bytes]:
        body = json.dumps(content).encode()
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]


def main(port: int) -> None:
    """Serve until the process is ended."""
    users = [User(sub=name, claims=claims) for name, claims in USERS.items()]
    served = app(require_nonce=True, user_claims=users)
    served.wsgi_app = Misbehaving(served.wsgi_app)
    served.run("127.0.0.1", port, debug=False, use_reloader=False, threaded=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
