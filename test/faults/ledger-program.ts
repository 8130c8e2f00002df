// A program of its own for the fault tests of the ledger: opens the book named, does one thing, and tells on stdout what was
// acknowledged, one JSON object a line. With LEDGER_PROCESSES its threads are processes, as those of the desktop program.
import { writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../main/base/clock.ts';
import { forkLine } from '../../main/base/process-line.ts';
import { processThread, threadFile } from '../../main/ledger/sqlite/link.ts';
import { openSqliteLedger } from '../../main/ledger/sqlite/open.ts';
import { faultOf } from '../../main/model/fault.ts';
import { mac, noise, note, run, sealBoard } from '../unit/ledger/book.ts';

const launch =
  process.env.LEDGER_PROCESSES === undefined ? {} : { launch: () => processThread(forkLine(threadFile, {})) };
const [what = '', file = ''] = process.argv.slice(2);

/** At once and whole: what was told stays told when this process is killed. */
function tell(value: unknown): void {
  writeSync(1, `${JSON.stringify(value)}\n`);
}

try {
  const ledger = await openSqliteLedger({ file, station: 'line-1', clock: systemClock, ...launch });
  tell({ opened: ledger.opening });
  switch (what) {
    case 'append-for-ever':
      await Promise.all(
        Array.from({ length: 8 }, async (_, n) => {
          const id = `${process.pid}-${n}`;
          await ledger.openRun(run(id, { mac: mac(n) }));
          for (;;) {
            const { seq } = await ledger.append(id, 'step', note('x'.repeat(200)));
            tell({ run: id, seq });
          }
        }),
      );
      break;
    case 'hold':
      tell({ holding: process.pid });
      setInterval(() => undefined, 1000);
      break;
    case 'fill-disk': {
      // The folder is a small file system of its own.
      const ballast = join(file, '..', 'ballast');
      await ledger.openRun(run('r1', { mac: mac(1) }));
      let kept = 0;
      for (;;) {
        try {
          await ledger.append('r1', null, note(noise(10_000)));
          kept += 1;
          if (kept === 3) writeFileSync(ballast, new Uint8Array(300_000));
        } catch (error) {
          tell({ kept, refused: faultOf(error).toJSON() });
          break;
        }
      }
      const { broken } = await ledger.verify();
      tell({ events: (await ledger.events('r1')).length, broken });
      writeFileSync(ballast, '');
      await ledger.append('r1', null, note('room again'));
      await sealBoard(ledger, 'r2', 2);
      await ledger.close();
      tell({ closed: true });
      break;
    }
  }
} catch (error) {
  tell({ fault: faultOf(error).toJSON() });
}
