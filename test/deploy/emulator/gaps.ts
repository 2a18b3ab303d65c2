/** Something that AWS has and MiniStack lacks, and what the deployment tests do about it. */
interface Gap {
  readonly name: string;
  /** What happens in plain MiniStack, and where the test meets it. */
  readonly reason: string;
  readonly instead: string;
  /** The IAM prefix of a service for which local/account/services answers. */
  readonly emulated?: string;
}

/**
 * Everything that MiniStack lacks and a wing needs. gaps.deploy.ts shows each gap on plain MiniStack: when a new version
 * closes one, that test fails and the entry goes, with what it needs in corrections.py.
 */
export const gaps = [
  {
    name: 'conditions with Fn::Join and Fn::Split',
    reason:
      'A condition reads only parameters and literal lists. ami-approval cannot be created, and build-promotion picks ' +
      'from an empty list of subnets.',
    instead: 'correct_conditions in corrections.py evaluates the two functions first.',
  },
  {
    name: 'transforms of nested stacks',
    reason: 'A nested template keeps AWS::Serverless resources, so the root template cannot be created.',
    instead: 'correct_nested_templates in corrections.py transforms nested templates too.',
  },
  {
    name: 'attributes in updates of nested stacks',
    reason:
      'Fn::GetAtt finds no attribute of a resource that the update does not change, so the root template cannot be updated.',
    instead: 'correct_nested_updates in corrections.py passes the attributes on.',
  },
  {
    name: 'the address of S3',
    reason:
      'SAM CLI writes the address of the endpoint into the root template, for the templates that it uploads. sam delete ' +
      'fails there, because it reads only addresses that begin with https://s3.',
    instead:
      'correct_template_addresses in corrections.py writes the address of AWS when SAM CLI asks for the template.',
  },
  {
    name: 'alarms on several metrics',
    reason: 'CloudFormation refuses an alarm with Metrics, so no wing can be created.',
    instead:
      'correct_metric_math in corrections.py makes an alarm on the first metric. No test reads its state.',
  },
  {
    name: 'metrics of an alarm that the API creates',
    reason:
      'PutMetricAlarm forgets Metrics. The alarms of disk-alarms have no expression, and each run changes them again.',
    instead: 'correct_metrics_of_alarms in corrections.py keeps them. Nothing evaluates them.',
  },
  {
    name: 'AWS::EC2::SecurityGroupIngress',
    reason: 'CloudFormation does not know the type, so build-promotion cannot be created.',
    instead: 'correct_security_group_rules in corrections.py adds the rule to the group.',
  },
  {
    name: 'routes of an HTTP API in its OpenAPI document',
    reason:
      'CloudFormation ignores Body, in which SAM declares routes. The page of ami-approval answers 404.',
    instead: 'correct_http_apis in corrections.py adds the routes.',
  },
  {
    name: 'events of AWS services',
    reason:
      'PutEvents refuses sources that begin with aws., as AWS does for customers. Nothing else puts such events on the bus.',
    instead:
      'correct_event_sources in corrections.py lifts the refusal, so that a test can play AWS and the deployed rules deliver.',
  },
  {
    name: 'mails of SNS',
    reason:
      'An email subscription is confirmed at once, and its mails go nowhere. ami-approval mails links, which a test must open.',
    instead:
      "correct_mails in corrections.py puts each mail into the test's queue. Scenarios cover confirmations.",
  },
  {
    name: 'EFS mounts',
    reason:
      'A function runs as a process without the mount at LocalMountPath. build-promotion finds no builds.',
    instead:
      "correct_mounts in corrections.py gives each access point a folder and puts its path into the function's variables.",
  },
  {
    name: 'numbers in the variables of a function',
    reason:
      'CloudFormation makes texts of them. Here BuildStore does not start, because UV_THREADPOOL_SIZE is a number.',
    instead: 'correct_functions in corrections.py makes texts of them.',
  },
  {
    name: 'log lines that come late',
    reason:
      'After the answer of a function it reads lines for 0.25 s at most, and stops earlier after a short pause. The rest ' +
      'comes with the next call, if there is one: on a busy machine a test waits for a line in vain.',
    instead: 'correct_logs in corrections.py puts each line into the log group when it comes.',
  },
  {
    name: 'AWS Health',
    reason:
      'There is no such service. health-gate then blocks every deployment, because it cannot read AWS Health.',
    instead: 'The AWS Health of the local account answers.',
    emulated: 'health',
  },
  {
    name: 'CodePipeline',
    reason:
      'There is no such service. Nothing invokes the actions of health-gate and build-promotion with a job.',
    instead: 'The CodePipeline of the local account answers. It invokes the deployed functions.',
    emulated: 'codepipeline',
  },
  {
    name: 'Image Builder',
    reason: 'There is no such service. ami-approval cannot read the build that an event names.',
    instead: 'The Image Builder of the local account answers.',
    emulated: 'imagebuilder',
  },
  {
    name: 'scale-in protection and detaching in Auto Scaling',
    reason:
      'SetInstanceProtection and DetachInstances do not exist. spot-cordon calls them for members of a group.',
    instead: 'The test cordons an instance outside of groups. Scenarios on the local account cover groups.',
  },
  {
    name: 'permissions',
    reason: 'Every call is allowed, whatever the role says.',
    instead: 'The IAM tests compare each role with the calls of its function.',
  },
] as const satisfies readonly Gap[];

export const emulatedServices: readonly string[] = gaps.flatMap((gap: Gap) => gap.emulated ?? []);
