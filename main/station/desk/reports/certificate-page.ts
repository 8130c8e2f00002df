// One sheet of a certificate for a person to read; the certificate itself is the file whose digest it bears.

import type { CertifiedBoard } from '../../../ledger/ledger.ts';
import type { Assurance } from '../../../model/assurance.ts';
import { revisionText } from '../../../model/chip.ts';
import { identityWords } from '../../../model/record.ts';
import { evidenceWords } from '../../../recipe/assurance/assurance.ts';
import { guideIn } from '../../../words/faults.ts';
import type { Language } from '../../../words/languages.ts';
import { saying } from '../../../words/saying.ts';
import type { BatchCertificate, BirthCertificate, Certificate } from '../../certificates.ts';
import { assuranceOfRecord, sumOf } from './assurance.ts';

/** What stands on the sheet, in its order. */
export interface CertificateSheet {
  readonly title: string;
  readonly name: string;
  readonly verdict: string;
  /** Nothing stands against it. */
  readonly isGood: boolean;
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly tables: readonly {
    readonly heading: string;
    readonly rows: readonly (readonly [mark: string, text: string])[];
  }[];
  /** What stands where a table has more than fits. */
  readonly more: string;
  readonly footer: readonly string[];
  /** Text of the QR code. */
  readonly code: string;
  /** The certificate itself, which goes along inside of the PDF. */
  readonly attached: { readonly name: string; readonly bytes: Uint8Array };
}

/** What is said of flash, doors and keys in words: sections of the guide whose evidence is fuses. */
const fuseSections = ['Secure Boot v2', 'Flash encryption', 'Debug interfaces', 'UART download mode', 'Anti-rollback'];
/** Lines of a table that one sheet holds. */
const mostLines = 24;

export function deviceSheet(certificate: BirthCertificate, language: Language = 'en'): CertificateSheet {
  const { paper } = saying(() => language);
  const words = paper.certificate;
  const { record } = certificate;
  const assurance = assuranceOfRecord(record);
  const { met, notApplicable, waived, notMet } = sumOf(assurance);
  const { chip, recipe, identity } = record;
  return {
    title: words.device,
    name: record.serial === null ? chip.mac : `${record.serial}   ${chip.mac}`,
    verdict: words.verdict({ met, waived: waived.length, notMet: notMet.length, notApplicable }),
    isGood: notMet.length === 0,
    facts: [
      [words.product, paper.revision(recipe)],
      [words.chip, `${chip.kind} ${revisionText(chip.revision)}`],
      [words.sealed, words.sealedAt({ time: record.sealedAt, station: record.station, batch: record.batch ?? '-' })],
      [words.identity, identity === null ? paper.none : identityWords(identity)],
      [
        words.secureBoot,
        record.secureBoot === null
          ? paper.off
          : words.secureBootIs({ scheme: record.secureBoot.scheme, keys: record.secureBoot.keyDigests.length }),
      ],
      [
        words.keys,
        record.keys.map(({ role, blocks }) => words.key({ role, blocks: blocks.join(', ') })).join('; ') || paper.none,
      ],
      [
        words.flash,
        words.flashIs({
          parts: record.images.length,
          encrypted: record.images.filter(({ encrypted }) => encrypted).length,
        }),
      ],
      [words.copies, record.keysDestroyedAt === null ? words.kept : words.destroyed({ time: record.keysDestroyedAt })],
    ],
    tables: [
      {
        heading: words.objections,
        rows: lines(
          assurance.filter(({ verdict }) => verdict === 'not met' || verdict === 'waived'),
          language,
        ),
      },
      {
        heading: words.fuses,
        rows: lines(
          assurance.filter(({ section, verdict }) => verdict === 'met' && fuseSections.includes(section)),
          language,
        ),
      },
    ],
    ...footerOf(certificate, chip.mac.replaceAll(':', ''), language),
  };
}

export function batchSheet(certificate: BatchCertificate, language: Language = 'en'): CertificateSheet {
  const { paper } = saying(() => language);
  const words = paper.certificate;
  const { batch, counts, boards } = certificate;
  const sealed = counts.states.sealed ?? 0;
  const others = boards.filter(({ state }) => state !== 'sealed');
  return {
    title: words.batch,
    name: batch.order === null ? batch.id : `${batch.order}   ${batch.id}`,
    verdict: words.batchVerdict({
      ordered: counts.ordered ?? paper.anyNumber,
      sealed,
      left: counts.left ?? paper.anyNumber,
      boards: counts.boards,
    }),
    isGood: others.length === 0 && counts.unidentified === 0,
    facts: [
      [words.product, paper.revision(batch.recipe)],
      [words.opened, batch.openedAt],
      [words.closed, batch.closedAt ?? paper.notYet],
      ...Object.entries(counts.states).map(
        ([state, count]) => [capital(words.states[state as CertifiedBoard['state']]), String(count)] as const,
      ),
      [words.unidentified, String(counts.unidentified)],
    ],
    tables: [
      {
        heading: words.notSealed,
        rows: cut(
          others.map(
            ({ mac, serial, state, tries }) =>
              [words.states[state], words.board({ mac, serial: serial ?? '-', tries })] as const,
          ),
          language,
        ),
      },
    ],
    ...footerOf(certificate, 'batch', language),
  };
}

const capital = (text: string) => text[0]!.toUpperCase() + text.slice(1);

function footerOf(
  { bytes, digest, issued, size, seen }: Certificate,
  name: string,
  language: Language,
): Pick<CertificateSheet, 'more' | 'footer' | 'code' | 'attached'> {
  const words = saying(() => language).paper.certificate;
  return {
    more: words.more,
    footer: [
      words.issued({ time: issued, size }),
      ...(seen.length === 0 ? [words.unseen] : seen.map(({ name, time }) => words.seen({ size, name, time }))),
      words.digest({ digest }),
      words.reading,
    ],
    code: `sha256:${digest}`,
    attached: { name: `certificate-${name}.cose`, bytes },
  };
}

function lines(assurance: readonly Assurance[], language: Language): (readonly [string, string])[] {
  const { verdicts } = saying(() => language).page.assurance;
  return cut(
    assurance.map(
      (one) => [verdicts[one.verdict], `${guideIn(language, one.recommendation)} (${evidenceWords(one)})`] as const,
    ),
    language,
  );
}

function cut(rows: readonly (readonly [string, string])[], language: Language): (readonly [string, string])[] {
  if (rows.length <= mostLines) return [...rows];
  const more = saying(() => language).paper.certificate.moreOf({ count: rows.length - mostLines });
  return [...rows.slice(0, mostLines), ['', more]];
}
