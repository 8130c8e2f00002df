/** A keyboard-wedge scanner types faster than people: at most so many ms between two characters of one code, on the average. */
const fastMs = 40;
/** A pause of so many ms begins a new code. */
const pauseMs = 120;
/** Shorter bursts are a person's. */
const leastLength = 4;

interface Burst {
  text: string;
  startedAt: number;
  lastAt: number;
  /** What stood in the field that the burst ran into, to be put back. */
  field: { element: HTMLInputElement | HTMLTextAreaElement; value: string } | null;
}

/**
 * Hears a scanner anywhere in the window: fast keystrokes that end with Enter. A code that ran into a field is taken out of it again,
 * except where the field wants codes (data-scan="here"). Gives back the way to stop.
 */
export function hearScanner(target: Document, heard: (text: string) => void): () => void {
  let burst: Burst | null = null;

  const isScan = (ended: Burst, at: number) =>
    ended.text.length >= leastLength && (at - ended.startedAt) / ended.text.length <= fastMs;

  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const at = event.timeStamp;
    if (burst !== null && at - burst.lastAt > pauseMs) burst = null;
    if (event.key === 'Enter') {
      const ended = burst;
      burst = null;
      if (ended === null || !isScan(ended, at)) return;
      if (wantsCodes(event.target)) return;
      event.preventDefault();
      event.stopPropagation();
      if (ended.field !== null) putBack(ended.field);
      heard(ended.text);
      return;
    }
    if (event.key.length !== 1) return;
    if (burst === null) burst = { text: '', startedAt: at, lastAt: at, field: fieldOf(event.target) };
    burst.text += event.key;
    burst.lastAt = at;
    // a space in a code shall not press the button that has the focus
    if (event.key === ' ' && burst.text.length > 1 && burst.field === null) event.preventDefault();
  };

  target.addEventListener('keydown', onKey, { capture: true });
  return () => target.removeEventListener('keydown', onKey, { capture: true });
}

function fieldOf(target: EventTarget | null): Burst['field'] {
  const isField = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
  return isField ? { element: target, value: target.value } : null;
}

function wantsCodes(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.dataset.scan === 'here';
}

/** Sets a field's text so that React hears of it. */
function putBack({ element, value }: NonNullable<Burst['field']>): void {
  const kind = element instanceof HTMLInputElement ? HTMLInputElement.prototype : HTMLTextAreaElement.prototype;
  Object.getOwnPropertyDescriptor(kind, 'value')?.set?.call(element, value);
  element.dispatchEvent(new Event('input', { bubbles: true }));
}
