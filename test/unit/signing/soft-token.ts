import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../main/base/clock.ts';
import { systemRandom } from '../../../main/base/random.ts';
import type { FromToken, ToToken } from '../../../main/signing/pkcs11/messages.ts';
import { forkTokenProcess, type LaunchTokenProcess, type TokenLine } from '../../../main/signing/pkcs11/token-child.ts';
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
    line.onMessage((message) => this.messages.push(message));
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
