// One sheet of a certificate for a person to read; the certificate itself is the file whose digest it bears.
import type { Assurance } from '../../../model/assurance.ts';
import { revisionText } from '../../../model/chip.ts';
import { identityWords } from '../../../model/record.ts';
import { evidenceWords } from '../../../recipe/assurance/assurance.ts';
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

export function deviceSheet(certificate: BirthCertificate): CertificateSheet {
  const { record } = certificate;
  const assurance = assuranceOfRecord(record);
  const { met, notApplicable, waived, notMet } = sumOf(assurance);
  const { chip, recipe, identity } = record;
  return {
    title: 'Birth certificate',
    name: record.serial === null ? chip.mac : `${record.serial}   ${chip.mac}`,
    verdict: `${met} recommendations of Espressif's guide met, ${waived.length} waived, ${notMet.length} not met, ${notApplicable} not applicable`,
    isGood: notMet.length === 0,
    facts: [
      ['Product', `${recipe.name}, revision ${recipe.revision}`],
      ['Chip', `${chip.kind} ${revisionText(chip.revision)}`],
      ['Sealed', `${record.sealedAt}, station ${record.station}, batch ${record.batch ?? '-'}`],
      ['Identity', identity === null ? 'none' : identityWords(identity)],
      [
        'Secure Boot',
        record.secureBoot === null
          ? 'off'
          : `${record.secureBoot.scheme}, ${record.secureBoot.keyDigests.length} key(s)`,
      ],
      ['Keys', record.keys.map(({ role, blocks }) => `${role} (block ${blocks.join(', ')})`).join('; ') || 'none'],
      [
        'Flash',
        `${record.images.length} parts, ${record.images.filter(({ encrypted }) => encrypted).length} encrypted`,
      ],
      ['Copies of keys', record.keysDestroyedAt === null ? 'not destroyed' : `destroyed ${record.keysDestroyedAt}`],
    ],
    tables: [
      {
        heading: 'Not met, or waived',
        rows: lines(assurance.filter(({ verdict }) => verdict === 'not met' || verdict === 'waived')),
      },
      {
        heading: 'What the fuses say',
        rows: lines(assurance.filter(({ section, verdict }) => verdict === 'met' && fuseSections.includes(section))),
      },
    ],
    ...footerOf(certificate, chip.mac.replaceAll(':', '')),
  };
}

export function batchSheet(certificate: BatchCertificate): CertificateSheet {
  const { batch, counts, boards } = certificate;
  const sealed = counts.states.sealed ?? 0;
  const others = boards.filter(({ state }) => state !== 'sealed');
  return {
    title: 'Batch certificate',
    name: batch.order === null ? batch.id : `${batch.order}   ${batch.id}`,
    verdict: `${counts.ordered ?? 'any number'} ordered, ${sealed} sealed, ${counts.left ?? 'any number'} left; ${counts.boards} boards begun`,
    isGood: others.length === 0 && counts.unidentified === 0,
    facts: [
      ['Product', `${batch.recipe.name}, revision ${batch.recipe.revision}`],
      ['Opened', batch.openedAt],
      ['Closed', batch.closedAt ?? 'not yet'],
      ...Object.entries(counts.states).map(
        ([state, count]) => [state[0]!.toUpperCase() + state.slice(1), String(count)] as const,
      ),
      ['Tries without a chip', String(counts.unidentified)],
    ],
    tables: [
      {
        heading: 'Boards that are not sealed',
        rows: cut(
          others.map(({ mac, serial, state, tries }) => [state, `${mac}   ${serial ?? '-'}   ${tries} tries`] as const),
        ),
      },
    ],
    ...footerOf(certificate, 'batch'),
  };
}

function footerOf(
  { bytes, digest, issued, size }: Certificate,
  name: string,
): Pick<CertificateSheet, 'more' | 'footer' | 'code' | 'attached'> {
  return {
    more: 'and more: the certificate has them all',
    footer: [
      `Issued ${issued}. In the ledger under a signed head over rows 1 to ${size}.`,
      `SHA-256 of the certificate: ${digest}`,
      'This sheet is for reading. What counts is the file with this digest, attached to this PDF: check it with the public key of the ledger.',
    ],
    code: `sha256:${digest}`,
    attached: { name: `certificate-${name}.cose`, bytes },
  };
}

function lines(assurance: readonly Assurance[]): (readonly [string, string])[] {
  return cut(assurance.map((one) => [one.verdict, `${one.recommendation} (${evidenceWords(one)})`] as const));
}

function cut(rows: readonly (readonly [string, string])[]): (readonly [string, string])[] {
  if (rows.length <= mostLines) return [...rows];
  return [...rows.slice(0, mostLines), ['', `and ${rows.length - mostLines} more: the certificate has them all`]];
}
