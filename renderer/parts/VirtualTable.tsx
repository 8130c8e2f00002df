import { type KeyboardEvent, type ReactNode, type UIEvent, useCallback, useEffect, useRef, useState } from 'react';

export interface Column<Row> {
  readonly key: string;
  readonly title: string;
  /** Width as a CSS grid track. */
  readonly width: string;
  readonly mono?: boolean;
  cell(row: Row): ReactNode;
}

interface VirtualTableProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  keyOf(row: Row): string;
  onOpen(row: Row): void;
  /** Called when the end comes near and more may be had. */
  onEnd?(): void;
  readonly busy?: boolean;
}

const rowHeight = 44;
/** Rows drawn beyond what is seen, above and below. */
const margin = 8;

/** A table of any length: only the rows in sight are in the page. Arrows go from row to row, Enter opens. */
export function VirtualTable<Row>({ label, columns, rows, keyOf, onOpen, onEnd, busy }: VirtualTableProps<Row>) {
  const body = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  const [reached, setReached] = useState(0);
  const first = Math.max(0, Math.floor(top / rowHeight) - margin);
  const last = Math.min(rows.length, Math.ceil((top + height) / rowHeight) + margin);
  const tracks = { gridTemplateColumns: columns.map(({ width }) => width).join(' ') };

  useEffect(() => {
    const element = body.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    if (last >= rows.length - margin) onEnd?.();
  }, [last, rows.length, onEnd]);

  const scroll = useCallback((event: UIEvent<HTMLDivElement>) => setTop(event.currentTarget.scrollTop), []);

  const focusRow = (at: number) => {
    const element = body.current;
    if (element === null || at < 0 || at >= rows.length) return;
    setReached(at);
    if (at * rowHeight < element.scrollTop) element.scrollTop = at * rowHeight;
    else if ((at + 1) * rowHeight > element.scrollTop + element.clientHeight)
      element.scrollTop = (at + 1) * rowHeight - element.clientHeight;
    setTop(element.scrollTop);
    requestAnimationFrame(() => element.querySelector<HTMLElement>(`[data-at="${at}"]`)?.focus());
  };

  const page = Math.max(1, Math.floor(height / rowHeight) - 1);
  const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page };
  const move = (event: KeyboardEvent) => {
    const row = rows[reached];
    if (event.key === 'Enter' && row !== undefined) onOpen(row);
    else if (event.key === 'Home') focusRow(0);
    else if (event.key === 'End') focusRow(rows.length - 1);
    else if (steps[event.key] !== undefined)
      focusRow(Math.min(rows.length - 1, Math.max(0, reached + (steps[event.key] ?? 0))));
    else return;
    event.preventDefault();
  };

  return (
    // biome-ignore lint/a11y/useSemanticElements: only the rows in sight exist, which a table element cannot say
    <div className="vtable" role="grid" aria-label={label} aria-rowcount={rows.length + 1} aria-busy={busy}>
      {/* biome-ignore lint/a11y/useSemanticElements: as above */}
      <div className="vtable-head" role="row" aria-rowindex={1} tabIndex={-1} style={tracks}>
        {columns.map((column) => (
          // biome-ignore lint/a11y/useSemanticElements: as above
          <div key={column.key} role="columnheader" tabIndex={-1}>
            {column.title}
          </div>
        ))}
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: as above */}
      <div className="vtable-body" role="rowgroup" ref={body} onScroll={scroll} onKeyDown={move} tabIndex={-1}>
        <div role="presentation" className="vtable-space" style={{ height: rows.length * rowHeight }}>
          {rows.slice(first, last).map((row, index) => {
            const at = first + index;
            return (
              // biome-ignore lint/a11y/useSemanticElements: as above
              <div
                key={keyOf(row)}
                role="row"
                className="vtable-row"
                aria-rowindex={at + 2}
                data-at={at}
                tabIndex={at === Math.min(reached, rows.length - 1) ? 0 : -1}
                style={{ ...tracks, transform: `translateY(${at * rowHeight}px)` }}
                onClick={() => onOpen(row)}
                onKeyDown={undefined}
                onFocus={() => setReached(at)}
              >
                {columns.map((column) => (
                  // biome-ignore lint/a11y/useSemanticElements: as above
                  <div key={column.key} role="gridcell" tabIndex={-1} className={column.mono ? 'mono' : undefined}>
                    {column.cell(row)}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
