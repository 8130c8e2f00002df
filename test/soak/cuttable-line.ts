import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** Between stations and server: every connection goes through it. */
export async function cuttableLine(port: number) {
  const open = new Set<Socket>();
  const proxy = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    open.add(near);
    const gone = () => {
      open.delete(near);
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) socket.on('error', gone).on('close', gone);
    near.pipe(far);
    far.pipe(near);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    url: `postgres://127.0.0.1:${(proxy.address() as { port: number }).port}/plant`,
    /** Cuts one connection, whichever. Gives how many. */
    cut(): number {
      const sockets = [...open];
      const one = sockets[Math.floor(Math.random() * sockets.length)];
      one?.destroy();
      return one === undefined ? 0 : 1;
    },
    close() {
      for (const socket of open) socket.destroy();
      proxy.close();
    },
  };
}
