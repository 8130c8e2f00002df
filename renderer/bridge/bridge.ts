import type {
  CallAnswers,
  CallFault,
  CallInput,
  CallName,
  EventName,
  Events,
  StationApi,
} from '../../main/contract/contract.ts';
import { codeOf, freshNonce, keepSeat, keptSeat, type Seat } from './seat.ts';

/** Whether calls can travel now. 'refused': the station is there and lets this page in no more; it goes on asking. */
export type Link = 'connecting' | 'open' | 'lost' | 'refused';

/** The station as this page reaches it. */
export interface Bridge extends StationApi {
  /** Hears the link change; the first word comes at once. */
  onLink(listener: (link: Link) => void): () => void;
}

/** A call that the station refused or could not carry out, in words for people. */
export class CallError extends Error {
  readonly fault: CallFault;

  constructor(fault: CallFault) {
    super(fault.what);
    this.name = 'CallError';
    this.fault = fault;
  }
}

/** What the preload of the desktop window offers. A refused call answers with its fault, since errors do not cross that pane whole. */
interface DesktopPane {
  call(name: string, input: unknown): Promise<unknown>;
  on(name: string, listener: (event: unknown) => void): () => void;
}

declare global {
  interface Window {
    readonly fuseline?: DesktopPane;
  }
}

type Listener = (event: never) => void;

/** How often the station is asked whether it is there, and how long it may take to say so, in ms. */
const askEveryMs = 2000;
const answerMs = 6000;

/** Opens the way to the station by what this page finds: the desktop's pane, or a WebSocket to its own origin. */
export function openBridge(): Bridge {
  return window.fuseline === undefined ? openSocket() : openPane(window.fuseline);
}

/**
 * Asks the station without end whether it is there: an open line to a program that hangs looks like one to a program that works. Each
 * question has its time; `dead` is told once it is over, `alive` once an answer comes again.
 */
function listenForLife(ask: () => Promise<unknown>, tell: { alive(): void; dead(): void }): void {
  const look = () => {
    const timer = setTimeout(tell.dead, answerMs);
    ask().then(
      () => {
        clearTimeout(timer);
        tell.alive();
      },
      // a refusal is an answer; a lost link tells of itself
      () => clearTimeout(timer),
    );
  };
  setInterval(look, askEveryMs);
}

function isFaultAnswer(answer: unknown): answer is { fault: CallFault } {
  return typeof answer === 'object' && answer !== null && 'fault' in answer && Object.keys(answer).length === 1;
}

function openPane(pane: DesktopPane): Bridge {
  return {
    async call<Name extends CallName>(name: Name, input: CallInput<Name>) {
      const answer = await pane.call(name, input);
      if (isFaultAnswer(answer)) throw new CallError(answer.fault);
      const whole = answer as { answer?: unknown } | null;
      const bare = typeof whole === 'object' && whole !== null && Object.keys(whole).length === 1 && 'answer' in whole;
      return (bare ? whole.answer : answer) as CallAnswers[Name];
    },
    on: (name, listener) => pane.on(name, listener as (event: unknown) => void),
    onLink(listener) {
      let isOpen = true;
      listener('open');
      listenForLife(() => pane.call('session.state', {}), {
        alive() {
          if (!isOpen) listener('open');
          isOpen = true;
        },
        dead() {
          if (isOpen) listener('lost');
          isOpen = false;
        },
      });
      return () => {};
    },
  };
}

const tokenPlace = 'fuseline.token';

/** The one-time key stands in the address only until it is read; a reload finds it in this tab's own store. */
function takeToken(): void {
  const given = /^#token=(.+)$/.exec(location.hash)?.[1];
  if (given !== undefined) {
    sessionStorage.setItem(tokenPlace, decodeURIComponent(given));
    history.replaceState(null, '', `${location.pathname}${location.search}#/`);
  }
}

/** Code with which the station closes a socket whose key it does not accept. */
const badToken = 4401;
/** A lost link is tried again after so many ms, growing to the last. */
const retryMs = [250, 500, 1000, 2000] as const;

