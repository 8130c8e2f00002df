import { type Clock, unlessAborted } from '../base/clock.ts';
import { chipIds } from '../model/chip.ts';
import { ProgramFault } from '../model/fault.ts';
import type { ControlLines, Port } from '../transport/port.ts';
import type { RegisterWrite } from './loader.ts';

/**
 * A reset as data: words joined by `|`. `D1` sets DTR, `R0` clears RTS, `D1R0` both at once, `W0.1` waits 0.1 s. A line that is set pulls
 * its pin low through the usual two transistors: RTS pulls EN (reset), DTR the boot strap, both together nothing (FACTS 1.6).
 */
export type ResetSequence = string;

/** Espressif's vendor id and the product id of the USB-Serial-JTAG inside the chips. */
export const espressifUsb = { vendorId: 0x303a, serialJtag: 0x1001 } as const;

/** Sequences into the loader, by their names in esptool's words (FACTS 1.6). */
export const resetSequences = {
  tight: 'D0R0|D1R1|D0R1|W0.1|D1R0|W0.05|D0R0|D0',
  tightSlow: 'D0R0|D1R1|D0R1|W0.1|D1R0|W0.55|D0R0|D0',
  classic: 'D0|R1|W0.1|D1|R0|W0.05|D0',
  classicSlow: 'D0|R1|W0.1|D1|R0|W0.55|D0',
  usbSerialJtag: 'R0|D0|W0.1|D1|R0|W0.1|R1|D0|R1|W0.1|R0|D0',
} as const satisfies Record<string, ResetSequence>;

/** Sequences that let the board boot from flash. */
export const bootSequences = {
  uart: 'D0|R1|W0.1|R0',
  usb: 'D0|R1|W0.2|R0|W0.2',
} as const satisfies Record<string, ResetSequence>;

/** Whether the port is USB inside the chip, without a UART between. */
export function isChipUsb(port: Port): boolean {
  return port.usb?.vendorId === espressifUsb.vendorId;
}

/** What to try in turn on this port; none where it has no lines. */
export function loaderResets(port: Port): readonly ResetSequence[] {
  if (!port.hasControlLines) return [];
  const { tight, tightSlow, classic, classicSlow, usbSerialJtag } = resetSequences;
  if (isChipUsb(port) && port.usb?.productId === espressifUsb.serialJtag) return [usbSerialJtag, classic];
  // Over a network the two lines never move together: the tight form would only add glitches.
  if (port.usb === null) return [classic, classicSlow, usbSerialJtag];
  return process.platform === 'win32' ? [classic, classicSlow] : [tight, tightSlow, classic, classicSlow];
}

export function bootReset(port: Port): ResetSequence {
  return isChipUsb(port) ? bootSequences.usb : bootSequences.uart;
}

type Step = { readonly lines: ControlLines } | { readonly waitMs: number };

/** Reads a sequence; ProgramFault `protocol.reset-sequence` for a word that is none. */
export function parseReset(sequence: ResetSequence): readonly Step[] {
  return sequence.split('|').map((word) => {
    const wait = /^W(\d+(?:\.\d+)?)$/.exec(word);
    if (wait) return { waitMs: Number(wait[1]) * 1000 };
    const lines = /^(?:D([01]))?(?:R([01]))?$/.exec(word);
    if (!lines || word === '') {
      throw new ProgramFault({
        code: 'protocol.reset-sequence',
        what: `"${word}" is no word of a reset sequence.`,
        next: 'Write D0, D1, R0, R1, a pair such as D1R0, or W with seconds, joined by |.',
      });
    }
    const dtr = lines[1] === undefined ? {} : { dtr: lines[1] === '1' };
    const rts = lines[2] === undefined ? {} : { rts: lines[2] === '1' };
    return { lines: { ...dtr, ...rts } };
  });
}

export async function runReset(
  port: Port,
  clock: Clock,
  sequence: ResetSequence,
  signal?: AbortSignal | null,
): Promise<void> {
  for (const step of parseReset(sequence)) {
    if ('waitMs' in step) await clock.sleep(step.waitMs, signal ?? undefined);
    else await unlessAborted(port.setLines(step.lines), signal);
  }
}

/**
 * Resets by watchdog, by chip id: USB inside the chip only resets the core, and a strap that was sampled low stays low, so leaving
 * the loader needs the low-power watchdog (FACTS 1.6). Register access, so not in secure download mode.
 */
export const watchdogResets: Readonly<Record<number, readonly RegisterWrite[]>> = {
  // ESP32-P4: LP_WDT at 0x50116000: unlock, time, go, lock.
  [chipIds.esp32p4]: [
    { address: 0x50116018, value: 0x50d83aa1 },
    { address: 0x50116004, value: 2000 },
    { address: 0x50116000, value: ((1 << 31) | (5 << 28) | (1 << 8) | 2) >>> 0 },
    { address: 0x50116018, value: 0 },
  ],
};
/** The watchdog above bites within this time. */
export const watchdogMs = 500;

/**
 * Writes after connecting over the chip's own USB, by chip id: watchdogs that the ROM leaves running there would reset the board in the
 * middle of a write (FACTS 1.6).
 */
export const calmWatchdogs: Readonly<Record<number, readonly RegisterWrite[]>> = {
  // ESP32-P4: LP_WDT off, super watchdog fed by itself.
  [chipIds.esp32p4]: [
    { address: 0x50116018, value: 0x50d83aa1 },
    { address: 0x50116000, value: 0 },
    { address: 0x50116018, value: 0 },
    { address: 0x50116020, value: 0x50d83aa1 },
    { address: 0x5011601c, value: 1 << 18, mask: 1 << 18 },
    { address: 0x50116020, value: 0 },
  ],
};
