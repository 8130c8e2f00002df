import { RecipeFault } from '../model/fault.ts';
import { batchSheet, deviceSheet } from '../station/desk/reports/certificate-page.ts';
import { certificatePdf } from '../station/desk/reports/certificate-pdf.ts';
import { type CliContext, type Exit, exit } from './context.ts';
import { writeOutput } from './files.ts';
import { type SignInOptions, signInWhereKnown } from './sign-in.ts';

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
      const { bytes, digest, counts, size } = certificate;
      writeOutput(options.out, bytes, context);
      if (options.pdf)
        writeOutput(options.pdf, await certificatePdf(batchSheet(certificate, context.streams.language)), context);
      if (options.json) context.streams.answer(JSON.stringify({ batch, digest, size, ...counts }));
      const states = Object.entries(counts.states).map(([state, count]) => `${count} ${state}`);
      context.streams.say(
        `Batch ${batch}: ${counts.boards} boards (${states.join(', ') || 'none'}), ${counts.left ?? 'no number'} left of ${counts.ordered ?? 'an open order'}.`,
      );
      saySigned(digest, size, context);
      return exit.passed;
    }
    const mac = (await ledger.sealedDevice(device!))?.chip.mac ?? device!.toLowerCase();
    const certificate = await station.certifyDevice(mac, by);
    const { bytes, digest, record, size } = certificate;
    writeOutput(options.out, bytes, context);
    if (options.pdf)
      writeOutput(options.pdf, await certificatePdf(deviceSheet(certificate, context.streams.language)), context);
    if (options.json) context.streams.answer(JSON.stringify({ mac, digest, size, serial: record.serial }));
    context.streams.say(`Device ${mac}, serial ${record.serial ?? '-'}, sealed ${record.sealedAt}.`);
    saySigned(digest, size, context);
    return exit.passed;
  } finally {
    await station.close();
  }
}

function saySigned(digest: string, size: number, { streams }: CliContext): void {
  streams.say(`Certificate ${digest} (SHA-256), in the ledger under a head over rows 1 to ${size}.`);
}
