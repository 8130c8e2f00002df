import type { BootFromFlash } from '../silicon.ts';
import { startApp } from './app.ts';
import { idfConsole } from './console.ts';
import { flashView } from './flash-view.ts';
import { bootRom } from './rom.ts';
import { bootSecondStage } from './second-stage.ts';

/** When the second stage prints its first line, milliseconds after reset. */
const secondStageStart = 23;

/**
 * Boot from flash: ROM, second stage, start of the application; eFuses and flash are read anew each time. What the chain itself changes
 * goes through `context.burn` (aggressive revocation, a release application's door) and `context.flash` (the first otadata entry).
 */
export const bootFromFlash: BootFromFlash = (context) => {
  const view = flashView(context.efuse, context.flash);
  const rom = bootRom(context, view);
  if (rom.state !== 'loaded') return { lines: rom.lines, state: rom.state, firmware: null };

  const console = idfConsole(secondStageStart);
  const app = bootSecondStage(context, view, rom.bootloader, console);
  if (app === null) return { lines: [...rom.lines, ...console.lines], state: 'resetting', firmware: null };
  const firmware = startApp(context, rom.bootloader.image.header, app, console);
  const lines = [...rom.lines, ...console.lines];
  return firmware === 'aborted' ? { lines, state: 'resetting', firmware: null } : { lines, state: 'running', firmware };
};
