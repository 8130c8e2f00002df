import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eraseMs } from '../../../main/model/flash-part.ts';
import { unwrittenOf } from '../../../main/recipe/plan/unwritten.ts';

const part = (offset: number, length: number | null) => ({ offset, length });

test('what no part takes: gaps between sectors, the rest behind the last, the place of a part whose length nobody knows yet', () => {
  const parts = [part(0x10000, 0x1801), part(0x2000, 0x5000), part(0x8000, 0xc00), part(0x9000, null)];
  assert.deepEqual(unwrittenOf(parts, 0x20000), [
    { offset: 0, length: 0x2000 },
    { offset: 0x7000, length: 0x1000 },
    { offset: 0x9000, length: 0x7000 },
    { offset: 0x12000, length: 0xe000 },
  ]);
});

test('parts that touch, overlap or end with the flash leave no empty region', () => {
  assert.deepEqual(unwrittenOf([part(0, 0x1000), part(0x1000, 0x2000), part(0x2000, 0x800)], 0x3000), []);
  assert.deepEqual(unwrittenOf([part(0x1000, 0x2000)], 0x2000), [{ offset: 0, length: 0x1000 }]);
  assert.deepEqual(unwrittenOf([], 0x4000), [{ offset: 0, length: 0x4000 }]);
});

test('times of erasing by the data sheet: whole blocks of 64 KiB where they fit, sectors before and behind', () => {
  assert.equal(eraseMs(0, 0x10000), 150);
  assert.equal(eraseMs(0x1000, 0x1000), 45);
  assert.equal(eraseMs(0xf000, 0x12000), 45 + 150 + 45);
  assert.equal(eraseMs(0, 16 * 1024 * 1024) / 1000, 38.4);
});
