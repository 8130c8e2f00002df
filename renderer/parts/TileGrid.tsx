import { type KeyboardEvent, useCallback, useEffect, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import type { FixtureView } from '../../main/contract/views.ts';
import { words } from '../words/words.ts';
import { Tile } from './Tile.tsx';

/** A tile's words need so much, in pixels: in a narrower or flatter one the loudest of them would be cut. */
const least = { width: 104, height: 56 };

/** Columns for so many tiles on a surface of this shape: no scrolling up to 32, tiles a bit wider than high, none too small for its words. */
export function columnsFor(count: number, width: number, height: number): number {
  if (count <= 1 || width <= 0 || height <= 0) return 1;
  const wanted = 1.45;
  let best = 1;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const [wide, high] = [width / columns, height / rows];
    const empty = columns * rows - count;
    const cut = Math.max(0, least.width / wide - 1) + Math.max(0, least.height / high - 1);
    const score = -Math.abs(Math.log(wide / high / wanted)) - (empty / count) * 0.6 - cut * 6;
    if (score > bestScore) [best, bestScore] = [columns, score];
  }
  return best;
}

/**
 * What stands above the tiles, in pixels, as it usually is: by what it is at the moment tiles would change places whenever a batch begins
 * or ends.
 */
function aboveTiles(): number {
  return window.innerHeight > 640 ? 190 : 140;
}

/** Columns as they were last found, for the line that is shown again: tiles are laid out once then. */
let last: { readonly shape: string; readonly columns: number } | null = null;

const shapeOf = (count: number) => `${count} ${window.innerWidth} ${window.innerHeight}`;

/** Before anything is measured. */
function columnsAtFirst(count: number): number {
  if (last?.shape === shapeOf(count)) return last.columns;
  return columnsFor(count, window.innerWidth, window.innerHeight - 2 * aboveTiles());
}

const moves: Readonly<Record<string, (columns: number, count: number, at: number) => number>> = {
  ArrowLeft: (_columns, _count, at) => at - 1,
  ArrowRight: (_columns, _count, at) => at + 1,
  ArrowUp: (columns, _count, at) => at - columns,
  ArrowDown: (columns, _count, at) => at + columns,
  Home: () => 0,
  End: (_columns, count) => count - 1,
};

interface TileGridProps {
  readonly fixtures: readonly FixtureView[];
  /** As for `Tile`. */
  readonly person: string | null;
  readonly nextScan: string | null;
  readonly lastWordAt: number | null;
  onOpen(name: string): void;
}

/** All fixtures, as large as the window lets them be. Arrow keys go from tile to tile. */
export function TileGrid({ fixtures, person, nextScan, lastWordAt, onOpen }: TileGridProps) {
  const grid = useRef<HTMLUListElement>(null);
  const count = fixtures.length;
  const [columns, setColumns] = useState(() => columnsAtFirst(count));
  const [reached, setReached] = useState<string | null>(null);

  useEffect(() => {
    const element = grid.current;
    const screen = element?.parentElement;
    if (element === null || screen == null) return;
    const observer = new ResizeObserver(() => {
      const strip = screen.querySelector<HTMLElement>('.strip')?.offsetHeight ?? 0;
      const now = columnsFor(count, element.clientWidth, screen.clientHeight - strip - aboveTiles());
      last = { shape: shapeOf(count), columns: now };
      // before the frame is drawn: no tile is seen at another place first
      flushSync(() => setColumns(now));
    });
    observer.observe(screen);
    return () => observer.disconnect();
  }, [count]);

  const reach = useCallback((name: string) => setReached(name), []);
  const names = fixtures.map(({ name }) => name);
  const current = reached !== null && names.includes(reached) ? reached : (names[0] ?? null);

  const move = (event: KeyboardEvent) => {
    const to = moves[event.key]?.(columns, count, names.indexOf(current ?? ''));
    if (to === undefined || event.altKey || event.ctrlKey) return;
    event.preventDefault();
    const name = names[to];
    if (name === undefined) return;
    grid.current?.querySelector<HTMLElement>(`[data-fixture="${CSS.escape(name)}"]`)?.focus();
  };

  return (
    <ul
      ref={grid}
      className="tiles"
      aria-label={words.tile.fixtures}
      style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}
      onKeyDown={move}
    >
      {fixtures.map((fixture) => (
        <li key={fixture.name}>
          <Tile
            fixture={fixture}
            reached={fixture.name === current}
            person={person}
            isNextScan={fixture.name === nextScan}
            lastWordAt={lastWordAt}
            onOpen={onOpen}
            onReach={reach}
          />
        </li>
      ))}
    </ul>
  );
}
