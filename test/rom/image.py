"""A mask ROM's ELF file: what lies where, and what it is called."""

import bisect
import functools
import os
import struct

from elftools.elf.elffile import ELFFile

EXECUTABLE = 4
# everything below is no place of a ROM or its RAM on any of the chips
LOWEST_ADDRESS = 0x20000000
WFI = 0x10500073
NOP = 0x00000013


class RomImage:
    """Segments as (address, bytes, is initialised data), symbols both ways, the entry."""

    def __init__(self, path):
        with open(path, "rb") as file:
            elf = ELFFile(file)
            self.entry = elf.header["e_entry"]
            self.address_of = {}
            self._name_at = {}
            for symbol in elf.get_section_by_name(".symtab").iter_symbols():
                if symbol.name and not symbol.name.startswith("$"):  # (mapping symbols)
                    self.address_of.setdefault(symbol.name, symbol["st_value"])
                    self._name_at.setdefault(symbol["st_value"], symbol.name)
            self.segments = [self._segment(section) for section in elf.iter_sections() if self._is_loaded(section)]
        self._places = sorted(self._name_at)

    def name_of(self, address):
        """The symbol at or next before an address."""
        index = bisect.bisect_right(self._places, address)
        return self._name_at[self._places[index - 1]] if index else "?"

    @staticmethod
    def _is_loaded(section):
        return (
            section["sh_type"] == "SHT_PROGBITS"
            and section["sh_size"] > 0
            and section["sh_addr"] >= LOWEST_ADDRESS
            and "eh_frame" not in section.name
        )

    @staticmethod
    def _segment(section):
        data = section.data()
        if section["sh_flags"] & EXECUTABLE:
            data = without_csr(data)
        return section["sh_addr"], data, section.name.startswith(".data")


def without_csr(code):
    """The code with every CSR instruction as `li rd, 0` (no interrupts, hart 0) and every `wfi` as a `nop`.

    Espressif's own CSRs would stop the simulator; none of them matters to what the ROM answers.
    """
    out = bytearray(code)
    at = 0
    while at < len(out) - 3:
        (word,) = struct.unpack_from("<I", out, at)
        if word & 3 != 3:  # a compressed instruction
            at += 2
            continue
        if word == WFI:
            struct.pack_into("<I", out, at, NOP)
        elif word & 0x7F == 0x73 and word >> 12 & 3:
            struct.pack_into("<I", out, at, word & 0xF80 | NOP)
        at += 4
    return bytes(out)


@functools.cache
def rom_image(folder, elf):
    return RomImage(os.path.join(folder, f"{elf}_rom.elf"))
