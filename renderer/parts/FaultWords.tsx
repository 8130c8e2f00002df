import type { FixtureView } from '../../main/contract/views.ts';
import { faultText, words } from '../words/words.ts';
import { Glyph } from './Glyph.tsx';
import { actShapes } from './tone.ts';

type Verdict = NonNullable<FixtureView['verdict']>;
type FaultRecord = NonNullable<Verdict['fault']>;

/** A fault as its reader needs it: what to do first, why, whether the board is safe; who acts and the code to quote behind a tap. */
export function FaultWords({ fault, verdict }: { readonly fault: FaultRecord; readonly verdict?: Verdict }) {
  const burned =
    verdict !== undefined && fault.safety === 'resumable' ? words.detail.burned[verdict.burned ?? 'unread'] : '';
  const { what, next, isOwn } = faultText(fault);
  return (
    <>
      {verdict !== undefined && (
        <p className="first-act" data-act={verdict.act}>
          <Glyph shape={actShapes[verdict.act]} />
          {words.actMeans[verdict.act]}
        </p>
      )}
      <dl className="fault-words">
        <dt>{words.detail.what}</dt>
        <dd>{what}</dd>
        <dt>{words.detail.safe}</dt>
        <dd>
          {words.detail.safety[fault.safety]} {burned}
        </dd>
        <dt>{words.detail.next}</dt>
        <dd className="fault-next">{next}</dd>
      </dl>
      <details className="for-engineer">
        <summary>{words.detail.engineer}</summary>
        <dl className="fault-words">
          <dt>{words.detail.actor}</dt>
          <dd>{words.detail.class[fault.class]}</dd>
          <dt>{words.detail.code}</dt>
          <dd className="mono">{fault.code}</dd>
          {!isOwn && (
            <>
              <dt>{words.detail.original}</dt>
              <dd lang="en">
                {fault.what} {fault.next}
              </dd>
            </>
          )}
        </dl>
      </details>
    </>
  );
}
