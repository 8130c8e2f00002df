import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../../main/base/random.ts';
import { flashParts } from '../../../main/model/flash-part.ts';
import type { LoadedRecipe } from '../../../main/recipe/load.ts';
import { boardTimeOf } from '../../../main/recipe/plan/board-time.ts';
import type { Plan } from '../../../main/recipe/types.ts';

const MiB = 1 << 20;
const noise = seededRandom(3)(4 * MiB);
const padding = new Uint8Array(MiB).fill(0xff);

interface Wish {
  readonly data?: Uint8Array;
  readonly encrypted?: boolean;
  readonly baudRate?: number;
  readonly stub?: boolean;
  readonly chip?: string;
  readonly burns?: number;
}

/** Of a plan with one part, only what the time is told from. */
function timeOf({
  data = noise,
  encrypted = true,
  baudRate = 2_000_000,
  stub = true,
  chip = 'esp32p4',
  burns = 10,
}: Wish) {
  const plan = {
    parts: [{ name: 'factory', kind: 'app', offset: 0x10000, length: data.length, signed: true, encrypted }],
    burn: { burns: Array.from({ length: burns }) },
  } as unknown as Plan;
  const loaded = {
    recipe: { chip, flash: { baudRate, stub, size: 8 * MiB } },
    firmware: { parts: [{ name: 'factory', data }] },
  } as unknown as LoadedRecipe;
  return flashParts.map((part) => {
    const time = boardTimeOf(plan, loaded, part);
    const share = (what: string) => Math.round(time.shares.find((each) => each.what === what)!.ms);
    return { time, wire: share('wire'), flash: share('flash'), latency: share('latency') };
  });
}

test('4 MiB of ciphertext at 2 Mbaud: the wire, and no flash where it writes while the wire brings more', () => {
  const [usual, slow] = timeOf({});
  // 4194304 bytes of ten bits; 64 blocks of 150 ms and 16384 pages of 0.4 ms take 16.2 s
  assert.equal(usual!.wire, Math.round((4 * MiB * 10_000) / 2e6 / 0.985));
  assert.equal(usual!.flash, 0);
  // 64 blocks of 1 s and 16384 pages of 1.4 ms
  assert.equal(slow!.flash, Math.round(64_000 + 16_384 * 1.4 - (4 * MiB * 10_000) / 2e6 / 0.985));
  assert.equal(
    usual!.time.ms,
    usual!.time.shares.reduce((sum, { ms }) => sum + ms, 0),
  );
  // 4 MiB are left: 64 KiB before it and the rest behind it, in whole blocks
  assert.equal(usual!.time.notBlankMs, 64 * 150);
});

test('a ROM without a stub hides nothing of the flash', () => {
  assert.equal(timeOf({ stub: false })[0]!.flash, Math.round(64 * 150 + 16_384 * 0.4));
});

test('what is not encrypted and gets shorter goes compressed, and what does not, plain', () => {
  const packed = timeOf({ data: padding, encrypted: false })[0]!.time.parts[0]!;
  assert.ok(packed.wire < 0.01 * packed.bytes, `${packed.wire}`);
  for (const wish of [{ encrypted: false }, { data: padding, encrypted: true }]) {
    const { wire, bytes } = timeOf(wish)[0]!.time.parts[0]!;
    assert.equal(wire, bytes);
  }
});

test('a chip that is asked register by register feels the latency of the adapter more often', () => {
  assert.equal(timeOf({})[0]!.latency, (75 + 115) * 16);
  assert.ok(timeOf({ chip: 'esp32s3' })[0]!.latency > 2 * timeOf({})[0]!.latency);
});
