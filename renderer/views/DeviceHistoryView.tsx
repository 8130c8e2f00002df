import type { DeviceView } from '../../main/contract/views.ts';
import { FaultWords } from '../parts/FaultWords.tsx';
import { StateMark } from '../parts/StateMark.tsx';
import { deviceLooks } from '../parts/tone.ts';
import { addressOf } from '../state/station.ts';
import { dateText } from '../words/format.ts';
import { words } from '../words/words.ts';
import { Events } from './Events.tsx';

const d = words.devices;

/** Every attempt at a device, the newest first, with all that the ledger holds of it. */
export function DeviceHistoryView({ runs }: { readonly runs: DeviceView['runs'] }) {
  const newestFirst = runs.map((entry, index) => ({ ...entry, n: index + 1 })).reverse();
  return (
    <div className="history">
      {newestFirst.map(({ run, history, n }) => (
        <section key={run.id} className="attempt" aria-label={d.attempt({ n })}>
          <header>
            <h2>{d.attempt({ n })}</h2>
            {run.outcome === null ? <span>{d.still}</span> : <StateMark look={deviceLooks[run.outcome]} />}
            <span className="calm-note">
              {dateText(run.startedAt)}, {run.fixture}
              {run.operator === null ? '' : `, ${run.operator}`}, {run.recipe.name} {words.batch.revision(run.recipe)}
            </span>
            <a className="mono push" href={addressOf({ screen: 'runs', item: run.id })}>
              {run.id}
            </a>
          </header>
          {run.fault !== null && <FaultWords fault={run.fault} />}
          <details open={n === runs.length}>
            <summary>{d.events({ count: history.length })}</summary>
            <Events history={history} />
          </details>
        </section>
      ))}
    </div>
  );
}
