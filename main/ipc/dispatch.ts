import {
  budgetOf,
  type CallFault,
  type CallName,
  calls,
  rolesFor,
  type SeatView,
  type SessionState,
} from '../contract/contract.ts';
import { faultOf, isFault } from '../model/fault.ts';
import type { Desk } from '../station/desk/desk.ts';
import type { DeskCallName } from '../station/desk/room.ts';
import type { Language } from '../words/languages.ts';
import { told } from '../words/told.ts';
import { AnonymousTries } from './anonymous-tries.ts';
import type { Seats } from './seats.ts';
import type { FaceSession } from './session.ts';
import { shown, shownAnswer } from './shown.ts';

/** What goes back to a face: an answer, or a fault in words. */
export type Reply = { readonly answer: unknown } | { readonly fault: CallFault };

/**
 * Answers the calls of all faces: the name must be in the contract's table, the input must fit its schema, and whoever sits at the face
 * must have a role for it. Never rejects: what goes wrong becomes a fault. Comings, goings and refusals of people stand in the ledger; what
 * nobody in particular was refused is counted there. Every call has a rate and a budget of time.
 */
export class Dispatcher {
  readonly #desk: Desk;
  /** Browsers that are known from before; null: this face has none. */
  readonly #seats: Seats | null;
  readonly #sessions = new Set<FaceSession>();
  /** Refusals that were noted, so that a face that asks without end does not fill the book. */
  readonly #noted = new WeakMap<FaceSession, Set<string>>();
  readonly #anonymous: AnonymousTries;

