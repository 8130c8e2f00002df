import { type KeyboardEvent, useEffect, useRef } from 'react';
import type { FindingView } from '../../main/contract/views.ts';
import { words } from '../words/words.ts';

interface YamlEditorProps {
  readonly text: string;
  readonly findings: readonly FindingView[];
  readonly readOnly: boolean;
  onChange(text: string): void;
  /** Line to go to; a new object goes there again. */
  readonly goTo: { readonly line: number } | null;
}

const gravest = { error: 3, warning: 2, info: 1 } as const;

/** Text with its line numbers; a line that has a finding says so at its number, by colour, shape and its words on hover. */
export function YamlEditor({ text, findings, readOnly, onChange, goTo }: YamlEditorProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const gutter = useRef<HTMLDivElement>(null);
  const paper = useRef<HTMLPreElement>(null);
  const lines = text.split('\n');
  const byLine = new Map<number, FindingView[]>();
  for (const finding of findings) {
    if (finding.line === null || finding.waived !== null) continue;
    byLine.set(finding.line, [...(byLine.get(finding.line) ?? []), finding]);
  }

  const follow = () => {
    const top = field.current?.scrollTop ?? 0;
    if (gutter.current) gutter.current.style.transform = `translateY(${-top}px)`;
    if (paper.current) paper.current.style.transform = `translate(${-(field.current?.scrollLeft ?? 0)}px, ${-top}px)`;
  };

  useEffect(() => {
    const element = field.current;
    if (goTo === null || element === null) return;
    const start = element.value
      .split('\n')
      .slice(0, goTo.line - 1)
      .reduce((sum, line) => sum + line.length + 1, 0);
    element.focus();
    element.setSelectionRange(start, start);
    element.scrollTop = Math.max(0, (goTo.line - 6) * Number.parseFloat(getComputedStyle(element).lineHeight));
  }, [goTo]);

  // two blanks for the tabulator key, which otherwise leaves the field; Escape first, then Tab leaves it
  const leaving = useRef(false);
  const onKey = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.key === 'Escape') leaving.current = true;
    if (event.key !== 'Tab' || event.shiftKey || leaving.current || readOnly) return;
    event.preventDefault();
    const { selectionStart, selectionEnd, value } = event.currentTarget;
    onChange(`${value.slice(0, selectionStart)}  ${value.slice(selectionEnd)}`);
    const place = selectionStart + 2;
    requestAnimationFrame(() => field.current?.setSelectionRange(place, place));
  };

  return (
    <div className="editor">
      <div className="editor-gutter" aria-hidden="true">
        <div ref={gutter}>
          {lines.map((_, index) => {
            const here = byLine.get(index + 1) ?? [];
            const worst = here.reduce<FindingView | null>(
              (last, next) => (last === null || gravest[next.severity] > gravest[last.severity] ? next : last),
              null,
            );
            return (
              <div
                // biome-ignore lint/suspicious/noArrayIndexKey: a line is known by its number
                key={index}
                data-severity={worst?.severity}
                title={here.map(({ what }) => what).join('\n') || undefined}
              >
                {index + 1}
              </div>
            );
          })}
        </div>
      </div>
      <div className="editor-page">
        <pre ref={paper} aria-hidden="true">
          {lines.map((line, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a line is known by its number
            <PaintedLine key={index} line={line} marked={byLine.has(index + 1)} />
          ))}
        </pre>
        <textarea
          ref={field}
          aria-label={words.recipes.yaml}
          value={text}
          readOnly={readOnly}
          spellCheck={false}
          autoCapitalize="off"
          autoCorrect="off"
          wrap="off"
          onChange={(event) => onChange(event.target.value)}
          onScroll={follow}
          onKeyDown={onKey}
          onFocus={() => {
            leaving.current = false;
          }}
        />
      </div>
    </div>
  );
}

/** Keys, values and comments in inks of their own; enough for the eye, no more. */
function PaintedLine({ line, marked }: { readonly line: string; readonly marked: boolean }) {
  const comment = /(^|\s)#.*$/.exec(line);
  const code = comment === null ? line : line.slice(0, comment.index);
  const note = comment === null ? '' : line.slice(comment.index);
  const key = /^(\s*(?:- )?)([\w.-]+)(:)(.*)$/.exec(code);
  return (
    <div className={marked ? 'marked' : undefined}>
      {key === null ? (
        code
      ) : (
        <>
          {key[1]}
          <span className="y-key">{key[2]}</span>
          {key[3]}
          <span className="y-value">{key[4]}</span>
        </>
      )}
      <span className="y-note">{note}</span>
      {line === '' ? ' ' : ''}
    </div>
  );
}
