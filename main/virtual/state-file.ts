import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fromHex, toHex, utf8 } from '../base/bytes.ts';
import { type ChipKind, type Revision, revisionText } from '../model/chip.ts';
import { RecipeFault } from '../model/fault.ts';
import { sectorSize } from './flash.ts';
import type { VirtualChipOptions } from './silicon.ts';

/** What a virtual chip keeps when it is switched off: one line of JSON, then the flash sectors that the line lists, 4096 bytes each. */
export interface ChipState {
  readonly kind: ChipKind;
  readonly revision: Revision;
  readonly flashSize: number;
  /** The eFuse array, block by block. */
  readonly efuse: readonly Uint8Array[];
  readonly sectors: ReadonlyMap<number, Uint8Array>;
}

const format = 'fuseline-virtual-chip-1';

/** The state in a file; null where there is none. RecipeFault `virtual.state-file` where it cannot be understood. */
export function readState(file: string): ChipState | null {
  if (!existsSync(file)) return null;
  const bytes = new Uint8Array(readFileSync(file));
  const end = bytes.indexOf(0x0a);
  try {
    const head = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)));
    if (head.format !== format) throw new SyntaxError('its first line is foreign');
    const sectors = new Map<number, Uint8Array>();
    let at = end + 1;
    for (const number of head.sectors as number[]) {
      sectors.set(number, bytes.slice(at, at + sectorSize));
      at += sectorSize;
    }
    if (at !== bytes.length) throw new SyntaxError('its length does not fit its first line');
    const efuse = (head.efuse as string[]).map((text) => fromHex(text));
    return { kind: head.kind, revision: head.revision, flashSize: head.flashSize, efuse, sectors };
  } catch (cause) {
    throw new RecipeFault({
      code: 'virtual.state-file',
      what: `The file ${file} holds no virtual chip: ${cause instanceof Error ? cause.message : String(cause)}.`,
      next: 'Name another file, or remove this one to begin with a new chip.',
      details: { file },
      cause,
    });
  }
}

/** Writes beside the file first, so that a chip is never half saved. */
export function writeState(file: string, state: ChipState): void {
  const numbers = [...state.sectors.keys()];
  const head = {
    format,
    kind: state.kind,
    revision: state.revision,
    flashSize: state.flashSize,
    efuse: state.efuse.map(toHex),
    sectors: numbers,
  };
  const line = utf8(`${JSON.stringify(head)}\n`);
  const bytes = new Uint8Array(line.length + numbers.length * sectorSize);
  bytes.set(line);
  let at = line.length;
  for (const sector of state.sectors.values()) {
    bytes.set(sector, at);
    at += sectorSize;
  }
  const fresh = `${file}.new`;
  writeFileSync(fresh, bytes, { flush: true });
  renameSync(fresh, file);
}

/** RecipeFault `virtual.state-mismatch` where the file holds another chip than the one asked for. */
export function assertFits(options: VirtualChipOptions, saved: ChipState): void {
  if (saved.kind === options.kind && (options.revision ?? saved.revision) === saved.revision) return;
  const wanted = `${options.kind}${options.revision === undefined ? '' : ` ${revisionText(options.revision)}`}`;
  throw new RecipeFault({
    code: 'virtual.state-mismatch',
    what: `The state file holds a ${saved.kind} ${revisionText(saved.revision)}, not a ${wanted}.`,
    next: 'Name another state file, or the chip that the file holds.',
    details: { kind: saved.kind, revision: saved.revision },
  });
}
