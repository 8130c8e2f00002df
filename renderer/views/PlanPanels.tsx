import type { PlanView } from '../../main/contract/views.ts';
import { KeyBlockMap } from '../parts/KeyBlockMap.tsx';
import { Scroll } from '../parts/Scroll.tsx';
import { countText, hexText } from '../words/format.ts';
import { faultText, stepMeans, stepText, words } from '../words/words.ts';

const r = words.recipes;

/** What a board goes through, in order. What cannot be undone says so. */
export function PlanSteps({ plan }: { readonly plan: PlanView }) {
  return (
    <>
      {plan.refusals.length > 0 && (
        <ul className="refusals">
          {plan.refusals.map((refusal) => (
            <li key={refusal.code}>
              <strong>{faultText(refusal).what}</strong> {faultText(refusal).next}{' '}
              <span className="mono">{refusal.code}</span>
            </li>
          ))}
        </ul>
      )}
      <ol className="steps">
        {plan.steps.map((step) => (
          <li key={step.id} data-irreversible={step.irreversible ? '' : undefined}>
            <strong>{stepText(step)}</strong>
            {step.irreversible && <span className="for-ever">{r.irreversible}</span>}
            {stepMeans(step.id) !== null && <p>{stepMeans(step.id)}</p>}
            <p lang="en">{step.summary}</p>
          </li>
        ))}
      </ol>
      <h3>{r.flash}</h3>
      <Scroll>
        <table className="plain">
          <tbody>
            {plan.flash.map((part) => (
              <tr key={part.offset}>
                <th scope="row">{part.name}</th>
                <td className="mono">{hexText(part.offset)}</td>
                <td className="num">{part.length === null ? '–' : countText(part.length)}</td>
                <td>{[part.signed ? r.signed : '', part.encrypted ? r.encrypted : ''].filter(Boolean).join(', ')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {plan.stored.map((stored) => (
        <section key={stored.partition}>
          <h3>{r.stored(stored)}</h3>
          <p>
            <span lang="en">{stored.encryption}</span>
            {stored.list !== null && <>; {r.storedList({ list: stored.list })}</>}
          </p>
          <Scroll>
            <table className="plain">
              <tbody>
                {stored.values.map((value) => (
                  <tr key={value.name}>
                    <th scope="row">{value.name}</th>
                    <td className="mono">{value.type}</td>
                    <td>{value.shown}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        </section>
      ))}
    </>
  );
}

/** Key blocks and the bits that become 1 for ever. */
export function PlanBurns({ plan }: { readonly plan: PlanView }) {
  return (
    <>
      <h3>{r.slots}</h3>
      <KeyBlockMap slots={plan.slots} />
      <h3>{r.bits}</h3>
      <BitTable bits={plan.bits} />
    </>
  );
}

export function BitTable({ bits }: { readonly bits: PlanView['bits'] }) {
  if (bits.length === 0) return <p className="calm-note">{r.bitsNone}</p>;
  return (
    <Scroll>
      <table className="plain">
        <thead>
          <tr>
            <th>{r.bit.field}</th>
            <th>{r.bit.block}</th>
            <th>{r.bit.bits}</th>
            <th>{r.bit.reason}</th>
          </tr>
        </thead>
        <tbody>
          {bits.map((bit) => (
            <tr key={`${bit.block} ${bit.field}`}>
              <th scope="row" className="mono">
                {bit.field}
              </th>
              <td className="num">{bit.block}</td>
              <td className="mono">{bitRanges(bit.bits)}</td>
              <td lang="en">{bit.reason}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

/** '3, 7–9' for 3, 7, 8, 9. */
export function bitRanges(bits: readonly number[]): string {
  const sorted = [...bits].sort((a, b) => a - b);
  const ranges: [number, number][] = [];
  for (const bit of sorted) {
    const last = ranges.at(-1);
    if (last !== undefined && bit === last[1] + 1) last[1] = bit;
    else ranges.push([bit, bit]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(', ');
}
