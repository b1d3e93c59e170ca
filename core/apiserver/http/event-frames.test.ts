import { expect } from 'chai';
import type { WatchEvent } from '#core/apiserver/verbs/watch.ts';
import { EventFrames } from './event-frames.ts';

const event = (name: string, type: WatchEvent['type'] = 'ADDED'): WatchEvent => ({ type, object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, uid: '', resourceVersion: '1', creationTimestamp: '' } }, size: 10 });

describe('EventFrames', () => {
  const frames = new EventFrames(({ type, object }) => `${type} ${object.metadata.name}\n`);

  it('makes one chunk of several events, in the form of chunked encoding', () => {
    const { chunk, body } = frames.of([event('a'), event('ü', 'DELETED')]);
    expect(chunk.toString()).to.equal('13\r\nADDED a\nDELETED ü\n\r\n');
    expect(body.toString()).to.equal('ADDED a\nDELETED ü\n');
  });

  it('gives all who send the same the same bytes, for as long as one tick', async () => {
    const [a, b] = [event('a'), event('b')];
    const { chunk } = frames.of([a, b]);
    expect(frames.of([{ ...a }, { ...b }]).chunk).to.equal(chunk);
    for (const others of [[a], [b, a], [a, b, a], [{ ...a, type: 'MODIFIED' as const }, b], [{ ...a, object: structuredClone(a.object) }, b]]) expect(frames.of(others).chunk).not.to.equal(chunk);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    expect(frames.of([a, b]).chunk).not.to.equal(chunk);
  });
});
