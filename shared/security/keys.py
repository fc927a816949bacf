"""Ed25519 keys on disk: made once, readable by their owner only."""

from __future__ import annotations

import os
from pathlib import Path

from joserfc.jwk import OKPKey


def create_key(path: Path) -> None:
    """Write a new private key as PEM with mode 0600; an existing file is left as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "wb") as file:
        file.write(OKPKey.generate_key("Ed25519").as_pem(private=True))


def load_key(path: Path) -> OKPKey:
    """The private key with its RFC 7638 thumbprint as `kid`."""
    key = OKPKey.import_key(path.read_bytes())
    return OKPKey.import_key({**key.as_dict(private=True), "kid": key.thumbprint(), "alg": "Ed25519", "use": "sig"})
