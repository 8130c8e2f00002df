import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCsv } from '../../../main/formats/csv.ts';

const linesOf = (text: string) => {
  const { rows, mistakes } = parseCsv(text, ['a'], 'taken');
  return { rows: rows.map(({ line, fields }) => [line, ...Object.values(fields)]), mistakes };
};

test('each row knows the line on which it begins, whatever comments, empty lines and cells of several lines stand before', () => {
  for (const end of ['\n', '\r\n']) {
    const text = ['# made by hand', '', 'a,b', '# "x', '1,"x', 'y, ""z"""', '', '2,#3', '4,5'].join(end);
    const expected = [
      [5, '1', `x${end}y, "z"`],
      [8, '2', '#3'],
      [9, '4', '5'],
    ];
    assert.deepEqual(linesOf(text), { rows: expected, mistakes: [] }, JSON.stringify(end));
    assert.deepEqual(linesOf(`\uFEFF${text}${end}`), { rows: expected, mistakes: [] });
  }
});

test('quotes that are wrong are told with their line', () => {
  const told = (text: string) => linesOf(text).mistakes.map(({ line, what }) => `${line}: ${what}`);
  assert.deepEqual(told('a\n1\n"2\n3\n'), ['3: A quote is opened and never closed.']);
  const behind = 'Something stands between the quote that closes a cell and the next comma.';
  assert.deepEqual(told('a\n1\n"2"x\n'), [`3: ${behind}`]);
  assert.deepEqual(told('a\n1\nx"2"\n"3" \n'), ['3: A quote stands in the middle of a cell.', `4: ${behind}`]);
});

test('a row with more cells than columns, a missing and a double column', () => {
  const { mistakes } = parseCsv('a,a,\n1,2,3,4\n', ['a', 'b']);
  assert.deepEqual(
    mistakes.map(({ line, what }) => `${line}: ${what}`),
    ['1: The first line names no column b.', '1: Column 2 has the name of an earlier one.', '1: Column 3 has no name.'],
  );
  assert.deepEqual(
    linesOf('a\n1,2\n').mistakes.map(({ what }) => what),
    ['The line has 2 cells for 1 columns.'],
  );
});
