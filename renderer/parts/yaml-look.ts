import { HighlightStyle } from '@codemirror/language';
import { EditorView } from '@codemirror/view';
import { tags } from '@lezer/highlight';

/** Keys, values and comments in inks of their own. */
export const yamlInks = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--accent-text)' },
  { tag: [tags.string, tags.content, tags.number, tags.bool, tags.null], color: 'var(--ink)', fontWeight: '600' },
  { tag: tags.comment, color: 'var(--ink-3)' },
  { tag: [tags.separator, tags.punctuation], color: 'var(--ink)' },
]);

/** The editor in the colours of the page, which reach into its root as custom properties. */
export const yamlLook = EditorView.theme({
  '&': { height: '100%', fontSize: '13px', color: 'var(--ink)', background: 'var(--raised)' },
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '-3px' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '20px', overflow: 'auto' },
  '.cm-content': { caretColor: 'var(--ink)', padding: '8px 0' },
  '.cm-line': { padding: '0 12px' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '.cm-gutters': { background: 'var(--surface)', color: 'var(--ink-3)', border: '0' },
  '.cm-lineNumbers .cm-gutterElement': { minWidth: '34px', padding: '0 6px 0 4px' },
  '.cm-activeLine, .cm-activeLineGutter': { background: 'color-mix(in srgb, var(--accent) 8%, transparent)' },
  '.cm-selectionBackground, &.cm-focused .cm-selectionBackground': {
    background: 'color-mix(in srgb, var(--accent) 26%, transparent) !important',
  },
  '.cm-lintRange-error': { background: 'color-mix(in srgb, var(--fail) 16%, transparent)' },
  '.cm-lintRange-warning': { background: 'color-mix(in srgb, var(--warn) 16%, transparent)' },
  '.cm-lintRange': { backgroundImage: 'none !important' },
  '.cm-tooltip': {
    background: 'var(--raised)',
    color: 'var(--ink)',
    border: '1px solid var(--line)',
    maxWidth: '60ch',
  },
  '.cm-diagnostic': { fontFamily: 'var(--text, inherit)' },
  '.cm-panels': { background: 'var(--surface)', color: 'var(--ink)', borderColor: 'var(--line)' },
});
