// One connection to a Modbus TCP server, with two questions of the protocol and everything bounded (MODBUS Application Protocol V1.1b3,
// sections 6.3 and 6.12; MODBUS Messaging on TCP/IP V1.0b, section 3.1). Of an answer every field is held against its question: what another
// one would be taken for starts boards.
import { connect } from 'node:net';
import { type Clock, inTime } from '../base/clock.ts';

export interface PlcDoor {
  readonly host: string;
  readonly port: number;
  /** Of the server behind the address. */
  readonly unit: number;
}

export interface ModbusLine {
  /** Holding registers. Rejects as `openModbus`; the connection is over then. */
  read(at: number, count: number): Promise<readonly number[]>;
  write(at: number, words: readonly number[]): Promise<void>;
  close(): void;
}

/** Registers that one question may write and read. */
export const mostRegisters = { write: 123, read: 125 } as const;

const [readHolding, writeMultiple] = [0x03, 0x10];
const headerBytes = 7;
/** Longest PDU. */
const mostPdu = 253;

/** What exceptions say, by their code (section 7 of the protocol). */
const exceptions: Readonly<Record<number, string>> = {
  1: 'it does not know such a question',
  2: 'it has no such registers',
  3: 'it does not take such a value',
  4: 'it failed over the question',
  6: 'it is busy',
  10: 'its gateway has no path to this unit',
  11: 'nothing answers behind its gateway',
};

/** Connects. Rejects with what the network says, or an Error of code `ETIMEDOUT` or `EPROTO`. */
export async function openModbus(door: PlcDoor, parts: { clock: Clock; ms: number }): Promise<ModbusLine> {
  const { clock, ms } = parts;
  const { unit } = door;
  const socket = connect({ host: door.host, port: door.port, noDelay: true });
  const ended = new Promise<never>((_, reject) => {
    socket.on('error', reject);
    socket.on('close', () => reject(failure('ECONNRESET', 'the connection ended')));
  });
  ended.catch(() => undefined);
  let heard = Buffer.alloc(0);
  let waiting: { readonly number: number; take(pdu: Buffer): void } | null = null;
  const broken = (what: string) => socket.destroy(failure('EPROTO', what));
  socket.on('data', (data: Buffer) => {
    heard = Buffer.concat([heard, data]);
    while (heard.length >= headerBytes) {
      const [number, protocol, length] = [heard.readUInt16BE(0), heard.readUInt16BE(2), heard.readUInt16BE(4)];
      if (protocol !== 0 || length < 2 || length > mostPdu + 1) return broken('what it says is no Modbus TCP');
      if (heard.length < 6 + length) return;
      if (number !== waiting?.number || heard[6] !== unit) return broken('it answers what nobody asked');
      const pdu = heard.subarray(headerBytes, 6 + length);
      heard = heard.subarray(6 + length);
      const { take } = waiting;
      waiting = null;
      take(pdu);
    }
  });
  let number = 0;
  /** Asks, and gives what comes behind the function code. */
  const ask = async (pdu: Buffer): Promise<Buffer> => {
    number = (number + 1) % 0x10000;
    const answer = new Promise<Buffer>((take) => {
      waiting = { number, take };
    });
    const header = Buffer.alloc(headerBytes);
    header.writeUInt16BE(number, 0);
    header.writeUInt16BE(pdu.length + 1, 4);
    header.writeUInt8(unit, 6);
    socket.write(Buffer.concat([header, pdu]));
    const late = () => failure('ETIMEDOUT', `it did not answer within ${ms / 1000} seconds`);
    const said = await inTime(clock, ms, Promise.race([answer, ended]), late);
    if (said[0] === pdu[0]) return said.subarray(1);
    const code = said[0] === pdu[0]! + 0x80 && said.length === 2 ? said[1]! : null;
    throw failure('EPROTO', code === null ? 'it answers another question' : (exceptions[code] ?? `exception ${code}`));
  };
  /** A connection on which a question went wrong is over: nobody could say what comes next on it. */
  const orEnd = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      socket.destroy();
      throw error;
    }
  };
  const ready = new Promise<void>((resolve) => socket.once('connect', resolve));
  const late = () => failure('ETIMEDOUT', 'it cannot be reached in time');
  await orEnd(inTime(clock, ms, Promise.race([ready, ended]), late));
  return {
    read: (at, count) =>
      orEnd(
        ask(words([readHolding], at, count)).then((said) => {
          if (said[0] !== 2 * count || said.length !== 1 + 2 * count)
            throw failure('EPROTO', 'it answers with another number of registers');
          return Array.from({ length: count }, (_, n) => said.readUInt16BE(1 + 2 * n));
        }),
      ),
    write: (at, values) =>
      orEnd(
        ask(
          Buffer.concat([
            words([writeMultiple], at, values.length),
            Buffer.from([2 * values.length]),
            words([], ...values),
          ]),
        ).then((said) => {
          if (!said.equals(words([], at, values.length))) throw failure('EPROTO', 'it wrote other registers');
        }),
      ),
    close: () => socket.end(),
  };
}

/** Bytes, then 16-bit words with the high byte first. */
function words(bytes: readonly number[], ...values: readonly number[]): Buffer {
  const said = Buffer.alloc(bytes.length + 2 * values.length);
  said.set(bytes);
  for (const [n, value] of values.entries()) said.writeUInt16BE(value, bytes.length + 2 * n);
  return said;
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
