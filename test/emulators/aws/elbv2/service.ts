import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Bucket, GateRefusal, Service } from '#test/emulators/aws/service.ts';
import { Shapes } from '#test/emulators/aws/shapes.ts';
import { escapeXml, writeXml } from '#test/emulators/aws/xml.ts';
import { attributeActions } from './attributes.ts';
import { balancerActions } from './balancers.ts';
import { balancerChangeActions } from './balancer-changes.ts';
import { certificateActions } from './listener-certificates.ts';
import { listenerActions } from './listeners.ts';
import { elbParameters, elbStructures } from './parameters.ts';
import { tagActions } from './tags.ts';
import { targetGroupActions } from './target-groups.ts';
import { targetActions } from './targets.ts';

const version = '2015-12-01';
const namespace = `http://elasticloadbalancing.amazonaws.com/doc/${version}/`;

const refusals: Readonly<Record<GateRefusal, (detail: string) => ApiError>> = {
  'missing credentials': () => new ApiError('MissingAuthenticationToken', 'Missing Authentication Token', 403),
  'unknown key': () => new ApiError('InvalidClientTokenId', 'The security token included in the request is invalid.', 403),
  'bad signature': () => new ApiError('SignatureDoesNotMatch', 'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.', 403),
  'wrong region': (region) => new ApiError('SignatureDoesNotMatch', `Credential should be scoped to a valid region, not '${region}'. `, 403),
  skewed: (date) => new ApiError('SignatureDoesNotMatch', `Signature expired: ${date} is more than 5 min from the time of the server.`, 403),
  'expired token': () => new ApiError('ExpiredToken', 'The security token included in the request is expired', 403),
  throttled: () => new ApiError('Throttling', 'Rate exceeded'),
  internal: () => new ApiError('InternalFailure', 'The request processing has failed because of an unknown error, exception or failure.', 500),
};

/** One bucket for each kind of call. https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-throttling.html */
function buckets(action: string): Bucket[] {
  if (action.startsWith('Describe')) return [{ name: 'describe', capacity: 40, perSecond: 10 }];
  if (action === 'RegisterTargets' || action === 'DeregisterTargets') return [{ name: 'register', capacity: 20, perSecond: 4 }];
  return [{ name: 'change', capacity: 20, perSecond: 3 }];
}

export const elb: Service = {
  name: 'elasticloadbalancing',
  version,
  actions: { ...balancerActions, ...balancerChangeActions, ...targetGroupActions, ...targetActions, ...listenerActions, ...certificateActions, ...attributeActions, ...tagActions },
  supportsDryRun: false,
  shapes: new Shapes(elbParameters, elbStructures),
  between: 'member',
  buckets,
  missing: (name) => new ApiError('ValidationError', `1 validation error detected: Value at '${lowered(name)}' failed to satisfy constraint: Member must not be null`),
  unknown: (name) => new ApiError('MalformedInput', `Unexpected list element or member: ${name}`),
  invalid: ({ values, min, max }, path, value) => new ApiError('ValidationError', `1 validation error detected: Value '${value}' at '${lowered(path)}' failed to satisfy constraint: ${constraint(values, min, max)}`),
  invalidAction: (action, asked) => new ApiError('InvalidAction', `Could not find operation ${action} for version ${asked}`),
  refuse: (refusal, detail) => refusals[refusal](detail),
  forbidden: (action, user) => new ApiError('AccessDenied', `User: ${user} is not authorized to perform: elasticloadbalancing:${action} because no identity-based policy allows the elasticloadbalancing:${action} action`, 403),
  answer: (action, result, requestId) =>
    `<${action}Response xmlns="${namespace}"><${action}Result>${writeXml(result, 'member')}</${action}Result><ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${action}Response>`,
  errorBody: ({ code, message, status }, requestId) =>
    `<ErrorResponse xmlns="${namespace}"><Error><Type>${status < 500 ? 'Sender' : 'Receiver'}</Type><Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
};

const lowered = (path: string): string => path.split('.').map((part) => part.charAt(0).toLowerCase() + part.slice(1)).join('.');

function constraint(values: ReadonlySet<string> | undefined, min: number | undefined, max: number | undefined): string {
  if (values !== undefined) return `Member must satisfy enum value set: [${[...values].join(', ')}]`;
  if (min === undefined && max === undefined) return 'Member must be of the right type';
  return max === undefined ? `Member must have a value not below ${min}` : `Member must have a value or length from ${min ?? 0} to ${max}`;
}
