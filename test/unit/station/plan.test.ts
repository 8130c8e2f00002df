// The plan of a board as it is found: which steps, which keys, and which boards nothing can be planned for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { profileOf } from '../../../main/chip/profiles.ts';
import { blankSnapshot } from '../../../main/efuse/snapshot.ts';
import type { EfuseSnapshot } from '../../../main/efuse/types.ts';
import type { LoadedRecipe } from '../../../main/recipe/load.ts';
import { previewRelease } from '../../../main/recipe/making/release.ts';
import { devicePartsOf } from '../../../main/recipe/plan/device-parts.ts';
import { makePlan, type PlanInput, planDigest, planFacts } from '../../../main/recipe/plan/plan.ts';
import { burnHistoryOf } from '../../../main/station/burn-history.ts';
import { recipeNamed } from '../../stories/stage.ts';
import { meet, Rig, siliconOf } from './parts.ts';

const plain = recipeNamed('esp32c3-production');
const keyed = recipeNamed('esp32p4-production');

const untouched: PlanInput['past'] = { run: null, slots: [], givenUp: [], keys: new Map() };

function inputFor(loaded: LoadedRecipe, snapshot: EfuseSnapshot, past: PlanInput['past'] = untouched): PlanInput {
  const { recipe, firmware, ref, waivers } = loaded;
  const { kind, chipId } = profileOf(recipe.chip);
  return {
    recipe,
    ref,
    release: previewRelease(recipe, firmware),
    deviceParts: devicePartsOf(recipe, firmware),
    profile: profileOf(recipe.chip),
    identity: {
      kind,
      chipId,
      revision: recipe.silicon.min,
      mac: 'aa:bb:cc:00:00:01',
      packageVersion: 0,
      security: null as never,
    },
    snapshot,
    serial: 'SN-1',
    waivers,
    past,
  };
}

const blank = (loaded: LoadedRecipe) => blankSnapshot(siliconOf(loaded).efuse.table);
const plan = (loaded: LoadedRecipe, past?: PlanInput['past']) => makePlan(inputFor(loaded, blank(loaded), past));

test('steps in the one order: flash before keys, protections before the door, the last boot behind it, keys destroyed at the end', () => {
  assert.deepEqual(
    plan(keyed).steps.map(({ id }) => id),
    ['prepare', 'write-flash', 'burn-keys', 'protect', 'boot-proof', 'shut-doors', 'final-boot-proof', 'destroy-keys'],
  );
  assert.deepEqual(
    plan(keyed)
      .steps.filter(({ irreversible }) => irreversible)
      .map(({ id }) => id),
    ['burn-keys', 'protect', 'shut-doors', 'destroy-keys'],
  );
});

test('a boot proof that is waived is in no plan; one that is asked for at one place only is there alone', () => {
  const idsOf = (change: Partial<PlanInput>, when: 'before-door' | 'after-door' | 'both' = 'both') => {
    const { recipe } = keyed;
    const input = inputFor({ ...keyed, recipe: { ...recipe, bootProof: { ...recipe.bootProof, when } } }, blank(keyed));
    return makePlan({ ...input, ...change })
      .steps.map(({ id }) => id)
      .filter((id) => id.includes('boot'));
  };
  assert.deepEqual(idsOf({}), ['boot-proof', 'final-boot-proof']);
  assert.deepEqual(idsOf({}, 'before-door'), ['boot-proof']);
  assert.deepEqual(idsOf({}, 'after-door'), ['final-boot-proof']);
  assert.deepEqual(idsOf({ waivers: [{ check: 'boot-proof', reason: 'no lines' }] }), []);
});

test('on a blank chip every key is new, as long as its blocks want it', () => {
  const { keys, resumes, burn } = plan(keyed);
  assert.deepEqual(burn.refusals, []);
  assert.equal(resumes, null);
  assert.deepEqual(keys.map(({ role, bytes, source }) => `${role} ${bytes} ${source}`).sort(), [
    'ecdsa-identity 32 new',
    'flash-encryption 64 new',
    'hmac-up 32 new',
  ]);
});

