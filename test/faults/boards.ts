// What every test of this folder asks of boards that met a fault: inserted again until nobody has to wonder about them.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { bitName } from '../../main/efuse/bits.ts';
import type { StoredEvent } from '../../main/model/event.ts';
import { type Fault, type FaultRecord, isFault } from '../../main/model/fault.ts';
import type { LoadedRecipe } from '../../main/recipe/load.ts';
import { createStation } from '../../main/start/compose.ts';
import type { StationEvent } from '../../main/station/events.ts';
import type { ProvisionJob, StationParts } from '../../main/station/station.ts';
import { bootFromFlash } from '../../main/virtual/boot/boot.ts';
import { VirtualChip } from '../../main/virtual/chip.ts';
import { block0Bits, flashHoldsFirmware } from '../stories/judge.ts';
import { recipeAt, recipes, type Stage } from '../stories/stage.ts';

export type Verdict = Extract<StationEvent, { type: 'verdict' }>;

/** How often a board may come back before its end must be known. */
const insertions = 4;

/** How a board ended, and what the station said of it at each insertion. */
export interface BoardEnd {
  readonly address: string;
  readonly chip: VirtualChip;
  readonly verdicts: readonly Verdict[];
  readonly end: 'sealed' | 'condemned';
}

/**
 * Inserts each board, switched on again, until it is sealed or condemned, and judges it: a sealed one by its silicon, flash and record, a
 * condemned one by the reason and by being refused from then on. Fails for every board of which nobody knows what it is.
 */
export async function bringToEnd(
  stage: Stage,
  loaded: LoadedRecipe,
  addresses: readonly string[],
  more: (addresses: readonly string[]) => Partial<ProvisionJob> = () => ({}),
): Promise<BoardEnd[]> {
  const verdicts = new Map<string, Verdict[]>(addresses.map((address) => [address, []]));
  let open = [...addresses];
  for (let insertion = 1; open.length > 0; insertion++) {
    const lost = open.map((address) => `${address}: ${wordsOf(verdicts.get(address)!)}`).join('\n');
    assert.ok(insertion <= insertions, `after ${insertions} insertions nobody knows what these are:\n${lost}`);
    for (const address of open) if (insertion > 1) stage.chip(address).powerOn();
    for (const [address, verdict] of await insert(stage, loaded, open, more)) verdicts.get(address)!.push(verdict);
    open = open.filter((address) => !settled(verdicts.get(address)!.at(-1)!));
  }
  const ends: BoardEnd[] = [];
  for (const address of addresses) {
    const chip = stage.chip(address);
    const said = verdicts.get(address)!;
    const end = said.at(-1)!.outcome === 'passed' ? 'sealed' : 'condemned';
    await judge(stage, loaded, chip, end);
    ends.push({ address, chip, verdicts: said, end });
  }
  assert.equal((await stage.station.parts.ledger.verify()).broken, null);
  return ends;
}

/** One insertion of one board at each address, each with a fixture that keeps its name; the verdict on each. */
export async function insert(
  stage: Stage,
  loaded: LoadedRecipe,
  addresses: readonly string[],
  more: (addresses: readonly string[]) => Partial<ProvisionJob> = () => ({}),
): Promise<Map<string, Verdict>> {
  const before = stage.events.length;
  const fixtures = addresses.map((address) => ({ name: address, address }));
  await stage.provision(loaded, addresses, { fixtures, ...more(addresses) });
  const found = new Map<string, Verdict>();
  for (const event of stage.events.slice(before)) if (event.type === 'verdict') found.set(event.fixture, event);
  assert.equal(found.size, addresses.length, 'a verdict on every board');
  return found;
}

function settled({ outcome, fault }: Verdict): boolean {
  return outcome === 'passed' || fault?.safety === 'condemned';
}

function wordsOf(verdicts: readonly Verdict[]): string {
  return verdicts.map(({ outcome, fault }) => (fault ? faultWords(fault) : outcome)).join(' | ');
}

export function faultWords(fault: FaultRecord): string {
  return `${fault.code} (${fault.safety}): ${fault.what}`;
}

async function judge(stage: Stage, loaded: LoadedRecipe, chip: VirtualChip, end: BoardEnd['end']): Promise<void> {
  const { ledger } = stage.station.parts;
  const { mac } = chip.identity;
  const history = await ledger.history(mac);
  const events = history.runs.flatMap((run) => run.events);
  onlyIntendedBits(chip, events);
  if (end === 'condemned') {
    assert.ok(history.condemned?.reason, `${mac} is condemned with a reason`);
    assert.equal(history.sealed, null);
    return;
  }
  const record = await ledger.sealedDevice(mac);
  assert.ok(record, `${mac} is sealed`);
  assert.equal(record.chip.mac, mac);
  assert.equal(history.openKeys.length, 0, 'no wrapped key outlives the seal');
  flashHoldsFirmware(chip, record, loaded);
  everyWantedFuse(chip, record.keys, events);
}

