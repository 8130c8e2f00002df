import { access, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { makeFolder } from '../base/folder.ts';
import type { RandomSource } from '../base/random.ts';
import { SecretBytes } from '../base/secret.ts';
import { TokenFault } from '../model/fault.ts';
import { filePin } from './pin.ts';
import type { LaunchTokenProcess } from './pkcs11/token-child.ts';
import { initialiseToken, openPkcs11Signer } from './pkcs11/token-signer.ts';
import type { Signer } from './signer.ts';

/** Where systems keep the library of SoftHSM 2, most usual first. */
export const softHsmModules: readonly string[] = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib64/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
  'C:\\SoftHSM2\\lib\\softhsm2-x64.dll',
  'C:\\Program Files\\SoftHSM2\\lib\\softhsm2-x64.dll',
];

export const embeddedLabel = 'fuseline';

/** The first module of the list that is there. Rejects with TokenFault `token.module` and how to get it. */
export async function findSoftHsm(candidates: readonly string[] = softHsmModules): Promise<string> {
  for (const path of candidates) if (await exists(path)) return path;
  throw new TokenFault({
    code: 'token.module',
    what: 'SoftHSM 2, the token in software for demonstration and development, is not installed.',
    next: 'Type: apt-get install softhsm2 (macOS: brew install softhsm), or name a token of your own in the station file.',
    details: { looked: candidates.join(' ') },
  });
}

export interface EmbeddedToken {
  /** The folder that is to hold the token, or holds it. Made with all that is in it at the first start. */
  readonly folder: string;
  readonly clock: Clock;
  /** For the two PINs of a new token. */
  readonly random: RandomSource;
  readonly module?: string;
  readonly launch?: LaunchTokenProcess;
  /** Asked before a token is made where there is none; rejects where none may be. Left out: it may. */
  readonly mayMake?: () => Promise<void>;
}

/**
 * The private SoftHSM token of this station: `folder` (mode 0700) with softhsm2.conf, tokens/, pin and so-pin (mode 0600). Its PIN lies
 * beside it, so it guards keys no better than the disk does: for demonstration and development, and the station says so.
 * Faults as openPkcs11Signer; `token.store` when the folder holds something else.
 */
export async function openEmbeddedToken(options: EmbeddedToken): Promise<Signer> {
  const module = options.module ?? (await findSoftHsm());
  const folder = resolve(options.folder);
  await removeDrafts(folder);
  if (!(await exists(join(folder, 'pin')))) {
    await options.mayMake?.();
    await makeStore(folder, module, options);
  }
  const environment = await configure(folder);
  return openPkcs11Signer({
    module,
    token: { label: embeddedLabel },
    pin: filePin(join(folder, 'pin')),
    environment,
    clock: options.clock,
    ...(options.launch === undefined ? {} : { launch: options.launch }),
  });
}

/**
 * Built under another name and then renamed: the folder is there whole or not at all, after a power cut and when two programs start at
 * the same moment (the second rename fails, and the first one's token is used).
 */
async function makeStore(folder: string, module: string, options: EmbeddedToken): Promise<void> {
  if (await exists(folder)) await mustBeEmpty(folder);
  const name = Buffer.from(options.random(6)).toString('hex');
  const draft = `${folder}.new-${process.pid}-${name}`;
  try {
    makeFolder(join(draft, 'tokens'), 0o700);
  } catch (cause) {
    throw new TokenFault({
      code: 'token.store',
      what: `The folder ${folder} for the station's token cannot be made: ${cause instanceof Error ? cause.message : String(cause)}.`,
      next: 'Give the station a data folder that it may write to (--data DIR), or correct the rights of this one.',
      details: { folder },
      cause,
    });
  }
  const soPin = randomPin(options.random);
  const pin = randomPin(options.random);
  try {
    await writePin(join(draft, 'so-pin'), soPin);
    await writePin(join(draft, 'pin'), pin);
    const { clock, launch } = options;
    const environment = await configure(draft);
    const parts = launch === undefined ? { clock } : { clock, launch };
    await initialiseToken({ module, label: embeddedLabel, soPin, pin, environment, ...parts });
    await rename(draft, folder).catch(async (error) => {
      if (!(await exists(join(folder, 'pin')))) throw error;
    });
  } finally {
    soPin.destroy();
    pin.destroy();
    await rm(draft, { recursive: true, force: true });
  }
}

/** What makings that were cut short left beside the folder, each with PINs in it; not those that are under way. */
async function removeDrafts(folder: string): Promise<void> {
  const names = await readdir(dirname(folder)).catch(() => []);
  const prefix = `${basename(folder)}.new-`;
  for (const name of names) {
    const draft = name.startsWith(prefix) ? draftName.exec(name.slice(prefix.length)) : null;
    if (draft === null || (draft[1] !== undefined && isRunning(Number(draft[1])))) continue;
    await rm(join(dirname(folder), name), { recursive: true, force: true });
  }
}

/** Process and six random bytes; earlier versions wrote the bytes alone. */
const draftName = /^(?:(\d+)-)?[0-9a-f]{12}$/;

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // another account's is running all the same
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function mustBeEmpty(folder: string): Promise<void> {
  const held = (await stat(folder)).isDirectory() ? await readdir(folder) : ['a file'];
  if (held.length === 0) return;
  throw new TokenFault({
    code: 'token.store',
    what: `The folder ${folder} is to hold the station's token but holds something else (${held.slice(0, 5).join(', ')}).`,
    next: 'Name another folder for the token, or bring back the file `pin` if it was lost from here.',
    details: { folder },
  });
}

/** Writes the module's configuration where it is not as it must be (the folder may have been moved), and says where it lies. */
async function configure(folder: string): Promise<{ SOFTHSM2_CONF: string }> {
  const path = join(folder, 'softhsm2.conf');
  const wanted = `directories.tokendir = ${join(folder, 'tokens')}\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n`;
  const present = await readFile(path, 'utf8').catch(() => null);
  if (present !== wanted) await writeFile(path, wanted, { mode: 0o600 });
  return { SOFTHSM2_CONF: path };
}

async function writePin(path: string, pin: SecretBytes): Promise<void> {
  await pin.use((bytes) => writeFile(path, bytes, { mode: 0o600, flag: 'wx', flush: true }));
}

/** 128 bits as 32 hex digits, never as a string. */
function randomPin(random: RandomSource): SecretBytes {
  const digits = new TextEncoder().encode('0123456789abcdef');
  const bytes = random(16);
  const pin = new Uint8Array(32);
  bytes.forEach((byte, i) => {
    pin[2 * i] = digits[byte >> 4]!;
    pin[2 * i + 1] = digits[byte & 15]!;
  });
  bytes.fill(0);
  return SecretBytes.adopt(pin);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
