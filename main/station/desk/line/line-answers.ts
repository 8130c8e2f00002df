import { makeMissingKeys } from '../../../recipe/making/token-keys.ts';
import { fingerprintWords } from '../access/fingerprint.ts';
import { readThroughput } from '../reports/throughput.ts';
import type { DeskAnswers, DeskRoom } from '../room.ts';

type Answers = Pick<
  DeskAnswers,
  'line.snapshot' | 'line.start' | 'line.stop' | 'line.scan' | 'line.go' | 'line.acknowledge' | 'throughput.read'
>;

export function lineAnswers({ station, line, shelf, labels, embeddedToken }: DeskRoom): Answers {
  const { ledger, clock, signer } = station.parts;
  return {
    'line.snapshot': () => line.snapshot(),
    async 'line.start'({ recipe, order, count, mode, targetPerHour }, by) {
      line.mustBeIdle();
      const addresses = line.fixtures.map((fixture) => fixture.address);
      const loaded = await shelf.forProduction(recipe, addresses);
      const named = loaded.recipe.label?.template ?? null;
      if (named !== null) labels.template(loaded.recipe.name, named);
      if (embeddedToken) await makeMissingKeys(loaded.recipe, signer);
      return line.start({
        loaded,
        fingerprint: fingerprintWords(loaded.ref.hash),
        order,
        count,
        operator: by,
        mode: mode ?? null,
        targetPerHour: targetPerHour ?? null,
      });
    },
    'line.stop': () => line.stop(),
    'line.scan': ({ text, fixture }, by) => line.scan({ text, fixture, by }),
    'line.go': ({ fixture }) => line.go(fixture),
    'line.acknowledge': ({ fixture }) => line.acknowledge(fixture),
    'throughput.read': ({ hours }) => readThroughput(ledger, clock, { hours, targetPerHour: line.targetPerHour }),
  };
}
