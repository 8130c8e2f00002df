import { Button, CloseButton } from '@mantine/core';
import { useEffect, useState } from 'react';
import { lostCode } from '../bridge/bridge.ts';
import { Glyph } from '../parts/Glyph.tsx';
import { type Alarm, mayPutAway } from '../state/alarms.ts';
import { useApp, useSeat } from '../state/station.ts';
import { clockText } from '../words/format.ts';
import { faultText, words } from '../words/words.ts';

/** How long a plain answer stays, in ms. What is wrong stays until it is mended, or seen by whom it concerns. */
const saidMs = 6000;
const refusedFlashMs = 1500;

/**
 * What needs somebody: the gravest in a row of its own whose place is always kept, so that no tile moves when it comes or goes; the
 * others behind it, with their age. Beside it what the station answered last.
 */
export function NoticeBar() {
  const { store } = useSeat();
  const said = useApp((state) => state.said);
  const alarms = useAllAlarms();
  const [open, setOpen] = useState(false);
  useRefusalFlash();
  useEffect(() => {
    if (said === null) return;
    const timer = setTimeout(() => store.dispatch({ type: 'said-enough' }), saidMs);
    return () => clearTimeout(timer);
  }, [said, store]);
  const [first] = alarms;
  const isOpen = open && first !== undefined;
  return (
    <section className="notices" aria-label={words.alarms.title} aria-live="assertive">
      <div className="notice-row">
        {first === undefined ? (
          <p className="notice" data-tone="calm" data-notice="said">
            {said}
          </p>
        ) : (
          <>
            <AlarmLine alarm={first} />
            {said !== null && (
              <p className="notice-said" data-notice="said">
                {said}
              </p>
            )}
            <Button
              variant="default"
              className="notice-more"
              aria-expanded={isOpen}
              onClick={() => setOpen((last) => !last)}
            >
              {alarms.length > 1 ? words.alarms.more({ count: alarms.length - 1 }) : words.alarms.whole}
            </Button>
          </>
        )}
      </div>
      {isOpen && (
        <ul className="notice-list">
          {alarms.map((alarm) => (
            <li key={alarm.id}>
              <AlarmLine alarm={alarm} whole />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function AlarmLine({ alarm, whole }: { readonly alarm: Alarm; readonly whole?: boolean }) {
  const { store } = useSeat();
  const person = useApp((state) => state.session?.operator?.id ?? null);
  const { what, next } = wordsOf(alarm);
  return (
    <div
      className="notice"
      data-tone={alarm.kind === 'link' ? 'stale' : 'warn'}
      data-notice="fault"
      data-alarm={alarm.kind}
    >
      <Glyph shape={alarm.kind === 'link' ? 'unknown' : 'bar'} />
      <p className={whole ? undefined : 'notice-short'}>
        <strong>{what}</strong> {next} {/* the words of a lost station say since when */}
        {alarm.kind !== 'link' && <span className="notice-age">{words.alarms.age({ time: clockText(alarm.at) })}</span>}{' '}
        <span className="mono notice-code">{alarm.code}</span>
      </p>
      {mayPutAway(alarm, person) && (
        <CloseButton
          size="lg"
          aria-label={words.close}
          onClick={() => store.dispatch({ type: 'put-away', alarm: alarm.id })}
        />
      )}
    </div>
  );
}

/** The station that cannot be heard comes before all that it said. */
function useAllAlarms(): readonly Alarm[] {
  const alarms = useApp((state) => state.alarms);
  const link = useApp((state) => state.link);
  const since = useApp((state) => state.lastWordAt);
  if (link === 'open' || (link === 'connecting' && since === null)) return alarms;
  const at = since ?? Date.now();
  const what = link === 'refused' ? words.link.refused : words.link.lost({ time: clockText(at) });
  const next = link === 'refused' ? words.link.refusedNext : words.link.lostAct;
  return [{ id: 'link', kind: 'link', at, by: null, what, next, code: lostCode }, ...alarms];
}

/** Faults of this window itself have their words here. */
function wordsOf({ kind, code, what, next }: Alarm) {
  if (kind !== 'link' && code === lostCode) return { what: words.link.lostCall, next: words.link.lostNext };
  if (code === 'window.unexpected') return { what, next: words.link.unexpectedNext };
  const said = faultText({ code, what, next });
  const before = kind === 'batch' ? words.alarms.batch : kind === 'printer' ? words.station.printerFault : null;
  return { what: before === null ? said.what : `${before} ${said.what}`, next: said.next };
}

/** The whole window shows that a scan was not taken: whoever scans looks at the board. */
function useRefusalFlash() {
  const refused = useApp((state) => state.refusedScans);
  useEffect(() => {
    if (refused === 0) return;
    const { dataset } = document.documentElement;
    dataset.flash = 'refused';
    const timer = setTimeout(() => delete dataset.flash, refusedFlashMs);
    return () => {
      clearTimeout(timer);
      delete dataset.flash;
    };
  }, [refused]);
}
