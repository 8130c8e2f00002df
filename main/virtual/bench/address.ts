import { type ChipKind, chipKinds, parseRevision } from '../../model/chip.ts';
import { RecipeFault } from '../../model/fault.ts';
import { kindFacts } from '../kinds.ts';
import type { VirtualChipOptions, VirtualFault } from '../silicon.ts';

/** A `virtual:` address taken apart. */
export interface VirtualAddress {
  readonly options: VirtualChipOptions;
  /** Under which the same chip is opened again; null where every opening is a new board. */
  readonly name: string | null;
}

const scheme = 'virtual:';
const keys =
  'rev, blocks, octal, mac, seed, flash, state, fault, pacing, latency, baud, xtal, shuts-doors, prints-mac, encrypts, door, name';

/** Crystals, as an address writes them, of a kind whose boards come with several. */
function crystalsOf(kind: ChipKind): readonly string[] {
  const { crystalMHz, otherCrystals = [] } = kindFacts(kind);
  return otherCrystals.length === 0 ? [] : [...otherCrystals, crystalMHz].map(String);
}

/** `xtal=26 or xtal=40, on esp32c2` */
const knownCrystals = chipKinds
  .filter((kind) => crystalsOf(kind).length > 0)
  .map(
    (kind) =>
      `${crystalsOf(kind)
        .map((crystal) => `xtal=${crystal}`)
        .join(' or ')}, on ${kind}`,
  )
  .join('; ');

/** All kinds of faults; a record so that the compiler misses none. */
const faultKinds: Readonly<Record<VirtualFault['kind'], true>> = {
  'power-cut-in-burn': true,
  'power-cut-in-half': true,
  'power-cut-after-burn': true,
  'weak-burn': true,
  'dead-bit': true,
  'power-cut-in-flash': true,
  'bad-flash': true,
  'lost-answer': true,
  'garbled-answer': true,
  'lost-request-byte': true,
  unplug: true,
  mute: true,
  'brown-out': true,
  'brown-out-at-start': true,
  'mute-from': true,
  'chatter-from': true,
  'half-from': true,
  'endless-from': true,
  'babble-from': true,
  'baud-limit': true,
};

/**
 * Takes `virtual:KIND[?key=value&...]` apart. Keys:
 *
 *     rev=v3.1           silicon revision
 *     blocks=v1.2        version of its eFuse blocks; v0.1 without it
 *     octal=yes|no       set up for flash with eight data lines, of a kind that comes with such
 *     mac=aa:bb:...      MAC; without it made from the seed
 *     seed=7             everything that is made by chance follows from it
 *     flash=16MB         size; also KB, or bytes (decimal or 0x...)
 *     state=FILE         eFuses and flash live in this file
 *     fault=KIND[:N]     may be given several times; KIND as in VirtualFault, N its count, bytes, address or rate (mute has none)
 *     pacing=line|none   whether bytes take the time they take at the line's rate
 *     latency=MS         added to every answer
 *     baud=RATE          the highest rate that the line carries (the fault baud-limit)
 *     xtal=MHZ           crystal of the board, of a kind that comes with several (ESP32-C2: 26 or 40)
 *     shuts-doors=yes|no the application is a release build that burns ENABLE_SECURITY_DOWNLOAD at its start
 *     prints-mac=yes|no  the application prints the chip's MAC at its start
 *     encrypts=yes|no    the bootloader is a release build that encrypts flash at its first start
 *     door=at-next-command|before-answer
 *                        where the ROM falls silent when it finds its download door shut
 *     name=TEXT          opens the same chip again
 *
 * RecipeFault `virtual.address` that names what is known, for anything else.
 */
