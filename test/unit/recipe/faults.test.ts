// Faults of making a board that no story meets: each by the piece that raises it, with real parts around it.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { utf8 } from '../../../main/base/bytes.ts';
import { systemClock } from '../../../main/base/clock.ts';
import { md5Hex } from '../../../main/base/digest.ts';
import { seededRandom } from '../../../main/base/random.ts';
import { SecretBytes } from '../../../main/base/secret.ts';
import type { Board } from '../../../main/chip/board.ts';
import type { EfuseSnapshot } from '../../../main/efuse/types.ts';
import type { StepEvent } from '../../../main/model/event.ts';
import { type Fault, faultOf, isFault } from '../../../main/model/fault.ts';
import type { LoadedRecipe } from '../../../main/recipe/load.ts';
import { makeCredentials } from '../../../main/recipe/making/credentials.ts';
import { makeIdentity } from '../../../main/recipe/making/identity.ts';
import { previewRelease } from '../../../main/recipe/making/release.ts';
import { writeReleaseFolder } from '../../../main/recipe/making/release-folder.ts';
import { makeStorage } from '../../../main/recipe/making/storage.ts';
import { keyBytesOf } from '../../../main/recipe/steps/burn-keys.ts';
import { startCleaning } from '../../../main/recipe/steps/clean-flash.ts';
import { deviceEncryption } from '../../../main/recipe/steps/device-encryption.ts';
import { newWorkspace, type StepContext } from '../../../main/recipe/steps/step.ts';
import { assertFlashIsHere } from '../../../main/recipe/steps/write-image.ts';
import { detachedSigner } from '../../../main/signing/detached.ts';
import { publicKeyOfFile } from '../../../main/signing/public-key-file.ts';
import { previewPlan } from '../../../main/station/desk/library/recipe-views.ts';
import { rowsForBoard } from '../../../main/station/device-rows.ts';
import { recipeNamed } from '../../stories/stage.ts';
import { meet, siliconOf } from '../station/parts.ts';
import { ScriptedLedger } from '../station/scripted-ledger.ts';
import { ScriptedSigner } from '../station/scripted-signer.ts';

/** What a stream of events ends with: its fault. */
async function faultIn(events: AsyncIterable<StepEvent>): Promise<Fault> {
  try {
    for await (const _ of events);
  } catch (error) {
    assert.ok(isFault(error), String(error));
    return error;
  }
  throw new Error('there was no fault');
}

/** The context of a step for one board of this recipe, with parts of a test's own. */
async function contextOf(loaded: LoadedRecipe, parts: Partial<StepContext> = {}): Promise<StepContext> {
  const { makePlan } = await import('../../../main/recipe/plan/plan.ts');
  const { devicePartsOf } = await import('../../../main/recipe/plan/device-parts.ts');
  const board = await meet(siliconOf(loaded));
  const snapshot = await board.readEfuses();
  await board.close();
  const { recipe, firmware, ref, waivers, files } = loaded;
  const { identity, profile } = board;
  const release = previewRelease(recipe, firmware);
  const plan = makePlan({
    ...{ recipe, ref, release, profile, snapshot, waivers, serial: 'SN-1' },
    deviceParts: devicePartsOf(recipe, firmware),
    identity: { ...identity, revision: identity.revision!, mac: identity.mac! },
    past: { run: null, slots: [], givenUp: [], keys: new Map() },
  });
  return {
    ...{ board, plan, recipe, release, files },
    signer: new ScriptedSigner().signer,
    clock: systemClock,
    random: seededRandom(9),
    permit: null as never,
    workspace: newWorkspace(),
    earlierKeys: new Map(),
    isOther: async () => false,
    resetBy: 'lines',
    batch: 'B-1',
    rows: new Map(),
    ...parts,
  };
}

test('a key that is not in the workspace is not burned as zeros', () => {
  assert.throws(
    () => keyBytesOf(newWorkspace())('flash-encryption', 'whole'),
    (error) => isFault(error, 'burn.key-missing') && error.safety === 'resumable',
  );
});

test('an identity whose key was not made is a defect, not a certificate over nothing', async () => {
  const fault = await faultIn(makeIdentity(await contextOf(recipeNamed('esp32p4-production'))));
  assert.deepEqual([fault.code, fault.faultClass], ['program.no-identity-key', 'program']);
});

