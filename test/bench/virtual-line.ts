// A line of virtual chips in a process of its own, so that the silicon's work is not charged to the station's.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface VirtualLine {
  readonly address: string;
  close(): Promise<void>;
}

const cli = fileURLToPath(new URL('../../main/start/terminal.ts', import.meta.url));

/** Starts `virtual-chip` and gives the address at which it listens. */
export async function virtualLine(chip: string, listen: 'pty' | 'tcp:0' | 'rfc2217:0'): Promise<VirtualLine> {
  const child = spawn(process.execPath, [cli, 'virtual-chip', '--chip', chip, '--listen', listen, '--json'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const lines = createInterface({ input: child.stdout });
  const [first] = await new Promise<string[]>((resolve, reject) => {
    lines.once('line', (line) => resolve([line]));
    child.once('exit', (code) => reject(new Error(`the virtual chip ended with ${code}`)));
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    address: (JSON.parse(first!) as { address: string }).address,
    async close() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
