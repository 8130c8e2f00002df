// Espressif's mask ROMs as judges: their own code runs in an instruction-set simulator (oracle.py) and is asked what it does.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after } from 'node:test';
import type { ChipKind, Revision } from '../../main/model/chip.ts';
import { pythonWith } from '../tools/python.ts';
import { romFolder } from './rom-files.ts';

const simulator = {
  name: 'rom',
  what: 'The simulator for ROM code and what it needs',
  requirements: ['unicorn==2.1.4', 'pyelftools==0.33', 'cryptography==50.0.2'],
};

/** ROMs that run at once, each in a process of its own. */
const atOnce = 2;

/** A ROM by its name in chips.py. */
export type RomName =
  | 'esp32p4'
  | 'esp32p4-v1'
  | 'esp32c2'
  | 'esp32c3'
  | 'esp32c3-v0'
  | 'esp32c5'
  | 'esp32c6'
  | 'esp32c61'
  | 'esp32h2'
  | 'esp32s31';

/** Words of each block, as burned. */
export type Fuses = Readonly<Record<number, readonly number[]>>;

export interface Conversation {
  /** What was sent before the first frame, hex. */
  readonly console: string;
  /** 'idle': it waits for a byte; 'stuck': it loops; 'fault': it ran into nothing. */
  readonly state: RomState;
  /** One for each frame, until the ROM no longer waited for any. */
  readonly replies: readonly RomReply[];
  readonly fuses: Fuses;
}

export type RomState = 'idle' | 'stuck' | 'fault';

export interface RomReply {
  /** Hex, SLIP framing included. */
  readonly receive: string;
  readonly state: RomState;
  /** Software resets so far. */
  readonly resets: number;
  /** The function it stands in. */
  readonly where: string;
}

export interface LoaderQuestion {
  readonly chip: RomName;
  readonly fuses: Fuses;
  readonly frames: readonly string[];
  /** Whether an eFuse read command takes until the next byte, as recorded of a C3; otherwise it is done at once. */
  readonly slowRead?: boolean;
  readonly strap?: number;
}

export interface BootQuestion {
  readonly chip: RomName;
  readonly fuses: Fuses;
  /** A file with the raw contents of the flash. */
  readonly flash: string;
  /** Whether SPI_BOOT_CRYPT_CNT has an odd number of ones. */
  readonly encrypted: boolean;
  /** Purpose of each key block, by block. */
  readonly purposes: Readonly<Record<number, number>>;
  /** C2: XTS_KEY_LENGTH_256. */
  readonly longKey?: boolean;
  /** Offset of the bootloader. */
  readonly bootloader: number;
  /** What is done to the bootloader first: a bit of its code, or a bit of each of its signatures. */
  readonly damage?: 'code' | 'signature';
}

export interface Boot {
  readonly state: RomState;
  readonly where: string;
  readonly resets: number;
  readonly console: string;
  readonly log: readonly string[];
  readonly fuses: Fuses;
}

export interface Oracle {
  /** A host's frames to the serial loader. */
  converse(question: LoaderQuestion): Promise<Conversation>;
  /** A board booted from flash. */
  boot(question: BootQuestion): Promise<Boot>;
}

/** The ROM of each chip, or those of its revisions; null where none can be run. */
const roms: Readonly<Record<ChipKind, RomName | ((revision: Revision) => RomName) | null>> = {
  esp32p4: (revision) => (revision >= 300 ? 'esp32p4' : 'esp32p4-v1'),
  esp32c3: (revision) => (revision >= 101 ? 'esp32c3' : 'esp32c3-v0'),
  esp32c2: 'esp32c2',
  esp32c5: 'esp32c5',
  esp32c6: 'esp32c6',
  esp32c61: 'esp32c61',
  esp32h2: 'esp32h2',
  esp32s31: 'esp32s31',
  // Xtensa, which the simulator does not run.
  esp32: null,
  esp32s2: null,
  esp32s3: null,
  // Published by nobody.
  esp32h21: null,
  esp32h4: null,
};

/** The ROM that a chip of this revision carries; null where none can be run. */
export function romOf(kind: ChipKind, revision: Revision): RomName | null {
  const rom = roms[kind];
  return typeof rom === 'function' ? rom(revision) : rom;
}

/** What every file of this suite begins with: the oracle, or the reason to skip its tests. It is closed at the file's end. */
export async function romOracle(): Promise<{ readonly skip: string | false; readonly oracle: Oracle }> {
  const python = await pythonWith(simulator);
  const roms = 'missing' in python ? python : await romFolder();
  if ('missing' in python || 'missing' in roms) {
    const why = 'missing' in python ? python.missing : 'missing' in roms ? roms.missing : '';
    return { skip: `no ROM can be run here: ${why}`, oracle: undefined as never };
  }
  const start = () => {
    const child = spawn(python.python, ['-u', join(import.meta.dirname, 'oracle.py'), roms.folder], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
    after(() => child.stdin.end());
    return asker(child);
  };
  const askers = await Promise.all(Array.from({ length: atOnce }, start));
  let turn = 0;
  const ask = (question: object) => askers[turn++ % atOnce]!(question);
  return {
    skip: false,
    oracle: {
      converse: (question) => ask({ do: 'converse', ...question }) as Promise<Conversation>,
      boot: (question) => ask({ do: 'boot', ...question }) as Promise<Boot>,
    },
  };
}

async function asker(child: ChildProcess): Promise<(question: object) => Promise<unknown>> {
  const calls = new Map<number, PromiseWithResolvers<unknown>>();
  const lines = createInterface({ input: child.stdout! });
  const ended = new Error('the process that runs the ROM has ended');
  await new Promise((resolve, reject) => {
    lines.once('line', resolve);
    lines.once('close', () => reject(ended));
  });
  lines.on('line', (line) => {
    const { id, answer, error } = JSON.parse(line) as { id: number; answer?: unknown; error?: string };
    if (error === undefined) calls.get(id)?.resolve(answer);
    else calls.get(id)?.reject(new Error(error));
    calls.delete(id);
  });
  lines.once('close', () => {
    for (const call of calls.values()) call.reject(ended);
  });
  let count = 0;
  return (question) => {
    const id = count++;
    const call = Promise.withResolvers<unknown>();
    calls.set(id, call);
    child.stdin!.write(`${JSON.stringify({ id, ...question })}\n`);
    return call.promise;
  };
}
