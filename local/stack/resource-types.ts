import { createHash } from 'node:crypto';

/** What a resource of a type is called. `name` is its physical name. */
export interface Names {
  readonly id: string;
  readonly name: string;
  readonly region: string;
  readonly accountId: string;
  /** Where the account answers. */
  readonly endpoint: string;
  readonly httpUrl: string;
}

interface Kind {
  /** The property that names it, where the template may. */
  readonly named?: string;
  /** What Ref gives; the physical name unless told. */
  readonly ref?: (names: Names) => string;
  /** What Fn::GetAtt gives. */
  readonly attributes?: Readonly<Record<string, (names: Names) => string>>;
}

const arn =
  (service: string, resource: (name: string) => string, regional = true) =>
  ({ name, region, accountId }: Names): string =>
    `arn:aws:${service}:${regional ? region : ''}:${accountId}:${resource(name)}`;

const queueUrl = ({ endpoint, accountId, name }: Names): string => `${endpoint}/${accountId}/${name}`;
const topicArn = arn('sns', (name) => name);
const plain = (names: Names): string => names.name;
export const functionUrlPath = (id: string): string => `/_url/${id}/`;
/** S3 takes no capitals. */
const bucketName = ({ name }: Names): string => name.toLowerCase();
/** `fs-0123456789abcdef0`, always the same for a stack's logical id: what AWS numbers, an ARN can be told from. */
const awsId =
  (prefix: string) =>
  ({ name }: Names): string =>
    `${prefix}-0${createHash('sha256').update(name).digest('hex').slice(0, 16)}`;

/**
 * Every type of resource that a template may declare. A type that the wings' code meets at run time is created in the
 * account by resources.ts or played by local/wiring; the others only have names here.
 */
export const kinds: Readonly<Record<string, Kind>> = {
  'AWS::Lambda::Function': {
    named: 'FunctionName',
    attributes: { Arn: arn('lambda', (name) => `function:${name}`) },
  },
  'AWS::CloudFormation::Stack': {},
  'AWS::Lambda::EventSourceMapping': {},
  'AWS::Lambda::EventInvokeConfig': {},
  'AWS::Lambda::Permission': {},
  // On AWS each function URL has a host of its own; here all share one port and each has a path.
  'AWS::Lambda::Url': {
    attributes: { FunctionUrl: ({ httpUrl, id }) => `${httpUrl}${functionUrlPath(id)}` },
  },
  'AWS::SQS::Queue': {
    named: 'QueueName',
    ref: queueUrl,
    attributes: { Arn: arn('sqs', (name) => name), QueueName: plain, QueueUrl: queueUrl },
  },
  'AWS::SQS::QueuePolicy': {},
  'AWS::SNS::Topic': {
    named: 'TopicName',
    ref: topicArn,
    attributes: { TopicArn: topicArn, TopicName: plain },
  },
  'AWS::SNS::TopicPolicy': {},
  'AWS::SNS::Subscription': { ref: (names) => `${topicArn(names)}:${names.id}` },
  'AWS::DynamoDB::Table': {
    named: 'TableName',
    attributes: { Arn: arn('dynamodb', (name) => `table/${name}`) },
  },
  'AWS::Events::Rule': { named: 'Name', attributes: { Arn: arn('events', (name) => `rule/${name}`) } },
  'AWS::Scheduler::Schedule': {
    named: 'Name',
    attributes: { Arn: arn('scheduler', (name) => `schedule/default/${name}`) },
  },
  'AWS::IAM::Role': {
    named: 'RoleName',
    attributes: { Arn: arn('iam', (name) => `role/${name}`, false), RoleId: plain },
  },
  'AWS::IAM::ManagedPolicy': { ref: arn('iam', (name) => `policy/${name}`, false) },
  'AWS::IAM::Policy': {},
  'AWS::Logs::LogGroup': {
    named: 'LogGroupName',
    attributes: { Arn: arn('logs', (name) => `log-group:${name}:*`) },
  },
  'AWS::Logs::MetricFilter': {},
  'AWS::Logs::QueryDefinition': {},
  'AWS::Logs::ResourcePolicy': {},
  'AWS::CloudWatch::Alarm': {
    named: 'AlarmName',
    attributes: { Arn: arn('cloudwatch', (name) => `alarm:${name}`) },
  },
  'AWS::CloudWatch::CompositeAlarm': {
    named: 'AlarmName',
    attributes: { Arn: arn('cloudwatch', (name) => `alarm:${name}`) },
  },
  'AWS::CloudWatch::Dashboard': { named: 'DashboardName' },
  'AWS::ApiGatewayV2::Api': { attributes: { ApiEndpoint: ({ httpUrl }) => httpUrl, ApiId: plain } },
  'AWS::ApiGatewayV2::ApiMapping': {},
  'AWS::ApiGatewayV2::DomainName': { named: 'DomainName' },
  'AWS::ApiGatewayV2::Integration': {},
  'AWS::ApiGatewayV2::Route': {},
  'AWS::ApiGatewayV2::Stage': {},
  'AWS::SSM::Parameter': { named: 'Name', attributes: { Type: () => 'String' } },
  'AWS::S3::Bucket': {
    named: 'BucketName',
    ref: bucketName,
    attributes: { Arn: (names) => `arn:aws:s3:::${bucketName(names)}` },
  },
  'AWS::S3::BucketPolicy': {},
  'AWS::KMS::Key': { attributes: { Arn: arn('kms', (name) => `key/${name}`), KeyId: plain } },
  'AWS::KMS::Alias': { named: 'AliasName' },
  'AWS::EC2::SecurityGroup': { ref: awsId('sg'), attributes: { GroupId: awsId('sg') } },
  'AWS::EC2::SecurityGroupEgress': {},
  'AWS::EC2::SecurityGroupIngress': {},
  'AWS::EC2::Subnet': { ref: awsId('subnet'), attributes: { SubnetId: awsId('subnet') } },
  'AWS::EC2::VPC': { ref: awsId('vpc'), attributes: { VpcId: awsId('vpc') } },
  'AWS::EC2::VPCEndpoint': { ref: awsId('vpce') },
  'AWS::EFS::FileSystem': {
    ref: awsId('fs'),
    attributes: {
      Arn: (names) => arn('elasticfilesystem', () => `file-system/${awsId('fs')(names)}`)(names),
      FileSystemId: awsId('fs'),
    },
  },
  'AWS::EFS::AccessPoint': {
    ref: awsId('fsap'),
    attributes: {
      Arn: (names) => arn('elasticfilesystem', () => `access-point/${awsId('fsap')(names)}`)(names),
      AccessPointId: awsId('fsap'),
    },
  },
  'AWS::EFS::MountTarget': { ref: awsId('fsmt') },
  'AWS::Backup::BackupVault': {
    named: 'BackupVaultName',
    attributes: { BackupVaultArn: arn('backup', (name) => `backup-vault:${name}`), BackupVaultName: plain },
  },
  'AWS::Backup::BackupPlan': {
    attributes: { BackupPlanArn: arn('backup', (name) => `backup-plan:${name}`), BackupPlanId: plain },
  },
  'AWS::Backup::BackupSelection': {},
};
