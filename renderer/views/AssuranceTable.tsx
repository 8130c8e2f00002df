import { Switch } from '@mantine/core';
import { useState } from 'react';
import type { CallAnswers } from '../../main/contract/contract.ts';
import { Scroll } from '../parts/Scroll.tsx';
import { StateMark } from '../parts/StateMark.tsx';
import { type Look, lookOfWord } from '../parts/tone.ts';
import { guideText, words } from '../words/words.ts';

const a = words.assurance;

export type Assurances = NonNullable<CallAnswers['devices.assurance']>;
type Verdict = Assurances[number]['verdict'];

/** Grey where all is as the guide wants it; colour for what a person should know. */
const looks: Readonly<Record<Verdict, Look>> = {
  'not met': lookOfWord('fail', 'cross', () => a.verdicts['not met']),
  'not shown': lookOfWord('warn', 'gap', () => a.verdicts['not shown']),
  waived: lookOfWord('warn', 'bar', () => a.verdicts.waived),
  met: lookOfWord('calm', 'check', () => a.verdicts.met),
  'not applicable': lookOfWord('dim', 'gap', () => a.verdicts['not applicable']),
};
const verdicts = Object.keys(looks) as Verdict[];
const isOpen = (verdict: Verdict) => verdict !== 'met' && verdict !== 'not applicable';

/** How a device, or what a recipe makes, stands to the security guide: section, recommendation, verdict, what shows it. */
export function AssuranceTable({ lines }: { readonly lines: Assurances }) {
  const [openOnly, setOpenOnly] = useState(false);
  const shown = openOnly ? lines.filter(({ verdict }) => isOpen(verdict)) : lines;
  return (
    <>
      <div className="assurance-head">
        <ul className="assurance-counts" aria-label={a.counts}>
          {verdicts.map((verdict) => {
            const count = lines.filter((line) => line.verdict === verdict).length;
            return (
              <li key={verdict}>
                <StateMark
                  look={{
                    shape: looks[verdict].shape,
                    tone: count === 0 ? 'dim' : looks[verdict].tone,
                    word: a.counted[verdict]({ count }),
                  }}
                />
              </li>
            );
          })}
        </ul>
        <Switch
          label={a.openOnly}
          checked={openOnly}
          onChange={(event) => setOpenOnly(event.target.checked)}
          size="md"
        />
      </div>
      {shown.length === 0 ? (
        <p className="calm-note">{a.nothingOpen}</p>
      ) : (
        <Scroll>
          <table className="plain assurance">
            <thead>
              <tr>
                <th>{a.section}</th>
                <th>{a.recommendation}</th>
                <th>{a.verdict}</th>
                <th>{a.evidence}</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((line, at) => (
                <tr
                  key={`${line.section} ${line.recommendation}`}
                  data-first={shown[at - 1]?.section === line.section ? undefined : ''}
                >
                  <Guide as="th" text={line.section} />
                  <Guide as="td" text={line.recommendation} />
                  <td>
                    <StateMark look={looks[line.verdict]} />
                  </td>
                  <td>
                    <span lang="en">{line.evidence}</span>
                    {line.waiver !== undefined && <span className="assurance-waiver">{waiverText(line.waiver)}</span>}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </>
  );
}

function waiverText({ check, reason, by }: NonNullable<Assurances[number]['waiver']>): string {
  return by === null ? a.waived({ check, reason }) : a.waivedBy({ check, reason, by });
}

/** A section or recommendation of the guide. */
function Guide({ as: Cell, text }: { readonly as: 'th' | 'td'; readonly text: string }) {
  const { said, isOwn } = guideText(text);
  return (
    <Cell {...(Cell === 'th' && { scope: 'row' })} {...(isOwn && { lang: 'en' })}>
      {said}
    </Cell>
  );
}
