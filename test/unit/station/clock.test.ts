import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFault } from '../../../main/model/fault.ts';
import { programDate, requireClock } from '../../../main/model/program-date.ts';
import { advisoriesDate } from '../../../main/recipe/lint/advisories.ts';

const says = (time: string, last?: string) => {
  try {
    requireClock(Date.parse(time), last ?? null);
    return null;
  } catch (error) {
    if (!isFault(error, 'clock.wrong')) throw error;
    return error.what;
  }
};

test('a clock that stands before the program, or behind the ledger, is refused', () => {
  assert.match(
    says('1970-01-02T00:00:00Z') ?? '',
    /clock says 1970-01-02T00:00:00\.000Z, and this program was made after/,
  );
  assert.match(says('2000-01-01T00:00:00Z') ?? '', /made after/);
  assert.match(says('2026-11-21T23:59:59Z') ?? '', /made after/);
  assert.equal(says(`${programDate}T00:00:00Z`), null);
  const last = '2027-03-01T10:00:00.000Z';
  assert.match(says('2027-02-28T10:00:00Z', last) ?? '', /has an entry of 2027-03-01T10:00:00\.000Z already/);
  assert.match(says('2027-03-01T09:50:00Z', last) ?? '', /back in time/);
  assert.equal(says('2027-03-01T09:58:00Z', last), null, 'a time server corrects by minutes');
  assert.equal(says('2027-03-02T10:00:00Z', last), null);
});

test('the day of the program is that of its newest dated table, and has been', () => {
  assert.ok(programDate >= advisoriesDate, `advisories are of ${advisoriesDate}`);
  assert.ok(Date.parse(programDate) <= Date.now());
});
