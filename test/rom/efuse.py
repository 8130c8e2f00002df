"""The eFuse controller as the ROM and a host on the bus see it: burn, read command, read protection.

The coding of the blocks is left out: words go in and come out as they are.
"""

PROGRAM, READ = 2, 1
PROGRAM_KEY, READ_KEY = 0x5A5A, 0x5AA5
# PGM_DATA0 to 7; a BLOCK0 of nine words (S31) goes on in the register behind them, CHECK_VALUE0
WORDS = 9


class EfuseController:
    """`fuses`: block -> its words as burned. `slow`: a read command takes effect when the loader next waits for a byte.

    Which of the two a real chip does depends on its speed: recordings of a C3 show the slow one.
    """

    def __init__(self, layout, base, fuses, slow):
        self.layout = layout
        self.base = base
        self.slow = slow
        self.pending = False
        given = {int(block): words for block, words in fuses.items()}
        self.fuses = {block: (list(given.get(block, [])) + [0] * WORDS)[:WORDS] for block in layout.blocks}

    def show(self, registers):
        """A read command, or a reset: the read registers show what is burned."""
        self.pending = False
        read_disable = self.fuses[0][1] & 0x7F
        first = self.layout.first_hidden
        for block, (offset, count) in self.layout.blocks.items():
            hidden = first is not None and block >= first and read_disable >> (block - first) & 1
            for index in range(count):
                registers[self.base + offset + 4 * index] = 0 if hidden else self.fuses[block][index]

    def written(self, registers, address, value):
        """Tells of a write to a register; carries out what a command asks for."""
        if address != self.base + self.layout.cmd or not value & (PROGRAM | READ):
            return
        key = registers.get(self.base + self.layout.conf, 0) & 0xFFFF
        block = value >> 2 & 0xF
        if value & PROGRAM and key == PROGRAM_KEY and block in self.fuses:
            for index in range(self.layout.blocks[block][1]):
                self.fuses[block][index] |= registers.get(self.base + 4 * index, 0)
        if value & READ and key == READ_KEY:
            if self.slow:
                self.pending = True
            else:
                self.show(registers)
        registers[address] = value & ~(PROGRAM | READ)
