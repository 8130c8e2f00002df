import { downloadDoors, shutsDownload } from '../efuse/door-fields.ts';
import type { DeviceHistory, LedgerReader } from '../ledger/ledger.ts';
import type { StoredEvent } from '../model/event.ts';
import { bareMac, colons } from '../model/mac.ts';
import type { RunRecord } from '../model/record.ts';
import { burnHistoryOf, recordedBefore } from './burn-history.ts';

/** A board whose door was shut, or was about to be, in a run that did not come to its seal. */
export interface WaitingBoard {
  readonly run: RunRecord;
  readonly mac: string;
  /** Those of its record. */
  readonly events: readonly StoredEvent[];
}

/** Every board of this ledger that a locked one may be, the latest first: neither sealed nor condemned, its last burn at least intended. */
export async function waitingBoards(
  ledger: Pick<LedgerReader, 'unfinishedBurns' | 'history'>,
): Promise<WaitingBoard[]> {
  const macs = (await ledger.unfinishedBurns(downloadDoors)).flatMap(({ mac }) => (mac === null ? [] : [mac]));
  const found: WaitingBoard[] = [];
  for (const mac of new Set(macs)) found.push(...waitingIn(await ledger.history(mac)));
  return found;
}

/** The one of them that a label names, or null. */
export async function waitingBoardNamed(
  ledger: Pick<LedgerReader, 'claimedBy' | 'history'>,
  text: string,
): Promise<WaitingBoard | null> {
  const bare = bareMac(text);
  const mac = /^[0-9a-f]{12}$/.test(bare) ? colons(bare) : null;
  for (const candidate of [await ledger.claimedBy('serial', text.trim()), mac])
    for (const board of candidate === null ? [] : waitingIn(await ledger.history(candidate)))
      if (isNamed(board, text)) return board;
  return null;
}

function waitingIn(history: DeviceHistory): WaitingBoard[] {
  const { mac, runs, sealed, condemned } = history;
  if (sealed !== null || condemned !== null) return [];
  const latest = runs.findLast(
    ({ run, events }) =>
      run.outcome !== 'passed' && events.some(({ event }) => event.type === 'intend' && shutsDoor(event)),
  );
  if (latest === undefined) return [];
  const { run, events } = latest;
  const wroteFlash = events.some(({ event }) => event.type === 'step-started' && event.step === 'write-flash');
  return [{ run, mac, events: [...recordedBefore(burnHistoryOf(history), wroteFlash), ...events] }];
}

/**
 * Whether a board was to be shut in this way. An application may shut its door in another way than its recipe: such a board is none that
 * could be sealed.
 */
export function isToBeShut({ events }: WaitingBoard, way: 'secure' | 'disabled'): boolean {
  for (const { event } of [...events].reverse()) {
    if (event.type !== 'planned') continue;
    const doors = Object.keys(event.facts.door).filter(shutsDownload);
    return doors.length === 0 || doors.some((field) => (field === 'ENABLE_SECURITY_DOWNLOAD') === (way === 'secure'));
  }
  return true;
}

/**
 * Whether it was lost while boot security was being switched on, behind its last read-out: its firmware may have shut the door before
 * anybody could read whether all of these bits took.
 */
export function isHalfEnabled({ events }: Pick<WaitingBoard, 'events'>): boolean {
  const read = events.findLastIndex(({ event }) => event.type === 'observed' && event.what === 'efuses-before-door');
  const since = events.slice(read + 1).map(({ event }) => event);
  const enabled = since.some(
    (event) => event.type === 'intend' && event.what === 'bits' && event.detail.stage === 'enable',
  );
  return enabled && !since.some((event) => event.type === 'step-passed' && event.step === 'protect');
}

/** Whether a burn shuts download mode. */
function shutsDoor(intended: Extract<StoredEvent['event'], { type: 'intend' }>): boolean {
  switch (intended.what) {
    case 'custom-mac':
    case 'key-block':
      return false;
    case 'bits':
    case 'device-encryption':
      return intended.detail.fields.some(({ field }) => shutsDownload(field));
  }
}

/** Whether a text names this board: by its MAC, with or without colons, or by its serial number. */
export function isNamed({ run, mac }: WaitingBoard, text: string): boolean {
  return bareMac(text) === bareMac(mac) || (run.serial !== null && run.serial === text.trim());
}
