import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Params } from '#test/emulators/aws/params.ts';
import type { HealthCheck } from '#test/emulators/aws/rows.ts';
import type { XmlObject } from '#test/emulators/aws/xml.ts';
import { isHttp } from './attribute-rules.ts';
import { validation } from './names.ts';

/** What is asked for, over what there was or what is usual for the group's protocol. */
export function wantedCheck(params: Params, groupProtocol: string, old?: HealthCheck): HealthCheck {
  const protocol = params.text('HealthCheckProtocol') ?? old?.protocol ?? (isHttp(groupProtocol) ? groupProtocol : 'TCP');
  const before = old ?? usualCheck(protocol, groupProtocol);
  const check: HealthCheck = { ...numbersOf(params, before), protocol, ...(isHttp(protocol) ? httpPart(params, groupProtocol, before) : { path: undefined, httpCode: undefined }) };
  checkGiven(params, protocol, groupProtocol);
  checkCheck(check);
  return check;
}

const usualCheck = (protocol: string, groupProtocol: string): HealthCheck => ({
  protocol, enabled: true, port: 'traffic-port', intervalSeconds: 30, timeoutSeconds: usualTimeout(protocol, groupProtocol), healthyThreshold: 5, unhealthyThreshold: 2,
});

const numbersOf = (params: Params, before: HealthCheck): Omit<HealthCheck, 'protocol'> => ({
  enabled: params.flag('HealthCheckEnabled') ?? before.enabled,
  port: params.text('HealthCheckPort') ?? before.port,
  intervalSeconds: params.number('HealthCheckIntervalSeconds') ?? before.intervalSeconds,
  timeoutSeconds: params.number('HealthCheckTimeoutSeconds') ?? before.timeoutSeconds,
  healthyThreshold: params.number('HealthyThresholdCount') ?? before.healthyThreshold,
  unhealthyThreshold: params.number('UnhealthyThresholdCount') ?? before.unhealthyThreshold,
});

const httpPart = (params: Params, groupProtocol: string, before: HealthCheck): Pick<HealthCheck, 'path' | 'httpCode'> => ({
  path: params.text('HealthCheckPath') ?? before.path ?? '/',
  httpCode: params.struct('Matcher')?.text('HttpCode') ?? before.httpCode ?? (isHttp(groupProtocol) ? '200' : '200-399'),
});

function usualTimeout(protocol: string, groupProtocol: string): number {
  if (isHttp(groupProtocol)) return 5;
  return isHttp(protocol) ? 6 : 10;
}

function checkGiven(params: Params, protocol: string, groupProtocol: string): void {
  if (!['HTTP', 'HTTPS', 'TCP'].includes(protocol)) throw validation(`Health check protocol '${protocol}' must be one of 'HTTP, HTTPS, TCP'`);
  if (isHttp(groupProtocol) && protocol === 'TCP') throw new ApiError('InvalidConfigurationRequest', `Health check protocol 'TCP' is not supported for target groups with the protocol ${groupProtocol}`);
  if (!isHttp(protocol) && (params.has('HealthCheckPath') || params.has('Matcher'))) throw new ApiError('InvalidConfigurationRequest', `You cannot specify a path or a matcher for health checks with the protocol ${protocol}`);
}

function checkCheck({ port, path, timeoutSeconds, intervalSeconds }: HealthCheck): void {
  if (port !== 'traffic-port' && !(/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65535)) throw validation(`Health check port '${port}' is not valid`);
  if (path !== undefined && !path.startsWith('/')) throw validation(`Health check path '${path}' must begin with a '/' character`);
  if (timeoutSeconds > intervalSeconds) throw validation(`Health check timeout '${timeoutSeconds}' must be smaller than or equal to the interval '${intervalSeconds}'`);
}

export function writeCheck(check: HealthCheck): XmlObject {
  return {
    HealthCheckProtocol: check.protocol, HealthCheckPort: check.port, HealthCheckEnabled: check.enabled, HealthCheckIntervalSeconds: check.intervalSeconds,
    HealthCheckTimeoutSeconds: check.timeoutSeconds, HealthyThresholdCount: check.healthyThreshold, UnhealthyThresholdCount: check.unhealthyThreshold, HealthCheckPath: check.path,
    Matcher: check.httpCode === undefined ? undefined : { HttpCode: check.httpCode },
  };
}
