"""The phone's side of Security 2, by the independent library srp of PyPI: RFC 5054, g = 5, SHA-512.

srp_client PRIME USERNAME PASSWORD SECRET             prints "A HEX"
srp_client PRIME USERNAME PASSWORD SECRET SALT B M2   prints "M1 HEX", and "fits" where M2 is the device's proof (all in hex)
"""

import sys

import srp._pysrp as srp  # all in Python: the other one asks OpenSSL by ctypes


def main():
    prime, username, password, secret, *answer = sys.argv[1:]
    srp.rfc5054_enable()
    group = {"ng_type": srp.NG_CUSTOM, "n_hex": prime, "g_hex": "5"}
    user = srp.User(username, password, hash_alg=srp.SHA512, bytes_a=bytes.fromhex(secret), **group)
    _, public = user.start_authentication()
    print("A", public.hex())
    if not answer:
        return
    salt, device_key, *proof = (bytes.fromhex(word) for word in answer)
    print("M1", user.process_challenge(salt, device_key).hex())
    if proof:
        user.verify_session(proof[0])
        print("fits" if user.authenticated() else "does not fit")
