// Front door of the desktop program, started by Electron.
import { parseArgs } from 'node:util';
import { app } from 'electron';
import { runWindow } from './electron-window.ts';

/** Words of the command line, behind the program's own (and, where it runs from its sources, behind the folder). */
function placesOf(argv: readonly string[]): { data?: string; station?: string } {
  const { values } = parseArgs({
    args: argv.slice(app.isPackaged ? 1 : 2),
    options: { data: { type: 'string' }, station: { type: 'string' } },
    strict: false,
  });
  return {
    ...(typeof values.data === 'string' ? { data: values.data } : {}),
    ...(typeof values.station === 'string' ? { station: values.station } : {}),
  };
}

runWindow({ places: placesOf(process.argv) });
