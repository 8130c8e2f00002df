import type { EventName, Events } from '../contract/contract.ts';
import type { Desk } from '../station/desk/desk.ts';
import type { FaceSession } from './session.ts';
import { shown } from './shown.ts';

/** Where events go: one face. */
export interface FaceSink {
  send<Name extends EventName>(name: Name, event: Events[Name]): void;
  /** Whether the face has not taken what it was sent: then it gets no more of what a snapshot can make up for. */
  isBehind(): boolean;
}

/** How often it is looked whether a face that was behind has caught up, in ms. */
const lookMs = 250;

/**
 * Tells a face what changes, until the function given back is called. The engine never waits for a face: while it is behind, of each kind
 * of event only the newest is kept, and of the line nothing: when the face has caught up it gets the line as it is then, whole.
 */
export function feedFace(desk: Desk, session: FaceSession, sink: FaceSink): () => void {
  const held = new Map<EventName, () => void>();
  let looking: NodeJS.Timeout | null = null;

  const look = () => {
    for (const [name, send] of held) {
      if (sink.isBehind()) return;
      held.delete(name);
      send();
    }
    if (looking !== null) clearInterval(looking);
    looking = null;
  };
  const offer = (name: EventName, send: () => void, later = send) => {
    if (held.size === 0 && !sink.isBehind()) return send();
    held.set(name, later);
    looking ??= setInterval(look, lookMs);
  };

  const ends = [
    desk.onLineChange((change) =>
      offer(
        'line.change',
        () => sink.send('line.change', shown(change)),
        () => sink.send('line.change', shown(desk.lineNow())),
      ),
    ),
    desk.onTokenChange((view) => offer('token.change', () => sink.send('token.change', shown(view)))),
    session.listen((state) => offer('session.change', () => sink.send('session.change', shown(state)))),
  ];
  return () => {
    for (const end of ends) end();
    if (looking !== null) clearInterval(looking);
  };
}
