import { bytesOfWords, concat, fromHex, toHex, u32le } from '../../../main/base/bytes.ts';
import { VirtualChip } from '../../../main/virtual/chip.ts';
import { frameOf } from '../../../main/virtual/loader/frames.ts';
import type { BootFromFlash, VirtualChipOptions } from '../../../main/virtual/silicon.ts';

/** Nothing in flash that boots: one line, then it stays. */
export const emptyBoot: BootFromFlash = () => ({ lines: ['nothing to boot'], state: 'halted', firmware: null });

export interface DownloadChip {
  readonly chip: VirtualChip;
  /** Sends a frame and gives what was answered, both in hex. */
  readonly talk: (hex: string) => Promise<string>;
  /** What it says while something is done to it, hex. */
  readonly hear: (act: () => void) => string;
  /** What it printed on its way into the loader, hex. */
  readonly greeting: string;
}

/** The SYNC that every host begins with. */
export const syncRequest = `c0000824000000000007071220${'55'.repeat(32)}c0`;

/** A chip in download mode that has been synced, and how to talk to it without a port. */
export function downloadChip(options: VirtualChipOptions): DownloadChip {
  const setup = unsyncedChip(options);
  setup.chip.receive(fromHex(syncRequest));
  return setup;
}

/** A chip in download mode that has heard nothing yet; `burn` is done before it has its supply. */
export function unsyncedChip(options: VirtualChipOptions, burn?: (chip: VirtualChip) => void): DownloadChip {
  const chip = new VirtualChip({ seed: 1, ...options }, emptyBoot);
  burn?.(chip);
  let out = '';
  chip.setLines({ dtr: true, rts: false });
  chip.onSend((bytes) => {
    out += toHex(bytes);
  });
  chip.powerOn();
  const greeting = out;
  const talk = async (hex: string) => {
    out = '';
    chip.receive(fromHex(hex));
    await chip.idle();
    return out;
  };
  const hear = (act: () => void) => {
    out = '';
    act();
    return out;
  };
  return { chip, talk, hear, greeting };
}

/** A request as a frame (hex): opcode, data, checksum. */
export function request(opcode: number, data: Uint8Array, checksum = 0): string {
  const head = Uint8Array.of(0, opcode, data.length & 0xff, data.length >>> 8);
  return toHex(frameOf(concat(head, u32le(checksum), data)));
}

/** Data of little-endian words. */
export function words(...values: readonly number[]): Uint8Array {
  return bytesOfWords(values);
}

/** Loads a small program at `entry` and runs it: to the chip that is a stub. Gives what came after the last request. */
export async function startStub(talk: (hex: string) => Promise<string>, entry = 0x40380000): Promise<string> {
  const code = new Uint8Array(16);
  await talk(request(0x05, words(code.length, 1, code.length, entry)));
  await talk(request(0x07, concat(words(code.length, 0, 0, 0), code), 0xef));
  return talk(request(0x06, words(0, entry)));
}
