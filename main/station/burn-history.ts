import type { EfusePast, PastSlot } from '../efuse/plan-types.ts';
import type { DeviceHistory, OpenKey } from '../ledger/ledger.ts';
import type { KeyRole, StoredEvent } from '../model/event.ts';

/** What the ledger tells a new plan of a board's earlier runs. */
export interface BurnHistory extends EfusePast {
  /** The latest run that burned or meant to burn something; null: the board comes untouched by us. */
  readonly run: string | null;
  readonly slots: readonly PastSlot[];
  readonly givenUp: readonly number[];
  readonly keys: ReadonlyMap<KeyRole, OpenKey>;
  /** The latest run in which the board was started to encrypt its flash itself, with its events; null: none. */
  readonly encryptedIn: { readonly run: string; readonly events: readonly StoredEvent[] } | null;
}

/** Detail of the burn events of key blocks, as main/chip writes them. */
interface KeyBurnDetail {
  readonly slot: number;
  readonly role?: KeyRole;
  readonly part?: 'whole' | 'low' | 'high';
}

/**
 * A fold over the stored events of every earlier run: which key slots we have touched with which key, and whether the content was read
 * back and found right before it was hidden. A key that was made and never burned is not carried over: the new run makes its own. Pure.
 */
export function burnHistoryOf(history: DeviceHistory): BurnHistory {
  const slots = new Map<number, PastSlot>();
  const givenUp = new Set<number>();
  let run: string | null = null;
  let encryptedIn: BurnHistory['encryptedIn'] = null;
  for (const earlier of history.runs) {
    const fingerprints = new Map<KeyRole, string>();
    for (const { event } of earlier.events) {
      if (event.type === 'key-made') fingerprints.set(event.role, event.fingerprint);
      if (event.type === 'observed' && event.what === 'key-unwrapped') {
        const value = event.value as { role: KeyRole; fingerprint: string };
        fingerprints.set(value.role, value.fingerprint);
      }
      if (event.type === 'intend') run = earlier.run.id;
      if (event.type === 'intend' && event.what === 'device-encryption')
        encryptedIn = { run: earlier.run.id, events: earlier.events };
      if (event.type === 'observed' && event.what === 'key-block-given-up') {
        givenUp.add((event.value as { slot: number }).slot);
      }
      if ((event.type !== 'intend' && event.type !== 'verified') || event.what !== 'key-block') continue;
      const detail = event.detail as unknown as KeyBurnDetail;
      const fingerprint = detail.role && fingerprints.get(detail.role);
      if (!detail.role || !detail.part || !fingerprint) continue;
      const proven = event.type === 'verified' || (slots.get(detail.slot)?.proven ?? false);
      slots.set(detail.slot, { slot: detail.slot, role: detail.role, part: detail.part, fingerprint, proven });
    }
  }
  const keys = new Map<KeyRole, OpenKey>();
  for (const slot of slots.values()) {
    const key = history.openKeys.find((open) => open.role === slot.role && open.fingerprint === slot.fingerprint);
    if (key) keys.set(slot.role, key);
  }
  const told = [...slots.values()].map((slot) => ({
    ...slot,
    keyAtHand: keys.get(slot.role)?.fingerprint === slot.fingerprint,
  }));
  return { run, slots: told, givenUp: [...givenUp], keys, encryptedIn };
}

/**
 * Events that belong into the record of a run before its own: where a run wrote no flash because the device has encrypted it already,
 * those of the run that did (its images, identity and stored values). `wroteFlash`: whether the run has the step write-flash.
 */
export function recordedBefore({ encryptedIn }: BurnHistory, wroteFlash: boolean): readonly StoredEvent[] {
  return wroteFlash || encryptedIn === null ? [] : encryptedIn.events;
}
