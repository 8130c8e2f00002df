import { setImmediate } from 'node:timers/promises';
import type { ExportedFile } from '../../../contract/views.ts';
import type { DeviceRow, LedgerReader } from '../../../ledger/ledger.ts';
import type { SealedRecord } from '../../../model/record.ts';
import { type RegistrationForm, registrationText } from '../../registration.ts';

/** Names of the forms at a face of the station. */
const forms: Readonly<Record<string, RegistrationForm>> = { registration: 'csv', aws: 'aws', azure: 'azure' };

/** The registration that a face means by this form of an export; null: it means another kind of file. */
export function registrationNamed(form: string): RegistrationForm | null {
  return forms[form] ?? null;
}

/** The sealed devices among the rows of a list, as a file that a cloud takes in bulk. Faults as registrationText. */
export async function exportRegistration(
  rows: readonly DeviceRow[],
  form: RegistrationForm,
  at: string,
  ledger: LedgerReader,
): Promise<ExportedFile> {
  const records: SealedRecord[] = [];
  for (const { mac, sealedAt } of rows) {
    const record = sealedAt === null ? null : await ledger.sealedDevice(mac);
    if (record !== null) records.push(record);
  }
  const [ending, mime] = form === 'csv' ? ['csv', 'text/csv'] : ['jsonl', 'application/jsonl'];
  const text: string[] = [];
  for (const piece of registrationText(records, form)) {
    text.push(piece);
    // certificates are read here, while boards are made
    await setImmediate();
  }
  return {
    name: `registration-${form}-${at.replaceAll(/[:.]/g, '-')}.${ending}`,
    mime: mime!,
    data: Buffer.from(text.join('')).toString('base64'),
  };
}
