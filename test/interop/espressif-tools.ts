// Espressif's own tools as judges of what Fuseline makes: installed once from PyPI into a folder of their own, started once a test
// file. Nothing of the product uses them.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after } from 'node:test';
import { pythonWith } from '../tools/python.ts';

const tools = {
  name: 'espressif',
  what: "Espressif's tools",
  requirements: ['esptool==5.6.0', 'esp-idf-nvs-partition-gen==0.3.0', 'esp-secure-cert-tool==2.6.1', 'srp==1.0.22'],
};

/** A call that takes longer is ended and told as a failure, seconds. */
const patienceSeconds = 90;

export type Tool =
  | 'esptool'
  | 'espefuse'
  | 'espsecure'
  | 'nvs_partition_gen'
  | 'configure_esp_secure_cert'
  | 'srp_client';

export interface Verdict {
  /** Exit status; negative: ended by that signal. */
  readonly status: number;
  /** Standard output and error, as a person would see them. */
  readonly output: string;
}

export interface Judges {
  /** Runs a tool to its end, whatever that is. */
  run(tool: Tool, ...words: string[]): Promise<Verdict>;
  /** Runs a tool that must succeed; gives back what it printed. Throws an Error with all of it when it does not. */
  pass(tool: Tool, ...words: string[]): Promise<string>;
  /** Runs a tool that must fail; gives back what it printed. */
  fail(tool: Tool, ...words: string[]): Promise<string>;
  close(): void;
}

/** The Python in which the tools and what they stand on (pyserial) are installed; or why there is none. */
export const toolsPython = () => pythonWith(tools);

/** What every file of this suite begins with: the tools (or the reason to skip its tests) and a folder for files, gone at its end. */
export async function judging() {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-interop-'));
  const opened = await openJudges(folder);
  after(() => {
    if (typeof opened !== 'string') opened.close();
    rmSync(folder, { recursive: true, force: true });
  });
  let count = 0;
  /** A path in the folder where nothing is yet. */
  const newPath = () => join(folder, `file-${count++}.bin`);
  return {
    folder,
    skip: typeof opened === 'string' && opened,
    /** Only for tests that are not skipped. */
    judges: opened as Judges,
    newPath,
    /** A new file with this content; gives back its path. */
    file(content: Uint8Array | string): string {
      const path = newPath();
      writeFileSync(path, content);
      return path;
    },
    contentOf: (path: string) => new Uint8Array(readFileSync(path)),
  };
}

/**
 * The tools, ready to be called, several at once if need be; or a sentence on why they are not here, as the reason of a skip. `patience`:
 * seconds that a call may take.
 */
export async function openJudges(folder: string, patience = patienceSeconds): Promise<Judges | string> {
  const opened = await toolsPython();
  if ('missing' in opened) return opened.missing;
  const child = spawn(opened.python, ['-u', join(import.meta.dirname, 'judges.py')], {
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: folder, // some tools leave their results where they are called
    // no colours, no line breaks of its own making
    env: { ...process.env, NO_COLOR: '1', TERM: 'dumb', COLUMNS: '400', PYTHONDONTWRITEBYTECODE: '1' },
  });
  const calls = new Map<number, PromiseWithResolvers<Verdict>>();
  const lines = createInterface({ input: child.stdout });
  const ended = new Error('the process of the judging tools has ended');
  await new Promise((resolve, reject) => {
    lines.once('line', resolve);
    lines.once('close', () => reject(ended));
  });
  lines.on('line', (line) => {
    const { id, ...verdict } = JSON.parse(line) as Verdict & { id: number };
    calls.get(id)?.resolve(verdict);
    calls.delete(id);
  });
  lines.once('close', () => {
    for (const call of calls.values()) call.reject(ended);
  });

  let count = 0;
  const run = (tool: Tool, ...words: string[]): Promise<Verdict> => {
    const id = count++;
    const call = Promise.withResolvers<Verdict>();
    calls.set(id, call);
    child.stdin.write(`${JSON.stringify({ id, tool, arguments: words, seconds: patience })}\n`);
    return call.promise;
  };
  const demand = async (success: boolean, tool: Tool, words: string[]) => {
    const { status, output } = await run(tool, ...words);
    if ((status === 0) === success) return output;
    throw new Error(`${tool} ${words.join(' ')}\nended with ${status}, which was not expected; it wrote:\n${output}`);
  };
  return {
    run,
    pass: (tool, ...words) => demand(true, tool, words),
    fail: (tool, ...words) => demand(false, tool, words),
    close() {
      child.stdin.end();
    },
  };
}
