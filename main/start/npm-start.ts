// `npm start`: the station's window. Electron's where its program can be had and there is a display, else the browser's.
//
//   npm start                     the window (with nothing configured: the demonstration line)
//   npm start -- --browser        the browser face, also where Electron could be had
//   npm start -- --terminal       the demonstration line in this terminal
//   npm start -- --plant          with a plant for trying beside it, in a PostgreSQL server that goes with the program
//
// Other words go on to the command that is started: --data DIR, --station FILE, --port N.
import { spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { builtEntry } from '../boot/built.mjs';
import { nodeWords } from '../boot/node-words.mjs';
import { faultOf } from '../model/fault.ts';
import { electronProgram, hasDisplay } from './electron-program.ts';
import { environmentLanguage } from './environment-language.ts';
import { programFolder } from './program-folder.ts';

const say = (line: string) => void process.stderr.write(`${line}\n`);
const language = environmentLanguage();
/** Loaded by who has something to say: most starts hand on to another program at once. */
const spoken = async () => (await import('../words/saying.ts')).saying(() => language).terminal;

async function startWindow(program: string, words: readonly string[]): Promise<number> {
  const { buildMain, buildPage, isPageStale } = await import('./build.ts');
  if (isPageStale()) {
    say((await spoken()).desk.building);
    await buildPage();
  }
  await buildMain();
  const { desk } = await spoken();
  const child = spawn(program, [`--js-flags=${nodeWords.join(' ')}`, programFolder, ...words], { stdio: 'inherit' });
  // Ctrl-C at a terminal reaches the window by itself; a signal to this process alone is handed on.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve) => {
    child.on('error', (error) => {
      say(desk.noWindow({ why: error.message }));
      resolve(3);
    });
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

async function trialPlant(words: readonly string[]): Promise<{ close(): Promise<void> }> {
  const placeOf = (name: string) => {
    const at = words.findIndex((word) => word === name || word.startsWith(`${name}=`));
    const value = words[at]?.slice(name.length + 1) || words[at + 1];
    return at < 0 || value === undefined ? {} : { [name.slice(2)]: value };
  };
  try {
    const { startTrialPlant } = await import('./trial-plant.ts');
    const { trialPlant: words } = await spoken();
    return await startTrialPlant({ ...placeOf('--data'), ...placeOf('--station') }, { say, words });
  } catch (error) {
    const { faultLines } = await import('../cli/words.ts');
    for (const line of faultLines(faultOf(error), language)) say(line);
    return process.exit(3);
  }
}

/** The terminal of the built program; of the sources, where nothing can be built. */
async function terminal(): Promise<string> {
  const built = builtEntry(programFolder, 'terminal') ?? (await builtNow());
  return built === null ? './terminal.ts' : pathToFileURL(built).href;
}

async function builtNow(): Promise<string | null> {
  if (process.env.FUSELINE_SOURCES) return null;
  say((await spoken()).desk.buildingProgram);
  try {
    const { buildProgram } = await import('./program-bundle.ts');
    await buildProgram();
  } catch {
    // a folder that nobody may write to, a full disk: what is built is the same program, only sooner there
  }
  return builtEntry(programFolder, 'terminal');
}

const words = process.argv.slice(2);
const left = words.filter((word) => !['--terminal', '--browser', '--plant'].includes(word));
const plant = words.includes('--plant') ? await trialPlant(left) : null;
const program = words.includes('--browser') || !hasDisplay() ? null : electronProgram();
if (!words.includes('--terminal') && program !== null) {
  process.exitCode = await startWindow(program, left);
} else {
  process.argv.splice(2, words.length, words.includes('--terminal') ? 'demo' : 'desk', ...left);
  await import(await terminal());
}
await plant?.close();
