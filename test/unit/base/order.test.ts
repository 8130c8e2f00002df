import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Mutex } from '../../../main/base/mutex.ts';
import { AsyncQueue } from '../../../main/base/queue.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('a mutex lets one in at a time, first come first served', async () => {
  const mutex = new Mutex();
  const seen: string[] = [];
  let inside = 0;
  const visit = (name: string) =>
    mutex.run(async () => {
      assert.equal(++inside, 1, 'somebody else is inside');
      seen.push(name);
      await turn();
      inside--;
      return name;
    });
  assert.deepEqual(await Promise.all(['a', 'b', 'c'].map(visit)), ['a', 'b', 'c']);
  assert.deepEqual(seen, ['a', 'b', 'c']);
});

test('a failure inside a mutex reaches its caller and nobody else', async () => {
  const mutex = new Mutex();
  const failing = mutex.run(() => {
    throw new Error('mine');
  });
  const next = mutex.run(() => 'untouched');
  await assert.rejects(failing, /mine/);
  assert.equal(await next, 'untouched');
});

async function drain<T>(queue: AsyncQueue<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of queue) items.push(item);
  return items;
}

test('a queue gives what was pushed before and during the wait, in order, and ends when closed', async () => {
  const queue = new AsyncQueue<number>();
  queue.push(1);
  const all = drain(queue);
  await turn();
  queue.push(2);
  queue.push(3);
  await turn();
  queue.push(4);
  queue.close();
  queue.push(5);
  assert.deepEqual(await all, [1, 2, 3, 4]);
});

test('a queue closed with a failure gives what is left first, then the failure', async () => {
  const queue = new AsyncQueue<number>();
  queue.push(1);
  queue.close(new Error('port gone'));
  const seen: number[] = [];
  await assert.rejects(async () => {
    for await (const item of queue) seen.push(item);
  }, /port gone/);
  assert.deepEqual(seen, [1]);
});

test('a reader that waits is woken by the failure', async () => {
  const queue = new AsyncQueue<number>();
  const all = drain(queue);
  await turn();
  queue.close(new Error('port gone'));
  await assert.rejects(all, /port gone/);
});
