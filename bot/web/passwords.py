"""Users of the page: a file with a line `name:salt:hash` for each, made by `cancer-bot password`."""

import base64
import hashlib
import hmac
import secrets
from pathlib import Path

from ingest.errors import CancerBotError

# scrypt with the parameters that OWASP's Password Storage Cheat Sheet recommends: N = 2^17, r = 8, p = 1 (128 MiB).
_COST = {"n": 2**17, "r": 8, "p": 1, "maxmem": 2**28, "dklen": 32}


class UsersError(CancerBotError):
    """The file of users can't be used."""


class Users:
    """Who may use the page."""

    def __init__(self, hashes: dict[str, tuple[bytes, bytes]]) -> None:
        """`hashes`: salt and hash by name."""
        self._hashes = hashes

    @classmethod
    def from_file(cls, file: Path) -> "Users":
        """Read the file. Raises `UsersError` with the line that can't be read."""
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise UsersError(
                f"CANCER_BOT_AUTH_FILE={file} can't be read ({error}): name a file with a line for each user."
            ) from error
        hashes = {}
        for number, line in enumerate(lines, 1):
            if line.strip() and not line.startswith("#"):
                try:
                    name, salt, digest = line.strip().split(":")
                    hashes[name] = (base64.b64decode(salt, validate=True), base64.b64decode(digest, validate=True))
                except ValueError as error:
                    raise UsersError(f"{file}, line {number} is no user: make it with cancer-bot password NAME.") from error
        if not hashes:
            raise UsersError(f"{file} names no user: add a line that cancer-bot password NAME prints.")
        return cls(hashes)

    def may(self, name: str, password: str) -> bool:
        """Whether the password is this user's. An unknown name costs the same time."""
        salt, digest = self._hashes.get(name, (b"nobody", b""))
        return hmac.compare_digest(_hashed(password, salt), digest)


def user_line(name: str, password: str) -> str:
    """A line for the file. Raises `UsersError` on a name that can't stand in it."""
    if not name or ":" in name or name.startswith("#") or not name.isprintable():
        raise UsersError(f"The name {name!r} can't be used: choose letters and digits.")
    salt = secrets.token_bytes(16)
    return ":".join((name, base64.b64encode(salt).decode(), base64.b64encode(_hashed(password, salt)).decode()))


def _hashed(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode("utf-8", errors="surrogatepass"), salt=salt, **_COST)
