import { join } from 'node:path';
import { provision } from './provision.ts';
import type { Exit, OpenOptions, World } from './world.ts';

export interface DemoOptions extends OpenOptions {
  readonly count?: number;
  readonly fixtures?: number;
  readonly json?: boolean;
}

/** The demonstration line: eight virtual ESP32-P4 fixtures at 2000000 baud, the private SoftHSM token, the example production recipe. */
export async function demo(options: DemoOptions, world: World): Promise<Exit> {
  const fixtures = options.fixtures ?? 8;
  const recipe = join(world.stationConfig, 'recipes', 'esp32p4-production.yaml');
  world.streams.say(
    `Demonstration line: ${fixtures} virtual ESP32-P4 boards, recipe ${recipe}, data in ${world.dataFolder(options)}.`,
  );
  const status = await provision(
    {
      ...options,
      recipe,
      port: Array.from({ length: fixtures }, () => 'virtual:esp32p4?rev=v3.1&pacing=line'),
      count: options.count ?? fixtures,
      operator: 'demo',
    },
    world,
  );
  world.streams.say('Next: npm run station -- audit list, audit show MAC, recipe plan FILE, and --help for the rest.');
  return status;
}
