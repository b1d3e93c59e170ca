import { expect } from 'chai';
import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { eventsK8sIo } from './events-k8s-io.ts';
import { events } from './events.ts';
import { changed, created, creationFindings, header, judgesCreation, judgesUpdate, row } from './resource.test.ts';

const metadata = { name: 'pod-1.17a', namespace: 'ns' };
const old = {
  metadata, involvedObject: { kind: 'Pod', namespace: 'ns', name: 'pod-1', fieldPath: 'spec.containers{web}' },
  reason: 'Pulled', message: ' image is there\n', type: 'Normal', count: 3, source: { component: 'kubelet', host: 'n1' },
  firstTimestamp: '2026-01-02T11:00:00Z', lastTimestamp: '2026-01-02T11:59:30Z',
};
const recent = {
  metadata, regarding: { kind: 'Pod', namespace: 'ns', name: 'pod-1' }, reason: 'Pulled', note: 'image is there', type: 'Normal', action: 'Pull',
  eventTime: '2026-01-02T11:50:00.000000Z', reportingController: 'example.com/agent', reportingInstance: 'n1',
};

describe('events', () => {
  judgesCreation(events, old, [
    ['metadata.name', 'Odd_name:with more'],
    ['metadata.name', 'a/b', 'metadata.name: Invalid'],
    ['involvedObject.namespace', 'other', 'involvedObject.namespace: Invalid'],
    ['involvedObject.namespace', undefined, 'involvedObject.namespace: Invalid'],
    ['message', 'x'.repeat(5000)],
    ['eventTime', '2026-01-02T11:00:00.000000Z', 'reportingComponent: Required', 'reportingInstance: Required', 'action: Required'],
  ]);
  judgesUpdate(events, old, [['count', 4], ['message', 'other']]);

  it('takes events about cluster-wide objects in the namespace default', () => {
    const about = { ...old, metadata: { ...metadata, namespace: 'default' }, involvedObject: { kind: 'Node', name: 'n1' } };
    expect(creationFindings(events, about)).to.deep.equal([]);
  });

  it('prints what kubectl users know', () => {
    expect(header(events)).to.equal(
      'LAST SEEN | TYPE | REASON | OBJECT | (SUBOBJECT) | (SOURCE) | MESSAGE | (FIRST SEEN) | (COUNT) | (NAME)');
    expect(row(events, old, true)).to.equal('30s | Normal | Pulled | pod/pod-1 | spec.containers{web} | kubelet, n1 | image is there | 60m | 3 | pod-1.17a');
    expect(row(events, { ...old, source: {}, count: 0, involvedObject: { kind: 'Node' }, lastTimestamp: undefined }, true))
      .to.equal('60m | Normal | Pulled | node |  |  | image is there | 60m | 1 | pod-1.17a');
  });
});

describe('events.k8s.io', () => {
  judgesCreation(eventsK8sIo, recent, [
    ['metadata.name', 'Odd_name', 'metadata.name: Invalid'],
    ['regarding.namespace', 'other', 'regarding.namespace: Invalid'],
    ['type', 'Alarming', 'type: Invalid'],
    ['reason', '', 'reason: Required'],
    ['reason', 'x'.repeat(129), 'reason: Invalid'],
    ['action', undefined, 'action: Required'],
    ['note', 'x'.repeat(1025), 'note: Invalid'],
    ['reportingController', undefined, 'reportingController: Required'],
    ['reportingController', 'not a name', 'reportingController: Invalid'],
    ['reportingInstance', undefined, 'reportingInstance: Required'],
    ['eventTime', undefined, 'eventTime: Required'],
    ['deprecatedCount', 2, 'deprecatedCount: Invalid'],
    ['deprecatedFirstTimestamp', '2026-01-02T11:00:00Z', 'deprecatedFirstTimestamp: Invalid'],
    ['deprecatedSource.component', 'x', 'deprecatedSource: Invalid'],
    ['series', { count: 1, lastObservedTime: '2026-01-02T11:55:00.000000Z' }, 'series.count: Invalid'],
  ]);
  judgesUpdate(eventsK8sIo, recent, [
    ['series', { count: 2, lastObservedTime: '2026-01-02T11:55:00.000000Z' }],
    ['series', { count: 1, lastObservedTime: '2026-01-02T11:55:00.000000Z' }, 'series.count: Invalid'],
    ['note', 'other', 'note: Invalid'],
    ['regarding.name', 'pod-2', 'regarding: Invalid'],
    ['metadata.labels', { a: 'b' }],
  ]);

  it('is a view of the core group\'s events: encoding and decoding undo each other', () => {
    const { storedAs } = eventsK8sIo;
    for (const event of [created(eventsK8sIo, recent), created(eventsK8sIo, { ...recent, series: { count: 2, lastObservedTime: '2026-01-02T11:55:00.000000Z' } })]) {
      const stored = storedAs?.encode(event) as KubernetesObject;
      expect(stored).to.deep.include({ apiVersion: 'v1', kind: 'Event', involvedObject: recent.regarding, message: recent.note, reportingComponent: 'example.com/agent' });
      expect(storedAs?.decode(stored)).to.deep.equal({ ...event, apiVersion: 'events.k8s.io/v1' });
    }
    const stored = { ...created(events, old), apiVersion: 'v1' };
    const shown = storedAs?.decode(stored) as KubernetesObject;
    expect(shown).to.deep.include({ deprecatedCount: 3, deprecatedSource: old.source, deprecatedFirstTimestamp: old.firstTimestamp, note: old.message });
    expect(storedAs?.encode(shown)).to.deep.equal(stored);
  });

  it('prints and selects as the core group does, in its own words', () => {
    expect(header(eventsK8sIo)).to.equal(header(events));
    const again = changed(recent, 'series', { count: 7, lastObservedTime: '2026-01-02T11:59:00.000000Z' });
    expect(row(eventsK8sIo, again, true)).to.equal('60s | Normal | Pulled | pod/pod-1 |  | example.com/agent, n1 | image is there | 10m | 7 | pod-1.17a');
    expect(eventsK8sIo.selectableFields?.['regarding.name']?.(created(eventsK8sIo, recent))).to.equal('pod-1');
    expect(events.selectableFields?.['source']?.(created(events, old))).to.equal('kubelet');
  });
});
