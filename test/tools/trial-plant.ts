// Starts a plant for trying as `npm start -- --plant` does, says on one line what a station of the folder gets, and stays until it is killed.
//
//   node test/tools/trial-plant.ts DATA
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { faultOf } from '../../main/model/fault.ts';
import { settingsOf } from '../../main/start/settings.ts';
import { startTrialPlant } from '../../main/start/trial-plant.ts';
import { english } from '../../main/words/told.ts';

const [data = ''] = process.argv.slice(2);
const quiet = { say: () => undefined, words: english.terminal.trialPlant };
mkdirSync(join(data, 'named'), { recursive: true });
const named = join(data, 'named', 'station.yaml');
writeFileSync(named, "fuseline: 1\nstation: fuseline\nplant: {url: 'postgres:///p?host=/nowhere'}\n");
const none = await startTrialPlant({ data }, quiet, { find: () => null, install: () => 'no apt' }).catch(
  (error: unknown) => faultOf(error).next,
);
const refused = await startTrialPlant({ data: join(data, 'named') }, quiet).catch(
  (error: unknown) => faultOf(error).code,
);
await startTrialPlant({ data }, quiet);
const plantOf = (folder: string) => settingsOf({ data: folder }).plant;
process.stdout.write(
  `${JSON.stringify({ none, refused, elsewhere: plantOf(join(data, 'rehearsal')), here: plantOf(data) })}\n`,
);
process.stdin.resume();
