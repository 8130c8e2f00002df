import type { CertifiedBoard } from '../ledger/ledger.ts';
import { RecipeFault } from '../model/fault.ts';
import type { Certificate } from '../station/certificates.ts';
import { batchSheet, deviceSheet } from '../station/desk/reports/certificate-page.ts';
import { certificatePdf } from '../station/desk/reports/certificate-pdf.ts';
import { type CliContext, type Exit, exit } from './context.ts';
import { writeOutput } from './files.ts';
import { type SignInOptions, signInWhereKnown } from './sign-in.ts';
import { wordsOf } from './words.ts';

export interface CertificateOptions extends SignInOptions {
  readonly batch?: string;
  readonly out: string;
  readonly json?: boolean;
  readonly pdf?: string;
}

/** One signed file of a sealed device, or of a batch: docs/birth-certificate.md. */
export async function auditCertificate(
  device: string | undefined,
  options: CertificateOptions,
  context: CliContext,
): Promise<Exit> {
  const { batch } = options;
  const { paper, terminal } = wordsOf(context);
  const { certificate: words } = terminal;
  if ((device === undefined) === (batch === undefined))
    throw new RecipeFault({
      code: 'cli.missing',
      what: 'A certificate is of one device or of one batch.',
      next: 'Give the MAC or serial number of a device, or --batch ID.',
    });
  const station = await context.openStation(options);
  try {
    const { ledger } = station.parts;
    const by = await signInWhereKnown(ledger, options, ['qa', 'engineer', 'custodian'], context);
    if (batch !== undefined) {
      const certificate = await station.certifyBatch(batch, by);
      const { bytes, digest, counts, size, seen } = certificate;
      writeOutput(options.out, bytes, context);
      if (options.pdf)
        writeOutput(options.pdf, await certificatePdf(batchSheet(certificate, context.streams.language)), context);
      if (options.json) context.streams.answer(JSON.stringify({ batch, digest, size, seen: shown(seen), ...counts }));
      const states = Object.entries(counts.states).map(
        ([state, count]) => `${count} ${paper.certificate.states[state as CertifiedBoard['state']]}`,
      );
      context.streams.say(
        words.batch({
          ...{ batch, boards: counts.boards, states: states.join(', ') || words.none },
          ...{ left: counts.left ?? words.noNumber, ordered: counts.ordered ?? words.openOrder },
        }),
      );
      saySigned(certificate, context);
      return exit.passed;
    }
    const mac = (await ledger.sealedDevice(device!))?.chip.mac ?? device!.toLowerCase();
    const certificate = await station.certifyDevice(mac, by);
    const { bytes, digest, record, size, seen } = certificate;
    writeOutput(options.out, bytes, context);
    if (options.pdf)
      writeOutput(options.pdf, await certificatePdf(deviceSheet(certificate, context.streams.language)), context);
    if (options.json)
      context.streams.answer(JSON.stringify({ mac, digest, size, seen: shown(seen), serial: record.serial }));
    context.streams.say(words.device({ mac, serial: record.serial ?? '-', time: record.sealedAt }));
    saySigned(certificate, context);
    return exit.passed;
  } finally {
    await station.close();
  }
}

function saySigned({ digest, size, seen }: Certificate, context: CliContext): void {
  const words = wordsOf(context).terminal.certificate;
  context.streams.say(words.signed({ digest, rows: size }));
  for (const { name, time } of seen) context.streams.say(words.seen({ name, time }));
  if (seen.length === 0) context.streams.say(words.unseen);
}

function shown(seen: Certificate['seen']): { readonly name: string; readonly time: string }[] {
  return seen.map(({ name, time }) => ({ name, time }));
}
