// The line by which a test asks things of the main process of a packed program: with its fuses as they are shipped no debugger gets in, so
// the program of the test (and it alone) hears questions at a socket in the folder of its bench. Lines of JSON.
import { createServer } from 'node:net';
import * as electron from 'electron';

interface Question {
  readonly id: number;
  /** Text of a function of Electron's module and the argument. */
  readonly code: string;
  readonly argument: unknown;
}

/** Hears at this socket from now on. */
export function hearBench(socket: string): void {
  createServer((line) => {
    let open = '';
    line.setEncoding('utf8').on('data', (text) => {
      const lines = (open + text).split('\n');
      open = lines.pop()!;
      for (const one of lines) void answer(JSON.parse(one) as Question).then((told) => line.write(`${told}\n`));
    });
    line.on('error', () => undefined);
  }).listen(socket);
}

async function answer({ id, code, argument }: Question): Promise<string> {
  try {
    // biome-ignore lint/security/noGlobalEval: the test's own functions, in the test's own program
    const asked = globalThis.eval(`(${code})`) as (module: typeof electron, argument: unknown) => unknown;
    return JSON.stringify({ id, value: await asked(electron, argument) });
  } catch (error) {
    const { message, code: faultCode } = error as { message?: string; code?: string };
    return JSON.stringify({ id, error: message ?? String(error), code: faultCode });
  }
}
