// A PLC as docs/factory.md describes it, as small as it can be: its registers behind the Modbus TCP server of another package (jsmodbus).
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { server as modbus } from 'jsmodbus';

export const [readAt, writeAt] = [20, 100];
/** What a fixture's word says. */
export const [present, start, acknowledges] = [1, 2, 4];

export interface PlcPeer {
  readonly url: string;
  readonly port: number;
  /** A register as it stands. */
  word(at: number): number;
  put(at: number, value: number): void;
  /** Its program runs: the counter goes on. */
  runs: boolean;
  /** Requests of the station as they came, in hexadecimal. */
  readonly asked: string[];
  /** Its word about the fixture of this number, and the station's. */
  say(fixture: number, bits: number): void;
  heard(fixture: number): {
    readonly bits: number;
    readonly refusal: number;
    readonly ended: number;
    readonly mac: string;
  };
  cut(): void;
  close(): Promise<void>;
}

export async function startPlcPeer(port = 0, holding = Buffer.alloc(1024)): Promise<PlcPeer> {
  const net = createServer();
  const sockets = new Set<Socket>();
  const asked: string[] = [];
  net.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('data', (data) => asked.push(data.toString('hex')));
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  new modbus.TCP(net, { holding });
  net.listen(port, '127.0.0.1');
  await once(net, 'listening');
  const at = (net.address() as { port: number }).port;
  const word = (register: number) => holding.readUInt16BE(2 * register);
  const put = (register: number, value: number) => void holding.writeUInt16BE(value, 2 * register);
  put(readAt, 0x4631);
  const peer: PlcPeer = {
    ...{ url: `modbus://127.0.0.1:${at}`, port: at, word, put, asked, runs: true },
    say: (fixture, bits) => put(readAt + 4 + fixture, bits),
    heard(fixture) {
      const first = writeAt + 6 * (1 + fixture);
      const mac = holding.subarray(2 * first + 6, 2 * first + 12).toString('hex');
      return { bits: word(first), refusal: word(first + 1), ended: word(first + 2), mac };
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      clearInterval(program);
      peer.cut();
      await new Promise((resolve) => net.close(resolve));
    },
  };
  const program = setInterval(() => {
    if (peer.runs) put(readAt + 1, (word(readAt + 1) + 1) % 0x10000);
  }, 3);
  return peer;
}
