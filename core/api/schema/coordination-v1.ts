import { groupVersion, type KindOf } from './kind.ts';
import { always, int32, microTime, pointer, string, type Of } from './type.ts';

const coordination = groupVersion('io.k8s.api.coordination.v1', 'coordination.k8s.io', 'v1');

export const LeaseSpec = coordination.type('LeaseSpec', 'Who holds a lease and until when.', {
  holderIdentity: [1, pointer(string), 'Who holds it; nobody when empty.'],
  leaseDurationSeconds: [2, pointer(int32), 'Seconds after renewTime for which others must wait.'],
  acquireTime: [3, microTime, 'When the holder got it.'],
  renewTime: [4, microTime, 'When the holder last renewed it.'],
  leaseTransitions: [5, pointer(int32), 'How often the holder has changed.'],
  strategy: [6, pointer(string), 'How a coordinated election picks the holder.'],
  preferredHolder: [7, pointer(string), 'Who should take over; the holder is asked to yield.'],
});
export type LeaseSpec = Of<typeof LeaseSpec>;

export const Lease = coordination.kind('Lease', 'A lock that expires: leader election and node heartbeats use it.', {
  spec: [2, always(LeaseSpec), 'Who holds the lease and until when.'],
});
export type Lease = KindOf<typeof Lease>;