/** BLOCK0 holds nothing but what the factory burned and what the ledger says was meant, before it was burned. */
export function onlyIntendedBits(chip: VirtualChip, events: readonly StoredEvent[]): void {
  const meant = factoryBits(chip);
  for (const { event } of events) {
    if (event.type !== 'intend' || event.what !== 'bits' || event.detail.block !== 0) continue;
    const { fields } = event.detail;
    for (const { field, to } of fields) for (const bit of bitsOf(chip, field, to)) meant.add(bit);
  }
  const beyond = [...block0Bits(chip)].filter((bit) => !meant.has(bit));
  assert.deepEqual(beyond, [], `no bit of ${chip.identity.mac} was burned that nobody meant`);
}

/** Every bit that a run ever meant is in: what was cut off was finished; and every key block is one of the record, or left behind hidden. */
export function everyWantedFuse(
  chip: VirtualChip,
  keys: readonly { readonly blocks: readonly number[] }[],
  events: readonly StoredEvent[],
): void {
  const burned = block0Bits(chip);
  for (const { event } of events) {
    if (event.type !== 'intend' || event.what !== 'bits' || event.detail.block !== 0) continue;
    const { fields } = event.detail;
    for (const { field, to } of fields) {
      for (const bit of bitsOf(chip, field, to)) assert.ok(burned.has(bit), `${field} is in`);
    }
  }
  const ours = new Set(keys.flatMap(({ blocks }) => blocks));
  const { keyBlocks, blocks } = chip.efuse.table;
  for (const { block, purposeField } of keyBlocks) {
    const blank = chip.efuse.hardwareBlock(block).every((word) => word === 0);
    if (ours.has(block)) assert.ok(!blank, `BLOCK${block} holds a key of the record`);
    else if (!blank) {
      assert.equal(
        purposeField && chip.efuse.field(purposeField),
        0,
        `BLOCK${block} was left behind without a purpose`,
      );
      for (const bit of blocks[block]!.readDisableBits)
        assert.ok((chip.efuse.field('RD_DIS') >>> bit) & 1, `BLOCK${block} was left behind hidden`);
    }
  }
}

/** Bits of BLOCK0 of a chip of this make as the factory delivers it. */
export function factoryBits(chip: VirtualChip): Set<string> {
  const { kind, revision, mac } = chip.identity;
  return block0Bits(new VirtualChip({ kind, revision, mac }, bootFromFlash));
}

/** Bits of BLOCK0 that a value of a field, or of WR_DIS.X and RD_DIS.X as the plan names them, sets. */
export function bitsOf(chip: VirtualChip, name: string, value: number): string[] {
  const { table } = chip.efuse;
  if (/^(WR|RD)_DIS\./.test(name)) {
    const bit = upTo(64).find((number) => bitName(table, number - 1) === name);
    assert.ok(bit !== undefined, name);
    return [`${bit - 1}`];
  }
  const field = table.fields.find((candidate) => candidate.name === name)!;
  const places = field.pieces.flatMap((piece) => Array.from({ length: piece.length }, (_, at) => piece.bit + at));
  return places.filter((_, at) => Math.floor(value / 2 ** at) % 2 === 1).map(String);
}

/** Roles of the keys that later runs of a board took from their wrapped form. */
export async function keysTakenUp(stage: Stage, chip: VirtualChip): Promise<string[]> {
  const { runs } = await stage.station.parts.ledger.history(chip.identity.mac);
  return runs.flatMap(({ events }) =>
    events.flatMap(({ event }) =>
      event.type === 'observed' && event.what === 'key-unwrapped' ? [event.value.role] : [],
    ),
  );
}

/** An object with one method of it replaced: how one part of a station fails while the rest goes on. */
export function withPart<T extends object, K extends keyof T>(whole: T, name: K, method: T[K]): T {
  return new Proxy(whole, {
    get(target, asked) {
      if (asked === name) return method;
      const value = Reflect.get(target, asked);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** What a station of other parts says of boards, and the fault with which its batch ended, if it did. */
export async function provisionAt(
  parts: StationParts,
  loaded: LoadedRecipe,
  addresses: readonly string[],
): Promise<{ readonly verdicts: readonly Verdict[]; readonly fault: Fault | null }> {
  const station = createStation(parts);
  const verdicts: Verdict[] = [];
  station.listen((event) => {
    if (event.type === 'verdict') verdicts.push(event);
  });
  const job = {
    loaded,
    fixtures: addresses.map((address) => ({ name: address, address })),
    count: null,
    order: null,
    operator: null,
    serials: [],
    resetBy: 'lines' as const,
    signal: new AbortController().signal,
  };
  try {
    await station.provision(job);
    return { verdicts, fault: null };
  } catch (error) {
    if (!isFault(error)) throw error;
    return { verdicts, fault: error };
  }
}

/** A recipe of the repository with changes in its text, each of which must fit; its demonstration firmware stays. */
export function recipeVariant(
  t: { after(work: () => void): void },
  name: string,
  firmware: string,
  changes: Readonly<Record<string, string>>,
): LoadedRecipe {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-recipe-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  let text = readFileSync(join(recipes, `${name}.yaml`), 'utf8');
  for (const [from, to] of Object.entries(changes)) {
    assert.ok(text.includes(from), `${name} says ${from}`);
    text = text.replace(from, to);
  }
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, text);
  return recipeAt(file, { firmwareFolder: resolve(recipes, '..', 'firmware', firmware) });
}

/** Numbers from 1. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at + 1);
}
