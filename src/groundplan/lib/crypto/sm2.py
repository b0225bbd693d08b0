"""SM2 signatures with SM3 (GB/T 32918.2, GB/T 32905) through the operating system's libcrypto (OpenSSL 3)."""

from __future__ import annotations

import ctypes
import ctypes.util
from contextlib import contextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from groundplan.lib.errors import GroundplanError

if TYPE_CHECKING:
    from collections.abc import Iterator

# SubjectPublicKeyInfo of a point on sm2p256v1, up to the point itself (GB/T 35275, RFC 5480).
PREFIX = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")
POINT_BYTES = 65
# The identity that is signed for where no other is agreed upon (GB/T 35276, clause 10).
IDENTITY = b"1234567812345678"
LONGEST_SIGNATURE = 72
pointer = ctypes.c_void_p
size = ctypes.c_size_t
SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "EVP_PKEY_Q_keygen": (pointer, [pointer, pointer, ctypes.c_char_p]),
    "EVP_PKEY_free": (None, [pointer]),
    "EVP_PKEY_CTX_new": (pointer, [pointer, pointer]),
    "EVP_PKEY_CTX_free": (None, [pointer]),
    "EVP_PKEY_CTX_set1_id": (ctypes.c_int, [pointer, ctypes.c_char_p, size]),
    "EVP_MD_CTX_new": (pointer, []),
    "EVP_MD_CTX_free": (None, [pointer]),
    "EVP_MD_CTX_set_pkey_ctx": (None, [pointer, pointer]),
    "EVP_sm3": (pointer, []),
    "EVP_DigestSignInit": (ctypes.c_int, [pointer, pointer, pointer, pointer, pointer]),
    "EVP_DigestSign": (ctypes.c_int, [pointer, pointer, pointer, ctypes.c_char_p, size]),
    "EVP_DigestVerifyInit": (ctypes.c_int, [pointer, pointer, pointer, pointer, pointer]),
    "EVP_DigestVerify": (ctypes.c_int, [pointer, ctypes.c_char_p, size, ctypes.c_char_p, size]),
    "d2i_PUBKEY": (pointer, [pointer, pointer, ctypes.c_long]),
    "i2d_PUBKEY": (ctypes.c_int, [pointer, pointer]),
    "BIO_new": (pointer, [pointer]),
    "BIO_s_mem": (pointer, []),
    "BIO_new_mem_buf": (pointer, [ctypes.c_char_p, ctypes.c_int]),
    "BIO_read": (ctypes.c_int, [pointer, pointer, ctypes.c_int]),
    "BIO_free": (ctypes.c_int, [pointer]),
    "PEM_write_bio_PKCS8PrivateKey": (ctypes.c_int, [pointer] * 3 + [pointer, ctypes.c_int, pointer, pointer]),
    "PEM_read_bio_PrivateKey": (pointer, [pointer] * 4),
    "ERR_clear_error": (None, []),
}


class AlgorithmUnavailable(GroundplanError):
    """This machine's libcrypto cannot sign or check with the algorithm that is set."""

    code = "algorithm-unavailable"
    status = 503
    title = {"zh-hans": "本机不支持该签名算法", "en": "Algorithm unavailable"}


@cache
def library() -> Any:
    """The system's libcrypto, with the functions that are needed.

    Raises:
        AlgorithmUnavailable: there is none, it is older than OpenSSL 3, or it was built without SM2.
    """
    for name in ("libcrypto.so.3", ctypes.util.find_library("crypto")):
        with suppress(OSError, AttributeError, TypeError):
            found = ctypes.CDLL(name)
            for function, (result, arguments) in SIGNATURES.items():
                getattr(found, function).restype = result
                getattr(found, function).argtypes = arguments
            key = found.EVP_PKEY_Q_keygen(None, None, b"SM2")
            if key:
                found.EVP_PKEY_free(key)
                return found
    raise AlgorithmUnavailable(
        "The system's libcrypto offers no SM2.",
        accepted="OpenSSL 3 built with SM2 and SM3",
        next_step="Install it, or set GROUNDPLAN_LEDGER_ALGORITHM to ed25519.",
    )


