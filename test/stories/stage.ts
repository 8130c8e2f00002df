import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isFault } from '../../main/model/fault.ts';
import { type LoadedRecipe, type LoadOptions, loadRecipe } from '../../main/recipe/load.ts';
import { keysOf } from '../../main/recipe/making/token-keys.ts';
import { findSoftHsm } from '../../main/signing/softhsm.ts';
import { openStationOf } from '../../main/start/real-parts.ts';
import type { Host } from '../../main/start/real-signer.ts';
import type { StationEvent } from '../../main/station/events.ts';
import type { BatchResult, ProvisionJob, Station } from '../../main/station/station.ts';
import { isVirtual } from '../../main/station/work-gate.ts';
import { openPort } from '../../main/transport/open.ts';
import type { OpenPort } from '../../main/transport/port.ts';
import { createVirtualBench, type VirtualBench } from '../../main/virtual/bench/bench.ts';
import type { VirtualChip } from '../../main/virtual/chip.ts';
import { layKeptToken } from './kept-token.ts';

export const repository = fileURLToPath(new URL('../..', import.meta.url));
export const recipes = join(repository, 'station-config', 'recipes');

/** Reason to skip, or false: stories need the real token. */
export const noToken: string | false = await findSoftHsm().then(
  () => false as const,
  () => 'no SoftHSM2 on this machine',
);

/** A station with all its real parts in a folder of its own, and a bench of virtual boards. */
export interface Stage {
  readonly station: Station;
  readonly bench: VirtualBench;
  readonly folder: string;
  readonly events: StationEvent[];
  /** Provisions one board at each address; `more` overrides the job. */
  provision(loaded: LoadedRecipe, addresses: readonly string[], more?: Partial<ProvisionJob>): Promise<BatchResult>;
  chip(address: string): VirtualChip;
  close(): Promise<void>;
}

/**
 * `furnish` puts into the data folder what is to lie there before the station opens; `host` starts its token's process. Where no token
 * was put there, it has a copy of the kept one, or with `token: 'new'` keys that no other station has.
 */
export async function setStage(
  furnish: (folder: string) => void = () => {},
  host?: Host,
  { token = 'kept' }: { readonly token?: 'kept' | 'new' } = {},
): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-story-'));
  furnish(folder);
  if (token === 'kept' && !existsSync(join(folder, 'token'))) await layKeptToken(folder);
  const bench = createVirtualBench({});
  const open: OpenPort = (address, options) =>
    isVirtual(address) ? bench.open(address, options) : openPort(address, options);
  const station = await openStationOf({ data: folder }, open, host);
  const events: StationEvent[] = [];
  station.listen((event) => events.push(event));
  return {
    station,
    bench,
    folder,
    events,
    async provision(loaded, addresses, more = {}) {
      await makeKeys(loaded, station);
      return station.provision({
        loaded,
        fixtures: addresses.map((address, at) => ({ name: `F${at + 1}`, address })),
        count: null,
        order: 'story',
        operator: 'tester',
        serials: [],
        resetBy: 'lines',
        signal: new AbortController().signal,
        ...more,
      });
    },
    chip(address) {
      const chip = bench.chip(address);
      if (chip === undefined) throw new Error(`no chip was opened at ${address}`);
      return chip;
    },
    async close() {
      await station.close();
      await bench.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function makeKeys(loaded: LoadedRecipe, station: Station): Promise<void> {
  const { signer } = station.parts;
  for (const { ref, use, algorithm } of keysOf(loaded.recipe)) {
    await signer.findKey(ref).catch(async (error) => {
      if (!isFault(error, 'token.no-key')) throw error;
      await signer.generateKey({ label: ref.label, use, algorithm });
    });
  }
}

/** A recipe of the repository, which must be in order. */
export function recipeNamed(name: string, options?: LoadOptions): LoadedRecipe {
  return recipeAt(join(recipes, `${name}.yaml`), options);
}

export function recipeAt(file: string, options?: LoadOptions): LoadedRecipe {
  const { loaded, findings } = loadRecipe(file, options);
  if (loaded === null) throw new Error(findings.map((finding) => `${finding.check}: ${finding.what}`).join('\n'));
  return loaded;
}

/** The faults of a stage's verdicts, for messages of failed assertions. */
export function faultsOf(stage: Stage): string {
  return stage.events
    .flatMap((event) => (event.type === 'verdict' && event.fault ? [`${event.fault.code}: ${event.fault.what}`] : []))
    .join('\n');
}
