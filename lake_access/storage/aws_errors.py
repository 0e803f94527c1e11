"""What AWS refuses, as one sentence with its remedy, whichever library it was that heard of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import botocore.exceptions
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    SSLError,
)

from lake_access.errors import StorageError

NO_ANSWER = "the endpoint did not answer; check the network, and AWS_ENDPOINT_URL if it is set. Trying again may help"
NO_CREDENTIALS = (
    "no AWS credentials were found; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
    "or run where a role is attached"
)
_WRONG_KEYS = "the AWS credentials are wrong; check AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
_EXPIRED = "the AWS credentials have expired; sign in again or renew them"
_FORBIDDEN = "the AWS credentials do not allow it, or have expired; docs/storage.md lists the rights that they need"
_NO_BUCKET = "there is no such bucket; create it, or correct LEADLAKE_LAKE"
_WRONG_REGION = "the bucket is in another region; set AWS_DEFAULT_REGION to it"
_NO_TRUST = "the endpoint's certificate is not trusted; check AWS_ENDPOINT_URL, or name its authority in AWS_CA_BUNDLE"
_CLOCK = "this machine's clock is more than some minutes off; set it right"
_BUSY = "S3 asks for fewer requests, or fails for the moment; try again in a minute"

# By S3's own code, as its answers or Arrow's messages (NO_SUCH_BUCKET) have it, or by an empty answer's HTTP status.
_SENTENCES: Mapping[str, str] = {
    "nosuchbucket": _NO_BUCKET,
    "invalidbucketname": _NO_BUCKET,
    "invalidaccesskeyid": _WRONG_KEYS,
    "invalidclienttokenid": _WRONG_KEYS,
    "unrecognizedclient": _WRONG_KEYS,
    "signaturedoesnotmatch": _WRONG_KEYS,
    "invalidtoken": _WRONG_KEYS,
    "expiredtoken": _EXPIRED,
    "tokenrefreshrequired": _EXPIRED,
    "accessdenied": _FORBIDDEN,
    "allaccessdisabled": _FORBIDDEN,
    "accountproblem": _FORBIDDEN,
    "permanentredirect": _WRONG_REGION,
    "authorizationheadermalformed": _WRONG_REGION,
    "requesttimetooskewed": _CLOCK,
    "slowdown": _BUSY,
    "internalerror": _BUSY,
    "serviceunavailable": _BUSY,
    "throttling": _BUSY,
    "throttlingexception": _BUSY,
    "networkconnection": NO_ANSWER,
    "requesttimeout": NO_ANSWER,
    "301": _WRONG_REGION,
    "401": _WRONG_KEYS,
    "403": _FORBIDDEN,
    "500": _BUSY,
    "503": _BUSY,
}


def sentence_for(code: str) -> str | None:
    """What a code of S3's means and what to do, or None where it is not one that a user can mend."""
    plain = code.replace("_", "").lower()
    return _SENTENCES.get(plain.removesuffix("exception"), _SENTENCES.get(plain))


@contextmanager
def aws_errors(what: str) -> Iterator[None]:
    """Errors of boto3 as the lake's own, naming what they happened to; credentials are never in them."""
    try:
        yield
    except ClientError as exc:
        error = exc.response.get("Error", {})
        code = str(error.get("Code", "unknown"))
        sentence = sentence_for(code) or f"the endpoint refused it ({code}); check AWS_ENDPOINT_URL if it is set"
        raise StorageError(f"{what}: {sentence}.") from exc
    except (NoCredentialsError, PartialCredentialsError) as exc:
        raise StorageError(f"{what}: {NO_CREDENTIALS}.") from exc
    except NoRegionError as exc:
        raise StorageError(f"{what}: no AWS region is set; set AWS_DEFAULT_REGION.") from exc
    except SSLError as exc:
        raise StorageError(f"{what}: {_NO_TRUST}.") from exc
    except (botocore.exceptions.ConnectionError, HTTPClientError, IncompleteReadError) as exc:
        raise StorageError(f"{what}: {NO_ANSWER}.") from exc
    except BotoCoreError as exc:
        raise StorageError(f"{what}: {str(exc).splitlines()[0].rstrip('.')}; check the AWS configuration.") from exc
