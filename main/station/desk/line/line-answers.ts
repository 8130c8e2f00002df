import type { z } from 'zod';
import type { calls } from '../../../contract/contract.ts';
import type { BatchView } from '../../../contract/views.ts';
import { faultOf } from '../../../model/fault.ts';
import { makeMissingKeys } from '../../../recipe/making/token-keys.ts';
import { fingerprintWords } from '../access/fingerprint.ts';
import { contactOf, readThroughput } from '../reports/throughput.ts';
import type { DeskAnswers, DeskRoom } from '../room.ts';
import type { RememberedBatch } from './batch-memory.ts';
import { interruptedBatch, mustGoOn, nothingLeft } from './interrupted.ts';

type Answers = Pick<
  DeskAnswers,
  | 'line.snapshot'
  | 'line.start'
  | 'line.stop'
  | 'line.resume'
  | 'line.leave'
  | 'line.scan'
  | 'line.go'
  | 'line.undo'
  | 'line.acknowledge'
  | 'throughput.read'
>;

export function lineAnswers({ station, line, shelf, labels, memory, embeddedToken }: DeskRoom): Answers {
  const { ledger, clock, signer } = station.parts;
  const snapshot = async () => ({
    ...line.snapshot(),
    interrupted: line.isRunning ? null : await interruptedBatch(memory, ledger),
  });

  /** The batch runs already: a disk that keeps no memory of it is told in the log, and costs no board. */
  function remember(batch: RememberedBatch): void {
    try {
      memory.keep(batch);
    } catch (error) {
      station.log.error('batch-not-remembered', { batch: batch.batch, error: faultOf(error) });
    }
  }

  /** `hash`: the recipe has to be this one; null: whichever is approved. */
  async function start(
    { recipe, order, count, mode, targetPerHour }: z.output<(typeof calls)['line.start']['input']>,
    by: string,
    hash: string | null,
  ): Promise<BatchView> {
    line.mustBeIdle();
    const addresses = line.fixtures.map((fixture) => fixture.address);
    const loaded = await shelf.forProduction(recipe, addresses);
    if (hash !== null) mustGoOn(memory.kept, loaded.ref.hash);
    const named = loaded.recipe.label?.template ?? null;
    if (named !== null) labels.template(loaded.recipe.name, named);
    if (embeddedToken) await makeMissingKeys(loaded.recipe, signer);
    const view = await line.start({
      loaded,
      fingerprint: fingerprintWords(loaded.ref.hash),
      order,
      count,
      operator: by,
      mode: mode ?? null,
      targetPerHour: targetPerHour ?? null,
    });
    if (line.isRunning)
      remember({
        batch: view.id,
        recipe,
        hash: loaded.ref.hash,
        order,
        count,
        mode: view.mode,
        targetPerHour: view.targetPerHour,
        startedAt: view.startedAt,
      });
    return view;
  }

  return {
    'line.snapshot': snapshot,
    'line.start': (input, by) => start(input, by, null),
    'line.stop': () => line.stop(),
    async 'line.resume'(_, by) {
      const { recipe, order, mode, targetPerHour, hash } = mustGoOn(memory.kept, null);
      const interrupted = await interruptedBatch(memory, ledger);
      const left = interrupted?.left ?? null;
      // an order whose last board was sealed just before the cut has nothing left
      if (left === 0) throw nothingLeft(recipe);
      const target = targetPerHour === null ? {} : { targetPerHour };
      return start({ recipe, order, count: left, mode, ...target }, by, hash);
    },
    'line.leave': () => {
      line.mustBeIdle();
      memory.forget();
      return snapshot();
    },
    'line.scan': ({ text, fixture }, by) => line.scan({ text, fixture, by }),
    'line.go': ({ fixture }) => line.go(fixture),
    'line.undo': ({ fixture }) => line.undo(fixture),
    'line.acknowledge': ({ fixture }) => line.acknowledge(fixture),
    async 'throughput.read'({ hours }) {
      await station.health.learn(ledger);
      const view = await readThroughput(ledger, clock, { hours, targetPerHour: line.targetPerHour });
      return { ...view, contact: contactOf(station.health) };
    },
  };
}
