import type { FindingView } from '../../main/contract/views.ts';
import { findingText, words } from '../words/words.ts';
import { Glyph } from './Glyph.tsx';

const looks = {
  error: { tone: 'fail', shape: 'cross' },
  warning: { tone: 'warn', shape: 'bar' },
  info: { tone: 'calm', shape: 'ring' },
} as const;

/** What keeps a recipe from being used first; what was waived last. */
function bySeverity(findings: readonly FindingView[]): readonly FindingView[] {
  const rank = ({ severity, waived }: FindingView) =>
    waived === null ? ['error', 'warning', 'info'].indexOf(severity) : 3;
  return [...findings].sort((a, b) => rank(a) - rank(b));
}

/** What the check objects to: where, why, and the remedy. A finding with a line leads there. */
export function Findings({ findings, onGo }: { readonly findings: readonly FindingView[]; onGo(line: number): void }) {
  if (findings.length === 0) return <p className="calm-note">{words.recipes.noFindings}</p>;
  return (
    <ul className="findings">
      {bySeverity(findings).map((finding) => {
        const { line } = finding;
        const { what, remedy, isOwn } = findingText(finding);
        const look = finding.waived === null ? looks[finding.severity] : looks.info;
        return (
          <li key={`${finding.check} ${finding.path} ${line} ${finding.what}`}>
            <span className="mark" data-tone={look.tone}>
              <Glyph shape={look.shape} />
              {words.recipes.severity[finding.severity]}
            </span>
            <div>
              <p>
                <span lang={isOwn ? 'en' : undefined}>{what}</span>{' '}
                {line !== null && (
                  <button type="button" className="link" onClick={() => onGo(line)}>
                    {words.recipes.line({ line })}
                  </button>
                )}
              </p>
              <p className="calm-note">
                {finding.waived === null ? (
                  <span lang={isOwn ? 'en' : undefined}>{remedy}</span>
                ) : (
                  words.recipes.waived({ reason: finding.waived })
                )}{' '}
                {finding.section !== null && `${words.recipes.guide({ section: finding.section })} `}
                <span className="mono">{finding.check}</span>
              </p>
              {!isOwn && (
                <p className="calm-note" lang="en">
                  {finding.what} {finding.waived === null && finding.remedy}
                </p>
              )}
            </div>
          </li>
        );
      })}
    </ul>
  );
}
