import { type CliContext, type Exit, exit, type OpenOptions } from './context.ts';

export interface DeskOptions extends OpenOptions {
  readonly port?: number;
  readonly json?: boolean;
}

/** The station with its window in a browser on this computer, until it is interrupted; boards under way end at a safe place first. */
export async function desk(options: DeskOptions, context: CliContext): Promise<Exit> {
  const { streams } = context;
  const served = await context.serveDesk(
    options,
    (link) => {
      if (options.json) streams.answer(JSON.stringify({ link }));
      else streams.say(`Another browser, or this one after its link was used: ${link}`);
    },
    (line) => streams.say(line),
  );
  if (options.json) {
    streams.answer(JSON.stringify({ link: served.link, demonstration: served.demonstration }));
  } else {
    const what = served.demonstration
      ? 'Nothing is configured yet, so this is a demonstration line of virtual boards with a token in software.'
      : 'The station is open.';
    for (const line of [
      what,
      `Data lies in ${context.dataFolder(options)}.`,
      '',
      'Open this link in a browser on this computer. It lets one browser in, once:',
      '',
      `    ${served.link}`,
      '',
      'Ctrl-C ends the station; boards under way end after their current irreversible step.',
    ])
      streams.say(line);
    if (streams.live && context.openInBrowser(served.link)) streams.say('Your browser should open it by itself.');
  }
  await new Promise<void>((resolve) => {
    context.onInterrupt((time) => {
      if (time === 1) return resolve();
      for (const line of ['Ended without waiting for the boards:', ...served.boards()]) streams.say(line);
      context.leave(exit.board);
    });
  });
  streams.say(
    'Closing: boards under way end after their current irreversible step. Once more ends the program now ...',
  );
  await served.close();
  return exit.passed;
}