test('a generator that always draws the same never makes credentials: told, with nothing left in memory', async () => {
  const lent: SecretBytes[] = [];
  const token = new ScriptedSigner();
  const signer = {
    ...token.signer,
    random: async (length: number) => {
      const secret = SecretBytes.adopt(new Uint8Array(length));
      lent.push(secret);
      return secret;
    },
  };
  const loaded = recipeNamed('esp32p4-provisioning');
  const { provisioning } = loaded.recipe;
  assert.ok(provisioning);
  // a name with a colon makes no user of SRP: no draw can help
  const recipe = { ...loaded.recipe, provisioning: { ...provisioning, username: 'a:b' } };
  const fault = await faultIn(
    (async function* () {
      yield* makeCredentials(await contextOf({ ...loaded, recipe }, { signer }));
    })(),
  );
  assert.deepEqual([fault.code, fault.faultClass, fault.safety], ['provisioning.no-draw', 'token', 'resumable']);
  assert.ok(lent.length > 1 && lent.every(({ destroyed }) => destroyed));
});

test('a value of a row that no partition can hold is told by its name, and never by what it is', async () => {
  const loaded = recipeNamed('esp32p4-provisioning');
  const context = await contextOf(loaded);
  const [stored] = loaded.recipe.storage ?? [];
  assert.ok(stored);
  const value = {
    ...stored.values[0]!,
    namespace: 'app',
    key: 'count',
    type: 'u8' as const,
    secret: true,
    source: { kind: 'text' as const, text: '70000' },
  };
  const recipe = { ...loaded.recipe, provisioning: null, storage: [{ ...stored, values: [value] }] };
  const fault = await faultIn(makeStorage({ ...context, recipe: recipe as typeof loaded.recipe }));
  assert.equal(fault.code, 'storage.value');
  assert.match(fault.what, /app\.count/);
  assert.doesNotMatch(`${fault.what}${fault.next}`, /70000/);
});

test('a board that is in no list of its recipe is refused: untouched, or as it was when it was touched before', async () => {
  const { recipe } = recipeNamed('esp32p4-provisioning');
  const stored = { ...recipe.storage![0]!, devices: 'list.csv', inTurn: false };
  const files = new Map([['list.csv', utf8('mac,color\naa:bb:cc:00:00:09,red\n')]]);
  const said: unknown[] = [];
  for (const [isTouched, safety] of [
    [false, 'untouched'],
    [true, 'resumable'],
  ] as const)
    await assert.rejects(
      rowsForBoard(
        { recipe: { ...recipe, storage: [stored] }, files },
        { mac: 'aa:bb:cc:00:00:01', serial: null, isTouched, say: async (event) => void said.push(event) },
        new ScriptedLedger().ledger,
      ),
      (error) => isFault(error, 'storage.no-row') && error.safety === safety && /aa:bb:cc:00:00:01/.test(error.what),
    );
  assert.deepEqual(said, []);
});

test('flash of which nobody knows where it ends, or whose end the ROM does not reach, is not touched', async () => {
  const { recipe } = recipeNamed('esp32c3-production');
  for (const [detected, size, code] of [
    [null, null, 'flash.size-unknown'],
    [32 << 20, null, 'flash.beyond-rom'],
    [null, 32 << 20, 'flash.beyond-rom'],
  ] as const) {
    const board = {
      detectFlashSize: async () => detected,
      prepareFlashing: async () => ({ mode: 'rom', baudRate: 115200 }),
      clearFlash: async () => assert.fail('nothing is erased'),
    } as unknown as Board;
    const cleaning = startCleaning(
      { board, plan: { parts: [] }, recipe: { ...recipe, flash: { ...recipe.flash, size } }, clock: systemClock },
      undefined,
    );
    await assert.rejects(cleaning.result, (error) => isFault(error, code) && error.safety === 'untouched');
    await cleaning.stop();
  }
});

test('a release is written whole or not at all', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-release-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'file');
  writeFileSync(file, '');
  assert.throws(
    () => writeReleaseFolder(join(file, 'release'), new Map([['a', new Uint8Array(1)]])),
    (error) => isFault(error, 'ota.cannot-write'),
  );
});

test('a file for a public key with a private one in it, or none', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = (text: string | Buffer) => utf8(String(text));
  const spki = publicKeyOfFile(pem(publicKey.export({ type: 'spki', format: 'pem' })), 'key.pem');
  assert.deepEqual(Buffer.from(spki), publicKey.export({ type: 'spki', format: 'der' }));
  for (const type of ['pkcs8', 'sec1'] as const)
    assert.throws(
      () => publicKeyOfFile(pem(privateKey.export({ type, format: 'pem' })), 'key.pem'),
      (error) => isFault(error, 'signing.private-key') && /key\.pem/.test(error.what),
    );
  for (const bytes of [
    utf8('hello'),
    new Uint8Array(0),
    pem('-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----'),
  ])
    assert.throws(
      () => publicKeyOfFile(bytes, 'key.pem'),
      (error) => isFault(error, 'signing.public-key'),
    );
});

