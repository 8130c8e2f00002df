import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { book, folder } from '../unit/ledger/book.ts';

const program = fileURLToPath(new URL('./ledger-program.ts', import.meta.url));

test('a writer is killed in the middle, again and again: every acknowledged row is there and the chain holds', async (t) => {
  const file = join(folder(t), 'ledger.db');
  const acknowledged = new Map<string, number>();
  // How many acknowledgements each writer may tell before it is killed.
  for (const lives of [1, 40, 173]) {
    const child = spawn(process.execPath, [program, 'append-for-ever', file], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    let told = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      const said = JSON.parse(line) as { run?: string; seq?: number };
      if (said.run === undefined || said.seq === undefined) continue;
      acknowledged.set(said.run, Math.max(said.seq, acknowledged.get(said.run) ?? -1));
      if (++told === lives) child.kill('SIGKILL');
    }
    await ended;
    assert.ok(told >= lives);
  }
  const { ledger } = await book(t, { file });
  assert.ok(ledger.opening.uncleanClose !== null, 'the report tells of the writer that did not close');
  assert.ok(ledger.opening.checkedRows > 0);
  assert.equal((await ledger.verify()).broken, null);
  for (const [run, last] of acknowledged) {
    const seqs = (await ledger.events(run)).map(({ seq }) => seq);
    assert.deepEqual(
      seqs,
      Array.from({ length: seqs.length }, (_, i) => i),
    );
    assert.ok(seqs.length > last, `run ${run}: ${seqs.length} events, but ${last + 1} were acknowledged`);
  }
  await ledger.close();
  const again = await book(t, { file });
  assert.equal(again.ledger.opening.uncleanClose, null);
});
