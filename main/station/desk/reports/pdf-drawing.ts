// Draws PDFs in a thread of its own: a list of 20,000 devices is some hundred sheets.
import { RecipeFault } from '../../../model/fault.ts';
import { drawnApart, NotDrawn } from '../drawn-apart.ts';
import type { CertificateSheet } from './certificate-page.ts';
import type { Page } from './device-page.ts';

/** Below the budget of the call that asks. */
const usual = { ms: 110_000, mb: 1024 };
const thread = new URL('./pdf-thread.ts', import.meta.url);

/** The page as a PDF. RecipeFault `export.too-much` where it is more than may be drawn. */
export async function drawPdfApart(page: Page | CertificateSheet, limits = usual): Promise<Uint8Array> {
  try {
    return await drawnApart<Uint8Array>(thread, page, limits);
  } catch (error) {
    if (!(error instanceof NotDrawn)) throw error;
    throw new RecipeFault({
      code: 'export.too-much',
      what: `There is no PDF: ${error.message}.`,
      next: 'Search for fewer devices, or take the list as CSV or JSON.',
      cause: error,
    });
  }
}
