"""A chip around a mask ROM: the ROM's code runs in Unicorn, the rest is a model.

Registers are one flat file with an eFuse controller, a UART and a strap in it. Time, clocks, caches and the SPI controller are left
out: the functions of the ROM that drive them do nothing. Not modelled: flash power, USB, SPI and SDIO download, the detection of the
baud rate, writing encrypted data, causes of a reset beyond power-on and software.
"""

from unicorn import UC_ARCH_RISCV, UC_HOOK_CODE, UC_HOOK_MEM_UNMAPPED, UC_MODE_RISCV32, Uc, UcError
from unicorn.riscv_const import UC_RISCV_REG_A0, UC_RISCV_REG_PC, UC_RISCV_REG_RA

from chips import CHIPS
from efuse import EfuseController
from flash import NorFlash
from image import rom_image

PAGE = 0x1000
# room of the flash window that the ROM maps the bootloader in
WINDOW = 0x800000
POWER_ON, SOFTWARE_RESET = 1, 3
# a divider as the detection of the baud rate finds it
FOUND_RATE = 0x15B
# instructions of one run; the longest answer takes a third
PATIENCE = 1_000_000
BOOTS_IN_A_RUN = 4

# drivers of what is not modelled: they give 0 and do nothing
IDLE = """
ets_delay_us ets_clock_init ets_clk_assist_debug_clock_enable ets_stack_guard_setup clear_super_wdt_reset_flag pmu_enable_unhold_pads
ROM_L1_Cache_Init CPU_ATTR_Cacheable ROM_Boot_Cache_Init ROM_Boot_Cache_WriteBack Cache_Mask_All Cache_Suspend_L2_Cache
Cache_Enable_L2_Cache Cache_Invalidate_All Cache_Invalidate_Addr Cache_FLASH_MMU_Init Cache_Suspend_ICache Cache_Resume_ICache
Cache_Invalidate_ICache_All Cache_Suspend_Cache Cache_Resume_Cache Cache_Sync_Items Cache_Freeze_ICache_Enable cache_flash_mmu_init
Cache_MMU_Init Cache_Suspend_L1_CORE0_ICache_Autoload Cache_Suspend_L1_CORE1_ICache_Autoload Cache_Suspend_L1_DCache_Autoload
Cache_Suspend_L1_CORE0_ICache Cache_Suspend_L1_CORE1_ICache Cache_Suspend_L1_DCache Cache_Resume_L1_CORE0_ICache
Cache_Resume_L1_CORE1_ICache Cache_Resume_L1_DCache Cache_Enable_ICache Cache_Disable_ICache Cache_Enable_Cache Cache_Disable_Cache
usb_download_init usb_serial_otg_enable_reset_on_rts usb_serial_device_rx_one_char ets_install_usb_printf spi_slave_rom_init
spi_slave_rom_check_conn uart_tx_wait_idle uart_tx_flush uart_tx_switch
Wait_SPI_Idle SPI_write_enable _SPI_write_enable SPILock SelectSpiFunction SPI_init SPI_WakeUp SPIMasterReadModeCnfig
esp_rom_spiflash_write_status esp_rom_spiflash_read_status esp_rom_spiflash_read_statushigh esp_rom_spiflash_unlock
_esp_rom_spiflash_unlock esp_rom_spiflash_lock esp_rom_spiflash_config_readmode esp_rom_spiflash_read_user_cmd
esp_rom_spiflash_wait_idle esp_rom_spi_flash_update_id esp_rom_spiflash_config_clk esp_rom_spiflash_write_disable spi_dummy_len_fix
spi_common_set_dummy_output ets_config_flash_by_image_hdr ets_efuse_get_flash_delay_us
riscv_pma_init_cfg riscv_pma_flash_boot_cfg riscv_pma_direct_boot_cfg riscv_pma_ram_boot_cfg ets_isr_mask ets_isr_unmask
""".split()


