import { countText, shareText } from '../words/format.ts';
import { words } from '../words/words.ts';

export interface ParetoRow {
  readonly key: string;
  readonly words: string;
  readonly count: number;
}

/** Causes by their number, the greatest first, with the share that they and those above them make. */
export function Pareto({ rows, most }: { readonly rows: readonly ParetoRow[]; readonly most?: number }) {
  const sorted = rows.filter(({ count }) => count > 0).sort((a, b) => b.count - a.count);
  const all = sorted.reduce((sum, { count }) => sum + count, 0);
  if (all === 0) return <p className="calm-note">{words.throughput.paretoNone}</p>;
  const top = sorted[0]?.count ?? 1;
  let sum = 0;
  return (
    <ol className="pareto">
      {sorted.slice(0, most ?? sorted.length).map((row) => {
        sum += row.count;
        return (
          <li key={row.key}>
            <span className="pareto-words">{row.words}</span>
            <span className="pareto-bar" aria-hidden="true">
              <span style={{ transform: `scaleX(${row.count / top})` }} />
            </span>
            <span className="pareto-count">{countText(row.count)}</span>
            <span className="pareto-share">{shareText(Math.round((100 * sum) / all) / 100)}</span>
          </li>
        );
      })}
    </ol>
  );
}
