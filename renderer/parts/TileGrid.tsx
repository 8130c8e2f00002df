import { type KeyboardEvent, useCallback, useEffect, useRef, useState } from 'react';
import type { FixtureView } from '../../main/contract/views.ts';
import { words } from '../words/words.ts';
import { Tile } from './Tile.tsx';

/** Columns for so many tiles on a surface of this shape: no scrolling up to 32, tiles a bit wider than high. */
export function columnsFor(count: number, width: number, height: number): number {
  if (count <= 1 || width <= 0 || height <= 0) return 1;
  const wanted = 1.45;
  let best = 1;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const shape = width / columns / (height / rows);
    const empty = columns * rows - count;
    const score = -Math.abs(Math.log(shape / wanted)) - (empty / count) * 0.6;
    if (score > bestScore) [best, bestScore] = [columns, score];
  }
  return best;
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
  const [columns, setColumns] = useState(4);
  const [reached, setReached] = useState<string | null>(null);
  const count = fixtures.length;

  useEffect(() => {
    const element = grid.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setColumns(columnsFor(count, element.clientWidth, element.clientHeight)));
    observer.observe(element);
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
