import { expect } from 'chai';
import { startAwsEmulator, type AwsEmulator } from './emulator.ts';
import { codeOf, refusalOf, sdkLab, zone, type SdkLab } from './sdk-lab.ts';

const at = (): string => new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
const signed = (service: string, when = at(), region = 'us-west-2'): Record<string, string> => ({
  authorization: `AWS4-HMAC-SHA256 Credential=AKIATEST/${when.slice(0, 8)}/${region}/${service}/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`, 'x-amz-date': when,
});

describe('the wire of the emulated vendor', () => {
  let emulator: AwsEmulator;
  before(async () => {
    emulator = await startAwsEmulator({ time: { scale: 0 }, delays: 'none', seed: 3 });
  });
  after(() => emulator.stop());

  const post = async (body: string, headers = signed('ec2')) => {
    const response = await fetch(emulator.url, { method: 'POST', body, headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers } });
    const text = await response.text();
    const id = response.headers.get('x-amzn-requestid') ?? '';
    expect(id).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
    return { status: response.status, text: text.replace(id, 'ID') };
  };
  const ec2 = (query: string, headers?: Record<string, string>) => post(`Version=2016-11-15&${query}`, headers);
  const elb = (query: string) => post(`Version=2015-12-01&${query}`, signed('elasticloadbalancing'));

  it('answers as EC2 does', async () => {
    expect(await ec2('Action=DescribeRegions&RegionName.1=eu-west-1')).to.deep.equal({
      status: 200,
      text: '<?xml version="1.0" encoding="UTF-8"?>\n<DescribeRegionsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>ID</requestId><regionInfo><item><regionName>eu-west-1</regionName>'
        + '<regionEndpoint>ec2.eu-west-1.amazonaws.com</regionEndpoint><optInStatus>opt-in-not-required</optInStatus></item></regionInfo></DescribeRegionsResponse>',
    });
  });

  it('refuses as EC2 does', async () => {
    const body = (code: string, message: string): string => `<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>ID</RequestID></Response>`;
    const cases: readonly (readonly [string, number, string, string])[] = [
      ['Action=DescribeInstances&InstanceId.1=%3Ca%26b%3E', 400, 'InvalidInstanceID.Malformed', 'Invalid id: &quot;&lt;a&amp;b&gt;&quot;'],
      ['Action=DescribeMoon', 400, 'InvalidAction', 'The action DescribeMoon is not valid for this web service.'],
      ['Action=__proto__', 400, 'InvalidAction', 'The action __proto__ is not valid for this web service.'],
      ['Action=DeleteVolume', 400, 'MissingParameter', 'The request must contain the parameter VolumeId'],
      ['Action=DeleteVolume&VolumeId=vol-0123456789abcdef0&Colour=red', 400, 'UnknownParameter', 'The parameter Colour is not recognized'],
      ['Action=DescribeVolumes&VolumeId=vol-0123456789abcdef0', 400, 'UnknownParameter', 'The parameter VolumeId is not recognized'],
      ['Action=DescribeVolumes&Filter.1.__proto__=x', 400, 'UnknownParameter', 'The parameter Filter.1.__proto__ is not recognized'],
      [`Action=DescribeVolumes&Filter.1${'.Value.1'.repeat(5000)}=x`, 400, 'UnknownParameter', 'The parameter Filter.1.Value.1.Value is not recognized'],
      ['Action=CreateVolume&AvailabilityZone=us-west-2a&Size=ten', 400, 'InvalidParameterValue', 'Value (ten) for parameter Size is invalid. Expected: a whole number.'],
      ['Action=CreateVolume&AvailabilityZone=us-west-2a&Size=1&DryRun=true', 412, 'DryRunOperation', 'Request would have succeeded, but DryRun flag is set.'],
      ['Action=CreateVolume&AvailabilityZone=us-west-2a&Size=1&DryRun=maybe', 400, 'InvalidParameterValue', 'Value (maybe) for parameter DryRun is invalid. Expected: true or false.'],
    ];
    for (const [query, status, code, message] of cases) expect(await ec2(query), query.slice(0, 80)).to.deep.equal({ status, text: body(code, message) });
  });

  it('answers and refuses as Elastic Load Balancing does', async () => {
    const ns = 'xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"';
    const body = (code: string, message: string): string => `<ErrorResponse ${ns}><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>ID</RequestId></ErrorResponse>`;
    expect(await elb('Action=DescribeLoadBalancers')).to.deep.equal({
      status: 200, text: `<DescribeLoadBalancersResponse ${ns}><DescribeLoadBalancersResult><LoadBalancers/></DescribeLoadBalancersResult><ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata></DescribeLoadBalancersResponse>`,
    });
    expect(await elb('Action=DescribeLoadBalancers&Names.member.1=a')).to.deep.equal({ status: 400, text: body('LoadBalancerNotFound', "Load balancers '[a]' not found") });
    expect(await elb('Action=CreateLoadBalancer')).to.deep.equal({ status: 400, text: body('ValidationError', "1 validation error detected: Value at 'name' failed to satisfy constraint: Member must not be null") });
    expect((await elb('Action=DescribeLoadBalancers&Names.1=a')).text).to.include('<Code>MalformedInput</Code>');
    expect((await elb('Action=DescribeLoadBalancers&PageSize=401')).text).to.include('<Code>ValidationError</Code>');
    expect((await elb('Action=DescribeAccountLimits')).text).to.equal(body('InvalidAction', 'Could not find operation DescribeAccountLimits for version 2015-12-01'));
  });

  it('wants a signature of now, for the right service and region', async () => {
    const code = async (headers: Record<string, string>): Promise<string> => /<Code>(.*)<\/Code>/.exec((await ec2('Action=DescribeRegions', headers)).text)?.[1] ?? 'none';
    expect(await code({})).to.equal('MissingParameter');
    expect(await code({ authorization: 'Basic YTpi' })).to.equal('MissingParameter');
    expect(await code(signed('ec2', '20200101T000000Z'))).to.equal('RequestExpired');
    expect(await code(signed('s3'))).to.equal('AuthFailure');
    expect(await code(signed('ec2', at(), 'mars-north-1'))).to.equal('AuthFailure');
    expect(await code(signed('ec2'))).to.equal('none');
  });

  it('shows and changes what exists at the side door', async () => {
    const door = async (path: string, order?: unknown) => {
      const response = await fetch(`${emulator.url}/_emulator/${path}`, order === undefined ? {} : { method: 'POST', body: JSON.stringify(order) });
      return { status: response.status, body: await response.json() as Record<string, Record<string, unknown[]>> };
    };
    await ec2('Action=CreateVolume&AvailabilityZone=us-west-2a&Size=1&VolumeType=gp3&TagSpecification.1.ResourceType=volume&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b');
    expect((await door('state')).body['us-west-2']!['volumes']![0]).to.deep.include({ sizeGiB: 1, tags: { a: 'b' } });
    expect(await door('quotas', { volumeStorageGiB: 1 })).to.deep.equal({ status: 200, body: {} });
    expect((await ec2('Action=CreateVolume&AvailabilityZone=us-west-2a&Size=1&VolumeType=gp3')).text).to.include('VolumeLimitExceeded');
    expect((await door('quotas', { cats: 1 })).status).to.equal(400);
    expect((await door('capacity', { region: 'mars', place: 'x', count: 1 })).status).to.equal(400);
    expect((await door('constructor')).status).to.equal(404);
    expect((await door('counts')).body['ec2:CreateVolume']).to.deep.include({ throttled: 0 });
    const now = async (): Promise<number> => Date.parse((await door('clock')).body['now'] as unknown as string);
    const before = await now();
    await door('clock', { advance: 60_000 });
    expect(await now() - before).to.equal(60_000);
  });
});

