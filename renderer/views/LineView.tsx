import { Button } from '@mantine/core';
import { Suspense, useCallback } from 'react';
import type { LineSnapshot } from '../../main/contract/views.ts';
import { TileGrid } from '../parts/TileGrid.tsx';
import { goTo, useApp, useSeat } from '../state/station.ts';
import { words } from '../words/words.ts';
import { BatchHeader } from './BatchHeader.tsx';
import { ThroughputStrip } from './later.ts';
import { ScanRule } from './ScanRule.tsx';

/** The tile that the next scan of this person goes to without a choice; a choice of theirs marks its own. */
function nextScanOf({ batch, fixtures }: LineSnapshot, person: string | null): string | null {
  if (batch === null || batch.endedAt !== null) return null;
  return fixtures.some(({ chosen }) => chosen?.by === person) ? null : (batch.nextScan?.fixture ?? null);
}

/** The operator's screen: what every fixture does, and what of it needs a person. */
export function LineView() {
  const { store } = useSeat();
  const line = useApp((state) => state.line);
  const person = useApp((state) => state.session?.operator?.id ?? null);
  const lastWordAt = useApp((state) => state.lastWordAt);
  const open = useCallback((fixture: string) => store.dispatch({ type: 'open', fixture }), [store]);
  if (line === null) return <p className="calm-note page-note">{words.loading}</p>;
  return (
    <div className="line-screen">
      <h1 className="unseen">{words.screens.line}</h1>
      <BatchHeader batch={line.batch} interrupted={line.interrupted} />
      <ScanRule batch={line.batch} fixtures={line.fixtures} />
      {line.fixtures.length === 0 ? (
        <div className="empty">
          <p>{words.tile.none}</p>
          <p className="calm-note">{words.tile.noneNext}</p>
          <Button onClick={() => goTo('station')}>{words.screens.station}</Button>
        </div>
      ) : (
        <TileGrid
          fixtures={line.fixtures}
          person={person}
          nextScan={nextScanOf(line, person)}
          lastWordAt={lastWordAt}
          onOpen={open}
        />
      )}
      <Suspense fallback={<div className="strip" />}>
        <ThroughputStrip />
      </Suspense>
    </div>
  );
}
