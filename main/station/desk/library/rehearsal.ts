import type { RehearsalView } from '../../../contract/views.ts';
import type { FaultRecord } from '../../../model/fault.ts';
import { faultOf } from '../../../model/fault.ts';
import type { LoadedRecipe } from '../../../recipe/load.ts';
import { forRehearsal, makeMissingKeys } from '../../../recipe/making/token-keys.ts';
import { stepTitle } from '../../../recipe/steps/index.ts';
import type { StepId } from '../../../recipe/types.ts';
import type { Station } from '../../station.ts';

/** A station of its own for a rehearsal: token, ledger and a virtual board that are thrown away with it. */
export interface RehearsalRoom {
  readonly station: Station;
  /** Address of a new virtual board for this recipe. */
  readonly address: string;
  close(): Promise<void>;
}

export type OpenRehearsal = (loaded: LoadedRecipe) => Promise<RehearsalRoom>;

/** The whole chain on virtual silicon, with keys of the rehearsal's own. Nothing of it is kept but what is answered. */
export async function rehearse(loaded: LoadedRecipe, open: OpenRehearsal): Promise<RehearsalView> {
  const room = await open(loaded);
  const recipe = forRehearsal(loaded.recipe);
  const steps: { title: string; ms: number }[] = [];
  let fault: FaultRecord | null = null;
  let passed = false;
  try {
    room.station.listen((event) => {
      if (event.type === 'run' && event.event.type === 'step-passed')
        steps.push({ title: stepTitle(event.event.step as StepId), ms: event.event.ms });
      if (event.type === 'verdict') {
        fault = event.fault;
        passed = event.outcome === 'passed';
      }
    });
    await makeMissingKeys(recipe, room.station.parts.signer);
    const result = await room.station.provision({
      loaded: { ...loaded, recipe },
      fixtures: [{ name: 'rehearsal', address: room.address }],
      count: 1,
      order: null,
      operator: 'rehearsal',
      serials: loaded.recipe.serial.from === 'scan' ? [serialFor(loaded)] : [],
      resetBy: 'lines',
      signal: new AbortController().signal,
    });
    return { passed, ms: Math.round(result.ms), steps, fault };
  } catch (error) {
    return { passed: false, ms: 0, steps, fault: faultOf(error).toJSON() };
  } finally {
    await room.close();
  }
}

/** A serial number that fits the pattern where it is simple enough to be followed; otherwise the run says that it does not fit. */
function serialFor({ recipe }: LoadedRecipe): string {
  const { pattern } = recipe.serial;
  if (pattern === null) return 'REHEARSAL-1';
  return textFor(pattern);
}

/** One text of a plain pattern: literals, escapes, the first of a class or of alternatives, least repetition. */
export function textFor(pattern: string): string {
  const atom = /\\d|\\w|\\s|\\(.)|\[([^\]]+)\]|\((?:\?:)?([^()|]*)(?:\|[^()|]*)*\)|([^\\[\](){}*+?|^$])|[\^$]/g;
  let text = '';
  for (let match = atom.exec(pattern); match !== null; match = atom.exec(pattern)) {
    const [all, escaped, set, group, literal] = match;
    const one =
      all === '\\d'
        ? '0'
        : all === '\\w'
          ? 'A'
          : all === '\\s'
            ? ' '
            : all === '^' || all === '$'
              ? ''
              : (escaped ?? set?.[0] ?? (group === undefined ? undefined : textFor(group)) ?? literal ?? '');
    const repeat = /^(?:\{(\d+)(?:,\d*)?\}|([*?])|\+)/.exec(pattern.slice(atom.lastIndex));
    if (repeat !== null) atom.lastIndex += repeat[0].length;
    text += one.repeat(repeat?.[1] !== undefined ? Number(repeat[1]) : repeat?.[2] !== undefined ? 0 : 1);
  }
  return text;
}
