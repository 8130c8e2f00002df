import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { makeFolder } from '../../../base/folder.ts';
import { FixtureFault, RecipeFault } from '../../../model/fault.ts';

/** The port on which label printers take raw ZPL. */
const rawPort = 9100;
const patienceMs = 10_000;

/** Where labels are collected in files: a folder of the station's own, below its data. */
export const printedFolder = 'printed';

/**
 * `tcp://host[:9100]`, `host:9100`, or `file:///NAME.zpl`, a file of the folder of printed labels and of no other. RecipeFault `printer.address` for
 * anything else.
 */
export function parsePrinter(
  address: string,
): { kind: 'tcp'; host: string; port: number } | { kind: 'file'; name: string } {
  // what a person reads off a printer: 192.168.1.7:9100
  const written = /^[A-Za-z0-9][A-Za-z0-9.-]*:\d{1,5}$/.test(address) ? `tcp://${address}` : address;
  const url = URL.canParse(written) ? new URL(written) : null;
  if (url?.protocol === 'tcp:' && url.hostname !== '' && ['', '/'].includes(url.pathname))
    return { kind: 'tcp', host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || rawPort) };
  const [, name] = /^file:\/\/\/([A-Za-z0-9][A-Za-z0-9._-]{0,63})$/.exec(address) ?? [];
  if (name !== undefined) return { kind: 'file', name };
  throw new RecipeFault({
    code: 'printer.address',
    what: `${JSON.stringify(address)} is no address of a label printer.`,
    next: `Write tcp://host:9100, or file:///labels.zpl to collect labels in a file of the folder ${printedFolder} of the station's data.`,
  });
}

/**
 * Sends one label, ZPL as text or as UTF-8; `folder` is that of printed labels. FixtureFault `printer.unreachable`; `printer.silent` where the
 * printer took all of it and then kept the line: nobody knows whether it printed. `patience`: ms until it is given up, whatever it sends.
 */
export async function printLabel(
  address: string,
  zpl: string | Uint8Array,
  folder: string,
  patience = patienceMs,
): Promise<void> {
  const printer = parsePrinter(address);
  try {
    if (printer.kind === 'file') await collect(folder, printer.name, zpl);
    else await send(printer.host, printer.port, inOneLine(zpl), patience);
  } catch (cause) {
    if (cause instanceof Kept) throw silentPrinter(address);
    throw new FixtureFault({
      code: 'printer.unreachable',
      what: `The label printer at ${address} took no label: ${cause instanceof Error ? cause.message : String(cause)}.`,
      next: 'See that it is switched on and has paper and network, then print the label again from the device.',
      details: { address },
      cause,
    });
  }
}

/** Labels hold proofs of possession: the file is its owner's alone, is never reached by a link, and is nothing but a file. */
async function collect(folder: string, name: string, zpl: string | Uint8Array): Promise<void> {
  makeFolder(folder, 0o700);
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  const file = await open(join(folder, name), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  try {
    if (!(await file.stat()).isFile()) throw new Error('it is no ordinary file');
    await file.chmod(0o600);
    await file.appendFile(zpl);
  } finally {
    await file.close();
  }
}

/**
 * ZPL needs no line ends. Whatever else listens at the address that somebody gave (mail, a database, a page) gets one line that begins with `^XA`,
 * and no commands of its own.
 */
function inOneLine(zpl: string | Uint8Array): Uint8Array {
  const bytes = typeof zpl === 'string' ? new TextEncoder().encode(zpl) : zpl;
  return bytes.filter((byte) => byte !== 0x0a && byte !== 0x0d);
}

/** The printer has the label and does not let the line go. */
class Kept extends Error {}

function send(host: string, port: number, text: Uint8Array, patience: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    let isSent = false;
    // one end for all of it: a printer that chatters would put off an end of silence for ever
    const limit = setTimeout(() => socket.destroy(isSent ? new Kept() : new Error('it does not answer')), patience);
    socket.on('error', reject);
    socket.on('close', (failed) => {
      clearTimeout(limit);
      if (!failed) resolve();
    });
    socket.on('connect', () =>
      socket.end(text, () => {
        isSent = true;
      }),
    );
    socket.resume();
  });
}

function silentPrinter(address: string): FixtureFault {
  return new FixtureFault({
    code: 'printer.silent',
    what: `The label printer at ${address} took the label and did not say that it is done: it may have printed it or not.`,
    next: 'Look whether a label came out; where none did, print it again from the device.',
    details: { address },
  });
}

/** A label that says nothing but where and when it was asked for: whether printer, paper and language fit. `at`: ISO 8601. */
export function testLabel(station: string, at: string): string {
  const plain = station.replaceAll(/[^ -~]|[\^~]/g, '?');
  return `^XA^CI28^FO30,30^A0N,40,40^FDFuseline test label^FS^FO30,85^A0N,28,28^FD${plain}^FS^FO30,125^A0N,28,28^FD${at}^FS^XZ\n`;
}
