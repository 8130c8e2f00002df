"""A board's eFuses and flash, booted from flash by the ROM; and what may be wrong with them."""

import struct
import zlib

from chips import CHIPS, FOUR_BLOCKS
from crypto import Accelerators
from flash import FOREIGN_KEY, flash_key, xts
from machine import Machine

SECTOR = 0x1000
PATIENCE = 6_000_000
# how far behind the bootloader's start its signature sector is looked for
SEARCHED = 0x20000
SIGNATURE_MAGIC = 0xE7
SIGNATURE_BLOCK = 1216
SIGNATURE_BLOCKS = 3
CRC_AT = 1196
# (block version, curve byte): where the signature stands in the block (FACTS 4.2)
SIGNATURE_AT = {(2, 0): 812, (3, 0): 101, (3, 1): 149}


def boot(request, roms):
    """The board of a request, booted.

    chip; fuses: block -> words; flash: path of its raw contents; encrypted: whether SPI_BOOT_CRYPT_CNT is odd; purposes: block ->
    purpose; longKey: the C2's key length; bootloader: its offset; damage: None or what is done to the bootloader first.
    """
    name, chip = request["chip"], CHIPS[request["chip"]]
    fuses = {int(block): words for block, words in request["fuses"].items()}
    with open(request["flash"], "rb") as file:
        flash = bytearray(file.read())
    key = None
    if request["encrypted"]:
        purposes = {int(block): purpose for block, purpose in request["purposes"].items()}
        key = flash_key(chip.layout is FOUR_BLOCKS, fuses, purposes, request.get("longKey", False))
    damage(request.get("damage"), flash, request["bootloader"], key)

    machine = Machine(
        name, roms, fuses=fuses, strap=chip.flash_boot, flash=flash, hooks=Accelerators().hooks()
    )
    if key is not None:

        def cipher(address, data):
            own = chip.key_manager is None or machine.registers.get(chip.key_manager, 0) & 2
            machine.log.append(f"flash through the {'eFuse' if own else 'Key Manager'} key")
            return xts(key if own else FOREIGN_KEY, data, address)

        machine.flash.cipher = cipher
    state = machine.run(PATIENCE)
    return {
        "state": state,
        "where": machine.where,
        "resets": machine.resets,
        "console": machine.sent.decode("latin1").replace("\r", ""),
        "log": machine.log,
        "fuses": machine.efuse.fuses,
    }


def damage(kind, flash, offset, key):
    """Changes the bootloader in flash. 'code': one bit of it; 'signature': one bit of every signature, its block's CRC mended."""
    if kind is None:
        return
    plain = bytearray(flash[offset : offset + SEARCHED])
    if key is not None:
        plain = bytearray(xts(key, plain, offset))
    if kind == "code":
        plain[0x40] ^= 1
    elif kind == "signature":
        sector = next(at for at in range(SECTOR, SEARCHED, SECTOR) if is_signature(plain, at))
        for at in range(sector, sector + SIGNATURE_BLOCKS * SIGNATURE_BLOCK, SIGNATURE_BLOCK):
            if is_signature(plain, at):
                break_signature(plain, at)
    else:
        raise ValueError(f"no such damage: {kind}")
    flash[offset : offset + SEARCHED] = plain if key is None else xts(key, plain, offset, encrypt=True)


def is_signature(data, at):
    """Whether a signature block stands there: magic, a known version, a CRC that fits."""
    block = data[at : at + SIGNATURE_BLOCK]
    return (
        block[0] == SIGNATURE_MAGIC
        and (block[1], block[2]) in SIGNATURE_AT
        and struct.unpack_from("<I", block, CRC_AT)[0] == zlib.crc32(block[:CRC_AT])
    )


def break_signature(data, at):
    data[at + SIGNATURE_AT[(data[at + 1], data[at + 2])] + 3] ^= 4
    struct.pack_into("<I", data, at + CRC_AT, zlib.crc32(bytes(data[at : at + CRC_AT])))
