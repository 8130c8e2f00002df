"""What differs between the chips whose ROM runs here: addresses of what the model has to know, and the ROM's file.

Addresses are those of ESP-IDF's soc headers (reg_base.h, efuse_reg.h, gpio_reg.h); straps and the registers of `always_set` were
found by running: the ROM waits on them.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class EfuseLayout:
    """Where the controller shows its blocks: block -> (offset of its first read register, words)."""

    blocks: dict[int, tuple[int, int]]
    conf: int
    cmd: int
    # RD_DIS bit 0 hides this block, bit 1 the next one ...; None: the model shows all
    first_hidden: int | None

    def with_cmd(self, cmd):
        return EfuseLayout(self.blocks, self.conf, cmd, self.first_hidden)


ELEVEN_BLOCKS = EfuseLayout(
    blocks={
        0: (0x2C, 6),
        1: (0x44, 6),
        2: (0x5C, 8),
        3: (0x7C, 8),
        **{4 + key: (0x9C + 32 * key, 8) for key in range(6)},
        10: (0x15C, 8),
    },
    conf=0x1CC,
    cmd=0x1D4,
    first_hidden=4,
)
TEN_BLOCKS = EfuseLayout(
    blocks={
        0: (0x2C, 9),
        1: (0x50, 6),
        2: (0x68, 8),
        3: (0x88, 8),
        **{4 + key: (0xA8 + 32 * key, 8) for key in range(5)},
        9: (0x148, 8),
    },
    conf=0x1CC,
    cmd=0x1D8,
    first_hidden=4,
)
FOUR_BLOCKS = EfuseLayout(
    blocks={0: (0x2C, 2), 1: (0x34, 3), 2: (0x40, 8), 3: (0x60, 8)},
    conf=0x8C,
    cmd=0x94,
    first_hidden=None,
)


@dataclass(frozen=True)
class Chip:
    """One ROM and the silicon around it. Windows are (address, length)."""

    elf: str
    efuse: int
    uart: int
    strap: int
    download: int  # strap word of the serial loader
    flash_boot: int  # strap word of a boot from flash
    ram: tuple[tuple[int, int], ...]
    io: tuple[tuple[int, int], ...]
    flash_window: int
    layout: EfuseLayout = ELEVEN_BLOCKS
    # register -> bits that read as set: 'ready' flags the ROM polls
    always_set: dict[int, int] = field(default_factory=dict)
    mmu_page_mode: int = 0
    # Register whose bit 1 gives the flash the eFuse key; without it the Key Manager's key is used. None: there is no Key Manager, or
    # it is not used by default.
    key_manager: int | None = None


COMMON_IO = ((0x20000000, 0x1000000), (0x3FF00000, 0x20000), (0xE0000000, 0x10000))
LOW_IO = ((0x60000000, 0x100000), *COMMON_IO)
P4_IO = ((0x50000000, 0x200000), *COMMON_IO)

P4 = dict(
    efuse=0x5012D000,
    uart=0x500CA000,
    strap=0x500E0038,
    download=0x307,
    flash_boot=0x30F,
    ram=((0x4FF00000, 0xC0000),),
    io=P4_IO,
    flash_window=0x40000000,
)
C3 = dict(
    efuse=0x60008800,
    uart=0x60000000,
    strap=0x60004038,
    download=0x7,
    flash_boot=0xC,
    io=LOW_IO,
    flash_window=0x3C000000,
)
C6 = dict(
    efuse=0x600B0800,
    uart=0x60000000,
    strap=0x60091038,
    download=0x4,
    flash_boot=0xC,
    io=LOW_IO,
    flash_window=0x42000000,
)
PCR_READY = {0x60096000: 4, 0x6009600C: 4}

CHIPS = {
    "esp32p4": Chip(elf="esp32p4_rev300", key_manager=0x50089018, **P4),
    "esp32p4-v1": Chip(elf="esp32p4_rev0", **P4),
    "esp32c6": Chip(elf="esp32c6_rev0", ram=((0x50000000, 0x4000), (0x40800000, 0x80000)), **C6),
    "esp32h2": Chip(
        elf="esp32h2_rev0", ram=((0x50000000, 0x4000), (0x40800000, 0x50000)), always_set=PCR_READY, **C6
    ),
    "esp32c5": Chip(
        elf="esp32c5_rev100",
        efuse=0x600B4800,
        uart=0x60000000,
        strap=0x60091000,
        download=0x8,
        flash_boot=0x18,
        ram=((0x50000000, 0x4000), (0x40800000, 0x60000), (0x40000000, 0x50000)),
        io=LOW_IO,
        flash_window=0x42000000,
        layout=ELEVEN_BLOCKS.with_cmd(0x1D8),
        always_set={0x60096164: 4, **PCR_READY},
    ),
    "esp32c61": Chip(
        elf="esp32c61_rev100",
        efuse=0x600B4800,
        uart=0x60000000,
        strap=0x60091000,
        download=0x4,
        flash_boot=0xC,
        ram=((0x40800000, 0x60000), (0x40000000, 0x50000)),
        io=LOW_IO,
        flash_window=0x42000000,
        always_set=PCR_READY,
    ),
    "esp32c2": Chip(
        elf="esp32c2_rev100",
        **{**C3, "download": 0x4},
        ram=((0x40370000, 0x80000), (0x3FCA0000, 0x60000)),
        layout=FOUR_BLOCKS,
        mmu_page_mode=2,
    ),
    # the C3's first ROM is that of the recordings, but for its date
    "esp32c3-v0": Chip(
        elf="esp32c3_rev0", ram=((0x40370000, 0x80000), (0x40000000, 0x60000), (0x3FC80000, 0x80000)), **C3
    ),
    "esp32c3": Chip(elf="esp32c3_rev101", ram=((0x40370000, 0x80000), (0x3FC80000, 0x80000)), **C3),
    "esp32s31": Chip(
        elf="esp32s31_rev0",
        efuse=0x20715000,
        uart=0x2038A000,
        strap=0x20583000,
        download=0x8,
        flash_boot=0x18,
        ram=((0x2F000000, 0x80000), (0x2E000000, 0x8000)),
        io=((0x10800000, 0x10000), *COMMON_IO, (0x2C000000, 0x100000), (0x2D000000, 0x100000)),
        flash_window=0x40000000,
        layout=TEN_BLOCKS,
    ),
}
