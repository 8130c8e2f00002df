import { equalBytes, utf8 } from '../base/bytes.ts';
import type { SecurityInfo } from '../model/chip.ts';
import { commands } from './commands.ts';
import type { Exchange, Wire } from './exchange.ts';
import { stubUnusable, timedOut } from './faults.ts';
import type { StubImage } from './loader.ts';
import { isChipUsb } from './reset.ts';
import { romHabits } from './rom-habits.ts';
import { timeouts } from './timeouts.ts';

/** Data bytes of a RAM block (FACTS 1.2). */
const ramBlock = 0x1800;
const usbRamBlock = 0x800;
const greeting = utf8('OHAI');

/** Why a stub cannot run on this board; null where it can. */
export function stubRefusal(security: SecurityInfo | null): string | null {
  if (security?.secureDownload) return 'it is in secure download mode';
  const chip = security?.secureBoot ? romHabits(security).noStubWithSecureBoot : undefined;
  return chip ? `an ${chip} with secure boot on runs no foreign code in RAM` : null;
}

/** Loads the stub into RAM, starts it and waits for its greeting. BoardFault `protocol.stub-unusable`. */
export async function startStub(exchange: Exchange, stub: StubImage, security: SecurityInfo | null): Promise<void> {
  const refusal = stubRefusal(security);
  if (refusal) throw stubUnusable(refusal);
  const blockSize = isChipUsb(exchange.port) ? usbRamBlock : ramBlock;
  await exchange.transact(
    async (wire) => {
      await load(wire, stub.text, stub.textStart, blockSize);
      if (stub.data.length > 0) await load(wire, stub.data, stub.dataStart, blockSize);
      await wire.send(commands.memEnd, stub.entry);
      await greetingOf(wire, exchange);
      exchange.mode = 'stub';
    },
    { bareFrames: true },
  );
}

async function load(wire: Wire, bytes: Uint8Array, address: number, blockSize: number): Promise<void> {
  const blocks = Math.ceil(bytes.length / blockSize);
  await wire.ask(commands.memBegin, { size: bytes.length, blocks, blockSize, address });
  for (let sequence = 0; sequence < blocks; sequence++) {
    const data = bytes.subarray(sequence * blockSize, (sequence + 1) * blockSize);
    await wire.ask(commands.memData, { sequence, data });
  }
}

/** The ROM answers MEM_END before it jumps, or not at all; then the stub greets. */
async function greetingOf(wire: Wire, exchange: Exchange): Promise<void> {
  const by = exchange.within(timeouts.stubGreeting);
  for (;;) {
    const frame = await wire.frame(by);
    if (frame === null) throw timedOut('the start of the flasher stub', commands.memEnd.opcode, timeouts.stubGreeting);
    if (equalBytes(frame, greeting)) return;
  }
}