def create() -> bytes:
    """A new private key, PKCS 8 in PEM."""
    lib = library()
    key = lib.EVP_PKEY_Q_keygen(None, None, b"SM2")
    target = lib.BIO_new(lib.BIO_s_mem())
    try:
        if not lib.PEM_write_bio_PKCS8PrivateKey(target, key, None, None, 0, None, None):
            raise AlgorithmUnavailable("The system's libcrypto could not write an SM2 key.")
        buffer = ctypes.create_string_buffer(4096)
        length = lib.BIO_read(target, buffer, len(buffer))
        return buffer.raw[:length]
    finally:
        lib.BIO_free(target)
        lib.EVP_PKEY_free(key)


def public_key(private: bytes) -> bytes:
    """The public point of a private key: 0x04, x, y.

    Raises:
        ValueError: it is no SM2 key.
    """
    with _private(private) as key:
        buffer = ctypes.create_string_buffer(256)
        place = ctypes.c_void_p(ctypes.addressof(buffer))
        length = library().i2d_PUBKEY(key, ctypes.byref(place))
        whole = buffer.raw[: max(0, length)]
    if whole[: len(PREFIX)] != PREFIX:
        raise ValueError("the key is not on the curve of SM2")
    return whole[len(PREFIX) :]


def sign(private: bytes, message: bytes) -> bytes:
    """The signature of a message, DER (GB/T 35276)."""
    lib = library()
    with _private(private) as key, _context(key) as context:
        signature, length = ctypes.create_string_buffer(128), size(128)
        made = lib.EVP_DigestSignInit(context, None, lib.EVP_sm3(), None, key) == 1 and lib.EVP_DigestSign(
            context, signature, ctypes.byref(length), message, len(message)
        )
        if made != 1:
            raise AlgorithmUnavailable("The system's libcrypto could not sign with SM2.")
        return signature.raw[: length.value]


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature is this key's on this message.

    Raises:
        AlgorithmUnavailable: this machine cannot tell.
    """
    lib = library()
    if len(public) != POINT_BYTES or len(signature) > LONGEST_SIGNATURE:
        return False
    encoded = ctypes.create_string_buffer(PREFIX + public, len(PREFIX) + len(public))
    place = ctypes.c_void_p(ctypes.addressof(encoded))
    key = lib.d2i_PUBKEY(None, ctypes.byref(place), len(encoded))
    try:
        if not key:
            return False
        with _context(key) as context:
            ready = lib.EVP_DigestVerifyInit(context, None, lib.EVP_sm3(), None, key)
            checked = lib.EVP_DigestVerify(context, signature, len(signature), message, len(message))
            return bool(ready == 1 and checked == 1)
    finally:
        lib.EVP_PKEY_free(key)
        lib.ERR_clear_error()


@contextmanager
def _private(pem: bytes) -> Iterator[int]:
    lib = library()
    source = lib.BIO_new_mem_buf(pem, len(pem))
    key = lib.PEM_read_bio_PrivateKey(source, None, None, None)
    lib.BIO_free(source)
    try:
        if not key:
            lib.ERR_clear_error()
            raise ValueError("the file holds no private key")
        yield key
    finally:
        lib.EVP_PKEY_free(key)


@contextmanager
def _context(key: int) -> Iterator[int]:
    lib = library()
    context, inner = lib.EVP_MD_CTX_new(), lib.EVP_PKEY_CTX_new(key, None)
    try:
        lib.EVP_PKEY_CTX_set1_id(inner, IDENTITY, len(IDENTITY))
        lib.EVP_MD_CTX_set_pkey_ctx(context, inner)
        yield context
    finally:
        lib.EVP_MD_CTX_free(context)
        lib.EVP_PKEY_CTX_free(inner)
