"""Encrypted connections: certificates are checked unless somebody says otherwise, in MLflow's own words."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pytest_httpserver import HTTPServer
from reports.samples import make_release

from proctor.runstore import mlflow, records
from proctor.runstore.rest import StoreRefused
from proctor.runstore.settings import from_environ


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A self-signed certificate for 127.0.0.1, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "store")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "store.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@pytest.fixture(scope="module")
def store(certificate):
    """A server behind that certificate that refuses every request by name; being refused is being reached."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with HTTPServer(host="127.0.0.1", ssl_context=context) as server:
        server.expect_request("/api/2.0/mlflow/experiments/get-by-name").respond_with_json(
            {"error_code": "REACHED", "message": "over TLS"}, status=400
        )
        yield server.url_for("")


def refusal(store, session, environ):
    with pytest.raises(StoreRefused) as caught:
        mlflow.send(records.describe(make_release()), from_environ(store, environ), session, lambda seconds: None)
    return caught.value


def test_send__unknown_certificate_is_refused(store, session):
    """By default a certificate that nobody vouches for ends the connection, with the variable that mends it."""
    error = refusal(store, session, {})

    assert "certificate was not accepted" in error.message
    assert "MLFLOW_TRACKING_SERVER_CERT_PATH" in error.hint


def test_send__certificate_by_path(store, session, certificate):
    """With the server's own certificate named the connection is made."""
    assert "REACHED" == refusal(store, session, {"MLFLOW_TRACKING_SERVER_CERT_PATH": str(certificate)}).code


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")  # what the user has asked for
def test_send__insecure_on_request(store, session):
    """Only the explicit variable switches the check off."""
    assert "REACHED" == refusal(store, session, {"MLFLOW_TRACKING_INSECURE_TLS": "true"}).code