describe('who may call the emulated vendor', () => {
  let lab: SdkLab;
  afterEach(() => lab.stop());

  it('is decided by real signatures when keys are given', async () => {
    lab = await sdkLab({ accessKeys: { AKIATEST: { secret: 'secret' }, ASIATEST: { secret: 'other', sessionToken: 'token', expiresAt: Date.now() + 60_000 } } });
    const call = (accessKeyId: string, secretAccessKey: string, sessionToken?: string): Promise<string> =>
      lab.ec2With({ credentials: { accessKeyId, secretAccessKey, sessionToken } }).describeVolumes({ Filters: [{ Name: 'tag:ä b', Values: ['*+/='] }] }).then(() => 'let in', (error: Error) => error.name);
    expect(await call('AKIATEST', 'secret')).to.equal('let in');
    expect(await call('AKIATEST', 'wrong')).to.equal('AuthFailure');
    expect(await call('AKIAOTHER', 'secret')).to.equal('AuthFailure');
    expect(await call('ASIATEST', 'other', 'token')).to.equal('let in');
    expect(await call('ASIATEST', 'other')).to.equal('AuthFailure');
    expect((await lab.elb.describeLoadBalancers({})).LoadBalancers).to.deep.equal([]);
    lab.emulator.state.setAccess({ accessKeys: { AKIATEST: { secret: 'secret', expiresAt: Date.now() - 1 } } });
    expect(await call('AKIATEST', 'secret')).to.equal('RequestExpired');
    expect(await codeOf(lab.elb.describeLoadBalancers({}))).to.equal('ExpiredToken');
    lab.emulator.state.setAccess({ accessKeys: {} });
    expect(await codeOf(lab.elb.describeLoadBalancers({}))).to.equal('InvalidClientTokenId');
    lab.emulator.state.setAccess({ accessKeys: { AKIATEST: { secret: 'else' } } });
    expect(await codeOf(lab.elb.describeLoadBalancers({}))).to.equal('SignatureDoesNotMatch');
  });

  it('can be forbidden single actions, which the error names', async () => {
    lab = await sdkLab({ deny: ['ec2:CreateVolume', 'elasticloadbalancing:*'] });
    const refusal = await refusalOf(lab.ec2.createVolume({ AvailabilityZone: zone, Size: 1, DryRun: true }));
    expect(refusal).to.include({ code: 'UnauthorizedOperation', status: 403 });
    expect(refusal.message).to.include('is not authorized to perform: ec2:CreateVolume');
    expect((await lab.ec2.describeVolumes({})).Volumes).to.deep.equal([]);
    expect(await refusalOf(lab.elb.describeLoadBalancers({}))).to.include({ code: 'AccessDenied', status: 403 });
  });
});
