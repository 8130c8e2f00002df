import { CloseButton } from '@mantine/core';
import { useEffect } from 'react';
import { lostCode } from '../bridge/bridge.ts';
import { Glyph } from '../parts/Glyph.tsx';
import { useApp, useSeat } from '../state/station.ts';
import { words } from '../words/words.ts';

/** How long a plain answer stays, in ms. A fault stays until it is put away. */
const saidMs = 6000;

/** What the station answered last, and whether it can be reached at all. */
export function NoticeBar() {
  const { store } = useSeat();
  const link = useApp((state) => state.link);
  const notice = useApp((state) => state.notice);
  useEffect(() => {
    if (notice?.kind !== 'said') return;
    const timer = setTimeout(() => store.dispatch({ type: 'put-away' }), saidMs);
    return () => clearTimeout(timer);
  }, [notice, store]);
  const linkWords = link === 'open' ? null : words.link[link];
  const shown = notice === null ? null : wordsOf(notice);
  return (
    <div className="notices" aria-live="assertive">
      {linkWords !== null && (
        <div className="notice" data-tone={link === 'connecting' ? 'calm' : 'warn'}>
          <Glyph shape={link === 'connecting' ? 'turn' : 'gap'} />
          <p>{linkWords}</p>
        </div>
      )}
      {notice !== null && shown !== null && (
        <div className="notice" data-tone={notice.kind === 'fault' ? 'warn' : 'calm'} data-notice={notice.kind}>
          <Glyph shape={notice.kind === 'fault' ? 'bar' : 'ring'} />
          <p>
            <strong>{shown.what}</strong> {shown.next} <span className="mono notice-code">{notice.code}</span>
          </p>
          <CloseButton size="lg" aria-label={words.close} onClick={() => store.dispatch({ type: 'put-away' })} />
        </div>
      )}
    </div>
  );
}

/** Faults of this window itself have their words here. */
function wordsOf({ code, what, next }: { code: string; what: string; next: string }) {
  if (code === lostCode) return { what: words.link.lostCall, next: words.link.lostNext };
  if (code === 'window.unexpected') return { what, next: words.link.unexpectedNext };
  return { what, next };
}
