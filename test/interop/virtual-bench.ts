// Virtual chips on a bench where foreign tools can reach them.
import type { EfuseSnapshot } from '../../main/efuse/types.ts';
import type { ChipKind } from '../../main/model/chip.ts';
import { bootFromFlash } from '../../main/virtual/boot/boot.ts';
import { VirtualChip } from '../../main/virtual/chip.ts';
import { listenVirtualChip } from '../../main/virtual/listen/listen.ts';
import type { VirtualChipOptions } from '../../main/virtual/silicon.ts';

/** Every silicon that Fuseline knows, under the name that its tests carry. */
export const silicon = {
  'ESP32-P4 v1.3': { kind: 'esp32p4', revision: 103 },
  'ESP32-P4 v3.1': { kind: 'esp32p4', revision: 301 },
  'ESP32-C3': { kind: 'esp32c3' },
  'ESP32-S3': { kind: 'esp32s3' },
  'ESP32-C6': { kind: 'esp32c6' },
  'ESP32-H2 v0.1': { kind: 'esp32h2', revision: 1 },
  'ESP32-H2': { kind: 'esp32h2' },
  'ESP32-C5': { kind: 'esp32c5' },
  'ESP32-S2': { kind: 'esp32s2' },
  'ESP32-C61': { kind: 'esp32c61' },
  'ESP32-C2': { kind: 'esp32c2' },
  ESP32: { kind: 'esp32' },
  'ESP32-S31': { kind: 'esp32s31' },
  'ESP32-H21': { kind: 'esp32h21' },
  'ESP32-H4': { kind: 'esp32h4' },
} as const satisfies { readonly [name: string]: Pick<VirtualChipOptions, 'kind' | 'revision'> };

export type SiliconName = keyof typeof silicon;
// A chip that is missing above does not compile here.
({}) satisfies Record<Exclude<ChipKind, (typeof silicon)[SiliconName]['kind']>, never>;
/** Without the ESP32-H2 below v1.2, of which espefuse shows fields that only came with v1.2: efuse-recipes.test.ts. */
export const allSiliconNames = (Object.keys(silicon) as SiliconName[]).filter((name) => name !== 'ESP32-H2 v0.1');
/** Without the classic ESP32, whose ROM has no security info and whose eFuses are of another sort: esp32.test.ts. */
export const siliconNames = allSiliconNames.filter((name) => name !== 'ESP32');

export interface BenchChip {
  readonly chip: VirtualChip;
  /** What a tool has to be told to reach it. */
  readonly port: readonly string[];
  /** A pulse on EN as a person would give it: back to the ROM loader, eFuses read anew. */
  reset(): void;
  /** Off the bench before the test ends, for another way to reach the chip. */
  close(): Promise<void>;
}

/** Puts a fresh chip (always the same for one name) behind a pseudo-terminal or RFC 2217; it is gone after the test. */
export async function onBench(
  t: { after(work: () => Promise<void>): void },
  name: SiliconName,
  way: 'pty' | 'rfc2217',
): Promise<BenchChip> {
  const chip = new VirtualChip({ ...silicon[name], seed: 1 }, bootFromFlash);
  const listener = await listenVirtualChip(chip, way === 'pty' ? 'pty' : 'rfc2217:0');
  t.after(async () => {
    await listener.close();
    chip.powerOff();
  });
  const port =
    way === 'pty'
      ? ['--port', listener.address, '--before', 'no-reset', '--after', 'no-reset']
      : ['--port', `${listener.address}?ign_set_control`];
  return { chip, port, reset: () => chip.reset(), close: () => listener.close() };
}

/** The eFuses of a chip as its bus shows them now. */
export function snapshotOf({ efuse }: VirtualChip): EfuseSnapshot {
  const { table } = efuse;
  const { repeatErrors, rsErr0, rsErr1 } = table.registers;
  const read = (offset: number, words: number) =>
    Array.from({ length: words }, (_, i) => efuse.readRegister(offset + 4 * i));
  return {
    table,
    blocks: table.blocks.map(({ readOffset, words }) => read(readOffset, words)),
    repeatErrors: repeatErrors.map((offset) => efuse.readRegister(offset)),
    rsErrors: [efuse.readRegister(rsErr0), rsErr1 === null ? 0 : efuse.readRegister(rsErr1)],
  };
}
