// Boards of every chip, cut, lost, swapped for nothing and met again at random instants of their burns, on every kind of port, until all that
// was wanted is in. What the station knows between two meetings is its book alone.

import { bytesOfWords, toHex } from '../../main/base/bytes.ts';
import { type RandomSource, seededRandom } from '../../main/base/random.ts';
import { openBoard } from '../../main/chip/live-board.ts';
import { profileOf } from '../../main/chip/profiles.ts';
import { efuseTables } from '../../main/efuse/tables.ts';
import { type Fault, isFault } from '../../main/model/fault.ts';
import { connectLoader } from '../../main/protocol/loader-session.ts';
import { openPort } from '../../main/transport/open.ts';
import type { Port } from '../../main/transport/port.ts';
import { openVirtualPort } from '../../main/virtual/bench/port.ts';
import { VirtualChip } from '../../main/virtual/chip.ts';
import { listenTcp } from '../../main/virtual/listen/tcp.ts';
import type { VirtualFault } from '../../main/virtual/silicon.ts';
import { fastClock } from '../unit/chip/clocks.ts';
import { Book, production, secretOf } from '../unit/chip/rig.ts';
import { below } from './draws.ts';
import type { Tally } from './tally.ts';

const ways = ['bench', 'bench', 'bench', 'no lines', 'no lines', 'tcp', 'rfc2217'] as const;
type Way = (typeof ways)[number];
const visits = 8;
/** The ESP32 has its own kind of burn set: soakStation has it. */
const silicon = efuseTables.filter(({ chip }) => chip !== 'esp32');

/** One board from blank to whole, with troubles by chance; `seed` makes it the same again. */
export async function soakChip(seed: number, tally: Tally): Promise<void> {
  const random = seededRandom(seed);
  const table = silicon[below(random, silicon.length)]!;
  const { chip: kind, revisions } = table;
  const { disabled, secure } = profileOf(kind).downloadModes;
  const door = secure !== null && revisions.min >= secure ? 'ENABLE_SECURITY_DOWNLOAD' : null;
  const wanted = production(kind, revisions.min, disabled === null ? null : door);
  const way = ways[below(random, ways.length)]!;
  const faults = Array.from({ length: 1 + below(random, 3) }, () => troubleOf(random));
  const chip = new VirtualChip(
    { kind, revision: revisions.min, seed: below(random, 60_000), faults, flashSize: 1 << 20 },
    () => ({ lines: [], state: 'halted', firmware: null }),
  );
  const name = `seed ${seed}: ${table.name}, ${way}, ${faults.map((fault) => Object.values(fault).join(':')).join(' ')}`;
  const book = new Book();
  tally.boards++;
  const said: string[] = [];
  try {
    for (let visit = 1; ; visit++) {
      if (visit > visits) {
        tally.lost.push(`${name}: ${said.join(' | ')}`);
        return;
      }
      const before = burnedIn(chip);
      const booked = book.events.length;
      // The program may be killed at any exchange of the visit.
      const killAt = below(random, 3) === 0 ? below(random, 320) : Number.POSITIVE_INFINITY;
      const end = await visitOf(chip, way, killAt, book, wanted);
      if (end === 'killed') tally.strike('program killed between exchanges');
      if (end === null || end === 'shut') break;
      if (end !== 'killed') {
        said.push(`${end.code} (${end.safety})`);
        if (end.safety === 'condemned') {
          tally.lost.push(`${name}: ${said.join(' | ')}`);
          return;
        }
        const burning = book.events.slice(booked).some(({ type }) => type === 'intend');
        if (end.safety === 'untouched' && !burning && burnedIn(chip) !== before)
          tally.falseMessages.push(`${name}: ${end.code} says that nothing was burned`);
      }
      await fastClock.sleep(20);
    }
    const missing = wanted.fields.filter(({ field, value }) => burnedField(chip, field) !== value);
    const holds = secretsIn(chip);
    if (missing.length > 0 || !holds)
      tally.lost.push(
        `${name}: told as whole, and ${missing.map(({ field }) => field).join(', ') || 'a key'} is not in`,
      );
    if (said.length > 0) tally.finished++;
    const text = JSON.stringify(book.events);
    for (const part of ['whole', 'low', 'high'])
      if (text.includes(toHex(secretOf('flash-encryption', part)))) tally.secrets.push(name);
  } finally {
    for (const fault of faults) tally.strike(fault.kind);
    chip.powerOff();
  }
}

