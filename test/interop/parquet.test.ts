// Tables for analysis, read by Apache Arrow: another reader of Parquet than the one beside our writer.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { type Cell, type Column, ParquetFile } from '../../main/formats/parquet.ts';
import { analysisColumns, analysisRows, analysisTables } from '../../main/station/analysis.ts';
import { pythonWith } from '../tools/python.ts';
import { book, folder, run, sealBoard } from '../unit/ledger/book.ts';

const judge = await pythonWith({ name: 'arrow', what: 'Apache Arrow', requirements: ['pyarrow==26.0.1'] });

/** Says what it reads: types, groups, and cells as JSON (times as ISO 8601), the last rows where there are many. */
const reading = `
import datetime, json, sys
import pyarrow.parquet as parquet
answers = []
for path in sys.argv[1:]:
    file = parquet.ParquetFile(path)
    table = file.read()
    table.validate(full=True)
    answers.append({
        'types': {field.name: str(field.type) for field in table.schema},
        'groups': file.num_row_groups,
        'rows': table.num_rows,
        'by': file.metadata.created_by,
        'last': [list(row.values()) for row in table.slice(max(0, table.num_rows - 5)).to_pylist()],
    })
print(json.dumps(answers, default=lambda time: time.isoformat(timespec='milliseconds').replace('+00:00', '') + 'Z'))
`;

interface Read {
  readonly types: Readonly<Record<string, string>>;
  readonly groups: number;
  readonly rows: number;
  readonly by: string;
  readonly last: readonly (readonly unknown[])[];
}

const arrow = { text: 'string', count: 'int64', number: 'double' } as const;

test('Apache Arrow reads every table, type, group and text as it was written', {
  skip: 'missing' in judge ? judge.missing : false,
}, async (t) => {
  const at = folder(t);
  const written = new Map<
    string,
    { readonly columns: readonly Column[]; readonly rows: readonly (readonly Cell[])[] }
  >();
  const write = async (name: string, columns: readonly Column[], rows: readonly (readonly Cell[])[]) => {
    const path = join(at, `${name}.parquet`);
    writeFileSync(path, '');
    const file = new ParquetFile(path, columns, 'fuseline 0.1.0');
    for (const row of rows) await file.add(row);
    await file.end();
    written.set(path, { columns, rows });
  };
  const { ledger } = await book(t);
  await sealBoard(ledger, 'r1', 1);
  await ledger.openRun(run('r2'));
  for (const table of analysisTables) {
    const rows: (readonly Cell[])[] = [];
    for await (const row of analysisRows(ledger, table)) rows.push(row);
    await write(table, analysisColumns[table], rows);
  }
  const columns: Column[] = [
    { name: 'text', type: 'text' },
    { name: 'count', type: 'count' },
    { name: 'number', type: 'number' },
    { name: 'time', type: 'time' },
  ];
  await write('empty', columns, []);
  await write('nothing', columns, [[null, null, null, null]]);
  const texts = ['', 'é', '夜班 😀', '\u0000"\n', null, 'x'.repeat(300)];
  await write(
    'groups',
    columns,
    Array.from({ length: 50_003 }, (_, n) => [
      texts[n % texts.length]!,
      n % 3 === 0 ? null : Number.MAX_SAFE_INTEGER - n,
      n % 5 === 0 ? null : n / 7,
      n % 2 === 0 ? null : new Date(1_790_000_000_000 + n).toISOString(),
    ]),
  );

  const paths = [...written.keys()];
  const { stdout } = await promisify(execFile)((judge as { python: string }).python, ['-c', reading, ...paths], {
    maxBuffer: 10_000_000,
  });
  for (const [n, read] of (JSON.parse(stdout) as Read[]).entries()) {
    const { columns, rows } = written.get(paths[n]!)!;
    assert.deepEqual(read, {
      types: Object.fromEntries(
        columns.map(({ name, type }) => [name, type === 'time' ? 'timestamp[ms, tz=UTC]' : arrow[type]]),
      ),
      ...{ groups: Math.ceil(rows.length / 50_000), rows: rows.length, by: 'fuseline 0.1.0', last: rows.slice(-5) },
    });
  }
});
