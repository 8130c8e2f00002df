import type { EfusePast, PastSlot } from '../efuse/plan-types.ts';
import type { DeviceHistory, OpenKey } from '../ledger/ledger.ts';
import type { KeyRole, StoredEvent } from '../model/event.ts';
import type { KeyBlockFact } from '../model/evidence/burns.ts';
import type { EfuseFields } from '../model/evidence/efuses.ts';
import type { PlanInput } from '../recipe/plan/plan.ts';

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
    const touch = (key: KeyBlockFact, seenRight: boolean) => {
      const fingerprint = 'role' in key ? fingerprints.get(key.role) : undefined;
      if (!('role' in key) || fingerprint === undefined) return;
      const proven = seenRight || (slots.get(key.slot)?.proven ?? false);
      slots.set(key.slot, { slot: key.slot, role: key.role, part: key.part, fingerprint, proven });
    };
    for (const { event } of earlier.events) {
      noteFingerprint(fingerprints, event);
      if (meansToBurn(event)) run = earlier.run.id;
      if (event.type === 'intend') {
        switch (event.what) {
          case 'key-block':
            touch(event.detail, false);
            break;
          case 'device-encryption':
            encryptedIn = { run: earlier.run.id, events: earlier.events };
            break;
          case 'bits': // seen in the eFuses themselves
          case 'custom-mac':
            break;
          default:
            event satisfies never;
        }
      }
      if (event.type === 'verified' && event.what === 'key-block') touch(event.detail, true);
      if (event.type === 'observed' && event.what === 'key-block-given-up') givenUp.add(event.value.slot);
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

/** What of it a plan is made with. */
export function pastOfPlan({ run, slots, givenUp, encryptedIn, keys }: BurnHistory): PlanInput['past'] {
  return {
    run,
    slots,
    givenUp,
    encryptedIn: encryptedIn?.run ?? null,
    keys: new Map([...keys].map(([role, key]) => [role, key.fingerprint])),
  };
}

/** The eFuses as they were when the board was met for the first time; null: it was not. */
export function cameAs({ runs }: Pick<DeviceHistory, 'runs'>): EfuseFields | null {
  for (const { events } of runs) for (const { event } of events) if (event.type === 'identified') return event.efuses;
  return null;
}

/** Whether the board was about to be changed for ever; also by a program that knew other burns: then it is not untouched. */
function meansToBurn(event: StoredEvent['event']): boolean {
  return event.type === 'intend' || (event.type === 'unknown' && event.raw.type === 'intend');
}

/** Notes the fingerprint of a role's key, whether it was made in this run or unwrapped from an earlier one. */
export function noteFingerprint(fingerprints: Map<KeyRole, string>, event: StoredEvent['event']): void {
  if (event.type === 'key-made') fingerprints.set(event.role, event.fingerprint);
  if (event.type === 'observed' && event.what === 'key-unwrapped')
    fingerprints.set(event.value.role, event.value.fingerprint);
}

/**
 * Events that belong into the record of a run before its own: where a run wrote no flash because the device has encrypted it already,
 * those of the run that did (its images, identity and stored values). `wroteFlash`: whether the run has the step write-flash.
 */
export function recordedBefore({ encryptedIn }: BurnHistory, wroteFlash: boolean): readonly StoredEvent[] {
  return wroteFlash || encryptedIn === null ? [] : encryptedIn.events;
}
