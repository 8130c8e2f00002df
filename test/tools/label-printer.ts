// What a label printer is to the station: something at an address that takes ZPL and lets the line go.
import { createServer } from 'node:net';

export interface LabelPrinter {
  /** As a person sets it at the desk. */
  readonly address: string;
  /** All that came, as it came. */
  readonly zpl: () => string;
  close(): Promise<void>;
}

export async function startLabelPrinter(): Promise<LabelPrinter> {
  const parts: string[] = [];
  const server = createServer((socket) => socket.on('data', (data) => parts.push(String(data))));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    address: `tcp://127.0.0.1:${port}`,
    zpl: () => parts.join(''),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