function openSocket(): Bridge {
  takeToken();
  let seat: Seat | null = null;
  let pageNonce = '';
  const waiting = new Map<number, { resolve(answer: unknown): void; reject(error: CallError): void }>();
  const listeners = new Map<string, Set<Listener>>();
  const linkListeners = new Set<(link: Link) => void>();
  let link: Link = 'connecting';
  let socket: WebSocket | null = null;
  let tries = 0;
  let nextId = 1;

  const setLink = (next: Link) => {
    link = next;
    for (const listener of linkListeners) listener(next);
  };

  const hear = (frame: unknown) => {
    if (typeof frame !== 'object' || frame === null) return;
    const message = frame as {
      welcome?: boolean;
      reload?: string;
      seat?: { id: string; key: string };
      greeting?: { proof: string; nonce: string };
      id?: number;
      answer?: unknown;
      fault?: CallFault;
      event?: string;
      data?: unknown;
    };
    if (message.welcome) {
      tries = 0;
      // The key of the address is used up; the one for the next reload comes with the welcome.
      if (message.reload !== undefined) sessionStorage.setItem(tokenPlace, message.reload);
      if (message.seat !== undefined) void keepSeat(message.seat.id, message.seat.key).catch(() => undefined);
      setLink('open');
    } else if (message.greeting !== undefined) {
      void answer(message.greeting);
    } else if (message.event !== undefined) {
      for (const listener of listeners.get(message.event) ?? []) listener(message.data as never);
    } else if (message.id !== undefined) {
      const call = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.fault) call?.reject(new CallError(message.fault));
      else call?.resolve(message.answer);
    }
  };

  const connect = () => {
    const address = new URL('/api', location.href);
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
    address.hash = '';
    const mine = new WebSocket(address);
    socket = mine;
    mine.onopen = () => void introduce(mine);
    mine.onmessage = (message) => {
      if (socket === mine) hear(JSON.parse(String(message.data)));
    };
    mine.onclose = ({ code }) => {
      if (socket === mine) leave(code);
    };
  };

  /** By the key of the address or of the last welcome; once that is refused, by the seat that this browser keeps. */
  const introduce = async (mine: WebSocket) => {
    const key = sessionStorage.getItem(tokenPlace);
    if (key !== null && key !== '') return mine.send(JSON.stringify({ hello: key }));
    seat = await keptSeat();
    pageNonce = freshNonce();
    mine.send(JSON.stringify(seat === null ? { hello: '' } : { seat: seat.id, nonce: pageNonce }));
  };

  /** The seat's key answers nobody but the station that shows that it has it too. */
  const answer = async ({ proof, nonce }: { proof: string; nonce: string }) => {
    const mine = socket;
    if (seat === null || mine === null) return;
    if ((await codeOf(seat, 'station', pageNonce, nonce)) !== proof) return leave(null);
    mine.send(JSON.stringify({ proof: await codeOf(seat, 'page', pageNonce, nonce) }));
  };

  /** This socket is given up, whatever the other side still does with it. */
  const leave = (code: number | null) => {
    socket?.close();
    socket = null;
    for (const call of waiting.values()) call.reject(new CallError(lostFault));
    waiting.clear();
    // a station that was started again knows the seat, not the key of before; it is looked for as long as the page is open
    const hadKey = (sessionStorage.getItem(tokenPlace) ?? '') !== '';
    if (code === badToken) sessionStorage.removeItem(tokenPlace);
    if (code === badToken && !hadKey) setLink('refused');
    else setLink(tries === 0 && link === 'connecting' ? 'connecting' : 'lost');
    setTimeout(connect, retryMs[Math.min(tries++, retryMs.length - 1)]);
  };
  connect();

  const call = <Name extends CallName>(name: Name, input: CallInput<Name>) =>
    new Promise<CallAnswers[Name]>((resolve, reject) => {
      if (link !== 'open' || socket === null) return reject(new CallError(lostFault));
      const id = nextId++;
      waiting.set(id, { resolve: (answer) => resolve(answer as CallAnswers[Name]), reject });
      socket.send(JSON.stringify({ id, call: name, input }));
    });
  listenForLife(() => call('session.state', {}), {
    alive: () => undefined,
    dead: () => {
      if (link === 'open') leave(null);
    },
  });

  return {
    call,
    on<Name extends EventName>(name: Name, listener: (event: Events[Name]) => void) {
      const set = listeners.get(name) ?? new Set<Listener>();
      listeners.set(name, set.add(listener as Listener));
      return () => set.delete(listener as Listener);
    },
    onLink(listener) {
      linkListeners.add(listener);
      listener(link);
      return () => linkListeners.delete(listener);
    },
  };
}

/** Code by which the window knows that it was the link, not the station; the words stand in the table of words. */
export const lostCode = 'window.link-lost';
const lostFault: CallFault = { code: lostCode, what: lostCode, next: lostCode };
