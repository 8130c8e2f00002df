import type { Assurance } from '../../main/contract/contract.ts';
import { words } from '../words/words.ts';
import { Scroll } from './Scroll.tsx';
import { StateMark } from './StateMark.tsx';
import type { Look } from './tone.ts';

const a = words.assurance;

const verdictLooks: Readonly<Record<Assurance['verdict'], Look>> = {
  met: { tone: 'pass', shape: 'check', word: a.verdicts.met },
  'not met': { tone: 'fail', shape: 'cross', word: a.verdicts['not met'] },
  waived: { tone: 'warn', shape: 'bar', word: a.verdicts.waived },
  'not applicable': { tone: 'dim', shape: 'ring', word: a.verdicts['not applicable'] },
};

/** Each recommendation of the security guide under its section: the verdict, and what shows it. */
export function AssuranceTable({ assurance }: { readonly assurance: readonly Assurance[] }) {
  const sections = [...new Set(assurance.map(({ section }) => section))];
  const count = (verdict: Assurance['verdict']) => assurance.filter((one) => one.verdict === verdict).length;
  return (
    <>
      <p className="calm-note">
        {a.summary(assurance.length, count('met'), count('waived'), count('not met'), count('not applicable'))}
      </p>
      <Scroll>
        <table className="plain assurance">
          <thead>
            <tr>
              <th>{a.verdict}</th>
              <th>{a.recommendation}</th>
              <th>{a.evidence}</th>
            </tr>
          </thead>
          {sections.map((section) => (
            <tbody key={section}>
              <tr>
                <th colSpan={3} scope="rowgroup" className="assurance-section">
                  {section}
                </th>
              </tr>
              {assurance
                .filter((one) => one.section === section)
                .map(({ recommendation, verdict, evidence }) => (
                  <tr key={recommendation}>
                    <td>
                      <StateMark look={verdictLooks[verdict]} />
                    </td>
                    <th scope="row">{recommendation}</th>
                    <td>{evidence}</td>
                  </tr>
                ))}
            </tbody>
          ))}
        </table>
      </Scroll>
    </>
  );
}