class Machine:
    """A chip that has just got its supply. `run` lets it work until it waits for a byte.

    fuses: block -> words; flash: a bytearray; slow_read: see EfuseController; hooks: symbol -> function of the machine, whose result is
    the ROM function's (None: the ROM's own code goes on).
    """

    def __init__(self, chip, roms, fuses=None, strap=None, flash=None, slow_read=False, hooks=None):
        self.chip = CHIPS[chip]
        self.image = rom_image(roms, self.chip.elf)
        self.strap = self.chip.download if strap is None else strap
        self.efuse = EfuseController(self.chip.layout, self.chip.efuse, fuses or {}, slow_read)
        self.flash = NorFlash(bytearray(b"\xff" * 0x400000) if flash is None else flash)
        self.registers = {}
        self.log = []
        self.received = bytearray()
        self.sent = bytearray()
        self.resets = 0
        self.reset_cause = POWER_ON
        self._hooks = self._all_hooks(hooks or {})
        self._start()

    # -- what hooks see

    def argument(self, number):
        return self.cpu.reg_read(UC_RISCV_REG_A0 + number)

    def memory(self, address, length):
        return bytes(self.cpu.mem_read(address, length))

    def store(self, address, data):
        self.cpu.mem_write(address, data)

    # -- what a host does

    def send(self, data):
        """Bytes to the UART; gives back what came in answer and the state after it."""
        self.sent.clear()
        self.received += data
        state = self.run()
        return bytes(self.sent), state

    def run(self, limit=PATIENCE):
        """Until the loader waits for a byte ('idle'), loops without end or is out of patience ('stuck'), or faults.

        A software reset boots again, at most BOOTS_IN_A_RUN - 1 times.
        """
        for _ in range(BOOTS_IN_A_RUN):
            self.state = None
            try:
                self.cpu.emu_start(self.pc, 0, 0, limit)
            except UcError as error:
                self.pc = self.cpu.reg_read(UC_RISCV_REG_PC)
                self.log.append(f"{error} at {self.pc:#x}")
                self.state = self.state or "fault"
            self.pc = self.cpu.reg_read(UC_RISCV_REG_PC)
            if self.state != "reset":
                break
            self.resets += 1
            self.reset_cause = SOFTWARE_RESET
            self.received.clear()
            self._start()
        return self.state or "stuck"

    @property
    def where(self):
        return self.image.name_of(self.pc)

    # -- reset

    def _start(self):
        """From reset: RAM and registers are new, eFuses and flash are what they were."""
        self.state = None
        self.cpu = Uc(UC_ARCH_RISCV, UC_MODE_RISCV32)
        self._map_memory()
        self.cpu.hook_add(UC_HOOK_MEM_UNMAPPED, self._unmapped)
        for symbol, work in self._hooks.items():
            self._hook(symbol, work)
        self.registers.clear()
        self.efuse.show(self.registers)
        self.pc = self.image.entry

    def _map_memory(self):
        pages = set()
        for address, length in self.chip.ram:
            self.cpu.mem_map(address, length)
            pages.update(range(address // PAGE, (address + length) // PAGE))
        for address, data, _ in self.image.segments:
            for page in range(address // PAGE, -(-(address + len(data)) // PAGE)):
                if page not in pages:
                    self.cpu.mem_map(page * PAGE, PAGE)
                    pages.add(page)
            self.cpu.mem_write(address, data)
        if self.chip.flash_window // PAGE not in pages:
            self.cpu.mem_map(self.chip.flash_window, WINDOW)
        for address, length in self.chip.io:
            self._map_registers(address, address + length, pages)

    def _map_registers(self, address, end, taken):
        """Registers everywhere in a window but where memory lies."""
        while address < end:
            stop = address
            while stop < end and stop // PAGE not in taken:
                stop += PAGE
            if stop > address:
                self.cpu.mmio_map(address, stop - address, self._read, address, self._write, address)
            address = max(stop, address + PAGE)

    def _hook(self, symbol, work):
        address = self.image.address_of.get(symbol)
        if address is None:
            return

        def called(cpu, *_):
            if self.state:
                return
            result = work(self)
            if self.state:
                cpu.emu_stop()
            elif result is not None:
                cpu.reg_write(UC_RISCV_REG_A0, result & 0xFFFFFFFF)
                cpu.reg_write(UC_RISCV_REG_PC, cpu.reg_read(UC_RISCV_REG_RA))

        self.cpu.hook_add(UC_HOOK_CODE, called, None, address, address)

    def _unmapped(self, cpu, _access, address, *_):
        self.log.append(f"nothing is at {address:#x}, pc {cpu.reg_read(UC_RISCV_REG_PC):#x}")
        self.state = "fault"
        return False

    # -- registers

    def _read(self, _cpu, offset, size, base):
        address = base + offset
        if address == self.chip.strap:
            return self.strap
        word = address & ~3
        of_uart = address - self.chip.uart
        if of_uart in (0x1C, 0x6C, 0x70, 0x98):  # FIFO and state: always empty and done
            return 0
        value = self.registers.get(word, 0) | self.chip.always_set.get(word, 0)
        return value >> 8 * (address & 3) & (1 << 8 * size) - 1

    def _write(self, _cpu, offset, size, value, base):
        address = base + offset
        if address == self.chip.uart:
            self.sent.append(value & 0xFF)
            return
        if size < 4:
            shift = 8 * (address & 3)
            mask = (1 << 8 * size) - 1 << shift
            address &= ~3
            value = self.registers.get(address, 0) & ~mask | value << shift & mask
        self.registers[address] = value
        self.efuse.written(self.registers, address, value)

    # -- the ROM's functions that stand for hardware

    def _all_hooks(self, given):
        return {
            **dict.fromkeys(IDLE, lambda machine: 0),
            **self.flash.hooks(),
            "uart_rx_readbuff": Machine._receive,
            "uart_baudrate_detect": Machine._detect_rate,
            "uart_div_modify": Machine._set_rate,
            "software_reset": Machine._reset,
            "rtc_get_reset_reason": lambda machine: machine.reset_cause,
            "UartConnCheck": lambda machine: 0 if machine.argument(0) else None,  # only UART0 is wired
            "MMU_Get_Page_Mode": lambda machine: machine.chip.mmu_page_mode,
            "main": Machine._unpack_data,
            **given,
        }

    def _receive(self):
        if self.efuse.pending:
            self.efuse.show(self.registers)
        if self.image.name_of(self.cpu.reg_read(UC_RISCV_REG_RA)) == "uart_buff_switch":
            return 1  # it drains what came before the rate was known
        if not self.received:
            self.state = "idle"
            return None
        self.store(self.argument(1), bytes([self.received.pop(0)]))
        return 0

    def _detect_rate(self):
        if self.received or self.argument(1) == 0:
            return FOUND_RATE
        self.state = "idle"
        return None

    def _set_rate(self):
        self.log.append(f"uart divider {self.argument(1):#x}")
        return 0

    def _reset(self):
        self.state = "reset"

    def _unpack_data(self):
        """The ELF does not always hold the copy of initialised data that the start-up code unpacks."""
        for address, data, initialised in self.image.segments:
            if initialised:
                self.store(address, data)
