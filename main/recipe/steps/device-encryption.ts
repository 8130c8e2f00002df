import { decodeSnapshot } from '../../efuse/snapshot.ts';
import { purposeRule } from '../../efuse/tables.ts';
import { BoardFault } from '../../model/fault.ts';
import {
  deviceEncryptionProblems,
  deviceKeyPurposes,
  encryptedBefore,
  encryptionEnd,
  encryptionSeconds,
  encryptionTrouble,
  shutEncryptionProblems,
} from '../plan/device-encryption.ts';
import type { Step, StepContext } from './step.ts';
import { writeLateImages } from './write-image.ts';

/** The first start, in which the device makes its flash key and encrypts its flash; its end is awaited, then looked at. */
export const deviceEncryption: Step = {
  id: 'device-encryption',
  irreversible: true,
  summary: (_, recipe) =>
    `write its bootloader and start the board; it makes a key of its own (${deviceKeyPurposes(recipe).join(', ')}), encrypts its flash and sets SPI_BOOT_CRYPT_CNT; nobody has a copy of that key`,

  async *perform(context) {
    const { board, recipe, plan, workspace } = context;
    const purposes = deviceKeyPurposes(recipe);
    const { doors } = recipe;
    await board.returnToRom();
    // An application of a release build may shut the door before the station can look again: what is seen now is then all there is.
    workspace.efusesAfter = await board.readEfuses();
    yield { type: 'observed', what: 'efuses-before-door', value: decodeSnapshot(workspace.efusesAfter) };
    const fields = [
      { field: 'SPI_BOOT_CRYPT_CNT', from: 0, to: wantedCount(context) },
      ...(doors.downloadMode === 'secure' ? [{ field: 'ENABLE_SECURITY_DOWNLOAD', from: 0, to: 1 }] : []),
      ...(doors.downloadMode === 'disabled' ? [{ field: 'DIS_DOWNLOAD_MODE', from: 0, to: 1 }] : []),
    ];
    const detail = { purposes, fields };
    yield { type: 'intend', what: 'device-encryption', detail };
    await board.assertSame();
    // From now on a start is the first start, whoever causes it: a board that comes back shut is looked for under this intention.
    yield* writeLateImages(context);
    await board.assertSame();
    const lines = await awaitEnd(context);
    yield { type: 'burned', what: 'device-encryption', detail };
    const door = await board.tryDownloadDoor();
    if (door === 'open') {
      const snapshot = await board.readEfuses();
      const problems = deviceEncryptionProblems(recipe, plan.wanted, snapshot);
      if (problems.length > 0) throw incomplete(problems, 'resumable');
      workspace.efusesAfter = snapshot;
      yield { type: 'observed', what: 'efuses-before-door', value: decodeSnapshot(snapshot) };
      yield { type: 'verified', what: 'device-encryption', detail: { lines, by: 'eFuses', nobodyHasTheKey: true } };
      return;
    }
    const numbers = purposes.map((purpose) => purposeRule(workspace.efusesAfter!.table, purpose).number ?? 0);
    const problems =
      door === 'secure'
        ? shutEncryptionProblems(recipe, plan.wanted, await board.readSecurity(), numbers)
        : // With download mode gone the boot proof alone shows that what lies in flash starts.
          [];
    if (doors.downloadMode !== door) problems.push(`the application made download mode ${door}`);
    if (problems.length > 0) throw incomplete(problems, 'shut');
    workspace.doorShutByFirmware = door;
    const by = door === 'secure' ? 'security info' : 'its own word';
    yield { type: 'verified', what: 'device-encryption', detail: { lines, by, door, nobodyHasTheKey: true } };
  },
};

function wantedCount({ plan }: StepContext): number {
  return plan.wanted.fields.find(({ field }) => field === 'SPI_BOOT_CRYPT_CNT')?.value ?? 0;
}

/** Starts the board and reads its console until its bootloader says that it is done. The lines of flash encryption. */
async function awaitEnd({ board, clock, resetBy, recipe }: StepContext): Promise<string[]> {
  const seconds = recipe.flashEncryption?.timeoutSeconds ?? encryptionSeconds;
  const limit = new AbortController();
  const timer = clock.sleep(seconds * 1000, limit.signal).then(
    () => limit.abort(),
    () => undefined,
  );
  try {
    return await watchEncryption(board.boot({ signal: limit.signal, resetBy }), seconds);
  } finally {
    limit.abort();
    await timer;
  }
}

/**
 * Reads the console of a first start until the bootloader says that it has encrypted flash, or did so before; gives its last lines of that.
 * BoardFault `device-encryption.failed` where it says that it cannot, or the lines end (after `seconds`) without that word.
 */
export async function watchEncryption(console: AsyncIterable<string>, seconds: number): Promise<string[]> {
  const kept: string[] = [];
  let last = '(the console stayed silent)';
  for await (const line of console) {
    last = line;
    if (line.includes('flash_encrypt')) kept.push(line);
    if (encryptionTrouble.test(line)) throw failed(`The bootloader could not encrypt the flash: ${line}`, last);
    if (encryptionEnd.test(line) || encryptedBefore.test(line)) return kept.slice(-20);
  }
  throw failed(`Within ${seconds} s the bootloader did not say that it has encrypted the flash.`, last);
}

function failed(what: string, lastLine: string): BoardFault {
  return new BoardFault({
    code: 'device-encryption.failed',
    what,
    next: 'Insert the board again: while SPI_BOOT_CRYPT_CNT is 0 its flash is written anew. Build the bootloader with CONFIG_SECURE_FLASH_ENC_ENABLED in release mode.',
    safety: 'resumable',
    details: { lastLine },
  });
}

/** Behind a shut door nothing tells which board shows this, so that it condemns none. */
function incomplete(problems: readonly string[], safety: 'resumable' | 'shut'): BoardFault {
  return new BoardFault({
    code: 'device-encryption.incomplete',
    what: `The device has encrypted its flash, but not as the recipe wants it: ${problems.join('; ')}.`,
    next:
      safety === 'resumable'
        ? 'Insert the board again: the station burns what the bootloader left.'
        : 'Set the board aside: its door is shut, and what is missing can never be burned. Where its label says that it is the board of this run, condemn it by its MAC. Build the firmware to fit the recipe.',
    safety,
    details: { problems: problems.join('; ') },
  });
}
