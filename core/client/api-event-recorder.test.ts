import { expect } from 'chai';
import { Event } from '#core/api/schema/core-v1/event.ts';
import { StatusError } from '#core/api/status-error.ts';
import { FakeClient } from '#test/fixtures/fake-client.ts';
import { FakeClock, settle } from '#test/fixtures/fake-clock.ts';
import { recordingLogger } from '#test/fixtures/recording-logger.ts';
import type { Widget } from '#test/fixtures/widget.ts';
import { ApiEventRecorders, type ApiEventRecordersOptions } from './api-event-recorder.ts';
import type { EventRecorder } from './event-recorder.ts';

const widget = (name = 'w', namespace?: string): Widget => ({
  apiVersion: 'test.keelson.dev/v1', kind: 'Widget',
  metadata: { name, uid: `uid-${name}`, resourceVersion: '7', creationTimestamp: '', ...(namespace === undefined ? {} : { namespace }) },
});

describe('ApiEventRecorders', () => {
  let clock: FakeClock;
  let client: FakeClient;
  let logger: ReturnType<typeof recordingLogger>;
  let recorders: ApiEventRecorders;
  let recorder: EventRecorder;

  const setUp = (options: Partial<ApiEventRecordersOptions> = {}): void => {
    recorders = new ApiEventRecorders({ writer: client, clock, logger, random: () => 0.25, ...options });
    recorder = recorders.for('tester');
  };
  const events = async (): Promise<readonly Event[]> => (await client.list(Event)).items;
  const summary = async (): Promise<string[]> => (await events()).map((event) => `${event.message} x${event.count}`);

  beforeEach(async () => {
    clock = new FakeClock(Date.UTC(2025, 0, 1, 12));
    client = new FakeClient();
    logger = recordingLogger();
    setUp();
    await recorders.start();
  });

  afterEach(async () => {
    await recorders.stop();
    expect(clock.pending).to.equal(0);
  });

  it('stores an event as kubectl describe wants it', async () => {
    recorder.warning(widget('w', 'ns'), 'Broken', 'it broke');
    await settle();
    const [event] = await events();
    expect(event?.metadata).to.deep.include({ namespace: 'ns', name: 'w.18168fc909025090' });
    expect(event).to.deep.include({
      apiVersion: 'v1', kind: 'Event', type: 'Warning', reason: 'Broken', message: 'it broke', count: 1,
      involvedObject: { apiVersion: 'test.keelson.dev/v1', kind: 'Widget', namespace: 'ns', name: 'w', uid: 'uid-w', resourceVersion: '7' },
      source: { component: 'tester' }, reportingComponent: 'tester', reportingInstance: '',
      firstTimestamp: '2025-01-01T12:00:00Z', lastTimestamp: '2025-01-01T12:00:00Z',
    });
  });

  it('puts events of cluster-wide objects into the namespace default', async () => {
    recorder.normal(widget('w'), 'Made', 'done');
    await settle();
    expect((await events())[0]?.metadata.namespace).to.equal('default');
  });

  it('counts repetitions on one Event, and keeps apart what differs', async () => {
    recorder.normal(widget(), 'Made', 'done');
    await settle();
    await clock.advance(90_000);
    recorder.normal(widget(), 'Made', 'done');
    await settle();
    recorder.normal(widget(), 'Made', 'done');
    recorder.normal(widget(), 'Made', 'done');
    recorder.normal(widget(), 'Made', 'other');
    recorder.normal(widget('v'), 'Made', 'done');
    recorder.warning(widget(), 'Made', 'done');
    recorders.for('another').normal(widget(), 'Made', 'done');
    await settle();
    expect((await summary()).toSorted()).to.deep.equal(['done x1', 'done x1', 'done x1', 'done x4', 'other x1']);
    const counted = (await events()).find((event) => event.count === 4);
    expect(counted).to.include({ firstTimestamp: '2025-01-01T12:00:00Z', lastTimestamp: '2025-01-01T12:01:30Z' });
  });

  it('says which part of an object is meant, and counts each part for itself', async () => {
    for (const part of ['spec.containers{a}', 'spec.containers{b}', 'spec.containers{a}']) recorder.normal(widget('w', 'ns'), 'Pulled', 'it is there', part);
    recorder.normal(widget('w', 'ns'), 'Pulled', 'it is there');
    await settle();
    expect((await events()).map(({ involvedObject, count }) => `${involvedObject.fieldPath} x${count}`).toSorted()).to.deep.equal(['spec.containers{a} x2', 'spec.containers{b} x1', 'undefined x1']);
  });

  it('takes one write for a burst of repetitions', async () => {
    for (let i = 0; i < 20; i++) recorder.normal(widget(), 'Made', 'done');
    await settle();
    expect(await summary()).to.deep.equal(['done x20']);
    expect(client.calls.filter((call) => !call.startsWith('list'))).to.have.length(1);
  });

  it('combines events that differ only in their message after ten of them', async () => {
    for (let i = 1; i <= 14; i++) recorder.normal(widget(), 'Made', `number ${i}`);
    recorder.normal(widget(), 'Made', 'number 3');
    await settle();
    const all = await summary();
    expect(all).to.have.length(11);
    expect(all).to.include.members(['number 1 x1', 'number 3 x2', 'number 10 x1', '(combined from similar events): number 14 x4']);
  });

  it('lets similar events stand alone again when ten minutes have passed without any', async () => {
    for (let i = 1; i <= 11; i++) recorder.normal(widget(), 'Made', `number ${i}`);
    await settle();
    await clock.advance(600_001);
    recorder.normal(widget(), 'Made', 'number 12');
    await settle();
    expect(await summary()).to.include('number 12 x1');
  });

  it('silences an object after 25 events, lets one through each five minutes, and leaves others alone', async () => {
    for (let i = 0; i < 40; i++) {
      recorder.normal(widget(), `Reason${i}`, 'x');
      await settle();
    }
    expect(await events()).to.have.length(25);
    recorder.normal(widget('v'), 'Made', 'done');
    await clock.advance(300_000);
    for (let i = 40; i < 45; i++) recorder.normal(widget(), `Reason${i}`, 'x');
    await settle();
    expect(await events()).to.have.length(27);
  });

  it('lets through what is new of an object that repeats itself', async () => {
    for (let i = 0; i < 40; i++) {
      recorder.normal(widget(), 'Waiting', 'x');
      await settle();
    }
    expect(await summary()).to.deep.equal(['x x26']);
    recorder.normal(widget(), 'Made', 'done');
    await settle();
    expect(await summary()).to.deep.equal(['x x26', 'done x1']);
  });

  it('makes a new Event when the server has forgotten the old one', async () => {
    recorder.normal(widget(), 'Made', 'done');
    await settle();
    const [event] = await events();
    await client.delete(Event, { namespace: 'default', name: event?.metadata.name ?? '' });
    recorder.normal(widget(), 'Made', 'done');
    await settle();
    expect(await summary()).to.deep.equal(['done x2']);
  });

  it('tries again a few times, then lets the event go and says so at debug', async () => {
    let failures = 2;
    client.before = () => {
      if (failures-- > 0) throw new StatusError('ServiceUnavailable', 'not now');
    };
    recorder.normal(widget(), 'Made', 'late');
    await clock.advance(10_000);
    expect(await summary()).to.deep.equal(['late x1']);
    failures = 3;
    recorder.normal(widget(), 'Made', 'lost');
    await clock.advance(10_000);
    expect(await summary()).to.deep.equal(['late x1']);
    expect(logger.lines.map((line) => line.level)).to.deep.equal(['debug']);
  });

  it('does not try again what the server will never take', async () => {
    client.before = () => {
      throw new StatusError('Forbidden', 'namespace is being terminated');
    };
    recorder.normal(widget(), 'Made', 'done');
    await settle();
    expect(client.calls).to.have.length(1);
    expect(clock.pending).to.equal(0);
  });

  it('takes another name when somebody has the one it chose', async () => {
    await client.create(Event, { metadata: { namespace: 'default', name: 'w.18168fc909025090' }, message: 'of somebody else' });
    recorder.normal(widget(), 'Made', 'done');
    await clock.advance(1000);
    expect((await summary()).toSorted()).to.deep.equal(['done x1', 'of somebody else xundefined']);
  });

  it('cuts names and messages that are too long', async () => {
    recorder.normal(widget(`${'a'.repeat(235)}.${'b'.repeat(17)}`), 'Made', 'm'.repeat(5000));
    await settle();
    const [event] = await events();
    expect(event?.metadata.name).to.match(/^a{235}\.[0-9a-f]{16}$/);
    expect(event?.message).to.have.length(1024);
  });

  it('keeps what is recorded before it starts', async () => {
    setUp();
    recorder.normal(widget(), 'Made', 'early');
    await settle();
    expect(await summary()).to.deep.equal([]);
    await recorders.start();
    await settle();
    expect(await summary()).to.deep.equal(['early x1']);
  });

  it('drops the oldest when too many wait, with one warning', async () => {
    setUp({ bufferSize: 5 });
    for (let i = 0; i < 20; i++) recorder.normal(widget(`w${i}`), 'Made', `number ${i}`);
    await recorders.start();
    await settle();
    expect((await summary()).toSorted()).to.deep.equal(['number 15 x1', 'number 16 x1', 'number 17 x1', 'number 18 x1', 'number 19 x1']);
    expect(logger.at('warn')).to.have.length(1);
  });

  it('stores what waits when it stops, and takes nothing afterwards', async () => {
    for (let i = 0; i < 40; i++) recorder.normal(widget(`w${i}`), 'Made', `number ${i}`);
    await recorders.stop();
    recorder.normal(widget(), 'Made', 'too late');
    await settle();
    expect(await events()).to.have.length(40);
  });

  it('stops in time although the server does not answer', async () => {
    let answer = (): void => undefined;
    client.before = () => new Promise((resolve) => (answer = resolve));
    recorder.normal(widget(), 'Made', 'done');
    await settle();
    let stopped = false;
    const stop = recorders.stop().then(() => (stopped = true));
    await clock.advance(999);
    expect(stopped).to.equal(false);
    await clock.advance(1);
    await stop;
    client.before = undefined;
    answer();
  });
});
