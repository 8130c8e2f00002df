import { type FactorySystem, mesNone } from '../model/factory.ts';
import type { CliContext, Exit, OpenOptions } from './context.ts';
import { exit } from './context.ts';
import { withStation } from './opened.ts';
import { type SignInOptions, signIn } from './sign-in.ts';
import { headed, table, wordsOf } from './words.ts';

/** Results that the factory's system refused, and those that it did not take yet. */
export function mesResults(options: OpenOptions & { readonly json?: boolean }, context: CliContext): Promise<Exit> {
  return withStation(options, context, async ({ parts: { factory } }) => {
    const results = await there(factory).results();
    if (options.json) for (const result of results) context.streams.answer(JSON.stringify(result));
    else if (results.length === 0) context.streams.answer(wordsOf(context).terminal.mes.none);
    else
      for (const line of table([
        headed(context, 'run', 'since', 'state', 'words'),
        ...results.map(({ run, at, state, words }) => [run, at, state, words ?? '']),
      ]))
        context.streams.answer(line);
    return exit.passed;
  });
}

/** A person says that a result was seen to. */
export function mesSettle(
  run: string,
  options: SignInOptions & { readonly reason: string },
  context: CliContext,
): Promise<Exit> {
  return withStation(options, context, async ({ parts: { factory, ledger } }) => {
    const system = there(factory);
    const by = await signIn(ledger, options, ['qa', 'engineer'], context);
    await system.settle(run, { by: [by], reason: options.reason });
    context.streams.answer(wordsOf(context).terminal.mes.settled({ run }));
    return exit.passed;
  });
}

function there(factory: FactorySystem | undefined): FactorySystem {
  if (factory !== undefined) return factory;
  throw mesNone();
}
