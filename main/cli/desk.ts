import { type CliContext, type Exit, exit, type OpenOptions } from './context.ts';
import { wordsOf } from './words.ts';

export interface DeskOptions extends OpenOptions {
  readonly port?: number;
  readonly json?: boolean;
}

/** The station with its window in a browser on this computer, until it is interrupted; boards under way end at a safe place first. */
export async function desk(options: DeskOptions, context: CliContext): Promise<Exit> {
  const { streams } = context;
  const { desk: words, provision } = wordsOf(context).terminal;
  const served = await context.serveDesk(
    options,
    (link) => {
      if (options.json) streams.answer(JSON.stringify({ link }));
      else streams.say(words.another({ link }));
    },
    { say: (line) => streams.say(line), words: wordsOf(context) },
  );
  if (options.json) {
    streams.answer(JSON.stringify({ link: served.link, demonstration: served.demonstration }));
  } else {
    for (const line of [
      served.demonstration ? words.demonstration : words.open,
      words.data({ folder: context.dataFolder(options) }),
      '',
      words.link,
      '',
      `    ${served.link}`,
      '',
      words.ends,
    ])
      streams.say(line);
    if (streams.live && context.openInBrowser(served.link)) streams.say(words.opens);
  }
  await new Promise<void>((resolve) => {
    context.onInterrupt((time) => {
      if (time === 1) return resolve();
      for (const line of [provision.left, ...served.boards(wordsOf(context))]) streams.say(line);
      context.leave(exit.board);
    });
  });
  streams.say(words.closing);
  await served.close();
  return exit.passed;
}
