import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Params } from '#test/emulators/aws/params.ts';
import type { HealthCheck } from '#test/emulators/aws/rows.ts';
import type { XmlObject } from '#test/emulators/aws/xml.ts';
import { isHttp } from './attribute-rules.ts';
import { validation } from './names.ts';

/** What is asked for, over what there was or what is usual for the group's protocol. */
export function wantedCheck(params: Params, groupProtocol: string, old?: HealthCheck): HealthCheck {
  const protocol = params.text('HealthCheckProtocol') ?? old?.protocol ?? (isHttp(groupProtocol) ? groupProtocol : 'TCP');
  const check: HealthCheck = {
    protocol,
    enabled: params.flag('HealthCheckEnabled') ?? old?.enabled ?? true,
    port: params.text('HealthCheckPort') ?? old?.port ?? 'traffic-port',
    intervalSeconds: params.number('HealthCheckIntervalSeconds') ?? old?.intervalSeconds ?? 30,
    timeoutSeconds: params.number('HealthCheckTimeoutSeconds') ?? old?.timeoutSeconds ?? usualTimeout(protocol, groupProtocol),
    healthyThreshold: params.number('HealthyThresholdCount') ?? old?.healthyThreshold ?? 5,
    unhealthyThreshold: params.number('UnhealthyThresholdCount') ?? old?.unhealthyThreshold ?? 2,
    path: isHttp(protocol) ? params.text('HealthCheckPath') ?? old?.path ?? '/' : undefined,
    httpCode: isHttp(protocol) ? params.struct('Matcher')?.text('HttpCode') ?? old?.httpCode ?? (isHttp(groupProtocol) ? '200' : '200-399') : undefined,
  };
  checkCheck(check, params, groupProtocol);
  return check;
}

function usualTimeout(protocol: string, groupProtocol: string): number {
  if (isHttp(groupProtocol)) return 5;
  return isHttp(protocol) ? 6 : 10;
}

function checkCheck({ protocol, port, path, timeoutSeconds, intervalSeconds }: HealthCheck, params: Params, groupProtocol: string): void {
  if (!['HTTP', 'HTTPS', 'TCP'].includes(protocol)) throw validation(`Health check protocol '${protocol}' must be one of 'HTTP, HTTPS, TCP'`);
  if (isHttp(groupProtocol) && protocol === 'TCP') throw new ApiError('InvalidConfigurationRequest', `Health check protocol 'TCP' is not supported for target groups with the protocol ${groupProtocol}`);
  if (port !== 'traffic-port' && !(/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65535)) throw validation(`Health check port '${port}' is not valid`);
  if (!isHttp(protocol) && (params.has('HealthCheckPath') || params.has('Matcher'))) throw new ApiError('InvalidConfigurationRequest', `You cannot specify a path or a matcher for health checks with the protocol ${protocol}`);
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
