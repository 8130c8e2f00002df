import { appendFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { FixtureFault, RecipeFault } from '../../../model/fault.ts';

/** The port on which label printers take raw ZPL. */
const rawPort = 9100;
const patienceMs = 10_000;

/** `tcp://host[:9100]` or `file:///path`. RecipeFault `printer.address` for anything else. */
export function parsePrinter(
  address: string,
): { kind: 'tcp'; host: string; port: number } | { kind: 'file'; path: string } {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url?.protocol === 'tcp:' && url.hostname !== '' && ['', '/'].includes(url.pathname))
    return { kind: 'tcp', host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || rawPort) };
  if (url?.protocol === 'file:' && url.host === '') return { kind: 'file', path: fileURLToPath(url) };
  throw new RecipeFault({
    code: 'printer.address',
    what: `${JSON.stringify(address)} is no address of a label printer.`,
    next: 'Write tcp://host:9100, or file:///folder/labels.zpl to collect labels in a file.',
  });
}

/** Sends one label, ZPL as text or as UTF-8. FixtureFault `printer.unreachable`. */
export async function printLabel(address: string, zpl: string | Uint8Array): Promise<void> {
  const printer = parsePrinter(address);
  try {
    if (printer.kind === 'file') await appendFile(printer.path, zpl);
    else await send(printer.host, printer.port, zpl);
  } catch (cause) {
    throw new FixtureFault({
      code: 'printer.unreachable',
      what: `The label printer at ${address} took no label: ${cause instanceof Error ? cause.message : String(cause)}.`,
      next: 'See that it is switched on and has paper and network, then print the label again from the device.',
      details: { address },
      cause,
    });
  }
}

function send(host: string, port: number, text: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    socket.setTimeout(patienceMs, () => socket.destroy(new Error('it does not answer')));
    socket.on('error', reject);
    socket.on('close', (failed) => {
      if (!failed) resolve();
    });
    socket.on('connect', () => socket.end(text));
    socket.resume();
  });
}
