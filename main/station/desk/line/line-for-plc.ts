import type { FixtureAtPlc, LineForPlc } from '../../../model/plc.ts';
import type { StationParts } from '../../station.ts';
import { mayGoOn } from '../../work-gate.ts';
import type { LineBatch } from './line-batch.ts';
import type { Tile } from './tile.ts';

/** What of a line the PLC is told, and leads. */
export interface LedLine {
  batch(): LineBatch | null;
  tile(fixture: string): Tile | undefined;
  isByHand(): boolean;
  changed(fixture: string): void;
}

/** The line as the PLC leads it: it starts boards through the gate that a person's key goes through, and nothing else. */
export function lineForPlc(parts: StationParts, line: LedLine): LineForPlc {
  const names = parts.plc?.fixtures.map(({ name }) => name) ?? [];
  const running = () => {
    const batch = line.batch();
    return batch === null || batch.signal.aborted ? null : batch;
  };

  const lacks = (fixture: string): FixtureAtPlc['lacks'] => {
    const batch = running();
    if (batch === null) return 'no-batch';
    const tile = line.tile(fixture);
    if (tile === undefined) return 'no-board';
    const work = { operator: batch.start.operator, fixtures: [tile.spec] };
    if (!mayGoOn(work, parts)) return 'no-operator';
    const needs = tile.state === 'ready' ? batch.gate.needs(fixture) : null;
    if (needs === 'serial') return 'no-serial';
    return needs === 'plc' ? null : 'no-board';
  };

  return {
    look: () => ({
      recipe: line.batch()?.start.loaded.recipe.name ?? null,
      isByHand: line.isByHand(),
      fixtures: names.map((name) => {
        const [tile, why] = [line.tile(name), lacks(name)];
        const gate = line.batch()?.gate;
        return {
          lacks: why,
          waits: why === null ? (gate?.waitForPlc(name) ?? null) : null,
          // let in and not running yet, or sealed and waiting for its label; where boards under way fill the order it only waits
          isBusy: tile?.isRunning === true || (tile?.state !== 'held' && gate?.hasBegun(name) === true),
          mustStay: tile?.mustStay ?? false,
          end: tile?.end ?? null,
        };
      }),
    }),
    start(fixture, wait) {
      const isStarted = lacks(fixture) === null && (running()?.gate.startByPlc(fixture, wait) ?? false);
      if (isStarted) line.changed(fixture);
      return isStarted;
    },
  };
}
