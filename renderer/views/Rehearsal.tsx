import type { RecipeText, RehearsalView } from '../../main/contract/views.ts';
import { StateMark } from '../parts/StateMark.tsx';
import { outcomeLooks } from '../parts/tone.ts';
import { dateText, durationText } from '../words/format.ts';
import { faultText, stepText, words } from '../words/words.ts';

const r = words.recipes;

/** How the last rehearsal of this recipe went, whoever made it. */
export function Rehearsal({
  result,
  busy,
}: {
  readonly result: RehearsalView | RecipeText['rehearsal'];
  readonly busy: boolean;
}) {
  if (busy) return <p role="status">{r.rehearsing}</p>;
  if (result === null) return <p className="calm-note">{r.notRehearsed}</p>;
  return (
    <div role="status">
      <p>
        <StateMark
          look={{
            ...outcomeLooks[result.passed ? 'passed' : 'failed'],
            word: result.passed ? r.rehearsed({ time: durationText(result.ms / 1000) }) : r.rehearsalFailed,
          }}
        />
        {'by' in result && (
          <span className="calm-note"> {r.rehearsedBy({ name: result.by, at: dateText(result.at) })}</span>
        )}
      </p>
      {result.fault !== null && (
        <p>
          {faultText(result.fault).what} {faultText(result.fault).next}{' '}
          <span className="mono">{result.fault.code}</span>
        </p>
      )}
      <table className="plain">
        <tbody>
          {result.steps.map((step) => (
            <tr key={step.title}>
              <th scope="row">{stepText(step)}</th>
              <td className="num">{words.throughput.seconds({ seconds: step.ms / 1000 })}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
