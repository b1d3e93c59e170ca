import { expect } from 'chai';
import { protobufBody, toProtobuf } from '#test/fixtures/protobuf-writer.ts';
import { PersistentVolumeClaim } from './core-v1/persistent-volume-claim.ts';
import { PersistentVolume } from './core-v1/persistent-volume.ts';
import { Pod } from './core-v1/pod.ts';
import { decode } from './decode.ts';
import type { Kind, KubernetesObject } from './kind.ts';
import { fromProtobuf, openEnvelope } from './protobuf.ts';
import { bool, double, int32, int64, list, string, struct } from './type.ts';

const meta = { name: 'x', namespace: 'default', labels: { a: 'b', empty: '' }, finalizers: ['f/x', 'f/y'], creationTimestamp: '2024-05-06T07:08:09Z' };

function both<T extends KubernetesObject>(kind: Kind<T>, value: Record<string, unknown>): { fromJson: T; fromWire: T } {
  const wire = fromProtobuf(kind.struct, toProtobuf(kind.struct, value));
  return { fromJson: decode(kind.struct, value, { kind }).value, fromWire: decode(kind.struct, wire, { kind }).value };
}

describe('protobuf', () => {
  it('means the same as JSON: a claim', () => {
    const { fromJson, fromWire } = both(PersistentVolumeClaim, {
      metadata: meta, spec: { accessModes: ['ReadWriteOnce'], storageClassName: '', resources: { requests: { storage: '1Gi' } }, selector: { matchLabels: { tier: 'gold' } } },
    });
    expect(fromWire).to.deep.equal(fromJson);
    expect(fromWire.spec.storageClassName, 'an empty string behind a pointer').to.equal('');
    expect(fromWire.spec, 'an empty string that Go writes for nothing').not.to.have.property('volumeName');
  });

  it('means the same as JSON: a pod', () => {
    const { fromJson, fromWire } = both(Pod, {
      metadata: meta,
      spec: {
        terminationGracePeriodSeconds: 0, automountServiceAccountToken: false, priority: -5,
        containers: [{
          name: 'a', image: 'b', ports: [{ containerPort: 80 }], securityContext: { runAsUser: 0, readOnlyRootFilesystem: false, capabilities: { drop: ['ALL'] } },
          env: [{ name: 'e', value: '' }, { name: 'f', valueFrom: { secretKeyRef: { name: 's', key: 'k', optional: false } } }],
          livenessProbe: { httpGet: { port: 'http' }, periodSeconds: 3 }, readinessProbe: { tcpSocket: { port: 8080 } },
          resources: { limits: { cpu: '500m', memory: '1Gi' } }, volumeMounts: [{ name: 'v', mountPath: '/v' }],
        }],
        volumes: [{ name: 'v', emptyDir: {} }, { name: 'w', secret: { secretName: 's', defaultMode: 0 } }],
      },
    });
    expect(fromWire).to.deep.equal(fromJson);
    expect(fromWire.spec.containers[0]?.livenessProbe).to.include({ periodSeconds: 3, timeoutSeconds: 1, failureThreshold: 3 });
    expect(fromWire.spec.containers[0]?.securityContext).to.include({ runAsUser: 0, readOnlyRootFilesystem: false });
  });

  it('puts the fields of inlined messages among the others', () => {
    const { fromJson, fromWire } = both(PersistentVolume, { metadata: { name: 'v' }, spec: { capacity: { storage: '5Gi' }, accessModes: ['ReadWriteOnce'], csi: { driver: 'd', volumeHandle: 'h' } } });
    expect(fromWire).to.deep.equal(fromJson);
  });

  it('reads negative and packed numbers, doubles, and passes over what it does not know', () => {
    const Numbers = struct('io.test.v1.Numbers', '', { small: [1, int32, ''], large: [2, int64, ''], many: [3, list(int32), ''], ratio: [4, double, ''], on: [5, bool, ''] });
    const newer = struct('io.test.v1.Newer', '', { small: [1, int32, ''], large: [2, int64, ''], ratio: [4, double, ''], on: [5, bool, ''], extra: [9, string, ''] });
    const packed = Buffer.from([0x1a, 0x04, 0x01, 0xac, 0x02, 0x03]);
    const message = Buffer.concat([toProtobuf(newer, { small: -1, large: -9_000_000_000, ratio: 0.5, on: true, extra: 'new' }), packed]);
    expect(fromProtobuf(Numbers, message)).to.deep.equal({ small: -1, large: -9_000_000_000, ratio: 0.5, on: true, many: [1, 300, 3] });
  });

  it('opens the envelope', () => {
    const body = protobufBody('v1', 'Pod', Pod.struct, { metadata: { name: 'p' } });
    const { apiVersion, kind, raw } = openEnvelope(body);
    expect([apiVersion, kind, fromProtobuf(Pod.struct, raw)['metadata']]).to.deep.include.members(['v1', 'Pod']);
    expect(decode(Pod.struct, fromProtobuf(Pod.struct, raw), { kind: Pod }).value.metadata).to.deep.equal({ name: 'p' });
  });

  it('refuses what is cut off or damaged, at every byte, without harm', () => {
    const body = protobufBody('v1', 'PersistentVolumeClaim', PersistentVolumeClaim.struct, { metadata: meta, spec: { accessModes: ['ReadWriteOnce'] } });
    expect(() => openEnvelope(Buffer.from('{"kind":"Pod"}'))).to.throw('four bytes');
    for (let length = 0; length < body.length; length++) {
      try {
        fromProtobuf(PersistentVolumeClaim.struct, openEnvelope(body.subarray(0, length)).raw);
      } catch (error) {
        expect(error).to.have.property('name', 'WireError');
      }
    }
    for (let at = 4; at < body.length; at++) {
      const damaged = Buffer.from(body);
      damaged[at] = 0xff;
      try {
        fromProtobuf(PersistentVolumeClaim.struct, openEnvelope(damaged).raw);
      } catch (error) {
        expect(error, `byte ${at}`).to.have.property('name').that.is.oneOf(['WireError', 'SyntaxError']);
      }
    }
  });
});
