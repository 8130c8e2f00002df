import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fromHex, toHex, viewOf } from '../../../main/base/bytes.ts';
import { isFault } from '../../../main/model/fault.ts';
import { type Command, commands } from '../../../main/protocol/commands.ts';
import { Exchange } from '../../../main/protocol/exchange.ts';
import { SlipDecoder } from '../../../main/protocol/slip.ts';
import { type RecordedExchange, recording } from '../../vectors.ts';
import { HandClock } from './clocks.ts';
import { FarEnd } from './far-end.ts';

const opcodeNames = new Map<number, Command<unknown, unknown>>(
  Object.values(commands).map((command) => [command.opcode, command as unknown as Command<unknown, unknown>]),
);

/** The request inside a recorded frame; null where it is none that this house would frame (too short, bad escapes, noise). */
function requestIn(sent: string): { readonly opcode: number; readonly data: Uint8Array } | null {
  const frames: Uint8Array[] = [];
  new SlipDecoder({
    frame: (frame) => {
      frames.push(frame.slice());
      return true;
    },
    outside: () => undefined,
  }).push(fromHex(sent));
  const [frame] = frames;
  if (!sent.startsWith('c0') || frames.length !== 1 || !frame || frame.length < 8 || frame[0] !== 0) return null;
  return { opcode: frame[1] as number, data: frame.slice(8) };
}

/** Sends the recorded bytes as they are, and reads the answer as the loop would for that command. */
async function play(exchange: Exchange, port: FarEnd, recorded: RecordedExchange): Promise<string> {
  const request = requestIn(recorded.send);
  if (!request) {
    await port.write(fromHex(recorded.send));
    await new Promise((resolve) => setImmediate(resolve));
    exchange.forget();
    return 'raw';
  }
  const known = opcodeNames.get(request.opcode);
  if (known?.opcode === commands.sync.opcode) return `sync ${(await exchange.trySync(0)) === 0 ? 'stub' : 'rom'}`;
  const command: Command<void, string> = {
    name: known?.name ?? `opcode ${request.opcode}`,
    opcode: request.opcode,
    rom: true,
    stub: true,
    secureDownload: true,
    repeatable: false,
    secret: false,
    encode: () => ({ head: request.data }),
    timeout: () => 1000,
    replyLengths: (mode) => known?.replyLengths(mode) ?? [0],
    decode: ({ value, payload }) => `ok ${value.toString(16)} ${toHex(payload)}`,
  };
  try {
    return await exchange.request(command, undefined);
  } catch (error) {
    if (!isFault(error, 'protocol.refused')) throw error;
    return `refused ${Number(error.details.status).toString(16)} ${Number(error.details.error).toString(16)}`;
  }
}

/** What the recorded answer says, read by hand: the reference for what the loop makes of it. */
function expected(recorded: RecordedExchange, mode: 'rom' | 'stub'): string | null {
  const request = requestIn(recorded.send);
  if (!request) return 'raw';
  const frames: Uint8Array[] = [];
  new SlipDecoder({
    frame: (frame) => {
      frames.push(frame.slice());
      return true;
    },
    outside: () => undefined,
  }).push(fromHex(recorded.receive));
  const [answer] = frames;
  if (!answer) return null;
  if (request.opcode === commands.sync.opcode) return `sync ${mode}`;
  const statusLength = mode === 'rom' ? 4 : 2;
  const body = answer.subarray(8);
  const status = body.subarray(body.length - statusLength);
  if (status[0] !== 0) return `refused ${status[0]?.toString(16)} ${status[1]?.toString(16)}`;
  const value = viewOf(answer).getUint32(4, true).toString(16);
  return `ok ${value} ${toHex(body.subarray(0, body.length - statusLength))}`;
}

for (const [file, mode] of [
  ['rom_c3_fresh.json', 'rom'],
  ['rom_c3_secure_download.json', 'rom'],
  ['stub_c3.json', 'stub'],
] as const) {
  describe(`the loop against ${file}`, () => {
    for (const cut of [1, 2, 3, 5, 13, 64, 100_000]) {
      it(`understands every exchange in chunks of ${cut}`, async () => {
        const clock = new HandClock();
        const port = new FarEnd(clock);
        const exchange = new Exchange(port, clock);
        exchange.mode = mode;
        const checksumsDiffer = new Set<string>();
        for (const recorded of recording(file)) {
          // Data frames of READ_FLASH are another conversation: tested with the reading.
          if (recorded.send === '' || /^(READ_FLASH 64|acknowledge)/.test(recorded.name)) continue;
          let written = '';
          port.onWrite = (bytes) => {
            written += toHex(bytes);
            port.send(fromHex(recorded.receive), cut);
          };
          const wanted = expected(recorded, mode);
          if (wanted === null) continue;
          assert.equal(await play(exchange, port, recorded), wanted, recorded.name);
          // Data commands carry a checksum, which the test's own command does not make; all other bytes are the recorded ones.
          if (written !== recorded.send) checksumsDiffer.add(recorded.name.split(' ')[0] as string);
        }
        for (const name of checksumsDiffer) assert.match(name, /_DATA$|^header$/);
      });
    }
  });
}