function troubleOf(random: RandomSource): VirtualFault {
  const inBurn = () => ({ after: 1 + below(random, 14) });
  switch (below(random, 8)) {
    case 0:
    case 1:
      return { kind: 'power-cut-in-burn', ...inBurn() };
    case 2:
      return { kind: 'power-cut-in-half', ...inBurn() };
    case 3:
      return { kind: 'power-cut-after-burn', ...inBurn() };
    case 4:
      return { kind: 'lost-answer', after: 1 + below(random, 400) };
    case 5:
      return { kind: 'garbled-answer', after: 1 + below(random, 400) };
    case 6:
      return { kind: 'lost-request-byte', after: 1 + below(random, 400) };
    default:
      return { kind: 'brown-out', after: 100 + below(random, 200) };
  }
}

class Killed extends Error {}

/** One meeting: null where all that was wanted is in, as the station says; the fault with which it ended; shut: its door was, before. */
async function visitOf(
  chip: VirtualChip,
  way: Way,
  killAt: number,
  book: Book,
  wanted: Parameters<Book['run']>[1],
): Promise<Fault | 'killed' | 'shut' | null> {
  chip.powerOn();
  const listener = way === 'tcp' || way === 'rfc2217' ? await listenTcp(chip, way, '127.0.0.1', 0) : null;
  let port: Port | null = null;
  try {
    if (way === 'no lines' || way === 'tcp') {
      chip.setLines({ dtr: true, rts: false });
      chip.reset();
    }
    const scheme = way === 'tcp' ? 'socket' : 'rfc2217';
    port =
      listener === null
        ? openVirtualPort(chip, 'virtual:soak')
        : await openPort(`${scheme}://127.0.0.1:${listener.port}`, { baudRate: 115200 });
    if (way === 'no lines') Object.defineProperty(port, 'hasControlLines', { value: false });
    const write = port.write.bind(port);
    let sent = 0;
    port.write = (bytes) => (sent++ >= killAt ? Promise.reject(new Killed()) : write(bytes));
    const board = await openBoard(await connectLoader(port, { clock: fastClock }), { clock: fastClock });
    if (board.identity.security.secureDownload) return 'shut';
    await book.run(board, wanted);
    return null;
  } catch (error) {
    if (error instanceof Killed) return 'killed';
    if (isFault(error, 'protocol.download-disabled')) return 'shut';
    if (isFault(error)) return error;
    throw error;
  } finally {
    await port?.close().catch(() => undefined);
    await listener?.close();
  }
}

function burnedIn(chip: VirtualChip): string {
  return Buffer.concat(chip.efuse.burned()).toString('hex');
}

function burnedField(chip: VirtualChip, field: string): number {
  chip.efuse.powerOn();
  return chip.efuse.field(field);
}

/** Whether some key block holds the flash key, or its first part, in either byte order. */
function secretsIn(chip: VirtualChip): boolean {
  const blocks = chip.efuse.table.blocks.map(({ number }) => toHex(bytesOfWords(chip.efuse.hardwareBlock(number))));
  const parts = ['whole', 'low'].flatMap((part) => [
    secretOf('flash-encryption', part),
    secretOf('flash-encryption', part).slice(0, 16),
  ]);
  return parts.some((bytes) =>
    [toHex(bytes), toHex(bytes.slice().reverse())].some((hex) => blocks.some((block) => block.includes(hex))),
  );
}
