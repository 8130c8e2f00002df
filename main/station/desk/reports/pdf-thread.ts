// The body of the thread that draws one PDF. Started by device-export.ts.
import { parentPort, workerData } from 'node:worker_threads';
import type { CertificateSheet } from './certificate-page.ts';
import { certificatePdf } from './certificate-pdf.ts';
import type { Page } from './device-page.ts';
import { pdfPage } from './pdf-page.ts';

const told = workerData as Page | CertificateSheet;

parentPort?.postMessage(await ('facts' in told ? certificatePdf(told) : pdfPage(told)));
