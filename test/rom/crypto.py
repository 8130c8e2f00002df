"""The accelerators of the boot path, at the ROM's driver functions: SHA, modular exponentiation, ECDSA.

Padding, key digests, signature blocks, revocation and the checks against glitches are the ROM's own code and run in it.
"""

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

SHA = {0: "sha1", 1: "sha224", 2: "sha256", 3: "sha384", 4: "sha512"}
# curve id of ets_ecdsa_verify -> curve, bytes of a coordinate, hash and its length
CURVES = {
    1: (ec.SECP192R1, 24, hashes.SHA256, 32),
    2: (ec.SECP256R1, 32, hashes.SHA256, 32),
    3: (ec.SECP384R1, 48, hashes.SHA384, 48),
}


def ecdsa_is_good(public, signature, curve, digest):
    """Coordinates and signature halves are little-endian, as the chip keeps them."""
    kind, length, hashing, _ = CURVES[curve]
    halves = lambda data: [int.from_bytes(data[at : at + length], "little") for at in (0, length)]  # noqa: E731
    try:
        key = ec.EllipticCurvePublicNumbers(*halves(public), kind()).public_key()
        key.verify(utils.encode_dss_signature(*halves(signature)), digest, ec.ECDSA(utils.Prehashed(hashing())))
    except (InvalidSignature, ValueError):
        return False
    return True


class Accelerators:
    """Hooks by symbol. Each takes the machine and gives the function's result."""

    def __init__(self):
        self._hashes = {}
        self._result = 0

    def hooks(self):
        nothing = dict.fromkeys(
            (
                "ets_sha_enable",
                "ets_sha_disable",
                "ets_sha_starts",
                "ets_bigint_enable",
                "ets_bigint_disable",
                "ets_bigint_wait_finish",
            ),
            lambda machine: 0,
        )
        return nothing | {
            "ets_sha_init": self._sha_init,
            "ets_sha_update": self._sha_update,
            "ets_sha_finish": self._sha_finish,
            "ets_sha_clone": self._sha_clone,
            "ets_bigint_modexp": self._modexp,
            "ets_bigint_getz": self._getz,
            "ets_ecdsa_verify": self._ecdsa,
        }

    def _sha_init(self, machine):
        self._hashes[machine.argument(0)] = hashlib.new(SHA[machine.argument(1)])
        return 0

    def _sha_update(self, machine):
        running = self._hashes.get(machine.argument(0))
        if running is not None:
            running.update(machine.memory(machine.argument(1), machine.argument(2)))
        return 0

    def _sha_finish(self, machine):
        machine.store(machine.argument(1), self._hashes[machine.argument(0)].digest())
        return 0

    def _sha_clone(self, machine):
        self._hashes[machine.argument(0)] = self._hashes[machine.argument(1)].copy()
        return 0

    def _modexp(self, machine):
        length = 4 * machine.argument(6)
        base, exponent, modulus = (
            int.from_bytes(machine.memory(machine.argument(n), length), "little") for n in range(3)
        )
        self._result = pow(base, exponent, modulus)
        return 0

    def _getz(self, machine):
        machine.store(machine.argument(0), self._result.to_bytes(4 * machine.argument(1), "little"))
        return 0

    def _ecdsa(self, machine):
        public, signature, curve, digest, out = (machine.argument(n) for n in range(5))
        _, length, _, hash_length = CURVES[curve]
        hashed = machine.memory(digest, hash_length)
        good = ecdsa_is_good(
            machine.memory(public, 2 * length), machine.memory(signature, 2 * length), curve, hashed
        )
        if good:
            machine.store(out, hashed)  # the ROM compares it against glitches
        return int(good)
