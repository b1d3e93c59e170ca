import type { ShapeTable } from './shape.ts';

/** Bodies of routes, firewalls, addresses and networks, as the v1 model has them. `output` fields are the server's own: what a client says of them is ignored. */
export const networkShapes: ShapeTable = {
  Route: `
    output: asPaths creationTimestamp id kind nextHopHub nextHopInterRegionCost nextHopInterconnectAttachment nextHopMed nextHopOrigin nextHopPeering routeStatus routeType selfLink warnings
    string: description destRange name network nextHopGateway nextHopIlb nextHopInstance nextHopIp nextHopNetwork nextHopVpnTunnel
    strings: tags
    int: priority
    object params: RouteParams
  `,
  RouteParams: 'map: resourceManagerTags',
  Firewall: `
    output: creationTimestamp id kind selfLink
    string: description name network
    strings: destinationRanges sourceRanges sourceServiceAccounts sourceTags targetServiceAccounts targetTags
    boolean: disabled
    int: priority
    objects allowed: Allowed
    objects denied: Denied
    enum direction: EGRESS INGRESS
    object logConfig: FirewallLogConfig
    object params: FirewallParams
  `,
  Allowed: `
    string: IPProtocol
    strings: ports
  `,
  Denied: `
    string: IPProtocol
    strings: ports
  `,
  FirewallLogConfig: `
    boolean: enable
    enum metadata: EXCLUDE_ALL_METADATA INCLUDE_ALL_METADATA
  `,
  FirewallParams: 'map: resourceManagerTags',
  Address: `
    output: creationTimestamp id kind region selfLink status users
    string: address description ipCollection labelFingerprint name network subnetwork
    int: prefixLength
    map: labels
    enum addressType: EXTERNAL INTERNAL UNSPECIFIED_TYPE
    enum ipVersion: IPV4 IPV6 UNSPECIFIED_VERSION
    enum ipv6EndpointType: NETLB VM
    enum networkTier: FIXED_STANDARD PREMIUM STANDARD STANDARD_OVERRIDES_FIXED_STANDARD
    enum purpose: DNS_RESOLVER GCE_ENDPOINT IPSEC_INTERCONNECT NAT_AUTO PRIVATE_SERVICE_CONNECT SERVERLESS SHARED_LOADBALANCER_VIP VPC_PEERING
  `,
  Network: `
    output: creationTimestamp firewallPolicy gatewayIPv4 id kind peerings selfLink selfLinkWithId subnetworks
    string: IPv4Range description internalIpv6Range name networkProfile
    boolean: autoCreateSubnetworks enableUlaInternalIpv6
    int: mtu
    enum networkFirewallPolicyEnforcementOrder: AFTER_CLASSIC_FIREWALL BEFORE_CLASSIC_FIREWALL
    object params: NetworkParams
    object routingConfig: NetworkRoutingConfig
  `,
  NetworkParams: 'map: resourceManagerTags',
  NetworkRoutingConfig: `
    output: effectiveBgpAlwaysCompareMed effectiveBgpInterRegionCost
    boolean: bgpAlwaysCompareMed
    enum bgpBestPathSelectionMode: LEGACY STANDARD
    enum bgpInterRegionCost: ADD_COST_TO_MED DEFAULT
    enum routingMode: GLOBAL REGIONAL
  `,
  Subnetwork: `
    output: creationTimestamp gatewayAddress id ipv6CidrRange ipv6GceEndpoint kind selfLink state systemReservedExternalIpv6Ranges systemReservedInternalIpv6Ranges utilizationDetails
    string: description externalIpv6Prefix fingerprint internalIpv6Prefix ipCidrRange ipCollection name network region reservedInternalRange
    boolean: allowSubnetCidrRoutesOverlap enableFlowLogs privateIpGoogleAccess
    enum ipv6AccessType: EXTERNAL INTERNAL UNSPECIFIED_IPV6_ACCESS_TYPE
    object logConfig: SubnetworkLogConfig
    object params: SubnetworkParams
    enum privateIpv6GoogleAccess: DISABLE_GOOGLE_ACCESS ENABLE_BIDIRECTIONAL_ACCESS_TO_GOOGLE ENABLE_OUTBOUND_VM_ACCESS_TO_GOOGLE
    enum purpose: GLOBAL_MANAGED_PROXY INTERNAL_HTTPS_LOAD_BALANCER PEER_MIGRATION PRIVATE PRIVATE_NAT PRIVATE_RFC_1918 PRIVATE_SERVICE_CONNECT REGIONAL_MANAGED_PROXY
    enum resolveSubnetMask: ARP_ALL_RANGES ARP_PRIMARY_RANGE
    enum role: ACTIVE BACKUP
    objects secondaryIpRanges: SubnetworkSecondaryRange
    enum stackType: IPV4_IPV6 IPV4_ONLY IPV6_ONLY UNSPECIFIED_STACK_TYPE
  `,
  SubnetworkLogConfig: `
    string: filterExpr
    strings: metadataFields
    boolean: enable
    number: flowSampling
    enum aggregationInterval: INTERVAL_10_MIN INTERVAL_15_MIN INTERVAL_1_MIN INTERVAL_30_SEC INTERVAL_5_MIN INTERVAL_5_SEC
    enum metadata: CUSTOM_METADATA EXCLUDE_ALL_METADATA INCLUDE_ALL_METADATA
  `,
  SubnetworkParams: 'map: resourceManagerTags',
  SubnetworkSecondaryRange: `
    string: ipCidrRange ipCollection rangeName reservedInternalRange
    enum ipVersion: IPV4 IPV6 IP_VERSION_UNSPECIFIED
  `,
};
