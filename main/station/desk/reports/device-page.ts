import { type DeviceHistory, reasonWords } from '../../../ledger/ledger.ts';
import type { EfuseFields } from '../../../model/evidence/efuses.ts';
import { eventText } from '../../../model/evidence/event-text.ts';
import { finishedWords, identityWords, type SealedRecord } from '../../../model/record.ts';
import { storageRows } from '../../../model/storage.ts';
import { evidenceWords } from '../../../recipe/assurance/assurance.ts';
import { guideIn } from '../../../words/faults.ts';
import type { Language } from '../../../words/languages.ts';
import { saying } from '../../../words/saying.ts';
import { assuranceOfRecord } from './assurance.ts';
import { paperTime } from './paper-time.ts';

/** A page of names and values under headings, for print. */
export interface Page {
  /** In which it is written; left out: English. */
  readonly language?: Language;
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

/** What is told of a device: its sealed record, then its history, run by run. The history and what was shown are as they were written. */
export function devicePageOf(
  history: DeviceHistory,
  facts: { readonly station: string; readonly at: string },
  language: Language = 'en',
): Page {
  const { sealed, condemned, released } = history;
  const { paper } = saying(() => language);
  const words = paper.device;
  return {
    language,
    title: words.title({ mac: history.mac }),
    sections: [
      { heading: paper.station({ station: facts.station, time: paperTime(facts.at) }), rows: [] },
      ...(condemned
        ? [{ heading: words.condemned, rows: [[paperTime(condemned.at), reasonWords(condemned)] as const] }]
        : []),
      ...(released
        ? [{ heading: words.released, rows: [[paperTime(released.at), reasonWords(released)] as const] }]
        : []),
      ...(sealed === null ? [] : recordSections(sealed, language)),
      ...history.runs.map(({ run, events }) => ({
        heading: words.run({
          time: paperTime(run.startedAt),
          outcome: run.outcome ?? paper.notEnded,
          fixture: run.fixture,
          operator: run.operator ?? '-',
        }),
        rows: [
          [words.runId, run.id] as const,
          // times of day, in UTC: the heading has the day
          ...events.map(
            (stored) => [`${stored.at.slice(11, 19)} ${stored.step ?? ''}`, eventText(stored.event)] as const,
          ),
        ],
      })),
    ],
  };
}

export function recordSections(record: SealedRecord, language: Language = 'en'): Page['sections'] {
  const { recipe, chip, identity } = record;
  const { paper, page } = saying(() => language);
  const words = paper.device;
  const { names } = words;
  return [
    {
      heading: words.record,
      rows: [
        [
          names.sealed,
          words.sealedAt({ time: paperTime(record.sealedAt), run: record.run, batch: record.batch ?? '-' }),
        ],
        [
          names.station,
          words.stationIs({ station: record.station, fixture: record.fixture, operator: record.operator ?? '-' }),
        ],
        [names.recipe, words.recipeIs({ name: recipe.name, revision: recipe.revision, hash: recipe.hash })],
        [names.plan, record.planDigest],
        [names.chip, words.chipIs({ kind: chip.kind, revision: chip.revision, mac: chip.mac })],
        [names.serial, record.serial ?? '-'],
        [
          names.secureBoot,
          record.secureBoot ? `${record.secureBoot.scheme} ${record.secureBoot.keyDigests.join(' ')}` : paper.off,
        ],
        [names.identity, identity === null ? '-' : identityWords(identity)],
        ...storageRows(record),
        ...(record.ota ? [[names.updateKey, `${record.ota.scheme} ${record.ota.publicKey}`] as const] : []),
        [names.keysDestroyed, record.keysDestroyedAt === null ? words.no : paperTime(record.keysDestroyedAt)],
        ...(record.finishedLater ? [[names.finishedLater, finishedWords(record.finishedLater)] as const] : []),
        [names.waivers, record.waivers.map(waiverText).join('; ') || '-'],
        [names.software, `${record.software.name} ${record.software.version}`],
      ],
    },
    {
      heading: words.keys,
      rows: record.keys.map((key) => [key.role, `BLOCK ${key.blocks.join(' and ')}   ${key.fingerprint}`] as const),
    },
    {
      heading: words.flash,
      rows: record.images.map(
        (image) =>
          [
            `0x${image.offset.toString(16)} ${image.name}`,
            (image.encrypted ? words.bytesEncrypted : words.bytes)({ length: image.length, sha256: image.flashSha256 }),
          ] as const,
      ),
    },
    {
      heading: words.assurance,
      rows: assuranceOfRecord(record).map(
        (one) =>
          [
            `${page.assurance.verdicts[one.verdict]}   ${guideIn(language, one.section)}`,
            `${guideIn(language, one.recommendation)}   (${evidenceWords(one)})`,
          ] as const,
      ),
    },
    { heading: words.efuses, rows: fieldRows(record.efusesAfter.readOut, words.secret) },
    ...(identity?.certificatePem
      ? [{ heading: words.certificate, rows: [['', identity.certificatePem] as const] }]
      : []),
    ...(identity?.csrPem ? [{ heading: words.request, rows: [['', identity.csrPem] as const] }] : []),
  ];
}

function waiverText({ check, reason, by }: SealedRecord['waivers'][number]): string {
  return `${check}: ${reason}${by ? ` (${by})` : ''}`;
}

function fieldRows(efuses: EfuseFields, secret: string): (readonly [string, string])[] {
  return Object.entries(efuses).map(([name, { value }]) => [name, value === null ? secret : String(value)]);
}
