import type { HistoryLine } from '../../main/contract/views.ts';
import { timeText } from '../words/format.ts';
import { eventText, stepNamed } from '../words/words.ts';

/** Entries of the ledger about one run, in their order. */
export function Events({ history }: { readonly history: readonly HistoryLine[] }) {
  return (
    <ol className="events">
      {history.map(({ seq, at, step, mark, kind, text }) => {
        const said = eventText(kind);
        return (
          <li key={seq} data-mark={mark}>
            <time dateTime={at}>{timeText(at)}</time>
            <span className="event-step">{step === null ? '' : stepNamed(step)}</span>
            <span className="event-text">
              {said !== null && `${said}: `}
              <span lang="en">{text}</span>
            </span>
          </li>
        );
      })}
    </ol>
  );
}