test('a wrapping key signs no files', async () => {
  await assert.rejects(detachedSigner(new ScriptedSigner().signer, { label: 'fuseline-wrapping' }), (error) =>
    isFault(error, 'token.no-signing-key'),
  );
});

test('anything that was thrown is a fault, and ours stays what it is', () => {
  const strange = faultOf(new Error('x is undefined'));
  assert.deepEqual([strange.code, strange.faultClass], ['program.unexpected', 'program']);
  assert.match(strange.what, /x is undefined/);
  assert.match(faultOf('a string').what, /a string/);
  assert.equal(faultOf(strange), strange);
});

test('the device that is to encrypt its flash itself: trouble, silence, work half done', async () => {
  const plain = recipeNamed('esp32c3-production');
  const recipe = {
    ...plain.recipe,
    flashEncryption: { ...plain.recipe.flashEncryption!, by: 'device' as const, timeoutSeconds: 1 },
  };
  const loaded = { ...plain, recipe };
  const context = await contextOf(loaded);
  const snapshot: EfuseSnapshot = await (async () => {
    const board = await meet(siliconOf(plain));
    const read = await board.readEfuses();
    await board.close();
    return read;
  })();
  /** A board whose first start prints this, and whose door is then found so. */
  const board = (lines: readonly string[], door: 'open' | 'secure' | 'disabled' = 'open'): Board =>
    ({
      returnToRom: async () => undefined,
      assertSame: async () => undefined,
      readEfuses: async () => snapshot,
      tryDownloadDoor: async () => door,
      readSecurity: async () => ({ ...context.board.identity.security, secureDownload: door === 'secure' }),
      async *boot({ signal }: { signal: AbortSignal }) {
        yield* lines;
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      },
    }) as unknown as Board;
  const end = 'I (900) boot: Resetting with flash encryption enabled...';
  for (const [lines, door, code, safety] of [
    [['E (20) flash_encrypt: Failed to write efuse'], 'open', 'device-encryption.failed', 'resumable'],
    [['I (20) boot: hello'], 'open', 'device-encryption.failed', 'resumable'],
    [[end], 'open', 'device-encryption.incomplete', 'resumable'],
    [[end], 'secure', 'device-encryption.incomplete', 'shut'],
  ] as const) {
    const events: StepEvent[] = [];
    const fault = await faultIn(
      (async function* () {
        for await (const event of deviceEncryption.perform({ ...context, board: board(lines, door) })) {
          events.push(event);
          yield event;
        }
      })(),
    );
    assert.deepEqual([fault.code, fault.safety], [code, safety], lines.join());
    assert.ok(events.some(({ type }) => type === 'intend'));
    assert.ok(!events.some(({ type }) => type === 'verified'), 'nothing is believed');
  }
  assert.ok(previewPlan(loaded), 'the plan of such a recipe can be shown');
});

test('a second chip of one MAC that has not the flash of the first is not shut over what it has, where no number tells the two', async () => {
  const context = await contextOf(recipeNamed('esp32-production'));
  const bytes = seededRandom(3)(0x3000);
  const [right, wrong] = [md5Hex(bytes.subarray(0, 0x1000)), md5Hex(new Uint8Array(0x1000))];
  const cleaning = { result: Promise.resolve({ size: 1 << 22 }) } as unknown as StepContext['workspace']['cleaning'];
  const images = [{ name: 'application', offset: 0x10000, bytes, encrypted: true, plainSha256: '', flashSha256: '' }];
  const look = async (answers: string[], { hasOwnNumber = false, written = true } = {}) => {
    let asked = 0;
    const board = {
      ...{ hasOwnNumber, identity: context.board.identity },
      prepareFlashing: async () => undefined,
      flashDigest: async (offset: number, length: number) => {
        assert.deepEqual([offset, length], [0x10000, 0x1000]);
        return answers[asked++]!;
      },
    } as unknown as Board;
    const workspace = { ...context.workspace, images, cleaning: written ? cleaning : null };
    await assertFlashIsHere({ ...context, board, workspace });
    return asked;
  };
  assert.equal(await look([right]), 1);
  assert.equal(await look([wrong, right]), 2, 'answers carry no checksum');
  assert.equal(await look([], { hasOwnNumber: true }), 0);
  assert.equal(await look([], { written: false }), 0, 'nothing was written in this run');
  await assert.rejects(
    look([wrong, wrong]),
    (error) => isFault(error, 'chip.other-board') && error.safety === 'resumable',
  );
});
