import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { indentUnit, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, lintGutter, setDiagnostics } from '@codemirror/lint';
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search';
import { Compartment, EditorState, type Text } from '@codemirror/state';
import { EditorView, highlightActiveLine, highlightSpecialChars, keymap, lineNumbers } from '@codemirror/view';
import { useEffect, useRef } from 'react';
import type { FindingView } from '../../main/contract/views.ts';
import { findingText, words } from '../words/words.ts';
import { yamlInks, yamlLook } from './yaml-look.ts';

interface YamlEditorProps {
  readonly text: string;
  readonly findings: readonly FindingView[];
  readonly readOnly: boolean;
  onChange(text: string): void;
  /** Line to go to; a new object goes there again. */
  readonly goTo: { readonly line: number } | null;
}

/** A recipe's text (CodeMirror). A line that has a finding says so beside its number, by colour and shape and in words on hover. */
export function YamlEditor({ text, findings, readOnly, onChange, goTo }: YamlEditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<EditorView | null>(null);
  const changed = useRef(onChange);
  changed.current = onChange;
  const first = useRef({ text, readOnly });
  const reading = useRef(new Compartment());

  useEffect(() => {
    // The page's policy forbids inline styles: in a root of its own the editor brings them as a constructed style sheet.
    const element = host.current!;
    const root = element.shadowRoot ?? element.attachShadow({ mode: 'open' });
    const view = new EditorView({
      parent: root,
      root,
      state: stateOf(first.current, reading.current, (now) => changed.current(now)),
    });
    editor.current = view;
    return () => {
      view.destroy();
      editor.current = null;
    };
  }, []);

  useEffect(() => {
    editor.current?.dispatch({ effects: reading.current.reconfigure(readingOf(readOnly)) });
  }, [readOnly]);

  useEffect(() => {
    const view = editor.current;
    // what another hand changed (the form, a reload) becomes one step that can be undone, and leaves the cursor where it was
    const change = view === null ? null : differenceOf(view.state.doc, text);
    if (change !== null) view?.dispatch({ changes: change });
  }, [text]);

  useEffect(() => {
    const view = editor.current;
    if (view !== null) view.dispatch(setDiagnostics(view.state, diagnosticsOf(view.state.doc, findings)));
  }, [findings]);

  useEffect(() => {
    const view = editor.current;
    if (goTo === null || view === null) return;
    const { from } = view.state.doc.line(Math.min(Math.max(goTo.line, 1), view.state.doc.lines));
    view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: 'center' }) });
    view.focus();
  }, [goTo]);

  return <div ref={host} className="editor" />;
}

function stateOf(
  { text, readOnly }: { readonly text: string; readonly readOnly: boolean },
  reading: Compartment,
  tell: (text: string) => void,
): EditorState {
  return EditorState.create({
    doc: text,
    extensions: [
      lineNumbers(),
      lintGutter(),
      history(),
      highlightSpecialChars(),
      highlightActiveLine(),
      highlightSelectionMatches(),
      search({ top: true }),
      yaml(),
      syntaxHighlighting(yamlInks),
      yamlLook,
      indentUnit.of('  '),
      // Escape first, then Tab leaves the editor
      keymap.of([...searchKeymap, ...defaultKeymap, ...historyKeymap, indentWithTab]),
      reading.of(readingOf(readOnly)),
      EditorView.contentAttributes.of({ 'aria-label': words.recipes.yaml, spellcheck: 'false', tabindex: '0' }),
      EditorView.updateListener.of(({ docChanged, state }) => {
        if (docChanged) tell(state.doc.toString());
      }),
    ],
  });
}

function readingOf(readOnly: boolean) {
  return [EditorState.readOnly.of(readOnly), EditorView.contentAttributes.of({ 'aria-readonly': String(readOnly) })];
}

/** The smallest single change that makes `doc` say `text`; null where it does. */
function differenceOf(doc: Text, text: string): { from: number; to: number; insert: string } | null {
  const before = doc.toString();
  if (before === text) return null;
  let from = 0;
  while (from < before.length && before[from] === text[from]) from++;
  let to = before.length;
  let end = text.length;
  while (to > from && end > from && before[to - 1] === text[end - 1]) {
    to--;
    end--;
  }
  return { from, to, insert: text.slice(from, end) };
}

/** Findings that nobody let go, at the lines they name. */
function diagnosticsOf(doc: Text, findings: readonly FindingView[]): Diagnostic[] {
  return findings.flatMap((finding) => {
    const { line, waived, severity } = finding;
    if (line === null || waived !== null || line > doc.lines) return [];
    const { what, remedy } = findingText(finding);
    const { from, to, text } = doc.line(line);
    return [{ from: from + text.length - text.trimStart().length, to, severity, message: `${what} ${remedy}` }];
  });
}
