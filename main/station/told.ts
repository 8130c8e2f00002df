import type { KeyRole, StoredEvent } from '../model/event.ts';
import type { BitsFact } from '../model/evidence/burns.ts';
import type { SealedRecord } from '../model/record.ts';
import { noteFingerprint } from './burn-history.ts';

type Event = StoredEvent['event'];
type Observed = Extract<Event, { type: 'observed' }>;
type ValueOf<What extends Observed['what']> = Extract<Observed, { what: What }>['value'];
type Said<Type extends Event['type']> = Extract<Event, { type: Type }>;

/** What the events of one board's making come to, for its record: where a thing was said again, the last word of it. */
export interface Told {
  identified: Said<'identified'> | null;
  /** The first plan: where two runs made the board, that of the run that wrote its flash. */
  planned: Said<'planned'> | null;
  efusesBeforeDoor: ValueOf<'efuses-before-door'> | null;
  /** What switches boot security on, burned and read back since: single bits of WR_DIS by their names. */
  enabledSince: BitsFact['fields'][number][];
  firmware: ValueOf<'firmware'> | null;
  certificate: ValueOf<'certificate'> | null;
  request: ValueOf<'certificate-request'> | null;
  ota: ValueOf<'ota-key'> | null;
  provisioning: ValueOf<'provisioning'> | null;
  /** By offset. */
  readonly images: Map<number, ValueOf<'image'>>;
  /** By partition. */
  readonly storage: Map<string, ValueOf<'storage'>>;
  readonly escrows: Map<string, NonNullable<SealedRecord['escrows']>[number]>;
  readonly fingerprints: Map<KeyRole, string>;
  readonly waivers: SealedRecord['waivers'][number][];
  bootProof: SealedRecord['bootProof'];
  finishedLater: SealedRecord['finishedLater'] | null;
  /** The device encrypts its flash itself. */
  encryptsItself: boolean;
  /** ISO 8601. */
  keysDestroyedAt: string | null;
}

/** A fold over stored events. Every fact has its case: a new one does not compile until it is said what it is for a record. Pure. */
export function toldBy(events: readonly StoredEvent[]): Told {
  const told: Told = {
    identified: null,
    planned: null,
    efusesBeforeDoor: null,
    enabledSince: [],
    firmware: null,
    certificate: null,
    request: null,
    ota: null,
    provisioning: null,
    images: new Map(),
    storage: new Map(),
    escrows: new Map(),
    fingerprints: new Map(),
    waivers: [],
    bootProof: {},
    finishedLater: null,
    encryptsItself: false,
    keysDestroyedAt: null,
  };
  for (const { event, at } of events) {
    noteFingerprint(told.fingerprints, event);
    switch (event.type) {
      case 'identified':
        told.identified = event;
        break;
      case 'planned':
        told.planned ??= event;
        break;
      case 'observed':
        observe(told, event);
        break;
      case 'intend':
        intend(told, event);
        break;
      case 'verified':
        verify(told, event);
        break;
      case 'escrowed':
        told.escrows.set(event.what, { what: event.what, fingerprint: event.fingerprint });
        break;
      case 'waived': {
        const { type: _, ...waiver } = event;
        told.waivers.push(waiver);
        break;
      }
      case 'keys-destroyed':
        told.keysDestroyedAt = at;
        break;
      // How it came about is in the ledger, and what this program does not know is in no record of its own.
      case 'burned':
      case 'key-made':
      case 'label-scanned':
      case 'parked':
      case 'resumed':
      case 'row-taken':
      case 'run-ended':
      case 'run-started':
      case 'step-passed':
      case 'step-started':
      case 'unknown':
        break;
      default:
        event satisfies never;
    }
  }
  return told;
}

function intend(told: Told, event: Said<'intend'>): void {
  switch (event.what) {
    case 'device-encryption':
      told.encryptsItself = true;
      return;
    case 'bits':
    case 'custom-mac':
    case 'key-block':
      return;
    default:
      event satisfies never;
  }
}

function verify(told: Told, event: Said<'verified'>): void {
  switch (event.what) {
    case 'boot':
      told.bootProof = { ...told.bootProof, beforeDoor: event.detail };
      return;
    case 'sealed-boot':
      told.bootProof = { ...told.bootProof, afterDoor: event.detail };
      return;
    case 'bits':
      if (event.detail.stage === 'enable') told.enabledSince.push(...event.detail.fields);
      return;
    case 'custom-mac':
    case 'device-encryption':
    case 'flash':
    case 'flash-blank':
    case 'key-block':
      return;
    default:
      event satisfies never;
  }
}

function observe(told: Told, event: Observed): void {
  switch (event.what) {
    case 'certificate':
      told.certificate = event.value;
      return;
    case 'certificate-request':
      told.request = event.value;
      return;
    case 'efuses-before-door':
      told.efusesBeforeDoor = event.value;
      told.enabledSince = [];
      return;
    case 'finishes-run': {
      const { run, identifiedBy, fixture, operator = null } = event.value;
      // The oldest rows do not say where.
      told.finishedLater = fixture === undefined ? null : { identifiedBy, madeIn: run, fixture, operator };
      return;
    }
    case 'firmware':
      told.firmware = event.value;
      return;
    case 'image':
      told.images.set(event.value.offset, event.value);
      return;
    case 'ota-key':
      told.ota = event.value;
      return;
    case 'provisioning':
      told.provisioning = event.value;
      return;
    case 'storage':
      told.storage.set(event.value.partition, event.value);
      return;
    case 'awaits-reset':
    case 'contact':
    case 'door-shut-by-firmware':
    case 'flash':
    case 'key-block-given-up':
    case 'key-unwrapped':
    case 'route':
    case 'rsa-key-destroyed':
      return;
    default:
      event satisfies never;
  }
}
