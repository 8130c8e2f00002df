import { FixtureFault } from '../model/fault.ts';
import type { Loader, SpiRegisters } from './loader.ts';

/** Bits of SPI_USR: a command phase, and data in. */
const usrCommand = 1 << 31;
const usrMiso = 1 << 28;
/** SPI_CMD at the base: runs what SPI_USR describes; clears when done. */
const cmdUsr = 1 << 18;
/** RDID: three bytes, manufacturer first. */
const readId = 0x9f;
const idBits = 24;
const polls = 10;

/**
 * JEDEC id by a user command of the SPI peripheral (technical reference manual, SPI controller: SPI_CMD, SPI_USR, SPI_USR2, SPI_W0),
 * with the registers put back as they were.
 */
export async function readFlashId(loader: Loader, spi: SpiRegisters): Promise<number> {
  const at = (offset: number): number => (spi.base + offset) >>> 0;
  const [usr, usr2] = [await loader.readRegister(at(spi.usr)), await loader.readRegister(at(spi.usr2))];
  await loader.writeRegisters([
    { address: at(spi.misoDlen), value: idBits - 1 },
    { address: at(spi.usr), value: (usrCommand | usrMiso) >>> 0 },
    { address: at(spi.usr2), value: ((7 << 28) | readId) >>> 0 },
    { address: at(spi.w0), value: 0 },
    { address: spi.base, value: cmdUsr },
  ]);
  let busy = true;
  for (let poll = 0; poll < polls && busy; poll++) busy = ((await loader.readRegister(spi.base)) & cmdUsr) !== 0;
  if (busy) {
    throw new FixtureFault({
      code: 'protocol.timeout',
      what: 'The SPI controller of the board did not finish reading the id of the flash.',
      next: 'Try the board once more; set it aside when it happens again.',
      safety: 'untouched',
    });
  }
  const id = (await loader.readRegister(at(spi.w0))) & 0xffffff;
  await loader.writeRegisters([
    { address: at(spi.usr), value: usr },
    { address: at(spi.usr2), value: usr2 },
  ]);
  return id;
}
