/** Mean ms between two characters of one code. Slow scanners take 45; a person at a field is slower, and a PIN is typed faster than text. */
const fastMs = { nowhere: 120, field: 60, password: 30 } as const;
/** A pause of so many ms begins a new code; so long after its last character one without an end is given up. */
const pauseMs = 300;
/** Shorter bursts are a person's, except a fixture's name. */
const leastLength = 4;
/** A burst without an end that is so long and so fast came from a scanner, in characters and mean ms. */
const endless = { length: 6, ms: 30 } as const;

type Field = HTMLInputElement | HTMLTextAreaElement;

interface Burst {
  text: string;
  startedAt: number;
  lastAt: number;
  /** What stood in the field that the burst ran into, to be put back. */
  field: { element: Field; value: string } | null;
}

export interface ScannerEars {
  heard(text: string): void;
  /** Whether a text is a fixture's name, however short. */
  isName(text: string): boolean;
  /** A code that came nowhere, too slowly for a scanner: nobody else would say that it is lost. */
  slow(text: string): void;
  /** A code whose scanner sends no end. */
  endless(text: string): void;
}

/**
 * Hears a scanner anywhere in the window: fast keystrokes that end with Enter or Tab. A code that ran into a field is taken out of it again,
 * except where the field wants codes (data-scan="here"). What looks like a code and is not taken is told. Times are those at which keys
 * were pressed, so that a busy page loses none. Gives back the way to stop.
 */
export function hearScanner(target: Document, ears: ScannerEars): () => void {
  let burst: Burst | null = null;
  let givingUp: ReturnType<typeof setTimeout> | undefined;

  const onEnd = (event: KeyboardEvent) => {
    clearTimeout(givingUp);
    const ended = burst;
    burst = null;
    if (ended === null || wantsCodes(event.target)) return;
    const mean = (event.timeStamp - ended.startedAt) / ended.text.length;
    const text = ended.text.trim();
    if ((text.length < leastLength && !ears.isName(text)) || text === '') return;
    const isScan = mean <= fastMs[placeOf(ended.field?.element ?? null)];
    // a field keeps what was typed into it, for everybody to see
    if (!isScan && (ended.field !== null || event.key === 'Tab')) return;
    event.preventDefault();
    event.stopPropagation();
    if (!isScan) return ears.slow(text);
    if (ended.field !== null) putBack(ended.field);
    ears.heard(text);
  };

  const giveUp = () => {
    const left = burst;
    if (left === null || left.field !== null || left.text.length < endless.length) return;
    if ((left.lastAt - left.startedAt) / (left.text.length - 1) > endless.ms) return;
    burst = null;
    ears.endless(left.text);
  };

  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat) return;
    const at = event.timeStamp;
    if (burst !== null && at - burst.lastAt > pauseMs) burst = null;
    if (event.key === 'Enter' || event.key === 'Tab') return onEnd(event);
    if (event.key.length !== 1) return;
    if (burst === null) burst = { text: '', startedAt: at, lastAt: at, field: fieldOf(event.target) };
    burst.text += event.key;
    burst.lastAt = at;
    clearTimeout(givingUp);
    givingUp = setTimeout(giveUp, 2 * pauseMs);
    // a space in a code shall not press the button that has the focus
    if (event.key === ' ' && burst.text.length > 1 && burst.field === null) event.preventDefault();
  };

  target.addEventListener('keydown', onKey, { capture: true });
  return () => {
    clearTimeout(givingUp);
    target.removeEventListener('keydown', onKey, { capture: true });
  };
}

function isField(target: EventTarget | null): target is Field {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
}

function fieldOf(target: EventTarget | null): Burst['field'] {
  return isField(target) ? { element: target, value: target.value } : null;
}

function placeOf(field: Field | null): keyof typeof fastMs {
  return field === null ? 'nowhere' : field.type === 'password' ? 'password' : 'field';
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
