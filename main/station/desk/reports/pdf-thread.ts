// The body of the thread that draws one PDF. Started by device-export.ts.
import { parentPort, workerData } from 'node:worker_threads';
import type { Page } from './device-page.ts';
import { pdfPage } from './pdf-page.ts';

parentPort?.postMessage(await pdfPage(workerData as Page));
