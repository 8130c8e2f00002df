import type { HistoryLine } from '../../main/contract/views.ts';
import { timeText } from '../words/format.ts';

/** Entries of the ledger about one run, in their order. */
export function Events({ history }: { readonly history: readonly HistoryLine[] }) {
  return (
    <ol className="events">
      {history.map(({ seq, at, step, mark, text }) => (
        <li key={seq} data-mark={mark}>
          <time dateTime={at}>{timeText(at)}</time>
          <span className="event-step" lang="en">
            {step ?? ''}
          </span>
          <span className="event-text" lang="en">
            {text}
          </span>
        </li>
      ))}
    </ol>
  );
}