test('the digest binds the whole plan', () => {
  assert.equal(planDigest(plan(keyed)), planDigest(plan(keyed)));
  const { burns } = plan(keyed).burn;
  const other = { ...plan(keyed), burn: { ...plan(keyed).burn, burns: burns.slice(1) } };
  assert.notEqual(planDigest(other), planDigest(plan(keyed)));
  assert.notEqual(planDigest({ ...plan(keyed), serial: 'SN-2' }), planDigest(plan(keyed)));
});

test('facts for the record: every key block, what the door burns, which keys Secure Boot trusts', () => {
  const input = inputFor(keyed, blank(keyed));
  const facts = planFacts(makePlan(input), keyed.recipe, input.release);
  assert.deepEqual(facts.door, { DIS_DOWNLOAD_MODE: 1 });
  assert.deepEqual(facts.secureBoot?.keyDigests, input.release.keyDigests);
  assert.deepEqual(
    facts.keys.map(({ material, digest }) => `${material} ${digest === null ? 'secret' : 'public'}`).sort(),
    [
      'ecdsa-identity secret',
      'flash-encryption secret',
      'flash-encryption secret',
      'hmac-up secret',
      'secure-boot-digest-0 public',
    ],
  );
});

/** A board that lost its supply when its keys were in and hidden, as it is read when it comes again, and what the book tells of it. */
async function halfDone() {
  const rig = new Rig(plain);
  const chip = siliconOf(plain, { faults: [{ kind: 'power-cut-after-burn', after: 5 }] });
  assert.equal((await rig.run(chip)).fault?.code, 'burn.lost-contact');
  chip.powerOn();
  const board = await meet(chip);
  const snapshot = await board.readEfuses();
  await board.close();
  const past = burnHistoryOf(await rig.book.history(chip.identity.mac));
  return {
    snapshot,
    release: await rig.station.prepareRelease(plain),
    past: { ...past, encryptedIn: null, keys: new Map([...past.keys].map(([role, key]) => [role, key.fingerprint])) },
  };
}

test('a board that comes again goes on with its own keys; one whose keys are gone is condemned', async () => {
  const { snapshot, past, release } = await halfDone();
  const again = makePlan({ ...inputFor(plain, snapshot, past), release });
  assert.deepEqual(again.burn.refusals, []);
  assert.equal(again.resumes, 'R-1');
  assert.deepEqual(
    again.keys.map(({ role, source, fingerprint }) => [role, source, fingerprint === past.keys.get(role)]),
    [
      ['flash-encryption', 'earlier-run', true],
      ['hmac-up', 'earlier-run', true],
    ],
  );
  const slots = past.slots.map((slot) => ({ ...slot, keyAtHand: false }));
  const lost = makePlan({ ...inputFor(plain, snapshot, { ...past, slots, keys: new Map() }), release });
  assert.deepEqual(
    lost.burn.refusals.map(({ code, condemns }) => [code, condemns]),
    slots.map(() => ['plan.key-lost', true]),
  );
});

test('a board that encrypted its flash in no run of ours is condemned; in one of ours it is finished', () => {
  const byDevice: LoadedRecipe = {
    ...plain,
    recipe: { ...plain.recipe, flashEncryption: { ...plain.recipe.flashEncryption!, by: 'device' } },
  };
  const chip = siliconOf(plain);
  chip.efuse.burnField('SPI_BOOT_CRYPT_CNT', 7);
  const snapshot = {
    ...blank(plain),
    blocks: chip.efuse.burned().map((_, block) => [...chip.efuse.hardwareBlock(block)]),
  };
  const of = (encryptedIn: string | null) =>
    makePlan(inputFor(byDevice, snapshot, { ...untouched, run: encryptedIn, encryptedIn }));
  const refusalsOf = (one: ReturnType<typeof of>) => one.burn.refusals.map(({ code }) => code);
  assert.ok(refusalsOf(of(null)).includes('plan.encrypted-elsewhere'));
  assert.ok(!refusalsOf(of('R-1')).includes('plan.encrypted-elsewhere'));
  assert.ok(!of('R-1').steps.some(({ id }) => id === 'write-flash' || id === 'prepare'));
});
