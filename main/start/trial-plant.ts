// `npm start -- --plant`: a plant for trying, in a PostgreSQL server that belongs to this start of the program and goes with it.
import { systemRandom } from '../base/random.ts';
import { installPackages } from '../boot/system.mjs';
import { LedgerFault, RecipeFault } from '../model/fault.ts';
import { oldestVersion, privateOwner, serverPrograms, startPrivateServer } from '../plant/private-server.ts';
import type { Messages } from '../words/messages.ts';
import { dataFolderOf, type Places, settingsOf } from './settings.ts';
import { tellTrialPlant } from './trial-place.ts';

/** Where the programs of a server are found (null: nowhere), and how they are installed (the sentence why not, or null). */
interface ServerPrograms {
  readonly find: () => string | null;
  readonly install: (say: (line: string) => void) => string | null;
}

const ofThisSystem: ServerPrograms = {
  find: serverPrograms,
  install: (say) => installPackages(['postgresql'], say),
};

/**
 * Starts it, lets this station in, and tells the program that is started next by an environment variable. The server ends when this process
 * does, however that comes. RecipeFault `plant.configured`; LedgerFault `plant.no-programs`, `plant.private-server`.
 */
export async function startTrialPlant(
  places: Places,
  { say, words }: { say(line: string): void; readonly words: Messages['terminal']['trialPlant'] },
  { find, install }: ServerPrograms = ofThisSystem,
): Promise<{ close(): Promise<void> }> {
  const { name, plant } = settingsOf(places);
  if (plant !== null)
    throw new RecipeFault({
      code: 'plant.configured',
      what: 'The station file names a plant, and --plant would make another one for trying.',
      next: 'Start without --plant; or give trying a data folder of its own (--data).',
    });
  const [{ openSql }, administer, { plantAddress }] = await Promise.all([
    import('../plant/connect.ts'),
    import('../plant/administer.ts'),
    import('../plant/address.ts'),
  ]);
  const missing = find() === null ? install(say) : null;
  const programs = process.platform === 'win32' ? null : find();
  if (programs === null)
    throw new LedgerFault({
      code: 'plant.no-programs',
      what: `A plant for trying needs the programs of PostgreSQL ${oldestVersion} or later, and this computer has none.`,
      next: missing ?? 'Install them (Debian: apt-get install postgresql), or start without --plant.',
    });
  say(words.starting);
  const server = await startPrivateServer({ programs });
  const sql = openSql({ address: plantAddress(server.ownerUrl), user: privateOwner, ca: null, password: null });
  try {
    await administer.initPlant(sql);
    // by the socket of a folder that is this account's nobody is asked for a password
    const keep = () => undefined;
    await administer.enroll(sql, name, systemRandom, keep);
    await administer.enrollViewer(sql, name, systemRandom, keep);
  } catch (error) {
    await server.close();
    throw error;
  } finally {
    sql.end();
  }
  tellTrialPlant({ data: dataFolderOf(places), url: server.socketUrl });
  for (const line of [
    words.what,
    words.whose({ folder: server.folder }),
    words.where,
    `    npm run station -- plant status --url '${server.ownerUrl}'`,
  ])
    say(line);
  return { close: () => server.close() };
}
