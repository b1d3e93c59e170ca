import type { ShapeTable } from './shape.ts';

/** Bodies of what balances load, as the v1 model has them. `output` fields are the server's own: what a client says of them is ignored. */
export const balancingShapes: ShapeTable = {
  ForwardingRule: `
    output: attachedExtensions baseForwardingRule creationTimestamp id kind pscConnectionId region selfLink selfLinkWithId serviceName
    string: IPAddress backendService description fingerprint ipCollection labelFingerprint name network portRange serviceLabel subnetwork target
    strings: ports sourceIpRanges
    boolean: allPorts allowGlobalAccess allowPscGlobalAccess isMirroringCollector noAutomateDnsZone
    number: externalManagedBackendBucketMigrationTestingPercentage
    map: labels
    enum IPProtocol: AH ESP ICMP L3_DEFAULT SCTP TCP UDP
    enum externalManagedBackendBucketMigrationState: PREPARE TEST_ALL_TRAFFIC TEST_BY_PERCENTAGE
    enum ipVersion: IPV4 IPV6 UNSPECIFIED_VERSION
    enum loadBalancingScheme: EXTERNAL EXTERNAL_MANAGED INTERNAL INTERNAL_MANAGED INTERNAL_SELF_MANAGED INVALID
    objects metadataFilters: MetadataFilter
    enum networkTier: FIXED_STANDARD PREMIUM STANDARD STANDARD_OVERRIDES_FIXED_STANDARD
    enum pscConnectionStatus: ACCEPTED CLOSED NEEDS_ATTENTION PENDING REJECTED STATUS_UNSPECIFIED
    objects serviceDirectoryRegistrations: ForwardingRuleServiceDirectoryRegistration
  `,
  MetadataFilter: `
    objects filterLabels: MetadataFilterLabelMatch
    enum filterMatchCriteria: MATCH_ALL MATCH_ANY NOT_SET
  `,
  MetadataFilterLabelMatch: 'string: name value',
  ForwardingRuleServiceDirectoryRegistration: 'string: namespace service serviceDirectoryRegion',
  TargetReference: 'string: target',
  BackendService: `
    output: creationTimestamp edgeSecurityPolicy id kind region securityPolicy selfLink usedBy
    string: description fingerprint name network portName serviceLbPolicy
    strings: customRequestHeaders customResponseHeaders healthChecks serviceBindings
    boolean: enableCDN
    int: affinityCookieTtlSec port timeoutSec
    number: externalManagedMigrationTestingPercentage
    map: metadatas
    objects backends: Backend
    object cdnPolicy: BackendServiceCdnPolicy
    object circuitBreakers: CircuitBreakers
    enum compressionMode: AUTOMATIC DISABLED
    object connectionDraining: ConnectionDraining
    object connectionTrackingPolicy: BackendServiceConnectionTrackingPolicy
    object consistentHash: ConsistentHashLoadBalancerSettings
    objects customMetrics: BackendServiceCustomMetric
    enum externalManagedMigrationState: PREPARE TEST_ALL_TRAFFIC TEST_BY_PERCENTAGE
    object failoverPolicy: BackendServiceFailoverPolicy
    object haPolicy: BackendServiceHAPolicy
    object iap: BackendServiceIAP
    enum ipAddressSelectionPolicy: IPV4_ONLY IPV6_ONLY IP_ADDRESS_SELECTION_POLICY_UNSPECIFIED PREFER_IPV6
    enum loadBalancingScheme: EXTERNAL EXTERNAL_MANAGED INTERNAL INTERNAL_MANAGED INTERNAL_SELF_MANAGED INVALID_LOAD_BALANCING_SCHEME
    objects localityLbPolicies: BackendServiceLocalityLoadBalancingPolicyConfig
    enum localityLbPolicy: INVALID_LB_POLICY LEAST_REQUEST MAGLEV ORIGINAL_DESTINATION RANDOM RING_HASH ROUND_ROBIN WEIGHTED_GCP_RENDEZVOUS WEIGHTED_MAGLEV WEIGHTED_ROUND_ROBIN
    object logConfig: BackendServiceLogConfig
    object maxStreamDuration: Duration
    object networkPassThroughLbTrafficPolicy: BackendServiceNetworkPassThroughLbTrafficPolicy
    object orchestrationInfo: BackendServiceOrchestrationInfo
    object outlierDetection: OutlierDetection
    object params: BackendServiceParams
    enum protocol: GRPC H2C HTTP HTTP2 HTTPS SSL TCP UDP UNSPECIFIED
    object securitySettings: SecuritySettings
    enum sessionAffinity: CLIENT_IP CLIENT_IP_NO_DESTINATION CLIENT_IP_PORT_PROTO CLIENT_IP_PROTO GENERATED_COOKIE HEADER_FIELD HTTP_COOKIE NONE STRONG_COOKIE_AFFINITY
    object strongSessionAffinityCookie: BackendServiceHttpCookie
    object subsetting: Subsetting
    object tlsSettings: BackendServiceTlsSettings
  `,
  Backend: `
    string: description group
    boolean: failover
    int: maxConnections maxConnectionsPerEndpoint maxConnectionsPerInstance maxInFlightRequests maxInFlightRequestsPerEndpoint maxInFlightRequestsPerInstance maxRate
    number: capacityScaler maxRatePerEndpoint maxRatePerInstance maxUtilization
    enum balancingMode: CONNECTION CUSTOM_METRICS IN_FLIGHT RATE UTILIZATION
    objects customMetrics: BackendCustomMetric
    object orchestrationInfo: BackendBackendOrchestrationInfo
    enum preference: DEFAULT PREFERENCE_UNSPECIFIED PREFERRED
    enum trafficDuration: LONG SHORT TRAFFIC_DURATION_UNSPECIFIED
  `,
  BackendCustomMetric: `
    string: name
    boolean: dryRun
    number: maxUtilization
  `,
  BackendBackendOrchestrationInfo: 'string: resourceUri',
  BackendServiceCdnPolicy: `
    output: signedUrlKeyNames
    boolean: negativeCaching requestCoalescing
    int: clientTtl defaultTtl maxTtl serveWhileStale
    long: signedUrlCacheMaxAgeSec
    objects bypassCacheOnRequestHeaders: BackendServiceCdnPolicyBypassCacheOnRequestHeader
    object cacheKeyPolicy: CacheKeyPolicy
    enum cacheMode: CACHE_ALL_STATIC FORCE_CACHE_ALL INVALID_CACHE_MODE USE_ORIGIN_HEADERS
    objects negativeCachingPolicy: BackendServiceCdnPolicyNegativeCachingPolicy
  `,
  BackendServiceCdnPolicyBypassCacheOnRequestHeader: 'string: headerName',
  CacheKeyPolicy: `
    strings: includeHttpHeaders includeNamedCookies queryStringBlacklist queryStringWhitelist
    boolean: includeHost includeProtocol includeQueryString
  `,
  BackendServiceCdnPolicyNegativeCachingPolicy: 'int: code ttl',
  CircuitBreakers: 'int: maxConnections maxPendingRequests maxRequests maxRequestsPerConnection maxRetries',
  ConnectionDraining: 'int: drainingTimeoutSec',
  BackendServiceConnectionTrackingPolicy: `
    boolean: enableStrongAffinity
    int: idleTimeoutSec
    enum connectionPersistenceOnUnhealthyBackends: ALWAYS_PERSIST DEFAULT_FOR_PROTOCOL NEVER_PERSIST
    enum trackingMode: INVALID_TRACKING_MODE PER_CONNECTION PER_SESSION
  `,
  ConsistentHashLoadBalancerSettings: `
    string: httpHeaderName
    long: minimumRingSize
    object httpCookie: ConsistentHashLoadBalancerSettingsHttpCookie
  `,
  ConsistentHashLoadBalancerSettingsHttpCookie: `
    string: name path
    object ttl: Duration
  `,
  BackendServiceCustomMetric: `
    string: name
    boolean: dryRun
  `,
  BackendServiceFailoverPolicy: `
    boolean: disableConnectionDrainOnFailover dropTrafficIfUnhealthy
    number: failoverRatio
  `,
  BackendServiceHAPolicy: `
    enum fastIPMove: DISABLED GARP_RA
    object leader: BackendServiceHAPolicyLeader
  `,
  BackendServiceHAPolicyLeader: `
    string: backendGroup
    object networkEndpoint: BackendServiceHAPolicyLeaderNetworkEndpoint
  `,
  BackendServiceHAPolicyLeaderNetworkEndpoint: 'string: instance',
  BackendServiceIAP: `
    output: oauth2ClientSecretSha256
    string: oauth2ClientId oauth2ClientSecret
    boolean: enabled
  `,
  BackendServiceLocalityLoadBalancingPolicyConfig: `
    object customPolicy: BackendServiceLocalityLoadBalancingPolicyConfigCustomPolicy
    object policy: BackendServiceLocalityLoadBalancingPolicyConfigPolicy
  `,
  BackendServiceLocalityLoadBalancingPolicyConfigCustomPolicy: 'string: data name',
  BackendServiceLocalityLoadBalancingPolicyConfigPolicy: 'enum name: INVALID_LB_POLICY LEAST_REQUEST MAGLEV ORIGINAL_DESTINATION RANDOM RING_HASH ROUND_ROBIN WEIGHTED_GCP_RENDEZVOUS WEIGHTED_MAGLEV WEIGHTED_ROUND_ROBIN',
  BackendServiceLogConfig: `
    strings: optionalFields
    boolean: enable
    number: sampleRate
    objects loggingHttpRequestHeaders: BackendServiceLogConfigLoggingHttpHeader
    objects loggingHttpResponseHeaders: BackendServiceLogConfigLoggingHttpHeader
    enum optionalMode: CUSTOM EXCLUDE_ALL_OPTIONAL INCLUDE_ALL_OPTIONAL
  `,
  BackendServiceLogConfigLoggingHttpHeader: 'string: headerName',
  BackendServiceNetworkPassThroughLbTrafficPolicy: 'object zonalAffinity: BackendServiceNetworkPassThroughLbTrafficPolicyZonalAffinity',
  BackendServiceNetworkPassThroughLbTrafficPolicyZonalAffinity: `
    number: spilloverRatio
    enum spillover: ZONAL_AFFINITY_DISABLED ZONAL_AFFINITY_SPILL_CROSS_ZONE ZONAL_AFFINITY_STAY_WITHIN_ZONE
  `,
  BackendServiceOrchestrationInfo: 'string: resourceUri',
  OutlierDetection: `
    int: consecutiveErrors consecutiveGatewayFailure enforcingConsecutiveErrors enforcingConsecutiveGatewayFailure enforcingSuccessRate maxEjectionPercent successRateMinimumHosts successRateRequestVolume successRateStdevFactor
    object baseEjectionTime: Duration
    object interval: Duration
  `,
  BackendServiceParams: 'map: resourceManagerTags',
  SecuritySettings: `
    string: clientTlsPolicy
    strings: subjectAltNames
    object awsV4Authentication: AWSV4Signature
  `,
  AWSV4Signature: 'string: accessKey accessKeyId accessKeyVersion originRegion',
  BackendServiceHttpCookie: `
    string: name path
    object ttl: Duration
  `,
  Subsetting: 'enum policy: CONSISTENT_HASH_SUBSETTING NONE',
  BackendServiceTlsSettings: `
    string: authenticationConfig sni
    objects subjectAltNames: BackendServiceTlsSettingsSubjectAltName
  `,
  BackendServiceTlsSettingsSubjectAltName: 'string: dnsName uniformResourceIdentifier',
  ResourceGroupReference: 'string: group',
  HealthCheck: `
    output: creationTimestamp id kind region selfLink
    string: description name
    strings: sourceRegions
    int: checkIntervalSec healthyThreshold timeoutSec unhealthyThreshold
    object grpcHealthCheck: GRPCHealthCheck
    object grpcTlsHealthCheck: GRPCTLSHealthCheck
    object http2HealthCheck: HTTP2HealthCheck
    object httpHealthCheck: HTTPHealthCheck
    object httpsHealthCheck: HTTPSHealthCheck
    object logConfig: HealthCheckLogConfig
    object sslHealthCheck: SSLHealthCheck
    object tcpHealthCheck: TCPHealthCheck
    enum type: GRPC GRPC_WITH_TLS HTTP HTTP2 HTTPS INVALID SSL TCP
  `,
  GRPCHealthCheck: `
    string: grpcServiceName portName
    int: port
    enum portSpecification: USE_FIXED_PORT USE_NAMED_PORT USE_SERVING_PORT
  `,
  GRPCTLSHealthCheck: `
    string: grpcServiceName
    int: port
    enum portSpecification: USE_FIXED_PORT USE_NAMED_PORT USE_SERVING_PORT
  `,
  HTTP2HealthCheck: `
    string: host portName requestPath response
    int: port
    enum portSpecification: USE_FIXED_PORT USE_NAMED_PORT USE_SERVING_PORT
    enum proxyHeader: NONE PROXY_V1
  `,
  HTTPHealthCheck: `
    string: host portName requestPath response
    int: port
    enum portSpecification: USE_FIXED_PORT USE_NAMED_PORT USE_SERVING_PORT
    enum proxyHeader: NONE PROXY_V1
  `,
  HTTPSHealthCheck: `
    string: host portName requestPath response
    int: port
    enum portSpecification: USE_FIXED_PORT USE_NAMED_PORT USE_SERVING_PORT
    enum proxyHeader: NONE PROXY_V1
  `,
  HealthCheckLogConfig: 'boolean: enable',
  SSLHealthCheck: `
    string: portName request response
    int: port
    enum portSpecification: USE_FIXED_PORT USE_NAMED_PORT USE_SERVING_PORT
    enum proxyHeader: NONE PROXY_V1
  `,
  TCPHealthCheck: `
    string: portName request response
    int: port
    enum portSpecification: USE_FIXED_PORT USE_NAMED_PORT USE_SERVING_PORT
    enum proxyHeader: NONE PROXY_V1
  `,
  InstanceGroup: `
    output: creationTimestamp fingerprint id kind network region selfLink size subnetwork zone
    string: description name
    objects namedPorts: NamedPort
  `,
  NamedPort: `
    string: name
    int: port
  `,
  InstanceGroupsAddInstancesRequest: 'objects instances: InstanceReference',
  InstanceReference: 'string: instance',
  InstanceGroupsRemoveInstancesRequest: 'objects instances: InstanceReference',
  InstanceGroupsListInstancesRequest: 'enum instanceState: ALL RUNNING',
  InstanceGroupsSetNamedPortsRequest: `
    string: fingerprint
    objects namedPorts: NamedPort
  `,
};
