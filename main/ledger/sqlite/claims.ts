import type { RunEvent, StepEvent, StoredEvent } from '../../model/event.ts';
import type { SealedRecord } from '../../model/record.ts';
import type { BookedEvent } from '../entry.ts';
import { eventOf } from './events.ts';

/** The claim of a row of a list: no list's name holds a line end. */
export function rowClaim(list: string, row: string): string {
  return `${list}\n${row}`;
}

type Claim = readonly ['fingerprint' | 'row' | 'public-key' | 'certificate', string];

/** What an event claims for the board of its run, before anything is burned: each may be one board's only. */
export function claimsOfEvent(event: StepEvent | RunEvent | StoredEvent['event']): Claim[] {
  switch (event.type) {
    case 'key-made':
      return [['fingerprint', event.fingerprint]];
    case 'row-taken':
      return [['row', rowClaim(event.list, event.row)]];
    case 'observed':
      if (event.what === 'certificate-request') return [['public-key', event.value.publicKey]];
      if (event.what !== 'certificate') return [];
      return [
        ['public-key', event.value.publicKey],
        ['certificate', event.value.serial],
      ];
    default:
      return [];
  }
}

/** The same of an event as it stands in `row`; only what may claim something is read. LedgerFault `ledger.row`. */
export function claimsOfBooked(booked: BookedEvent, row: number): Claim[] {
  const { type, what } = booked;
  const mayClaim =
    type === 'key-made' ||
    type === 'row-taken' ||
    (type === 'observed' && (what === 'certificate' || what === 'certificate-request'));
  return mayClaim ? claimsOfEvent(eventOf(booked, row)) : [];
}

/** What a sealed record claims, each to exist once. Digests of secure boot keys are the product's, not the device's: no claim. */
export function claimsOf(
  record: SealedRecord,
): (readonly ['mac' | 'serial' | 'public-key' | 'certificate' | 'fingerprint', string])[] {
  return [
    ['mac', record.chip.mac],
    ...(record.serial === null ? [] : [['serial', record.serial] as const]),
    ...(record.identity === null
      ? []
      : [
          ['public-key', record.identity.publicKey] as const,
          ...(record.identity.certificateSerial === null
            ? []
            : [['certificate', record.identity.certificateSerial] as const]),
        ]),
    ...record.keys
      .filter((key) => !key.role.startsWith('secure-boot-digest-'))
      .map((key) => ['fingerprint', key.fingerprint] as const),
  ];
}