export function parseVirtualAddress(address: string): VirtualAddress {
  const [kindText = '', ...rest] = (address.startsWith(scheme) ? address.slice(scheme.length) : '').split('?');
  const kind = chipKinds.find((known) => known === kindText);
  if (kind === undefined || rest.length > 1) {
    throw badAddress(
      address,
      `"${address}" is no address of a virtual chip`,
      `virtual:KIND, KIND one of ${chipKinds.join(', ')}`,
    );
  }
  let name: string | null = null;
  let options: VirtualChipOptions = { kind };
  const faults: VirtualFault[] = [];
  const seen = new Set<string>();
  for (const [key, value] of pairs(rest[0] ?? '')) {
    const bad = (known: string) => badAddress(address, `"${key}=${value}" means nothing in ${address}`, known);
    if (key !== 'fault' && seen.has(key)) throw badAddress(address, `${address} says ${key} twice`, `${key} once`);
    seen.add(key);
    switch (key) {
      case 'rev':
        options = { ...options, revision: parseRevision(value) ?? refuse(bad('rev=v3.1')) };
        break;
      case 'blocks':
        options = { ...options, blockVersion: parseRevision(value) ?? refuse(bad('blocks=v1.2')) };
        break;
      case 'octal':
        if (value !== 'yes' && value !== 'no') throw bad('octal=yes or octal=no');
        if (!kindFacts(kind).octalFlash) throw bad('octal on kinds whose boards come with such flash');
        options = { ...options, octalFlash: value === 'yes' };
        break;
      case 'mac':
        if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(value)) throw bad('mac=aa:bb:cc:dd:ee:ff');
        options = { ...options, mac: value.toLowerCase() };
        break;
      case 'seed':
        options = { ...options, seed: parseNumber(value) ?? refuse(bad('seed=7')) };
        break;
      case 'flash':
        options = { ...options, flashSize: parseSize(value) ?? refuse(bad('flash=16MB (a power of two from 4 KB)')) };
        break;
      case 'state':
        if (value === '') throw bad('state=FILE');
        options = { ...options, stateFile: value };
        break;
      case 'pacing':
        if (value !== 'line' && value !== 'none') throw bad('pacing=line or pacing=none');
        options = { ...options, pacing: value };
        break;
      case 'latency':
        options = { ...options, latencyMs: parseNumber(value) ?? refuse(bad('latency=16 (milliseconds)')) };
        break;
      case 'baud':
        faults.push({ kind: 'baud-limit', rate: parseNumber(value) || refuse(bad('baud=921600')) });
        break;
      case 'xtal':
        if (!crystalsOf(kind).includes(value)) throw bad(knownCrystals);
        options = { ...options, crystalMHz: Number(value) };
        break;
      case 'shuts-doors':
        if (value !== 'yes' && value !== 'no') throw bad('shuts-doors=yes or shuts-doors=no');
        options = { ...options, firmwareShutsDoors: value === 'yes' };
        break;
      case 'prints-mac':
        if (value !== 'yes' && value !== 'no') throw bad('prints-mac=yes or prints-mac=no');
        options = { ...options, firmwarePrintsMac: value === 'yes' };
        break;
      case 'encrypts':
        if (value !== 'yes' && value !== 'no') throw bad('encrypts=yes or encrypts=no');
        options = { ...options, firmwareEncrypts: value === 'yes' };
        break;
      case 'door':
        if (value !== 'at-next-command' && value !== 'before-answer')
          throw bad('door=at-next-command or door=before-answer');
        options = { ...options, doorFound: value };
        break;
      case 'fault':
        faults.push(
          parseFault(value) ?? refuse(bad(`fault=KIND:N with KIND one of ${Object.keys(faultKinds).join(', ')}`)),
        );
        break;
      case 'name':
        if (value === '') throw bad('name=TEXT');
        name = value;
        break;
      default:
        throw badAddress(address, `${address} says "${key}", which a virtual chip does not know`, keys);
    }
  }
  return { options: faults.length > 0 ? { ...options, faults } : options, name };
}

function* pairs(query: string): Generator<readonly [string, string]> {
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const key = at < 0 ? pair : pair.slice(0, at);
    const value = at < 0 ? '' : pair.slice(at + 1);
    yield [key, decoded(value)];
  }
}

/** Percent signs as in other addresses; where they make no sense the text stands as it is. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function parseNumber(text: string): number | null {
  if (!/^(0x[0-9a-f]+|\d+)$/i.test(text)) return null;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : null;
}

function parseSize(text: string): number | null {
  const match = /^(0x[0-9a-f]+|\d+)\s*(KB|MB)?$/i.exec(text);
  const number = parseNumber(match?.[1] ?? '');
  if (number === null) return null;
  const unit = { KB: 1024, MB: 1024 * 1024 }[match?.[2]?.toUpperCase() ?? ''] ?? 1;
  const size = number * unit;
  return size >= 4096 && size <= 2 ** 30 && Number.isInteger(Math.log2(size)) ? size : null;
}

function parseFault(text: string): VirtualFault | null {
  const [kind = '', number, ...more] = text.split(':');
  if (!Object.hasOwn(faultKinds, kind) || more.length > 0) return null;
  const known = kind as VirtualFault['kind'];
  if (known === 'mute') return number === undefined ? { kind: 'mute' } : null;
  const value = parseNumber(number ?? '');
  if (value === null) return null;
  switch (known) {
    case 'power-cut-in-flash':
    case 'unplug':
      return { kind: known, afterBytes: value };
    case 'bad-flash':
      return { kind: known, address: value };
    case 'baud-limit':
      return value > 0 ? { kind: known, rate: value } : null;
    default:
      return value > 0 ? { kind: known, after: value } : null;
  }
}

function badAddress(address: string, what: string, known: string): RecipeFault {
  return new RecipeFault({
    code: 'virtual.address',
    what: `${what}.`,
    next: `Known: ${known}.`,
    details: { address },
  });
}

/** Throws in the place of a value. */
function refuse(fault: RecipeFault): never {
  throw fault;
}
