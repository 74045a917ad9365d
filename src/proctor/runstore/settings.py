"""
Settings for reaching an MLflow tracking server, read from MLflow's own environment variables.

This module only reads the mapping it is given and keeps secrets out of every representation;
it opens no connection and no file.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit, urlunsplit

from proctor.errors import DomainError
from proctor.frozen import dataclass, field

EXPERIMENT = "proctor"
TIMEOUT_S = 10.0
RETRIES = 3
BACKOFF_S = 0.5


@dataclass(frozen=True)
class Token:
    """A bearer token."""

    token: str = field(repr=False)


@dataclass(frozen=True)
class Password:
    """A user's name and password (HTTP basic authentication)."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Anonymous:
    """No credentials."""


Credentials = Token | Password | Anonymous


@dataclass(frozen=True, kw_only=True)
class Settings:
    """
    Address of a tracking server and how to talk to it.

    Attributes:
        url: Base address without credentials and without a trailing slash.
        experiment: Name of the experiment that takes the runs.
        credentials: Token, password, or nothing.
        verify: ``True``, ``False`` (insecure), or the path of a certificate bundle.
        client_certificate: Path of a client certificate with its key; ``None`` for none.
        timeout_s: Seconds to wait for a connection, and for each answer.
        retries: How often a request is repeated after the first try.
        backoff_s: Seconds before the first repetition; doubles with each.
    """

    url: str
    experiment: str = EXPERIMENT
    credentials: Credentials = Anonymous()
    verify: bool | str = True
    client_certificate: str | None = None
    timeout_s: float = TIMEOUT_S
    retries: int = RETRIES
    backoff_s: float = BACKOFF_S


def from_environ(url: str, environ: Mapping[str, str], experiment: str = "") -> Settings:
    """
    Settings for the server at *url*, completed by MLflow's environment variables.

    Args:
        url: ``http://`` or ``https://`` address; may carry ``user:password@``.
        environ: The environment.
        experiment: Name of the experiment; defaults to ``MLFLOW_EXPERIMENT_NAME``, then to ``proctor``.

    Raises:
        DomainError: If the address is not HTTP, a number cannot be read, or two settings exclude each other.
    """
    address, from_url = _split(url)
    return Settings(
        url=address,
        experiment=experiment or environ.get("MLFLOW_EXPERIMENT_NAME", "") or EXPERIMENT,
        credentials=_credentials(environ, from_url),
        verify=_verification(environ),
        client_certificate=environ.get("MLFLOW_TRACKING_CLIENT_CERT_PATH") or None,
        timeout_s=_number(environ, "MLFLOW_HTTP_REQUEST_TIMEOUT", TIMEOUT_S),
        retries=int(_number(environ, "MLFLOW_HTTP_REQUEST_MAX_RETRIES", RETRIES)),
        backoff_s=_number(environ, "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", BACKOFF_S),
    )


def _split(url: str) -> tuple[str, Credentials]:
    """The address without its credentials, and the credentials."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in {"http", "https"} or not host:
        # The value itself is not quoted: a mistyped address may well hold a password.
        raise DomainError(
            "the run store's address must be that of an MLflow server, such as http://127.0.0.1:5000",
            hint="Correct `runstore` in the gate file, or leave it out.",
        )
    netloc = (f"[{host}]" if ":" in host else host) + (f":{port}" if port else "")
    address = urlunsplit((parts.scheme, netloc, parts.path.rstrip("/"), "", ""))
    if parts.username is None:
        return address, Anonymous()
    return address, Password(unquote(parts.username), unquote(parts.password or ""))


def _credentials(environ: Mapping[str, str], from_url: Credentials) -> Credentials:
    """Name and password win over a token, as in MLflow's own client; the address comes last."""
    username = environ.get("MLFLOW_TRACKING_USERNAME", "")
    password = environ.get("MLFLOW_TRACKING_PASSWORD", "")
    if username and password:
        return Password(username, password)
    if token := environ.get("MLFLOW_TRACKING_TOKEN", ""):
        return Token(token)
    return from_url


def _verification(environ: Mapping[str, str]) -> bool | str:
    text = environ.get("MLFLOW_TRACKING_INSECURE_TLS", "").strip().lower()
    if text not in {"", "0", "1", "true", "false"}:
        raise DomainError(f"MLFLOW_TRACKING_INSECURE_TLS must be true or false, not {text!r}")
    is_insecure = text in {"1", "true"}
    bundle = environ.get("MLFLOW_TRACKING_SERVER_CERT_PATH", "")
    if is_insecure and bundle:
        raise DomainError(
            "MLFLOW_TRACKING_INSECURE_TLS and MLFLOW_TRACKING_SERVER_CERT_PATH exclude each other",
            hint="Unset MLFLOW_TRACKING_INSECURE_TLS to check the server against the certificate.",
        )
    return bundle or not is_insecure


def _number(environ: Mapping[str, str], name: str, default: float) -> float:
    text = environ.get(name, "")
    try:
        value = float(text) if text else default
    except ValueError:
        value = -1
    if not 0 <= value < float("inf"):
        raise DomainError(f"{name} must be a number of at least 0, not {text!r}")
    return value
