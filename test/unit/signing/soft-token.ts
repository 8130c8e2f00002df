import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pkcs11js from 'pkcs11js';
import { systemClock } from '../../../main/base/clock.ts';
import { systemRandom } from '../../../main/base/random.ts';
import { SecretBytes } from '../../../main/base/secret.ts';
import type { FromToken, ToToken } from '../../../main/signing/pkcs11/messages.ts';
import { forkTokenProcess, type LaunchTokenProcess, type TokenLine } from '../../../main/signing/pkcs11/token-child.ts';
import { TokenSession } from '../../../main/signing/pkcs11/token-session.ts';
import type { Signer } from '../../../main/signing/signer.ts';
import { openEmbeddedToken, softHsmModules } from '../../../main/signing/softhsm.ts';

/** The real SoftHSM library, or null where the machine has none. */
export const softHsm: string | null = softHsmModules.find((path) => existsSync(path)) ?? null;

/** What node:test takes as `skip`. */
export const withoutSoftHsm: string | false = softHsm === null ? 'SoftHSM 2 is not installed' : false;

export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'fuseline-signing-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export function openSoftToken(folder: string, launch: LaunchTokenProcess = forkTokenProcess): Promise<Signer> {
  return openEmbeddedToken({ folder, clock: systemClock, random: systemRandom, launch });
}

/** The real launcher, with an ear on the line. */
export class WatchedLaunch {
  readonly lines: TokenLine[] = [];
  readonly messages: (ToToken | FromToken)[] = [];
  /** Processes that have ended. */
  ended = 0;
  /** Requests for which this answers true never reach the process. */
  swallow: (message: ToToken) => boolean = () => false;

  readonly launch: LaunchTokenProcess = (environment) => {
    const line = forkTokenProcess(environment);
    this.lines.push(line);
    line.onMessage((message) => this.messages.push(message as FromToken));
    line.onEnd(() => {
      this.ended++;
    });
    return {
      ...line,
      send: (message) => {
        this.messages.push(message);
        if (!this.swallow(message)) line.send(message);
      },
    };
  };

  get last(): TokenLine {
    const line = this.lines.at(-1);
    if (line === undefined) throw new Error('no token process was started');
    return line;
  }
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Works on a closed store as somebody with its PIN and another program would: straight to the module, past everything of the station. */
export function inStore<T>(folder: string, work: (module: pkcs11js.PKCS11, session: pkcs11js.Handle) => T): T {
  process.env.SOFTHSM2_CONF = join(folder, 'softhsm2.conf');
  using pin = SecretBytes.adopt(new Uint8Array(readFileSync(join(folder, 'pin'))));
  const session = new TokenSession({ module: softHsm!, label: 'fuseline' }, false);
  try {
    session.open(pin, false);
    return session.run('test', work);
  } finally {
    session.close();
  }
}

/** Every object that fits. */
export function objectsIn(
  module: pkcs11js.PKCS11,
  session: pkcs11js.Handle,
  template: pkcs11js.Template = [],
): pkcs11js.Handle[] {
  module.C_FindObjectsInit(session, template);
  const found = module.C_FindObjects(session, 1000);
  module.C_FindObjectsFinal(session);
  return found;
}
