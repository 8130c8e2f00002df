"""The flash behind the ROM's drivers, and the XTS engine between it and the cache.

The engine is ours, not the ROM's: hardware on the chip. Which key it has is told by the eFuses; that it has the eFuse key at all and
not the Key Manager's is the ROM's doing on chips that have one.
"""

import hashlib
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PAGE = 0x10000
UNIT = 128
XTS_256_1, XTS_256_2, XTS_128 = 2, 3, 4
# what flash looks like through the Key Manager's key, which nobody knows
FOREIGN_KEY = bytes(16) + bytes([2]) * 16


class NorFlash:
    """Flash as the ROM's SPI drivers reach it. `cipher(address, data)` gives what the cache shows; None: plain."""

    def __init__(self, data):
        self.data = data
        self.cipher = None

    def hooks(self):
        return {
            "SPI_sector_erase": lambda machine: self._erase(machine.argument(1), 4096),
            "SPI_block_erase": lambda machine: self._erase(machine.argument(1), 65536),
            "SPI_page_program": self._program,
            "SPI_read_data": self._read,
            "esp_rom_spiflash_write_encrypted_dest": self._write_encrypted,
            **dict.fromkeys(
                (
                    "Cache_FLASH_MMU_Set_Secure",
                    "Cache_MSPI_MMU_Set_Secure",
                    "Cache_MSPI_MMU_Set",
                    "Cache_Dbus_MMU_Set",
                ),
                self._map,
            ),
        }

    def _erase(self, address, length):
        self.data[address : address + length] = b"\xff" * len(self.data[address : address + length])
        return 0

    def _program(self, machine):
        address, source, length = (machine.argument(n) for n in (1, 2, 3))
        for index, byte in enumerate(machine.memory(source, length)):
            if address + index < len(self.data):
                self.data[address + index] &= byte
        return 0

    def _read(self, machine):
        address, target, length = (machine.argument(n) for n in (1, 2, 3))
        machine.store(target, bytes(self.data[address : address + length]).ljust(length, b"\xff"))
        return 0

    @staticmethod
    def _write_encrypted(machine):
        """The engine that encrypts what is written is not modelled: flash stays erased."""
        machine.log.append(f"encrypted write of {machine.argument(2)} at {machine.argument(0):#x}")
        return 0

    def _map(self, machine):
        """(.., virtual address, flash address, page size, pages, ..): flash appears in the window."""
        first = next(n for n in range(3) if machine.argument(n) >= 0x3C000000)
        window, address, pages = (machine.argument(first + n) for n in (0, 1, 3))
        data = bytes(self.data[address : address + pages * PAGE]).ljust(pages * PAGE, b"\xff")
        machine.store(window, self.cipher(address, data) if self.cipher else data)
        return 0


def xts(key, data, address, encrypt=False):
    """AES-XTS in the chip's order: units of 128 bytes, key, tweak and data reversed (esptool's espsecure does the same)."""
    out = bytearray()
    for at in range(0, len(data), UNIT):
        both = Cipher(algorithms.AES(key), modes.XTS(struct.pack("<I", address + at) + bytes(12)))
        engine = both.encryptor() if encrypt else both.decryptor()
        out += engine.update(bytes(data[at : at + UNIT])[::-1])[::-1]
    return bytes(out)


def flash_key(four_blocks, fuses, purposes, long_key):
    """The engine's key from key blocks; None where none has such a purpose.

    purposes: block -> purpose. Chips of four blocks (C2) have one key block: all of it with `long_key`, else the hash of its half.
    """
    raw = lambda block: struct.pack("<8I", *fuses[block])[::-1]  # noqa: E731
    if four_blocks:
        return raw(3) if long_key else hashlib.sha256(raw(3)[16:]).digest()
    block_of = {purpose: block for block, purpose in purposes.items()}
    if XTS_128 in block_of:
        return raw(block_of[XTS_128])
    if XTS_256_1 in block_of and XTS_256_2 in block_of:
        return raw(block_of[XTS_256_1]) + raw(block_of[XTS_256_2])
    return None
