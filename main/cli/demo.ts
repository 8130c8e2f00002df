import { join } from 'node:path';
import type { CliContext, Exit, OpenOptions } from './context.ts';
import { provision } from './provision.ts';
import { wordsOf } from './words.ts';

export interface DemoOptions extends OpenOptions {
  readonly count?: number;
  readonly fixtures?: number;
  readonly json?: boolean;
}

/** The demonstration line: eight virtual ESP32-P4 fixtures at 2000000 baud, the private SoftHSM token, the example production recipe. */
export async function demo(options: DemoOptions, context: CliContext): Promise<Exit> {
  const fixtures = options.fixtures ?? 8;
  const recipe = join(context.stationConfig, 'recipes', 'esp32p4-production.yaml');
  const words = wordsOf(context).terminal.demo;
  context.streams.say(words.begins({ fixtures, recipe, folder: context.dataFolder(options) }));
  const status = await provision(
    {
      ...options,
      recipe,
      port: Array.from({ length: fixtures }, () => 'virtual:esp32p4?rev=v3.1&pacing=line'),
      count: options.count ?? fixtures,
      operator: 'demo',
    },
    context,
  );
  context.streams.say(words.next);
  return status;
}
