import { type DeviceHistory, reasonWords } from '../../../ledger/ledger.ts';
import type { EfuseFields } from '../../../model/evidence/efuses.ts';
import { eventText } from '../../../model/evidence/event-text.ts';
import { finishedWords, identityWords, type SealedRecord } from '../../../model/record.ts';
import { storageRows } from '../../../model/storage.ts';
import { evidenceWords } from '../../../recipe/assurance/assurance.ts';
import { assuranceOfRecord } from './assurance.ts';
import { paperTime } from './paper-time.ts';

/** A page of names and values under headings, for print. */
export interface Page {
  readonly title: string;
  readonly sections: readonly {
    readonly heading: string;
    readonly rows: readonly (readonly [name: string, value: string])[];
    /** Behind the rows: cells under their titles, which stand on each sheet anew. Widths in points. */
    readonly table?: {
      readonly columns: readonly string[];
      readonly widths: readonly number[];
      readonly rows: readonly (readonly string[])[];
    };
    /** Text of a QR code behind them. */
    readonly code?: string;
  }[];
}

/** What is told of a device: its sealed record, then its history, run by run. */
export function devicePageOf(history: DeviceHistory, facts: { readonly station: string; readonly at: string }): Page {
  const { sealed, condemned, released } = history;
  return {
    title: `Device ${history.mac}`,
    sections: [
      { heading: `Station ${facts.station}, ${paperTime(facts.at)}`, rows: [] },
      ...(condemned
        ? [{ heading: 'Condemned', rows: [[paperTime(condemned.at), reasonWords(condemned)] as const] }]
        : []),
      ...(released ? [{ heading: 'Released', rows: [[paperTime(released.at), reasonWords(released)] as const] }] : []),
      ...(sealed === null ? [] : recordSections(sealed)),
      ...history.runs.map(({ run, events }) => ({
        heading: `Run of ${paperTime(run.startedAt)}: ${run.outcome ?? 'not ended'}, fixture ${run.fixture}, operator ${run.operator ?? '-'}`,
        rows: [
          ['run', run.id] as const,
          // times of day, in UTC: the heading has the day
          ...events.map(
            (stored) => [`${stored.at.slice(11, 19)} ${stored.step ?? ''}`, eventText(stored.event)] as const,
          ),
        ],
      })),
    ],
  };
}

export function recordSections(record: SealedRecord): Page['sections'] {
  const { recipe, chip, identity } = record;
  return [
    {
      heading: 'Sealed record',
      rows: [
        ['sealed', `${paperTime(record.sealedAt)}, run ${record.run}, batch ${record.batch ?? '-'}`],
        ['station', `${record.station}, fixture ${record.fixture}, operator ${record.operator ?? '-'}`],
        ['recipe', `${recipe.name} revision ${recipe.revision}, ${recipe.hash}`],
        ['plan', record.planDigest],
        ['chip', `${chip.kind} revision ${chip.revision}, ${chip.mac}`],
        ['serial', record.serial ?? '-'],
        [
          'secure boot',
          record.secureBoot ? `${record.secureBoot.scheme} ${record.secureBoot.keyDigests.join(' ')}` : 'off',
        ],
        ['identity', identity === null ? '-' : identityWords(identity)],
        ...storageRows(record),
        ...(record.ota ? [['update key', `${record.ota.scheme} ${record.ota.publicKey}`] as const] : []),
        ['keys destroyed', record.keysDestroyedAt === null ? 'no' : paperTime(record.keysDestroyedAt)],
        ...(record.finishedLater ? [['finished later by', finishedWords(record.finishedLater)] as const] : []),
        ['waivers', record.waivers.map(waiverText).join('; ') || '-'],
        ['software', `${record.software.name} ${record.software.version}`],
      ],
    },
    {
      heading: 'Keys (fingerprints)',
      rows: record.keys.map((key) => [key.role, `BLOCK ${key.blocks.join(' and ')}   ${key.fingerprint}`] as const),
    },
    {
      heading: 'Flash (SHA-256 as written)',
      rows: record.images.map(
        (image) =>
          [
            `0x${image.offset.toString(16)} ${image.name}`,
            `${image.length} bytes${image.encrypted ? ', encrypted' : ''}   ${image.flashSha256}`,
          ] as const,
      ),
    },
    {
      heading: 'Assurance: the recommendations of the ESP-IDF security guide',
      rows: assuranceOfRecord(record).map(
        (one) => [`${one.verdict}   ${one.section}`, `${one.recommendation}   (${evidenceWords(one)})`] as const,
      ),
    },
    { heading: 'eFuses after', rows: fieldRows(record.efusesAfter.readOut) },
    ...(identity?.certificatePem ? [{ heading: 'Certificate', rows: [['', identity.certificatePem] as const] }] : []),
    ...(identity?.csrPem ? [{ heading: 'Certificate request', rows: [['', identity.csrPem] as const] }] : []),
  ];
}

function waiverText({ check, reason, by }: SealedRecord['waivers'][number]): string {
  return `${check}: ${reason}${by ? ` (${by})` : ''}`;
}

function fieldRows(efuses: EfuseFields): (readonly [string, string])[] {
  return Object.entries(efuses).map(([name, { value }]) => [name, value === null ? 'secret' : String(value)]);
}
