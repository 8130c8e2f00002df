import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { concat, utf8 } from '../../../base/bytes.ts';
import { makeFolder } from '../../../base/folder.ts';
import { FixtureFault, RecipeFault } from '../../../model/fault.ts';
import { refuseHalfLabel } from './label-template.ts';

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
 * printer took all of it and then kept the line, `printer.broken` where the line broke meanwhile: nobody knows whether it printed. RecipeFault
 * `label.not-whole`. `patience`: ms until it is given up, whatever it sends.
 */
export async function printLabel(
  address: string,
  zpl: string | Uint8Array,
  folder: string,
  patience = patienceMs,
): Promise<void> {
  const printer = parsePrinter(address);
  refuseHalfLabel(zpl);
  try {
    if (printer.kind === 'file') await collect(folder, printer.name, zpl);
    else await send(printer.host, printer.port, concat(utf8(forgetHalf), inOneLine(zpl)), patience);
  } catch (cause) {
    if (cause instanceof Kept) throw silentPrinter(address);
    if (cause instanceof Broken) throw brokenLine(address, cause.message);
    throw new FixtureFault({
      code: 'printer.unreachable',
      what: `The label printer at ${address} took no label: ${cause instanceof Error ? cause.message : String(cause)}.`,
      next: 'See that it is switched on and has paper and network, then print the label again from the device.',
      details: { address },
      cause,
    });
  }
}

/**
 * A label with a secret of a device goes to a printer alone: what is collected in a file stays there, and goes into every copy of it.
 * RecipeFault `label.secret-in-file`; `printer.address` as above.
 */
export function refuseSecretInFile(address: string): void {
  if (parsePrinter(address).kind !== 'file') return;
  throw new RecipeFault({
    code: 'label.secret-in-file',
    what: 'The label printer of this station is a file, and no secret of a device goes into a file.',
    next: 'Set a printer that prints (Station, Label printer: tcp://HOST:9100), then print the label again from the device.',
  });
}

/** Labels say what devices there are: the file is its owner's alone, is never reached by a link, and is nothing but a file. */
async function collect(folder: string, name: string, zpl: string | Uint8Array): Promise<void> {
  makeFolder(folder, 0o700);
  const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  const file = await open(join(folder, name), O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  try {
    if (!(await file.stat()).isFile()) throw new Error('it is no ordinary file');
    await file.chmod(0o600);
    const whole = await wholeLabels(file);
    try {
      await file.truncate(whole);
      await file.appendFile(zpl);
      await file.sync();
    } catch (error) {
      await file.truncate(whole).catch(() => undefined);
      throw error;
    }
  } finally {
    await file.close();
  }
}

/** So many bytes of a file are looked at in one go. */
const lookBytes = 65_536;
const overlapBytes = 16;

/** How long a file of labels is without the half of one in which a full disk, a cut or a killed program left it. */
async function wholeLabels(file: FileHandle): Promise<number> {
  const { size } = await file.stat();
  for (let end = size; end > 0; ) {
    const from = Math.max(0, end - lookBytes);
    const text = (await file.read(Buffer.alloc(end - from), 0, end - from, from)).buffer.toString('latin1');
    const last = text.toUpperCase().lastIndexOf(endOfLabel);
    if (last >= 0) {
      const behind = from + last + endOfLabel.length;
      return behind + (/^[\r\n]*/.exec(text.slice(last + endOfLabel.length))?.[0].length ?? 0);
    }
    // an end may lie across both looks, with the line end behind it
    end = from === 0 ? 0 : from + overlapBytes;
  }
  return 0;
}

const endOfLabel = '^XZ';

/**
 * Sent before each label: a printer to which the line broke in the middle of one has its fields still, and would put those of the next label on
 * top of them (ZPL II Programming Guide, ~JX: what came of a format is forgotten; what is printed or waits to be is left alone).
 */
const forgetHalf = '~JX';

/**
 * ZPL needs no line ends. Whatever else listens at the address that somebody gave (mail, a database, a page) gets one line that begins with `~JX^XA`,
 * and no commands of its own.
 */
function inOneLine(zpl: string | Uint8Array): Uint8Array {
  const bytes = typeof zpl === 'string' ? new TextEncoder().encode(zpl) : zpl;
  return bytes.filter((byte) => byte !== 0x0a && byte !== 0x0d);
}

class GivenUp extends Error {}

/** The printer has the label and does not let the line go. */
class Kept extends GivenUp {}

/** The line to the printer broke while a label was on its way. */
class Broken extends Error {}

function send(host: string, port: number, text: Uint8Array, patience: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    let isConnected = false;
    let isSent = false;
    // one end for all of it: a printer that chatters would put off an end of silence for ever
    const limit = setTimeout(() => socket.destroy(isSent ? new Kept() : new GivenUp('it does not answer')), patience);
    socket.on('error', (error) =>
      reject(isConnected && !(error instanceof GivenUp) ? new Broken(error.message) : error),
    );
    socket.on('close', (failed) => {
      clearTimeout(limit);
      if (!failed) resolve();
    });
    socket.on('connect', () => {
      isConnected = true;
      socket.end(text, () => {
        isSent = true;
      });
    });
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

function brokenLine(address: string, why: string): FixtureFault {
  return new FixtureFault({
    code: 'printer.broken',
    what: `The line to the label printer at ${address} broke while a label was on its way (${why}): it may have printed it or not.`,
    next: 'Look whether a label came out; where none did, print it again from the device.',
    details: { address },
  });
}

/** A label that says nothing but where and when it was asked for: whether printer, paper and language fit. `at`: ISO 8601. */
export function testLabel(station: string, at: string): string {
  const plain = station.replaceAll(/[^ -~]|[\^~]/g, '?');
  return `^XA^CI28^FO30,30^A0N,40,40^FDFuseline test label^FS^FO30,85^A0N,28,28^FD${plain}^FS^FO30,125^A0N,28,28^FD${at}^FS^XZ\n`;
}