  constructor(desk: Desk, seats: Seats | null = null) {
    this.#desk = desk;
    this.#seats = seats;
    this.#anonymous = new AnonymousTries((detail) =>
      desk.noteAct({ what: 'anonymous-tries', by: [], about: null, detail }),
    );
  }

  /** Writes what was counted. */
  close(): Promise<void> {
    return this.#anonymous.close();
  }

  /** Sessions that are to hear when operators change. */
  admit(session: FaceSession): () => void {
    this.#sessions.add(session);
    return () => this.#sessions.delete(session);
  }

  async call(session: FaceSession, name: unknown, input: unknown): Promise<Reply> {
    const reply = await this.#reply(session, name, input);
    return 'answer' in reply ? { answer: shownAnswer(name as CallName, reply.answer) } : shown(reply);
  }

  async #reply(session: FaceSession, name: unknown, input: unknown): Promise<Reply> {
    try {
      if (typeof name !== 'string' || !Object.hasOwn(calls, name))
        return refusal(
          'call.unknown',
          'The station knows no such call.',
          'Reload the page: it may be of another version.',
        );
      const known = name as CallName;
      if (!session.mayAsk())
        return refusal('call.too-fast', 'This page asks faster than anybody could.', 'Wait a moment, then try again.');
      session.touch(known);
      const checked = calls[known].input.safeParse(input);
      if (!checked.success) {
        const [issue] = checked.error.issues;
        return refusal(
          'call.input',
          `What was entered does not fit${issue?.path.length ? ` (${issue.path.join('.')})` : ''}: ${issue?.message ?? 'it has another form'}.`,
          'Correct it and try again.',
        );
      }
      if (!session.may(known, checked.data)) return await this.#refuse(session, known, checked.data);
      const answer = known.startsWith('session.')
        ? this.#sessionCall(session, known, checked.data)
        : this.#deskCall(session, known as DeskCallName, checked.data);
      return await inTime(known, answer);
    } catch (error) {
      const fault = faultOf(error);
      const { code, what, next } = fault;
      const level = fault.faultClass === 'recipe' || fault.faultClass === 'board' ? 'info' : 'error';
      this.#desk.log[level]('call-refused', { call: String(name), face: session.face, error: fault });
      return { fault: { code, what, next } };
    }
  }

  async #deskCall(session: FaceSession, name: DeskCallName, input: unknown): Promise<unknown> {
    const wasEmpty = this.#desk.operators.isEmpty;
    const answer = this.#desk.answers[name] as (input: unknown, by: string) => unknown;
    try {
      const value = await answer(input, session.id);
      if (name === 'operators.save' || name === 'operators.remove') {
        if (wasEmpty) session.enter(this.#desk.operators.find((input as { id: string }).id));
        const { id, pin = null, badge = null } = input as { id: string; pin?: string | null; badge?: string | null };
        for (const other of this.#sessions) {
          // whoever came in by what does not count any more goes
          if (other !== session && other.operator?.id === id && (pin ?? badge) !== null) other.enter(null);
          else other.tell();
        }
      }
      return value;
    } catch (error) {
      // A badge may be scanned wherever a serial number may.
      if (name !== 'line.scan' || !isFault(error) || error.faultClass !== 'recipe') throw error;
      const operator = await this.#desk.operators.scannedBadge((input as { text: string }).text.trim());
      if (operator === null) throw error;
      await this.#enter(session, operator.id, 'badge');
      return { ...told('signedIn', { person: operator.name }), fixture: null };
    }
  }

  async #sessionCall(
    session: FaceSession,
    name: CallName,
    input: unknown,
  ): Promise<SessionState | readonly SeatView[]> {
    const { operators } = this.#desk;
    switch (name) {
      case 'session.login': {
        const { operator, pin } = input as { operator: string; pin: string };
        await this.#login(session, operator, () => operators.login(operator, pin), 'PIN');
        break;
      }
      case 'session.badge': {
        const { badge } = input as { badge: string };
        await this.#login(session, null, () => operators.badgeLogin(badge), 'badge');
        break;
      }
      case 'session.seats':
        return this.#seats?.list() ?? [];
      case 'session.forgetSeats': {
        const { seat } = input as { seat: string | null };
        await this.#desk.noteAct({ what: 'seats-forgotten', by: [session.id], about: seat, detail: {} });
        this.#seats?.forget(seat);
        return this.#seats?.list() ?? [];
      }
      case 'session.language': {
        const { language } = input as { language: Language | null };
        const { operator } = session;
        if (operator !== null) await this.#desk.chooseLanguage(operator.id, language);
        for (const other of this.#sessions) if (other.operator?.id === operator?.id) other.tell();
        break;
      }
      case 'session.logout': {
        const { operator } = session;
        if (operator !== null)
          await this.#desk.note({ what: 'logout', face: session.face, operator: operator.id, detail: null });
        session.enter(null);
        break;
      }
    }
    return session.state;
  }

  async #login(
    session: FaceSession,
    claimed: string | null,
    prove: () => Promise<{ readonly id: string }>,
    by: string,
  ): Promise<void> {
    let operator: { readonly id: string };
    try {
      operator = await prove();
    } catch (error) {
      const { code } = faultOf(error);
      // what was judged is rare (Lockout); what had to wait, or named nobody, could fill the book
      if (code === 'session.refused' && (claimed === null || this.#desk.operators.find(claimed) !== null))
        await this.#desk.note({
          what: 'login-refused',
          face: session.face,
          operator: claimed,
          detail: `${by}: ${code}`,
        });
      else this.#anonymous.count('signIns');
      throw error;
    }
    await this.#enter(session, operator.id, by);
  }

  async #enter(session: FaceSession, operator: string, by: string): Promise<void> {
    await this.#desk.note({ what: 'login', face: session.face, operator, detail: by });
    session.enter(this.#desk.operators.find(operator));
  }

  async #refuse(session: FaceSession, name: CallName, input: unknown): Promise<Reply> {
    const { operator } = session;
    if (operator === null) {
      this.#anonymous.count('calls');
      return refusal('session.nobody', 'Nobody is signed in here.', 'Sign in with your PIN or your badge.');
    }
    const noted = this.#noted.get(session) ?? new Set();
    this.#noted.set(session, noted);
    const key = `${operator.id} ${name}`;
    if (!noted.has(key)) {
      noted.add(key);
      await this.#desk.note({ what: 'call-refused', face: session.face, operator: operator.id, detail: name });
    }
    const allowed = rolesFor(name, input);
    return refusal(
      'session.role',
      `${operator.name} may not do this: it takes the role ${allowed === 'anyone' ? '' : allowed.join(' or ')}.`,
      'Sign in as somebody who has it.',
    );
  }
}

/** The answer, or that it takes longer than such a call may. */
export async function inTime(name: CallName, answer: Promise<unknown>, ms = budgetOf(name)): Promise<Reply> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Reply>((resolve) => {
    const reply = () =>
      resolve(
        refusal(
          'call.budget',
          `The station did not answer within ${ms / 1000} seconds.`,
          'It may still go on with what was asked. Look how things stand before you ask again.',
        ),
      );
    timer = setTimeout(reply, ms);
  });
  try {
    return await Promise.race([answer.then((value): Reply => ({ answer: value })), late]);
  } finally {
    clearTimeout(timer);
  }
}

function refusal(code: string, what: string, next: string): Reply {
  return { fault: { code, what, next } };
}
