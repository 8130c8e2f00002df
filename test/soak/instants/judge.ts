// What a board is held against after each visit: its fuses and flash as they are, the ledger, and what was said.
import assert from 'node:assert/strict';
import type { Ledger } from '../../../main/ledger/ledger.ts';
import type { LoadedRecipe } from '../../../main/recipe/load.ts';
import { burnHistoryOf } from '../../../main/station/burn-history.ts';
import { bootFromFlash } from '../../../main/virtual/boot/boot.ts';
import { VirtualChip } from '../../../main/virtual/chip.ts';
import { everyWantedFuse, onlyIntendedBits } from '../../faults/boards.ts';
import { flashHoldsFirmware } from '../../stories/judge.ts';
import type { Verdict } from './line.ts';

/** The fuses alone, as they are now: a chip without supply that shows them. The board itself is left alone. */
export function fusesOf(chip: VirtualChip): VirtualChip {
  const { kind, revision, mac } = chip.identity;
  const view = new VirtualChip({ kind, revision, mac, flashSize: 4096 }, bootFromFlash);
  view.efuse.restore(chip.efuse.burned());
  view.efuse.powerOn();
  return view;
}

export function burnedIn(chip: VirtualChip): string {
  return Buffer.concat(chip.efuse.burned()).toString('latin1');
}

export interface Before {
  readonly fuses: string;
}

/** What of a visit is not as it has to be; null: all is. `verdict` null: nobody was left to say one. */
export async function judgeVisit(
  ledger: Ledger,
  chip: VirtualChip,
  before: Before,
  verdict: Verdict | null,
): Promise<{ readonly lost: string | null; readonly said: string | null; readonly history: History }> {
  const { mac } = chip.identity;
  const history = await ledger.history(mac);
  const events = history.runs.flatMap((run) => run.events);
  const view = fusesOf(chip);
  let lost = wrong(() => {
    onlyIntendedBits(view, events);
    keysStandInLedger(view, history);
  });
  if (history.sealed !== null && history.openKeys.length > 0) lost ??= 'wrapped keys outlive the seal';
  return { lost, history, said: verdict === null ? null : falseIn(verdict, before.fuses !== burnedIn(chip), history) };
}

type History = Awaited<ReturnType<Ledger['history']>>;

/** Each key block that holds anything was meant by a row, and its key can be had from the ledger until the seal. */
function keysStandInLedger(view: VirtualChip, history: History): void {
  const meant = new Set<number>();
  for (const { events } of history.runs)
    for (const { event } of events)
      if (event.type === 'intend' && event.what === 'key-block') meant.add(event.detail.block);
  const { table } = view.efuse;
  for (const { block } of table.keyBlocks)
    if (view.efuse.hardwareBlock(block).some((word) => word !== 0))
      assert.ok(meant.has(block), `BLOCK${block} was burned, and no row says that it was meant`);
  if (history.sealed !== null || history.released != null) return;
  for (const { slot, role, fingerprint, keyAtHand } of burnHistoryOf(history).slots)
    assert.ok(keyAtHand, `the ${role} key ${fingerprint.slice(0, 8)} of slot ${slot} is gone before the seal`);
}

/** What a verdict says that is not so. */
function falseIn(verdict: Verdict, burned: boolean, { sealed, condemned }: History): string | null {
  const { outcome, fault, seal } = verdict;
  if ((outcome === 'passed') !== (fault === null)) return `outcome ${outcome} beside fault ${fault?.code ?? 'none'}`;
  if (outcome === 'passed' && (sealed === null || seal === null)) return 'passed, and the ledger has no seal';
  if (fault === null) return null;
  const words = `${fault.code} (${fault.safety}): ${fault.what} ${fault.next}`;
  if (fault.safety === 'untouched' && burned) return `${words} - and eFuses were burned`;
  if (/nothing (was|is) (burned|done|written)|was not changed|not touched/i.test(words) && burned)
    return `${words} - and eFuses were burned`;
  if (fault.safety === 'sealed' && sealed === null) return `${words} - and the ledger has no seal`;
  if (fault.safety === 'condemned' && condemned === null) return `${words} - and the ledger does not say so`;
  if (sealed !== null && fault.safety === 'resumable') return `${words} - and the board is sealed`;
  return null;
}

/** A board that was told to be finished: fuses, flash and record. Null: it is. */
export async function judgeSealed(ledger: Ledger, chip: VirtualChip, loaded: LoadedRecipe): Promise<string | null> {
  const { mac } = chip.identity;
  const { runs, sealed: record } = await ledger.history(mac);
  if (record === null) return 'no record of the seal';
  chip.powerOff();
  chip.efuse.powerOn();
  return wrong(() => {
    flashHoldsFirmware(chip, record, loaded);
    everyWantedFuse(
      chip,
      record.keys,
      runs.flatMap((run) => run.events),
    );
  });
}

function wrong(check: () => void): string | null {
  try {
    check();
    return null;
  } catch (error) {
    if (!(error instanceof assert.AssertionError)) throw error;
    return error.message;
  }
}
