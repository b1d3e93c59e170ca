import { randomBytes } from 'node:crypto';
import type { Choices } from './choices.ts';

type Headers = Record<string, string>;

const accepts: readonly string[] = [
  'application/json', 'application/yaml', '*/*', 'application/json;as=Table;v=v1;g=meta.k8s.io', 'application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json', 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io', 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
  'application/vnd.kubernetes.protobuf', 'application/vnd.kubernetes.protobuf;stream=watch', 'application/vnd.kubernetes.protobuf, application/json;q=0.1', 'application/cbor', 'text/html', ';;;=,,', 'application/json;as=Table', 'application/json;q=x', '', ',', 'a/b;'.repeat(300),
];
const others: readonly Headers[] = [
  { 'Impersonate-User': 'jane', 'Impersonate-Group': 'x', 'Impersonate-Uid': 'u', 'Impersonate-Extra-a%2fb': 'c' }, { 'Impersonate-User': '' }, { 'Impersonate-Group': 'x' }, { 'Impersonate-User': 'system:serviceaccount:a:b' }, { 'Impersonate-User': 'u', 'Impersonate-Extra-%zz': 'c' },
  { 'X-Remote-User': 'root', 'X-Remote-Group': 'system:masters' }, { Authorization: 'Bearer x' }, { Authorization: `Bearer ${'x'.repeat(5000)}` }, { Authorization: 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.' }, { Authorization: 'Basic Og==' }, { Authorization: 'x' }, { Authorization: 'Bearer ' },
  { 'X-HTTP-Method-Override': 'DELETE' }, { 'Content-Encoding': 'gzip' }, { 'Content-Encoding': 'br' }, { 'Accept-Encoding': 'gzip;q=0, *' }, { Expect: '100-continue' }, { 'If-Match': '"5"' }, { 'If-None-Match': '*' }, { 'If-Modified-Since': 'x' }, { Range: 'bytes=0-1' }, { Origin: 'https://evil.example' },
  { Host: 'evil.example' }, { 'X-Forwarded-For': '1.2.3.4' }, { 'Audit-ID': 'x'.repeat(1000) }, { traceparent: 'x' }, { 'User-Agent': 'x'.repeat(5000) }, { 'User-Agent': 'Mozilla/5.0 \u00ff' }, { Connection: 'close' }, { 'Kubectl-Session': 'x' }, { Cookie: 'a=b;'.repeat(500) }, { '__proto__x': 'x', constructor: 'x' },
];

export const anyHeaders = (choices: Choices): Headers => ({ ...(choices.chance(0.1) ? { Accept: choices.one(accepts) } : {}), ...(choices.chance(0.06) ? choices.one(others) : {}) });

/** What a client sends that wants to go on in another protocol. Nothing about the key is secret. */
export function upgradeHeaders(choices: Choices): Headers {
  switch (choices.below(5)) {
    case 0: return { Connection: 'Upgrade', Upgrade: 'SPDY/3.1', 'X-Stream-Protocol-Version': choices.one(['v4.channel.k8s.io', 'portforward.k8s.io', 'x']) };
    case 1: return { Connection: 'Upgrade', Upgrade: 'websocket' };
    case 2: return { Connection: 'upgrade, x', Upgrade: choices.one(['websocket, h2c', 'h2c', 'TLS/1.0', 'x']) };
    default: return {
      Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': choices.one(['13', '13', '13', '8', 'x']), 'Sec-WebSocket-Key': choices.chance(0.8) ? randomBytes(16).toString('base64') : 'x',
      'Sec-WebSocket-Protocol': choices.one(['v5.channel.k8s.io', 'v4.channel.k8s.io', 'SPDY/3.1+portforward.k8s.io', 'base64.binary.k8s.io', 'x,,y', `base64url.bearer.authorization.k8s.io.${'x'.repeat(20)}`]),
    };
  }
}
