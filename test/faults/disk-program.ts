// What a test runs in a small file system: people and settings of a station, until there is no room; told line by line as JSON.
//
//   disk-program.ts FOLDER fill | more
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../main/base/clock.ts';
import { systemRandom } from '../../main/base/random.ts';
import { isFault } from '../../main/model/fault.ts';
import { Operators } from '../../main/station/desk/access/operators.ts';
import { DeskFile } from '../../main/station/desk/desk-file.ts';

const [folder = '', what = ''] = process.argv.slice(2);
const tell = (said: unknown) => console.log(JSON.stringify(said));
const people = join(folder, 'operators.json');
const operators = new Operators({ file: people, clock: systemClock, random: systemRandom });
const desk = new DeskFile(join(folder, 'desk.json'));
const fixtures = (count: number) =>
  Array.from({ length: count }, (_, at) => ({
    name: `nest-${at}`,
    address: `virtual:esp32c3?name=${'x'.repeat(200)}`,
  }));

function refusal(work: () => void): string | null {
  try {
    work();
    return null;
  } catch (error) {
    return isFault(error) ? `${error.code} ${error.details.file}` : String(error);
  }
}

if (what === 'fill') {
  await operators.save({ id: 'al', name: 'al', roles: ['custodian'], pin: 'al-271828', badge: null });
  let kept = 0;
  let refused: string | null = null;
  for (let count = 1; refused === null && count < 2000; count += 10) {
    refused = refusal(() => desk.keepFixtures(fixtures(count)));
    if (refused === null) kept = count;
  }
  tell({ refused, kept, read: new DeskFile(join(folder, 'desk.json')).fixtures?.length });
  // a wrong PIN that cannot be counted lets nobody in
  const login = await operators.login('al', 'al-271828').then(
    () => 'in',
    (error: unknown) => (isFault(error) ? error.code : String(error)),
  );
  tell({ login, people: JSON.parse(readFileSync(people, 'utf8')).operators.length });
} else {
  tell({
    login: (await operators.login('al', 'al-271828')).id,
    refused: refusal(() => desk.keepFixtures(fixtures(1))),
  });
}
