import type { EventName, Events } from '../contract/contract.ts';
import type { Desk } from '../station/desk/desk.ts';
import type { FaceSession } from './session.ts';

/** Where events go: one face. */
export interface FaceSink {
  send<Name extends EventName>(name: Name, event: Events[Name]): void;
  /** Whether the face has not taken what it was sent: then it gets no more of what a snapshot can make up for. */
  isBehind(): boolean;
}

/**
 * Tells a face what changes, until the function given back is called. The engine never waits for a face: changes of the line are dropped
 * while it is behind, and the gap in their numbers makes it ask for a snapshot.
 */
export function feedFace(desk: Desk, session: FaceSession, sink: FaceSink): () => void {
  const ends = [
    desk.onLineChange((change) => {
      if (!sink.isBehind()) sink.send('line.change', change);
    }),
    desk.onTokenChange((view) => sink.send('token.change', view)),
    session.listen((state) => sink.send('session.change', state)),
  ];
  return () => {
    for (const end of ends) end();
  };
}
