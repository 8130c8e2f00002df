import type { FixtureView } from '../../main/contract/views.ts';
import { words } from '../words/words.ts';

type FaultRecord = NonNullable<NonNullable<FixtureView['verdict']>['fault']>;

/** A fault as its reader needs it: what happened, whether the board is safe, what to do, who acts, and the code to quote. */
export function FaultWords({ fault }: { readonly fault: FaultRecord }) {
  return (
    <dl className="fault-words">
      <dt>{words.detail.what}</dt>
      <dd>{fault.what}</dd>
      <dt>{words.detail.safe}</dt>
      <dd>{words.detail.safety[fault.safety]}</dd>
      <dt>{words.detail.next}</dt>
      <dd className="fault-next">{fault.next}</dd>
      <dt>{words.detail.actor}</dt>
      <dd>{words.detail.class[fault.class]}</dd>
      <dt>{words.detail.code}</dt>
      <dd className="mono">{fault.code}</dd>
    </dl>
  );
}
